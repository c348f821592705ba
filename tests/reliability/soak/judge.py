"""Whether samples stay within their bounds: growth by medians of thirds after a warm-up, and the most."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.reliability.soak.bounds import Bound
from tests.reliability.soak.sampling import Sample

WARM_UP_SHARE = 0.2
_SAMPLES_NEEDED = 6


@dataclass(frozen=True)
class Row:
    """One bound and what came of it: medians of the first and last third, the most, the line's slope."""

    bound: Bound
    first: float
    last: float
    most: float
    per_hour: float
    faults: tuple[str, ...]


def judge(samples: Sequence[Sample], bounds: Sequence[Bound]) -> list[Row]:
    """A row for every bound. What was looked at too seldom is a fault if it is needed."""
    return [_row(_watched(samples, bound.name), bound) for bound in bounds]


def _watched(samples: Sequence[Sample], name: str) -> list[tuple[float, float]]:
    if not samples:
        return []
    begun, ended = samples[0].at, samples[-1].at
    since = begun + (ended - begun) * WARM_UP_SHARE
    return [(one.at, one.values[name]) for one in samples if one.at >= since and name in one.values]


def _row(points: list[tuple[float, float]], bound: Bound) -> Row:
    if len(points) < _SAMPLES_NEEDED:
        nan = float("nan")
        unseen = (f"{bound.name} was seen {len(points)} times only",) if bound.is_needed else ()
        return Row(bound, nan, nan, nan, nan, unseen)
    values = [value for _, value in points]
    third = len(values) // 3
    first, last = statistics.median(values[:third]), statistics.median(values[-third:])
    most = max(values)
    faults = []
    if bound.growth is not None and last - first > bound.growth:
        faults.append(f"{bound.name} grew by {last - first:,.1f}, {bound.growth:,.1f} are allowed")
    if bound.most is not None and most > bound.most:
        faults.append(f"{bound.name} reached {most:,.1f}, {bound.most:,.1f} are allowed")
    return Row(bound, first, last, most, slope(points) * 3600, tuple(faults))


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the line of least squares, per second."""
    if len({at for at, _ in points}) < 2:
        return 0.0
    return statistics.linear_regression(*zip(*points, strict=True)).slope
