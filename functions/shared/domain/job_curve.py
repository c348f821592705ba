"""The curve of a job: progress and temperatures over its time, in a bounded number of points.

Time is divided into slots, and of each slot the first point is kept. A curve that lasts longer than there may
be slots has slots twice as long. So it makes no difference in which order, how often and in what portions
points come in: the last slot's first point tells as well how long slots are (as their number is even).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from functions.shared.domain.figures import DEGREES, PERCENT, number, whole_number
from functions.shared.value_class import dataclass

CURVE_POINTS = 300
KEPT_POINTS = CURVE_POINTS - 2  # even; the point of the end is kept apart, as no slot may lose it
SLOT_SECONDS = 30
_COLUMNS = ("seconds", "percent", "nozzle", "bed", "chamber")
_LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """`seconds` since the job's start; percent; temperatures in whole degrees Celsius. None: not known."""

    seconds: int
    percent: int | None = None
    nozzle: int | None = None
    bed: int | None = None
    chamber: int | None = None


Curve = tuple[CurvePoint, ...]


def merged_curve(*curves: Iterable[CurvePoint]) -> Curve:
    """All their points, thinned. Of two of one second the first that is given."""
    points: dict[int, CurvePoint] = {}
    for curve in curves:
        for point in curve:
            points.setdefault(point.seconds, point)
    return thinned([points[seconds] for seconds in sorted(points)])


def thinned(points: Sequence[CurvePoint], most: int = KEPT_POINTS) -> Curve:
    """At most so many (an even number) of the points, which are sorted by time."""
    if not points:
        return ()
    slot = _slot_of(points[-1].seconds, most)
    kept: list[CurvePoint] = []
    last = -1
    for point in points:
        if point.seconds // slot != last:
            kept.append(point)
            last = point.seconds // slot
    return tuple(kept)


def is_point_due(seconds: float, last_point: int | None) -> bool:
    """Whether another point is worth keeping so long after the start: in a slot that has none yet."""
    if last_point is None:
        return True
    slot = _slot_of(int(seconds), KEPT_POINTS)
    return int(seconds) // slot > last_point // slot


def _slot_of(seconds: int, most: int) -> int:
    """How long slots are, so that so many of them reach that far."""
    slot = SLOT_SECONDS
    while seconds // slot >= most:
        slot *= 2
    return slot


def encode_curve(points: Sequence[CurvePoint]) -> str:
    """A column for each figure, each value as the step from the one before: short, and it packs well."""
    return (
        ";".join(_encode([getattr(point, name) for point in points]) for name in _COLUMNS) if points else ""
    )


def decode_curve(text: str) -> Curve:
    """Total: what is no such text has no points."""
    columns = text[:_LONGEST_TEXT].split(";")
    if len(columns) != len(_COLUMNS):
        return ()
    try:
        decoded = [_decode(column) for column in columns]
    except ValueError:
        return ()
    if len({len(column) for column in decoded}) != 1:
        return ()
    points = [
        CurvePoint(seconds, percent, nozzle, bed, chamber)
        for seconds, percent, nozzle, bed, chamber in zip(*decoded, strict=True)
        if seconds is not None and seconds >= 0
    ]
    return tuple(sorted(map(_in_bounds, points), key=lambda point: point.seconds))


def _in_bounds(point: CurvePoint) -> CurvePoint:
    def degrees(value: int | None) -> int | None:
        read = number(value, *DEGREES)
        return None if read is None else round(read)

    return replace(
        point,
        percent=whole_number(point.percent, *PERCENT),
        nozzle=degrees(point.nozzle),
        bed=degrees(point.bed),
        chamber=degrees(point.chamber),
    )


def _encode(column: Sequence[int | None]) -> str:
    parts, last = [], 0
    for value in column:
        parts.append("" if value is None else str(value - last))
        last = last if value is None else value
    return ",".join(parts)


def _decode(column: str) -> list[int | None]:
    values: list[int | None] = []
    last = 0
    for part in column.split(","):
        if part == "":
            values.append(None)
            continue
        last += int(part)
        values.append(last)
    return values
