"""The seconds in which the program ran: what it slept through is no silence of a printer.

A program that was stopped (a paused machine, a disk that hangs, too little processor) finds everything
overdue when it goes on, though all that the printers said meanwhile waits in its sockets.
"""

from collections.abc import Callable

_UNPUNCTUAL = 1.0


class AwakeClock:
    """A monotonic clock that leaves out the times in which nobody looked at it when it was due."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._looked_at = monotonic()
        self._slept = 0.0

    def __call__(self) -> float:
        return self._monotonic() - self._slept

    def look(self, due_after: float) -> float | None:
        """To be called every `due_after` seconds: for how many more it stood still since, if it did."""
        now = self._monotonic()
        overdue = now - self._looked_at - due_after
        self._looked_at = now
        if overdue <= _UNPUNCTUAL:
            return None
        self._slept += overdue
        return overdue
