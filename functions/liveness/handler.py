"""Lambda entry of liveness: runs every five minutes by a schedule."""

import functools
from collections.abc import Mapping
from typing import Any

from functions.liveness.service import LivenessService
from functions.shared.aws.bootstrap import LambdaContext, Runtime, make_runtime, start_early
from functions.shared.aws.observability import Metric


@functools.cache
def worker() -> tuple[Runtime, LivenessService]:
    """Made once per container."""
    runtime = make_runtime("liveness")
    backends = runtime.backends
    service = LivenessService(backends.records, backends.notifications, backends.chat, backends.clock)
    return runtime, service


def handle(event: Mapping[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """One check at all collectors, and a part of what is to be moved after an upgrade."""
    runtime, service = worker()
    runtime.logs.about({"request_id": context.aws_request_id})
    runtime.metrics.add(Metric.SILENT_COLLECTORS, service.check())
    runtime.metrics.write()
    runtime.backends.partition_move.step()


start_early(worker)
