"""Lambda entry of the tracker: reports from SQS in, records and effects out."""

import functools
from collections.abc import Mapping
from typing import Any

from functions.shared.aws.bootstrap import LambdaContext, QueueName, Secret, make_container, start_early
from functions.shared.aws.lambda_consumer import Handle, QueueWorker, Settling
from functions.shared.aws.observability import Measure
from functions.shared.messages.report import decode_report
from functions.shared.ports import Delivery
from functions.tracker.evaluation import Rules
from functions.tracker.service import TrackerService


@functools.cache
def worker() -> QueueWorker:
    """Made once per container."""
    container = make_container("tracker")
    wiring, measures = container.wiring, container.measures
    settings = wiring.settings
    looks_every = settings.ai_check_interval_seconds if wiring.has(Secret.OPENROUTER_KEY) else None
    rules = Rules(
        progress_step=settings.progress_step,
        photo_interval=settings.photo_interval_seconds,
        inspection_interval=looks_every,
        silence_grace=settings.silence_grace_seconds,
    )
    records = wiring.records()
    notifications = wiring.queue(QueueName.NOTIFICATIONS)
    timelapses = wiring.queue(QueueName.TIMELAPSES)
    inspections = wiring.queue(QueueName.INSPECTIONS) if looks_every else None

    def make_handle(queue: Settling, context: LambdaContext) -> Handle:  # noqa: ARG001
        service = TrackerService(
            queue, records, notifications, timelapses, inspections, rules, wiring.chat, wiring.clock
        )

        def handle(delivery: Delivery) -> None:
            handled_before = queue.acknowledged
            service.handle([delivery])
            if queue.acknowledged > handled_before:
                measures.add(Measure.REPORTS_HANDLED, 1)
                measures.add(Measure.REPORT_DELAY, _delay_of(delivery, wiring.clock()))

        return handle

    return QueueWorker(container, QueueName.REPORTS, make_handle)


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """A batch of reports; the answer names those that come again."""
    return worker().work(event, context)


def _delay_of(delivery: Delivery, now: float) -> float:
    """Seconds from the observation at the edge (by its clock) to now, less what only clocks disagree on."""
    report = decode_report(delivery.body)
    shipped_at = report.shipped_at if report.shipped_at is not None else report.observed_at
    return round(max(0.0, shipped_at - report.observed_at) + max(0.0, now - delivery.sent_at), 3)


start_early(worker)
