"""What a film really is, read back from the file by ffmpeg."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from functions.timelapse.film_errors import EncodingError
from functions.timelapse.short_run import run_briefly

_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d\.\d+)")
_VIDEO = re.compile(r"Video: (\w+)[^\n]*?, (yuv\w+)[^\n]*?, (\d{2,5})x(\d{2,5})[ ,\n]")


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """Length in seconds, codec and pixel format by ffmpeg's names, size in pixels."""

    seconds: float
    codec: str
    pixel_format: str
    width: int
    height: int


def read_film(ffmpeg: str, film: Path, limit_seconds: float = 60.0) -> FilmFacts:
    """The facts of a film. Raises EncodingError if it is none."""
    try:
        _, words = run_briefly([ffmpeg, "-hide_banner", "-nostdin", "-i", str(film)], b"", limit_seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EncodingError(f"the film could not be read back: {type(error).__name__}") from error
    told = words.decode("utf-8", "replace")
    duration, video = _DURATION.search(told), _VIDEO.search(told)
    if duration is None or video is None:
        raise EncodingError("the film that ffmpeg wrote is broken")
    hours, minutes, seconds = duration.groups()
    return FilmFacts(
        seconds=int(hours) * 3600 + int(minutes) * 60 + float(seconds),
        codec=video[1],
        pixel_format=video[2],
        width=int(video[3]),
        height=int(video[4]),
    )


def check_film(facts: FilmFacts, width: int, height: int, seconds: float, tolerance: float) -> None:
    """Raises EncodingError if the film is not the one that was ordered."""
    wrong = []
    if (facts.codec, facts.pixel_format) != ("h264", "yuv420p"):
        wrong.append(f"{facts.codec}, {facts.pixel_format}")
    if (facts.width, facts.height) != (width, height):
        wrong.append(f"{facts.width}x{facts.height} instead of {width}x{height}")
    if abs(facts.seconds - seconds) > tolerance:
        wrong.append(f"{facts.seconds:.1f} s instead of {seconds:.1f} s")
    if wrong:
        raise EncodingError(f"the film that ffmpeg wrote is not as ordered: {', '.join(wrong)}")
