"""Clocks for a small computer: one that never goes back, and one that leaves out what was slept through.

A computer without a battery clock may wake up in the past. A program that was stopped (a paused machine, a
disk that hangs, too little processor) finds everything overdue when it goes on, though all that the
printers said meanwhile waits in its sockets: what it slept through is no silence of a printer.
"""

import threading
import time
from collections.abc import Callable

Clock = Callable[[], float]


class MonotonicWallClock:
    """Seconds since 1970. While the wall clock is behind the last stamp, stamps run on from that stamp."""

    def __init__(
        self, start: float = 0.0, wall: Clock = time.time, monotonic: Clock = time.monotonic
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._last = start
        self._last_monotonic = monotonic()
        self._lock = threading.Lock()

    def __call__(self) -> float:
        with self._lock:
            now = self._monotonic()
            wall = self._wall()
            if wall < self._last:
                wall = self._last + max(0.0, now - self._last_monotonic)
            self._last, self._last_monotonic = wall, now
            return wall

    def advance_to(self, stamp: float) -> None:
        """Never again give a stamp before this one (read from disk at start)."""
        with self._lock:
            if stamp > self._last:
                self._last, self._last_monotonic = stamp, self._monotonic()


_UNPUNCTUAL = 1.0


class SuspendAwareClock:
    """A monotonic clock that leaves out the times in which nobody looked at it when it was due."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._looked_at = monotonic()
        self._slept = 0.0

    def __call__(self) -> float:
        return self._monotonic() - self._slept

    def check(self, due_after: float) -> float | None:
        """To be called every `due_after` seconds: for how many more it stood still since, if it did."""
        now = self._monotonic()
        overdue = now - self._looked_at - due_after
        self._looked_at = now
        if overdue <= _UNPUNCTUAL:
            return None
        self._slept += overdue
        return overdue
