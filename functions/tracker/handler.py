"""Lambda entry of the tracker: reports from SQS in, records and effects out."""

import functools
from collections.abc import Mapping
from typing import Any

from functions.shared.aws.bootstrap import LambdaContext, QueueName, Secret, make_runtime, start_early
from functions.shared.aws.lambda_consumer import Handle, QueueWorker, SettlingQueue
from functions.shared.aws.observability import Metric
from functions.shared.messages.report import decode_report
from functions.shared.ports import Delivery
from functions.tracker.evaluation import Rules
from functions.tracker.service import TrackerService


@functools.cache
def worker() -> QueueWorker:
    """Made once per container."""
    runtime = make_runtime("tracker")
    backends, metrics = runtime.backends, runtime.metrics
    settings = backends.settings
    checks_every = settings.ai_check_interval_seconds if backends.has(Secret.OPENROUTER_KEY) else None
    rules = Rules(
        progress_step=settings.progress_step,
        photo_interval=settings.photo_interval_seconds,
        inspection_interval=checks_every,
        silence_grace=settings.silence_grace_seconds,
    )
    records = backends.records()
    notifications = backends.queue(QueueName.NOTIFICATIONS)
    timelapses = backends.queue(QueueName.TIMELAPSES)
    inspections = backends.queue(QueueName.INSPECTIONS) if checks_every else None

    def make_handle(queue: SettlingQueue, context: LambdaContext) -> Handle:  # noqa: ARG001
        service = TrackerService(
            queue, records, notifications, timelapses, inspections, rules, backends.chat, backends.clock
        )

        def handle(delivery: Delivery) -> None:
            handled_before = queue.acknowledged
            service.handle([delivery])
            if queue.acknowledged > handled_before:
                metrics.add(Metric.REPORTS_HANDLED, 1)
                metrics.add(Metric.REPORT_DELAY, _delay_of(delivery, backends.clock()))

        return handle

    return QueueWorker(runtime, QueueName.REPORTS, make_handle)


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """A batch of reports; the answer names those that come again."""
    return worker().work(event, context)


def _delay_of(delivery: Delivery, now: float) -> float:
    """Seconds from the observation at the edge (by its clock) to now, less what only clocks disagree on."""
    report = decode_report(delivery.body)
    shipped_at = report.shipped_at if report.shipped_at is not None else report.observed_at
    return round(max(0.0, shipped_at - report.observed_at) + max(0.0, now - delivery.sent_at), 3)


start_early(worker)
