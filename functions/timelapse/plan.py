"""Which frames a film shows and how fast, and when it waits for more of them. Pure."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction

from functions.shared.settings import Settings
from functions.shared.value_class import dataclass

FRAMES_WAIT_SECONDS = 1800.0
FAILURES_LIMIT = 5
RETRY_DELAYS = (30.0, 120.0, 300.0, 600.0)

_SHORTEST_WAIT, _LONGEST_WAIT = 5.0, 120.0


def wait_for_frames(arrived: int, kept: int | None, waited_seconds: float) -> float | None:
    """How long to wait for more frames, None if they are all here or it took too long already.

    Waits grow with the time waited: about twenty in the whole half hour.
    """
    if kept is None or arrived >= kept or waited_seconds >= FRAMES_WAIT_SECONDS:
        return None
    wait = min(_LONGEST_WAIT, max(_SHORTEST_WAIT, waited_seconds / 2))
    return min(wait, max(_SHORTEST_WAIT, FRAMES_WAIT_SECONDS - waited_seconds))


def retry_delay(failures: int, delays: Sequence[float] = RETRY_DELAYS) -> float | None:
    """How long to wait after so many failures (one or more) in a row, None if that was the last one."""
    if failures >= FAILURES_LIMIT or not delays:
        return None
    return delays[min(failures, len(delays)) - 1]


def missing_frames(arrived: int, kept: int | None, broken: int) -> int:
    """How many frames the film lacks: those that never arrived and those that are no frames."""
    return max(0, (kept or 0) - arrived) + broken


HOLD_SECONDS = 2.0
FEWEST_FRAMES = 2
_FINEST_GRID = 32


@dataclass(frozen=True, slots=True)
class FilmSpec:
    """How long a film shall be, and what it must not be more than."""

    target_seconds: float
    fps_cap: int
    max_width: int
    max_bytes: int

    @classmethod
    def from_settings(cls, settings: Settings) -> "FilmSpec":
        return cls(
            settings.timelapse_target_duration_seconds,
            settings.timelapse_fps_cap,
            settings.timelapse_max_width,
            settings.timelapse_max_bytes,
        )


@dataclass(frozen=True, slots=True)
class Timing:
    """Frames per second, how many times the last frame is shown, and how many frames that makes."""

    rate: Fraction
    held: int
    film_frames: int

    @property
    def seconds(self) -> float:
        return float(self.film_frames / self.rate)


def _hold(target_seconds: float) -> float:
    return min(HOLD_SECONDS, target_seconds / 2)


def most_frames(target_seconds: float, fps_cap: int) -> int:
    """How many frames a film can show at most; the time in which the last one stands still is not theirs."""
    moving = target_seconds - _hold(target_seconds)
    return max(FEWEST_FRAMES, math.floor(moving * fps_cap) + 1)


def film_timing(count: int, target_seconds: float, fps_cap: int) -> Timing:
    """The pace of a film of `count` frames (two or more), the hold at its end included in the target.

    It lasts the target unless that would be less than one frame per second: then one per second.
    """
    hold = _hold(target_seconds)
    pace = (count - 1) / (target_seconds - hold)
    held = max(1, round(hold * max(1.0, pace)))
    film_frames = count - 1 + held
    if pace < 1:
        return Timing(Fraction(1), held, film_frames)
    exact = Fraction(film_frames) / Fraction(target_seconds).limit_denominator(1000)
    return Timing(min(exact, Fraction(fps_cap)), held, film_frames)


def choose_evenly(times: Sequence[float], most: int) -> list[int]:
    """Places of at most `most` (two or more) of the times (ascending), evenly spaced by time.

    The first and the last are among them. Where there is a gap, what it leaves over goes to the rest.
    """
    if len(times) <= most:
        return list(range(len(times)))
    apart = _apart(times)
    low, high = most, most * _FINEST_GRID
    best = _nearest(apart, low)
    while len(best) < most and low < high:
        middle = (low + high + 1) // 2
        found = _nearest(apart, middle)
        if len(found) <= most:
            low, best = middle, found
        else:
            high = middle - 1
    return best


def _nearest(times: Sequence[float], points: int) -> list[int]:
    """The places nearest to so many evenly spaced points of time, each place once."""
    first, span = times[0], times[-1] - times[0]
    chosen: list[int] = []
    for point in range(points):
        wanted = first + span * point / (points - 1)
        place = min(bisect_left(times, wanted), len(times) - 1)
        if place > 0 and wanted - times[place - 1] <= times[place] - wanted:
            place -= 1
        if not chosen or place > chosen[-1]:
            chosen.append(place)
    if chosen[-1] != len(times) - 1:
        chosen[-1] = len(times) - 1
    return chosen


def _apart(times: Sequence[float]) -> list[float]:
    """Names carry whole seconds: frames of one second are spread over it, in their order."""
    apart: list[float] = []
    start = 0
    while start < len(times):
        end = start
        while end < len(times) and times[end] == times[start]:
            end += 1
        apart += [times[start] + step / (end - start) for step in range(end - start)]
        start = end
    return apart
