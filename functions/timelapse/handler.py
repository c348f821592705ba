"""Lambda entry of the timelapse: one order from SQS in, one film to S3 and one notification out."""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions.shared.aws.bootstrap import (
    LambdaContext,
    QueueName,
    Runtime,
    make_runtime,
    seconds_left,
    start_early,
)
from functions.shared.aws.lambda_consumer import LambdaConsumer
from functions.shared.messages.effects import Timelapse
from functions.timelapse.ffmpeg import DEFAULT_TIMEOUTS, Timeouts
from functions.timelapse.service import build_service

WORK_FOLDER = Path("/tmp/films")  # noqa: S108 (the only place a function can write to; its own)
STALL_SECONDS = 45.0
_PASSES = 2  # a film that comes out too large is made once more
_RESERVE_SECONDS = 60.0  # to list frames before, to store the film after
_SHORTEST_SECONDS = 15.0


@functools.cache
def worker() -> Runtime:
    """Made once per container, with all that a service takes from it."""
    runtime = make_runtime("timelapse")
    make_consumer(runtime, DEFAULT_TIMEOUTS)
    return runtime


def make_consumer(runtime: Runtime, limits: Timeouts) -> LambdaConsumer[Timelapse]:
    """Made for each invocation, as each has its own end."""
    backends = runtime.backends
    bucket = backends.bucket
    service = build_service(
        backends,
        backends.settings,
        WORK_FOLDER,
        shown_folder=lambda prefix: f"s3://{bucket}/{prefix}",
        timeouts=limits,
    )
    return LambdaConsumer(runtime, QueueName.TIMELAPSES, service)


def timeouts(seconds: float) -> Timeouts:
    """How long ffmpeg may take, so that both passes end before Lambda ends the function."""
    total = max(_SHORTEST_SECONDS, (seconds - _RESERVE_SECONDS) / _PASSES)
    return Timeouts(total, min(STALL_SECONDS, total))


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One film; the answer names its order if that comes again."""
    return make_consumer(worker(), timeouts(seconds_left(context))).consume(event, context)


start_early(worker)
