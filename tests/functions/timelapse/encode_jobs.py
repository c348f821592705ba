"""Orders for small films of numbered frames held in memory, and programs that stand in for ffmpeg."""

import io
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from PIL import Image

from functions.shared.errors import NotFoundError
from functions.timelapse.ffmpeg import Timeouts, find_ffmpeg
from functions.timelapse.film import EncodeJob
from functions.timelapse.plan import FilmSpec
from tests.support.numbered_frames import numbered_frame

SPEC = FilmSpec(target_seconds=4.0, fps_cap=10, max_width=1280, max_bytes=5_000_000)
IMPATIENT = Timeouts(total_seconds=60.0, stall_seconds=0.3)


def numbered(count: int) -> dict[str, bytes]:
    return {f"{number:04d}": numbered_frame(number) for number in range(count)}


def noisy_frame(seed: int, width: int = 320, height: int = 180) -> bytes:
    """The hardest thing to encode: nothing of one frame helps with the next."""
    data = io.BytesIO()
    Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(width * height * 3)).save(
        data, "JPEG"
    )
    return data.getvalue()


def job_of(frames: Mapping[str, bytes | None], output: Path, spec: FilmSpec = SPEC) -> EncodeJob:
    """An order for these frames in this order; None stands for a frame that is gone."""

    def fetch(key: str) -> bytes:
        data = frames[key]
        if data is None:
            raise NotFoundError(key)
        return data

    return EncodeJob(find_ffmpeg(), list(frames), fetch, spec, output)


def acted_by(job: EncodeJob, script: str, folder: Path) -> EncodeJob:
    """The same order, with a shell script in the place of ffmpeg; `$FFMPEG` in it is the real one."""
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\nFFMPEG='{job.ffmpeg}'\n{script}\n")
    program.chmod(0o755)
    return replace(job, ffmpeg=str(program), timeouts=IMPATIENT)
