"""How long to wait before connecting again: doubling, with jitter so that printers do not knock in step."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

from functions.shared.value_class import dataclass

JITTER: Final[Callable[[], float]] = Random().random
"""Numbers from 0 to 1 of a generator of its own: whoever seeds the one of the module gets what that gives,
whatever waits in a thread meanwhile."""

_DOUBLINGS = 40


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds. `failures` counts those in a row; a message ends the row, a handshake does not."""

    minimum: float
    maximum: float
    failures: int = 0

    def next(self, random: Callable[[], float]) -> "tuple[float, Backoff]":
        """The wait after one more failure, between half and all of min(maximum, minimum * 2^failures).

        `random` gives numbers from 0 to 1.
        """
        longest = min(self.maximum, self.minimum * 2.0 ** min(self.failures, _DOUBLINGS))
        return longest * (0.5 + 0.5 * random()), replace(self, failures=self.failures + 1)

    def reset(self) -> "Backoff":
        return self if self.failures == 0 else replace(self, failures=0)
