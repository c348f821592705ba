"""A wall clock that never goes back: a small computer without a battery clock may wake up in the past."""

import threading
import time
from collections.abc import Callable

Clock = Callable[[], float]


class SteadyClock:
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
