"""Which times were given by a clock that was set right since.

A small computer without a battery clock starts in the past; when its clock jumps forward to today, what was
stamped a minute before looks weeks (or decades) old. Nothing stamped in such a span may count as too old
until it really is, by the monotonic clock.
"""

import time
from dataclasses import dataclass

from functions.shared.runtime.clocks import Clock

Spans = list[tuple[float, float]]

_JUMP_SECONDS = 600.0  # less is a correction that no retention notices
_DAY = 86_400.0


def since_boot() -> float:
    """Seconds since the machine was started, those that it slept included where the system tells: the clock
    of a laptop that wakes up was not set."""
    try:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    except (AttributeError, OSError):
        return time.monotonic()


@dataclass(frozen=True, slots=True)
class _Span:
    begin: float
    end: float
    seen_at: float  # by the monotonic clock, when the jump was noticed


class ClockHistory:
    """Knows the spans since it was made; not thread-safe.

    `clock` never goes back (see `functions/shared/runtime/clocks.py`).
    """

    def __init__(self, clock: Clock, monotonic: Clock) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._spans: list[_Span] = []
        self._begin = self._wall = clock()
        self._at = monotonic()

    def update(self) -> float | None:
        """To be called now and then: the seconds by which the clock has jumped forward since the last call,
        None if it has not."""
        wall, at = self._clock(), self._monotonic()
        jumped = wall - (self._wall + at - self._at)
        self._wall, self._at = wall, at
        if jumped < _JUMP_SECONDS:
            return None
        self._spans.append(_Span(self._begin, wall, at))
        self._begin = wall
        return jumped

    def wrong_times(self, days: float) -> Spans:
        """Spans (from, until) of which nothing is that many days old yet."""
        now = self._monotonic()
        return [(span.begin, span.end) for span in self._spans if now - span.seen_at < days * _DAY]
