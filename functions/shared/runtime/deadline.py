"""When the work in hand has to be over."""

import math
import time

from functions.shared.runtime.clocks import Clock


class Deadline:
    """Set for one piece of work after the other; none until then. `timer` never goes back."""

    def __init__(self, timer: Clock = time.monotonic) -> None:
        self._timer = timer
        self._at = math.inf

    def set(self, seconds: float) -> None:
        """So many from now."""
        self._at = self._timer() + seconds

    def left(self) -> float:
        """Seconds; below 0 when it is over, infinite while none is set."""
        return self._at - self._timer()
