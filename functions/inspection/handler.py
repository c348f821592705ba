"""Lambda entry of the inspection: one check from SQS in, one question to the AI out."""

import functools
import logging
from collections.abc import Mapping
from typing import Any

from functions.inspection.model import OpenAiModel, RotatingKeyModel
from functions.inspection.service import build_service
from functions.shared.aws.bootstrap import LambdaContext, QueueName, Secret, make_runtime, start_early
from functions.shared.aws.lambda_consumer import LambdaConsumer
from functions.shared.aws.observability import Metric
from functions.shared.dispatch import Done, Received, Settlement
from functions.shared.messages.effects import Inspection, decode_inspection

ANSWER_SECONDS = 45.0  # a server that refuses the schema is asked twice, and the function has two minutes
_log = logging.getLogger(__name__)


@functools.cache
def worker() -> LambdaConsumer[Inspection]:
    """Made once per container."""
    runtime = make_runtime("inspection")
    backends, metrics = runtime.backends, runtime.metrics
    if not backends.has(Secret.OPENROUTER_KEY):
        return LambdaConsumer(runtime, QueueName.INSPECTIONS, _ChecksAreOff())
    read_key = backends.secret(Secret.OPENROUTER_KEY, str, runtime.logs.hide).value

    def make_model(key: str) -> OpenAiModel:
        return OpenAiModel.from_settings(backends.settings, key, ANSWER_SECONDS)

    model = RotatingKeyModel(read_key, make_model)
    service = build_service(backends, backends.settings, model)

    def handle(message: Received[Inspection]) -> Settlement:
        asked_before = model.asked
        try:
            return service.handle(message)
        finally:
            if model.asked > asked_before:
                metrics.add(Metric.CHECKS_MADE, model.asked - asked_before)

    return LambdaConsumer(runtime, QueueName.INSPECTIONS, service, handle)


class _ChecksAreOff:
    """A Service: AI checks were switched off while checks were still waiting."""

    decode = staticmethod(decode_inspection)

    def refuse(self, error: Exception) -> Settlement:  # noqa: ARG002
        return self._done()

    def handle(self, message: Received[Inspection]) -> Settlement:  # noqa: ARG002
        return self._done()

    def _done(self) -> Done:
        _log.info("AI checks are off (%s names no parameter): no look", Secret.OPENROUTER_KEY.value)
        return Done()


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One check; the answer names it if it comes again."""
    return worker().consume(event, context)


start_early(worker)
