"""Lambda entry of liveness: runs every five minutes by a schedule."""

import functools
from collections.abc import Mapping
from typing import Any

from functions.liveness.service import LivenessService
from functions.shared.aws.bootstrap import LambdaContext, Runtime, make_runtime, start_early
from functions.shared.aws.observability import Metric
from functions.shared.digest_schedule import DigestSchedule, digest_schedule


@functools.cache
def worker() -> tuple[Runtime, LivenessService, DigestSchedule]:
    """Made once per container."""
    runtime = make_runtime("liveness")
    backends = runtime.backends
    service = LivenessService(backends.records, backends.notifications, backends.chat, backends.clock)
    return runtime, service, digest_schedule(backends, backends.settings)


def handle(event: Mapping[str, Any], context: LambdaContext) -> None:  # noqa: ARG001
    """One check at all collectors, of what is due in the chat, and a part of what an upgrade is to move."""
    runtime, service, digests = worker()
    runtime.logs.about({"request_id": context.aws_request_id})
    try:
        runtime.metrics.add(Metric.SILENT_COLLECTORS, service.check())
    finally:  # neither waits for the other
        digests.check()
    runtime.metrics.write()
    runtime.backends.partition_move.step()


start_early(worker)
