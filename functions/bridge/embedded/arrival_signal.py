"""Wakes those who wait for a message of one queue, at once and without polling."""

import threading


class ArrivalSignal:
    """Thread-safe. `seen` a count, look at the queue, then wait for a later count: no wake-up is lost."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._is_closed = False

    @property
    def count(self) -> int:
        with self._condition:
            return self._count

    def has_closed(self) -> bool:
        with self._condition:
            return self._is_closed

    def announce(self) -> None:
        """Something may have become visible: whoever waits looks again."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def close(self) -> None:
        """Nobody waits any more, from now on."""
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()

    def wait_beyond(self, seen: int, seconds: float) -> None:
        """Return when more was announced than `seen`, when closed, or after so many seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._is_closed or self._count != seen, seconds)
