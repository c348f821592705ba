"""A film's small picture: JPEG, at most 320 pixels a side and below 200 kB (Bot API, sendVideo)."""

import logging
import subprocess

from functions.bridge.jpeg import jpeg_fault
from functions.timelapse.recipe import thumbnail_command
from functions.timelapse.short_run import run_briefly

logger = logging.getLogger(__name__)

BYTES_LIMIT = 200_000
LIMIT_SECONDS = 30.0


def make_thumbnail(ffmpeg: str, frame: bytes, limit_seconds: float = LIMIT_SECONDS) -> bytes | None:
    """The frame made small; None if that fails (a film goes well without)."""
    try:
        small, _ = run_briefly(thumbnail_command(ffmpeg), frame, limit_seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.warning("no thumbnail: %s", type(error).__name__)
        return None
    if len(small) >= BYTES_LIMIT or jpeg_fault(small) is not None:
        logger.warning("no thumbnail: ffmpeg gave no picture of it")
        return None
    return small


def thumbnail_key(film_key: str) -> str:
    """Where a film's thumbnail lies: beside it, under a name that no frame has."""
    return film_key.removesuffix(".mp4") + "_thumb.jpg"
