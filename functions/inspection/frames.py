"""Which frames a check looks at, and how they become the model's images: measured, shrunk, encoded anew.

The newest good frame, and one from about ten minutes before. Images are measured at 160 pixels: sensor noise
and slight blur are gone at that size, so what is still too smooth there shows no detail to go by. They are
encoded without metadata.
"""

import io
import logging
from collections.abc import Iterable, Sequence

from functions.shared.domain.jpeg import read_jpeg
from functions.shared.domain.keys import belongs_to
from functions.shared.errors import NotFoundError, PermanentError
from functions.shared.messages.effects import Inspection
from functions.shared.messages.report import FrameReference
from functions.shared.ports import FrameStore
from functions.shared.value_class import dataclass

_log = logging.getLogger(__name__)

MEASURED_SIDE = 160
_DARK_BRIGHTNESS = 24.0
_SMOOTH_DIFFERENCE = 7.0
_SHARE = 0.99


@dataclass(frozen=True, slots=True)
class GreyPixels:
    """A small grey image: `pixels` holds width x height bytes."""

    width: int
    height: int
    pixels: bytes


def quality_fault(grey: GreyPixels) -> str | None:
    """Why the image cannot be judged ("black", "blurred"), or None if it can."""
    if brightness(grey) < _DARK_BRIGHTNESS:
        return "black"
    if sharpness(grey) < _SMOOTH_DIFFERENCE:
        return "blurred or blank"
    return None


def brightness(grey: GreyPixels) -> float:
    """What 99 % of the pixels do not exceed: a few bright spots in the dark do not make an image."""
    return _high_share(list(grey.pixels))


def sharpness(grey: GreyPixels) -> float:
    """The step between neighbours that 99 % of the places do not exceed."""
    width, pixels = grey.width, grey.pixels
    steps = [
        max(abs(pixels[place] - pixels[place + 1]), abs(pixels[place] - pixels[place + width]))
        for row in range(grey.height - 1)
        for place in range(row * width, row * width + width - 1)
    ]
    return _high_share(steps)


def _high_share(values: list[int]) -> float:
    if not values:
        return 0.0
    values.sort()
    return float(values[int(_SHARE * (len(values) - 1))])


LONGEST_SIDE = 1280
_QUALITY = 75


class UnusableImageError(PermanentError):
    """A frame that cannot be judged; the message says why in a word or two."""


@dataclass(frozen=True, slots=True)
class PreparedImage:
    """A JPEG of at most 1280 x 1280 pixels."""

    jpeg: bytes


def prepare(data: bytes) -> PreparedImage:
    """The image of a frame's bytes. Raises UnusableImageError if it is broken, black or blurred."""
    from PIL import Image

    fault = read_jpeg(data).fault
    if fault is not None:
        raise UnusableImageError(f"broken: {fault}")
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as opened:
            image = opened.convert("RGB")
            image.info = {}  # a comment in it would be written again
    except (OSError, ValueError, SyntaxError) as error:
        raise UnusableImageError(f"broken: {error!s:.80}") from None
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    small = image.convert("L")
    small.thumbnail((MEASURED_SIDE, MEASURED_SIDE))
    fault = quality_fault(GreyPixels(small.width, small.height, small.tobytes()))
    if fault is not None:
        raise UnusableImageError(fault)
    jpeg = io.BytesIO()
    image.save(jpeg, "JPEG", quality=_QUALITY)
    return PreparedImage(jpeg.getvalue())


FRESH_SECONDS = 300.0
EARLIER_SECONDS = 600.0
LEAST_APART_SECONDS = 60.0
_REACH_SECONDS = 1800.0
_TRIES = 3


@dataclass(frozen=True, slots=True)
class FramePair:
    """The frame that is judged, its image, and the image from before if there is one."""

    frame: FrameReference
    newest: PreparedImage
    earlier: PreparedImage | None = None
    seconds_apart: float = 0.0
    earlier_key: str | None = None


