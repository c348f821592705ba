"""From frames to a film: fetched in parallel, encoded in order, checked, never over its limit of bytes."""

import contextlib
import logging
import subprocess
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from functions.shared.domain.jpeg import Jpeg, read_jpeg
from functions.shared.domain.limits import THUMBNAIL_BYTES
from functions.shared.errors import NotFoundError
from functions.shared.value_class import dataclass
from functions.timelapse.errors import EncodingError, FilmTooLargeError, TooFewFramesError
from functions.timelapse.ffmpeg import DEFAULT_TIMEOUTS, Encoder, Timeouts, check_film, read_film, run_briefly
from functions.timelapse.plan import FEWEST_FRAMES, FilmSpec, Timing, film_timing
from functions.timelapse.recipe import Shape, film_command, film_shape, thumbnail_command

_log = logging.getLogger(__name__)

WORKERS = 8
AHEAD = 16

Fetch = Callable[[str], bytes]


def fetch_whole(fetch: Fetch, key: str) -> tuple[bytes, Jpeg] | None:
    """The frame of that key, or None if it is gone or no whole JPEG. Raises TransientError."""
    try:
        data = fetch(key)
    except NotFoundError:
        return None
    jpeg = read_jpeg(data)
    return None if jpeg.fault is not None else (data, jpeg)


def fetch_in_order(
    keys: Sequence[str], fetch: Fetch, workers: int = WORKERS, ahead: int = AHEAD
) -> Generator[bytes | None, None, None]:
    """One item a key, in order; at most `ahead` frames are held at a time. Raises what `fetch` raises."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="frames")
    under_way: deque[Future[tuple[bytes, Jpeg] | None]] = deque()
    rest = iter(keys)
    try:
        while True:
            for key in rest:
                under_way.append(pool.submit(fetch_whole, fetch, key))
                if len(under_way) >= ahead:
                    break
            if not under_way:
                return
            frame = under_way.popleft().result()
            yield None if frame is None else frame[0]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


LIMIT_SECONDS = 30.0


def make_thumbnail(ffmpeg: str, frame: bytes, limit_seconds: float = LIMIT_SECONDS) -> bytes | None:
    """The frame made small; None if that fails (a film goes well without)."""
    try:
        small, _ = run_briefly(thumbnail_command(ffmpeg), frame, limit_seconds)
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.warning("no thumbnail: %s", type(error).__name__)
        return None
    if len(small) >= THUMBNAIL_BYTES or read_jpeg(small).fault is not None:
        _log.warning("no thumbnail: ffmpeg gave no picture of it")
        return None
    return small


_SAMPLES = 5
_LAST_FRAMES = 3
_TOO_FEW = "fewer than two of the frames are whole JPEGs: there is nothing to make a film of"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class EncodeJob:
    """What to make a film of, how, and where: the keys of the chosen frames in order, and who gives them.

    `progress` is told how many of the frames are done, and of how many.
    """

    ffmpeg: str
    keys: Sequence[str]
    fetch: Fetch
    spec: FilmSpec
    output: Path
    timeouts: Timeouts = DEFAULT_TIMEOUTS
    progress: Progress = lambda done, total: None  # noqa: ARG005


@dataclass(frozen=True, slots=True)
class MadeFilm:
    """A film on disk: bytes, seconds, pixels; frames shown, frames left out; the frame it ends with, and that
    one small.
    """

    path: Path
    size: int
    seconds: float
    width: int
    height: int
    frames: int
    broken: int
    thumbnail: bytes | None
    last_frame: bytes = b""


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Whole frames given to ffmpeg, frames that makes with repeats, and how many of these it decoded."""

    frames: int
    film_frames: int
    decoded: int
    thumbnail: bytes | None
    last_frame: bytes

    @property
    def undecodable(self) -> int:
        return min(self.frames, max(0, self.film_frames - self.decoded))


def make_film(job: EncodeJob) -> MadeFilm:
    """The film of the ordered frames; nothing is left at the output if that fails.

    Raises FfmpegMissingError, TooFewFramesError, FilmTooLargeError, EncodingError, and what `fetch`
    raises but NotFoundError (a frame that is gone is left out).
    """
    try:
        return _make(job)
    except BaseException as error:
        with contextlib.suppress(OSError):
            job.output.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise EncodingError(f"the film cannot be written: {error.strerror}") from error
        raise


