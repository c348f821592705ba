"""`printer-bridge timelapse FOLDER`: the film of any folder of JPEGs, with a progress bar.

Or of a job's folder in the cloud's bucket (`s3://bucket/images/<printer>/<job>/`), whose packs are read too.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, TypeVar

from functions.shared import setting_types as kinds
from functions.shared.domain.keys import film_key, film_stamp_of, taken_at_of
from functions.shared.errors import BridgeError, NotFoundError, PermanentError
from functions.shared.settings import Settings, declarations
from functions.timelapse.ffmpeg import find_ffmpeg
from functions.timelapse.film import EncodeJob, Fetch, MadeFilm, make_film
from functions.timelapse.plan import FEWEST_FRAMES, FilmSpec, choose_evenly, most_frames

_BAR_WIDTH = 30
_BAR_SECONDS = 0.1
_JPEG_ENDINGS = (".jpg", ".jpeg")
_STAMP = "%Y%m%dT%H%M%S"
_DIGITS = re.compile(r"(\d+)")

GOOD, FAILED, INTERRUPTED = 0, 1, 130

ValueT = TypeVar("ValueT")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `timelapse` can be told; what is left out comes from the settings."""
    defaults = {it.variable: f"default: {it.variable}, else {it.default}" for it in declarations()}
    parser.add_argument(
        "folder",
        help="folder of frames (*.jpg), or s3://bucket/images/PRINTER/JOB/ with your AWS credentials",
    )
    parser.add_argument(
        "--duration",
        type=argument_type(kinds.number(1, 600)),
        metavar="SECONDS",
        help=f"how long the film shall be ({defaults['TIMELAPSE_TARGET_DURATION_SECONDS']})",
    )
    parser.add_argument(
        "--fps",
        type=argument_type(kinds.integer(1, 120)),
        help=f"most frames per second ({defaults['TIMELAPSE_FPS_CAP']})",
    )
    parser.add_argument(
        "--width",
        type=argument_type(kinds.integer(16, 4096)),
        metavar="PIXELS",
        help=f"widest film ({defaults['TIMELAPSE_MAX_WIDTH']})",
    )
    parser.add_argument(
        "--max-bytes",
        type=argument_type(kinds.integer(100_000, 2_000_000_000)),
        metavar="BYTES",
        help=f"no film larger than that ({defaults['TIMELAPSE_MAX_BYTES']})",
    )
    parser.add_argument(
        "--out",
        type=Path,
        help="the film's file (default: timelapse_<UTC>.mp4 in FOLDER, of s3:// in this folder)",
    )
    parser.add_argument(
        "--since",
        type=_stamp,
        metavar="TIME",
        help="only frames from then on, in UTC as in their names, such as 20250131T174500 (default: all)",
    )
    parser.add_argument(
        "--until",
        type=_stamp,
        metavar="TIME",
        help="only frames up to then, such as 20250131T190000 (default: all)",
    )


def run(
    arguments: argparse.Namespace,
    settings: Settings | None = None,
    screen: TextIO | None = None,
    clock: Callable[[], float] = time.time,
) -> int:
    """Make the film that the arguments ask for; exit code 0, or else a line on the screen why not.

    The screen is stderr unless another is given; the bar is shown on a terminal only.
    """
    screen = screen or sys.stderr
    try:
        made = _make(arguments, settings or Settings(), screen, clock)
    except BridgeError as error:
        screen.write(f"No film: {error}\n")
        return FAILED
    except KeyboardInterrupt:
        screen.write("Stopped; nothing was written.\n")
        return INTERRUPTED
    broken = f", {made.broken} left out (broken)" if made.broken else ""
    screen.write(
        f"{made.path}: {made.frames} frames{broken}, {made.seconds:.1f} s, "
        f"{made.width}x{made.height}, {made.size / 1e6:.1f} MB\n"
    )
    return GOOD


class _HandError(PermanentError):
    """What was asked for cannot be done; the message says why."""


