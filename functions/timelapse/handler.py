"""Lambda entry of the timelapse: one order from SQS in, one film to S3 and one notification out."""

import functools
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions.shared.aws.bootstrap import LambdaContext, QueueName, make_runtime, seconds_left, start_early
from functions.shared.aws.lambda_consumer import Handle, QueueWorker, SettlingQueue
from functions.timelapse.ffmpeg import Timeouts
from functions.timelapse.plan import FilmSpec
from functions.timelapse.service import FilmSettings, TimelapseService

WORK_FOLDER = Path("/tmp/films")  # noqa: S108 (the only place a function can write to; its own)
STALL_SECONDS = 45.0
_PASSES = 2  # a film that comes out too large is made once more
_RESERVE_SECONDS = 60.0  # to list frames before, to store the film after
_SHORTEST_SECONDS = 15.0
_LOCAL_FOLDER = "frames"


@functools.cache
def worker() -> QueueWorker:
    """Made once per container."""
    runtime = make_runtime("timelapse")
    backends = runtime.backends
    settings, bucket = backends.settings, backends.bucket
    spec = FilmSpec(
        settings.timelapse_target_duration_seconds,
        settings.timelapse_fps_cap,
        settings.timelapse_max_width,
        settings.timelapse_max_bytes,
    )
    records, frames = backends.records(), backends.frames()
    notifications = backends.queue(QueueName.NOTIFICATIONS)

    def fetching(prefix: str) -> str:
        source = shlex.quote(f"s3://{bucket}/{prefix}")
        return f"aws s3 sync {source} {_LOCAL_FOLDER} && "

    def make_handle(queue: SettlingQueue, context: LambdaContext) -> Handle:
        film_settings = FilmSettings(
            spec,
            backends.chat,
            WORK_FOLDER,
            settings.ffmpeg,
            timeouts=timeouts(seconds_left(context)),
            shown_folder=lambda prefix: _LOCAL_FOLDER,  # noqa: ARG005
            fetching=fetching,
        )
        service = TimelapseService(queue, notifications, records, frames, backends.clock, film_settings)
        return service.handle

    return QueueWorker(runtime, QueueName.TIMELAPSES, make_handle)


def timeouts(seconds: float) -> Timeouts:
    """How long ffmpeg may take, so that both passes end before Lambda ends the function."""
    total = max(_SHORTEST_SECONDS, (seconds - _RESERVE_SECONDS) / _PASSES)
    return Timeouts(total, min(STALL_SECONDS, total))


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One film; the answer names its order if that comes again."""
    return worker().work(event, context)


start_early(worker)
