"""A fault that comes a thousand times a minute is one log line a minute, with its count."""

from collections.abc import Callable


class LogLimit:
    """At most one line per `interval` seconds; a line stands for all that were held back before it."""

    def __init__(self, monotonic: Callable[[], float], interval: float = 60.0) -> None:
        self._monotonic = monotonic
        self._interval = interval
        self._said_at: float | None = None
        self._held = 0

    def take(self) -> int | None:
        """How many occurrences a line said now stands for (1: only this one), or None: say nothing."""
        now = self._monotonic()
        self._held += 1
        if self._said_at is not None and now - self._said_at < self._interval:
            return None
        self._said_at = now
        count, self._held = self._held, 0
        return count
