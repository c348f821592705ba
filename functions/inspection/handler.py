"""Lambda entry of the inspection: one check from SQS in, one question to the AI out."""

import functools
import logging
from collections.abc import Mapping
from typing import Any

from functions.inspection.model import OpenAiModel, RotatingKeyModel
from functions.inspection.policy import Rules
from functions.inspection.service import InspectionService
from functions.shared.aws.bootstrap import LambdaContext, QueueName, Secret, make_runtime, start_early
from functions.shared.aws.lambda_consumer import Handle, QueueWorker, SettlingQueue
from functions.shared.aws.observability import Metric
from functions.shared.ports import Delivery

ANSWER_SECONDS = 45.0  # a server that refuses the schema is asked twice, and the function has two minutes
_log = logging.getLogger(__name__)


@functools.cache
def worker() -> QueueWorker:
    """Made once per container."""
    runtime = make_runtime("inspection")
    backends, metrics = runtime.backends, runtime.metrics
    settings = backends.settings
    if not backends.has(Secret.OPENROUTER_KEY):
        return QueueWorker(runtime, QueueName.INSPECTIONS, _make_nothing)
    read_key = backends.secret(Secret.OPENROUTER_KEY, str, runtime.logs.hide).value

    def make_model(key: str) -> OpenAiModel:
        return OpenAiModel(settings.openrouter_base_url, key, settings.ai_model, ANSWER_SECONDS)

    model = RotatingKeyModel(read_key, make_model)
    rules = Rules(
        settings.ai_confidence_threshold,
        settings.ai_check_interval_seconds,
        settings.ai_checks_per_job,
        settings.ai_checks_per_day,
    )
    records, frames = backends.records(), backends.frames()
    notifications = backends.queue(QueueName.NOTIFICATIONS)

    def make_handle(queue: SettlingQueue, context: LambdaContext) -> Handle:  # noqa: ARG001
        service = InspectionService(
            queue, notifications, records, frames, model, rules, backends.chat, backends.clock
        )

        def handle(delivery: Delivery) -> None:
            asked_before = model.asked
            try:
                service.handle(delivery)
            finally:
                if model.asked > asked_before:
                    metrics.add(Metric.CHECKS_MADE, model.asked - asked_before)

        return handle

    return QueueWorker(runtime, QueueName.INSPECTIONS, make_handle)


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One check; the answer names it if it comes again."""
    return worker().work(event, context)


def _make_nothing(queue: SettlingQueue, context: LambdaContext) -> Handle:  # noqa: ARG001
    """AI checks were switched off while looks were still waiting."""

    def handle(delivery: Delivery) -> None:
        _log.info("AI checks are off (%s names no parameter): no look", Secret.OPENROUTER_KEY.value)
        queue.acknowledge(delivery)

    return handle


start_early(worker)