def _make(job: EncodeJob) -> MadeFilm:
    if len(job.keys) < FEWEST_FRAMES:
        raise TooFewFramesError(_TOO_FEW)
    spec = job.spec
    timing = film_timing(len(job.keys), spec.target_seconds, spec.fps_cap)
    width, height = _common_size(job.keys, job.fetch)
    limit, is_strict = spec.max_bytes, True
    while True:
        shape = film_shape(width, height, spec.max_width, limit, timing)
        encoded = _encode(job, timing, shape, is_strict)
        size = job.output.stat().st_size
        if is_strict and encoded.undecodable > len(job.keys) // 4:
            # More likely a camera with a dialect of its own than so many broken frames: take all of them.
            _log.warning("ffmpeg refuses %d frames: made again without being strict", encoded.undecodable)
            is_strict = False
        elif size <= spec.max_bytes:
            return _checked(job, size, shape, timing, encoded)
        elif limit == spec.max_bytes:
            # One pass keeps below the limit by construction; this is for cameras nobody foresaw.
            _log.warning("the film has %d bytes, over %d: made again at half the rate", size, limit)
            limit //= 2
        else:
            raise FilmTooLargeError(
                f"the film cannot be made smaller than {size} bytes, and the limit is {spec.max_bytes}: "
                "raise TIMELAPSE_MAX_BYTES or lower TIMELAPSE_TARGET_DURATION_SECONDS"
            )


def _common_size(keys: Sequence[str], fetch: Fetch) -> tuple[int, int]:
    """The size that most of a few samples have, else that of the first whole frame."""
    places = sorted({round(step * (len(keys) - 1) / (_SAMPLES - 1)) for step in range(_SAMPLES)})
    samples = (fetch_whole(fetch, keys[place]) for place in places)
    sizes = Counter((frame[1].width, frame[1].height) for frame in samples if frame is not None)
    if sizes:
        return sizes.most_common(1)[0][0]
    with closing(fetch_in_order(keys, fetch)) as frames:
        for frame in frames:
            if frame is not None:
                jpeg = read_jpeg(frame)
                return jpeg.width, jpeg.height
    raise TooFewFramesError(_TOO_FEW)


def _encode(job: EncodeJob, timing: Timing, shape: Shape, is_strict: bool) -> _Encoded:
    latest: deque[bytes] = deque(maxlen=_LAST_FRAMES)
    shown = film_frames = owed = 0
    command = film_command(job.ffmpeg, timing, shape, job.output, is_strict=is_strict)
    with (
        Encoder(command, job.timeouts) as encoder,
        closing(fetch_in_order(job.keys, job.fetch)) as frames,
    ):
        for done, frame in enumerate(frames, 1):
            if frame is None:
                owed += 1
            else:
                # For each missing frame a later one is shown twice: the film keeps its length.
                times = 2 if owed else 1
                owed -= times - 1
                for _ in range(times):
                    encoder.write(frame)
                latest.append(frame)
                shown, film_frames = shown + 1, film_frames + times
            job.progress(done, len(job.keys))
        if shown < FEWEST_FRAMES:
            raise TooFewFramesError(_TOO_FEW)
        still, thumbnail = _still(job, latest)
        for _ in range(timing.held - 1):
            encoder.write(still)
        encoder.finish()
        return _Encoded(shown, film_frames + timing.held - 1, encoder.film_frames, thumbnail, still)


def _still(job: EncodeJob, latest: Sequence[bytes]) -> tuple[bytes, bytes | None]:
    """The last frame that can be decoded, to stand still at the end, and its thumbnail."""
    limit_seconds = min(LIMIT_SECONDS, job.timeouts.stall_seconds)
    for frame in reversed(latest):
        thumbnail = make_thumbnail(job.ffmpeg, frame, limit_seconds)
        if thumbnail is not None:
            return frame, thumbnail
    return latest[-1], None


def _checked(job: EncodeJob, size: int, shape: Shape, timing: Timing, encoded: _Encoded) -> MadeFilm:
    left = encoded.frames - encoded.undecodable
    if left < FEWEST_FRAMES:
        raise TooFewFramesError(_TOO_FEW)
    facts = read_film(job.ffmpeg, job.output)
    tolerance = max(0.5, float((2 + encoded.undecodable) / timing.rate))
    check_film(facts, shape.width, shape.height, float(encoded.film_frames / timing.rate), tolerance)
    return MadeFilm(
        path=job.output,
        size=size,
        seconds=facts.seconds,
        width=facts.width,
        height=facts.height,
        frames=left,
        broken=len(job.keys) - left,
        thumbnail=encoded.thumbnail,
        last_frame=encoded.last_frame,
    )
