"""Lambda entry of liveness: runs every five minutes by a schedule."""

import functools
from collections.abc import Mapping
from typing import Any

from functions.bridge.aws.container import Container, make_container, start_early
from functions.bridge.aws.lambda_context import LambdaContext
from functions.bridge.aws.measures import Measure
from functions.bridge.aws.wiring import QueueName
from functions.liveness.service import LivenessService


@functools.cache
def worker() -> tuple[Container, LivenessService]:
    """Made once per container."""
    container = make_container("liveness")
    wiring = container.wiring
    notifications = wiring.queue(QueueName.NOTIFICATIONS)
    return container, LivenessService(wiring.records(), notifications, wiring.chat, wiring.clock)


def handle(event: Mapping[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """One look at all collectors."""
    container, service = worker()
    container.logs.about({"request_id": context.aws_request_id})
    container.measures.add(Measure.SILENT_COLLECTORS, service.look())
    container.measures.write()


start_early(worker)