@dataclass(frozen=True, slots=True)
class NoUsableFrame:
    """No frame can be judged, and why; `may_come`: waiting a little may bring one."""

    reason: str
    may_come: bool


def choose_frames(
    frames: FrameStore, check: Inspection, edge_now: float, newer_than: float | None
) -> FramePair | NoUsableFrame:
    """Read the frames for a check; `edge_now` is the time by the clock that stamps the frames.

    A confirmation needs a frame `newer_than` that of the first. Raises TransientError of the store.
    """
    since = max(check.since, edge_now - _REACH_SECONDS)
    known = _known(frames, check, since)
    fresh = [frame for frame in newest_first(known) if edge_now - frame.taken_at <= FRESH_SECONDS]
    if not fresh:
        return NoUsableFrame(_age_of_newest(known, edge_now), may_come=True)
    if newer_than is not None:
        fresh = [frame for frame in fresh if frame.taken_at > newer_than]
        if not fresh:
            return NoUsableFrame("there is no newer picture than that of the first look", may_come=True)
    reason, is_missing = "", False
    for frame in fresh[:_TRIES]:
        try:
            data = frames.get(frame.key)
            newest = prepare(data)
        except NotFoundError:
            reason, is_missing = reason or "the picture has not arrived", True
        except UnusableImageError as error:
            _log.info("%s: picture %s cannot be judged: %s", check.printer_id, frame.key, error)
            reason = reason or f"the picture is {error}"
        else:
            return _with_earlier(frames, check, FramePair(frame, newest), data, known)
    return NoUsableFrame(reason, may_come=is_missing)


def newest_first(known: Iterable[FrameReference]) -> list[FrameReference]:
    """Frames sorted by time, the newest first; of equal times the higher key."""
    return sorted(known, key=lambda frame: (frame.taken_at, frame.key), reverse=True)


def earlier_candidates(known: Sequence[FrameReference], judged_at: float) -> list[FrameReference]:
    """The frames to compare with, the best choice first.

    Nearest to ten minutes before the judged one; in a younger job the earliest. None less than a minute
    older.
    """
    older = [frame for frame in known if judged_at - frame.taken_at >= LEAST_APART_SECONDS]
    wanted = judged_at - EARLIER_SECONDS
    return sorted(older, key=lambda frame: (abs(frame.taken_at - wanted), frame.key))


def _with_earlier(
    frames: FrameStore, check: Inspection, pair: FramePair, data: bytes, known: Sequence[FrameReference]
) -> FramePair | NoUsableFrame:
    for frame in earlier_candidates(known, pair.frame.taken_at)[:_TRIES]:
        try:
            before = frames.get(frame.key)
            if before == data:
                # A live camera never gives the same bytes twice: its noise is new in every image.
                return NoUsableFrame("the picture has not changed at all: the camera hangs", may_come=False)
            earlier = prepare(before)
        except (NotFoundError, UnusableImageError) as error:
            _log.info("%s: earlier picture %s is left out: %s", check.printer_id, frame.key, error)
            continue
        apart = pair.frame.taken_at - frame.taken_at
        return FramePair(pair.frame, pair.newest, earlier, apart, frame.key)
    return pair


def _known(frames: FrameStore, check: Inspection, since: float) -> list[FrameReference]:
    """The job's stored frames of the last half hour, with the one the report named, stored yet or not."""
    found = {
        stored.key: FrameReference(stored.key, stored.taken_at, stored.size)
        for stored in frames.list(check.prefix, since=since)
    }
    named = check.frame
    if named is not None and named.taken_at >= since and belongs_to(named.key, check.printer_id):
        found[named.key] = named
    return list(found.values())


def _age_of_newest(known: Sequence[FrameReference], edge_now: float) -> str:
    if not known:
        return "there is no picture of this job from the last half hour"
    age = edge_now - max(frame.taken_at for frame in known)
    return f"the newest picture is {age / 60:.0f} min old"
