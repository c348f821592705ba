"""The one clock of the tests: it stands still until it is moved by hand."""

import heapq
import itertools
import math
from collections.abc import Callable, Iterator


class HandClock:
    """Called, or as `wall`: the wall clock. `monotonic` goes on with it; `jump` moves the wall clock alone.

    `call_later` is that of an event loop; `begun` is where `monotonic` begins.
    """

    def __init__(self, start: float = 1_700_000_000.0, begun: float = 1000.0) -> None:
        self._monotonic = begun
        self._ahead = start - begun
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def __call__(self) -> float:
        return self._monotonic + self._ahead

    wall = __call__

    def monotonic(self) -> float:
        return self._monotonic

    def jump(self, seconds: float) -> None:
        self._ahead += seconds

    def skip(self, seconds: float) -> None:
        """Time goes by, and timers are late, as in a program that is stopped."""
        self._monotonic += seconds

    def pass_time(self, seconds: float) -> None:
        """Time goes by, and each timer is called at its moment."""
        for _ in self.stops(self._monotonic + seconds):
            pass

    def stops(self, until: float, next_tick: Callable[[], float] = lambda: math.inf) -> Iterator[None]:
        """As `pass_time`, to that monotonic moment; stops after each call of timers and at each tick."""
        while (due := min(next_tick(), self._timers[0][0] if self._timers else math.inf)) <= until:
            self._monotonic = max(self._monotonic, due)
            while self._timers and self._timers[0][0] <= self._monotonic:
                heapq.heappop(self._timers)[2]()
            yield
        self._monotonic = until

    def call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (self._monotonic + seconds, next(self._numbers), callback))

    def forget_timers(self) -> None:
        self._timers.clear()
