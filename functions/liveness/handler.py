"""Lambda entry of liveness: runs every five minutes by a schedule."""

import functools
from collections.abc import Mapping
from typing import Any

from functions.liveness.service import LivenessService
from functions.shared.aws.bootstrap import Container, LambdaContext, QueueName, make_container, start_early
from functions.shared.aws.observability import Measure


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