def _make(
    arguments: argparse.Namespace, settings: Settings, screen: TextIO, clock: Callable[[], float]
) -> MadeFilm:
    usual = FilmSpec.from_settings(settings)
    spec = FilmSpec(
        target_seconds=arguments.duration or usual.target_seconds,
        fps_cap=arguments.fps or usual.fps_cap,
        max_width=arguments.width or usual.max_width,
        max_bytes=arguments.max_bytes or usual.max_bytes,
    )
    source = _source(arguments.folder, arguments.since, arguments.until)
    timed = source.frames
    places = choose_evenly([at for at, _ in timed], most_frames(spec.target_seconds, spec.fps_cap))
    out: Path = arguments.out or source.film_folder / film_key("", clock())
    if out.exists():
        raise _HandError(f"{out} is there already: name another file with --out")
    if not os.access(out.parent, os.W_OK):
        raise _HandError(f"{out.parent} is no folder that can be written to: name another file with --out")
    part = out.with_name(f".{out.name}.part")
    with closing(_Bar(screen)) as bar:
        made = make_film(
            EncodeJob(
                ffmpeg=find_ffmpeg(settings.ffmpeg),
                keys=[timed[place][1] for place in places],
                fetch=source.fetch,
                spec=spec,
                output=part,
                progress=bar.show,
            )
        )
    part.replace(out)
    return replace(made, path=out)


@dataclass(frozen=True, slots=True)
class _Source:
    """Time and key of each frame, who gives them, and where the film lies if nothing is said."""

    frames: list[tuple[float, str]]
    fetch: Fetch
    film_folder: Path


_S3 = "s3://"


def _source(place: str, since: float | None, until: float | None) -> _Source:
    if not place.startswith(_S3):
        folder = Path(place)
        return _Source([(at, str(path)) for at, path in _frames(folder, since, until)], _read, folder)
    from functions.shared.aws.clients import make_client
    from functions.shared.aws.s3 import S3FrameStore

    bucket, _, prefix = place.removeprefix(_S3).partition("/")
    store = S3FrameStore(make_client("s3"), bucket)
    found = store.list(prefix.rstrip("/") + "/", since, until)
    frames = [(frame.taken_at, frame.key) for frame in found if frame.size > 0]
    if len(frames) < FEWEST_FRAMES:
        raise _HandError(f"{place} has {len(frames)} such frames, and a film needs two")
    return _Source(frames, store.get, Path())


def _frames(folder: Path, since: float | None, until: float | None) -> list[tuple[float, Path]]:
    """Time and file of each frame. Foreign names have no time: they follow each other in even steps."""
    try:
        files = [path for path in folder.iterdir() if path.name.lower().endswith(_JPEG_ENDINGS)]
    except OSError as error:
        raise _HandError(f"{folder} cannot be read: {error.strerror}") from error
    ours = [(at, path) for path in files if (at := taken_at_of(path.name)) is not None]
    if ours:
        ours.sort(key=lambda item: (item[0], item[1].name))
        begin = float("-inf") if since is None else since
        end = float("inf") if until is None else until
        found = [(at, path) for at, path in ours if begin <= at <= end]
    elif since is not None or until is not None:
        raise _HandError("--since and --until need frames that carry their time in their names")
    else:
        foreign = [path for path in files if film_stamp_of(path.name) is None]
        found = [(float(place), path) for place, path in enumerate(sorted(foreign, key=_natural))]
    if len(found) < 2:
        raise _HandError(f"{folder} has {len(found)} such frames (*.jpg), and a film needs two")
    return found


def _natural(path: Path) -> list[tuple[int, str]]:
    """frame2 before frame10."""
    parts = _DIGITS.split(path.name)
    return [(int(part), part) if place % 2 else (0, part) for place, part in enumerate(parts)]


def _read(key: str) -> bytes:
    try:
        return Path(key).read_bytes()
    except OSError as error:
        raise NotFoundError(f"{key} cannot be read: {error.strerror}") from error


class _Bar:
    """A line that fills up, on a terminal only."""

    def __init__(self, screen: TextIO) -> None:
        self._screen = screen
        self._is_shown = screen.isatty()
        self._drawn_at = float("-inf")

    def show(self, done: int, total: int) -> None:
        now = time.monotonic()
        if not self._is_shown or (now - self._drawn_at < _BAR_SECONDS and done < total):
            return
        self._drawn_at = now
        filled = "█" * (_BAR_WIDTH * done // total)
        self._screen.write(f"\r{filled:░<{_BAR_WIDTH}} {100 * done // total:3d} %  {done}/{total} frames")
        self._screen.flush()

    def close(self) -> None:
        if self._drawn_at > float("-inf"):
            self._screen.write("\n")


def argument_type(parse: Callable[[str], ValueT]) -> Callable[[str], ValueT]:
    """A setting's parser for argparse, which shows only this kind of error's words."""

    def parse_argument(text: str) -> ValueT:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse_argument


def _stamp(text: str) -> float:
    try:
        return datetime.strptime(text, _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise argparse.ArgumentTypeError("must be like 20250131T174500") from None
