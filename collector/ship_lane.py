"""One way out of the outbox (reports, or frames): when it is tried again, and what is said of it."""

import logging
import math
import threading
from collections.abc import Callable

from collector.backoff import Backoff
from collector.ship_outage import OutageLog, spoken
from functions.bridge.errors import TransientError

_log = logging.getLogger(__name__)

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 60.0
LONGEST_OBEYED_SECONDS = 900.0


class Lane:
    """Thread-safe state of one way out: `what` travels on it ("reports", "frames"). Times are monotonic."""

    def __init__(self, what: str, monotonic: Callable[[], float], jitter: Callable[[], float]) -> None:
        self._what = what
        self._monotonic = monotonic
        self._jitter = jitter
        self._lock = threading.Lock()
        self._outage = OutageLog(_log, monotonic)
        self._backoff = Backoff(FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS)
        self._next_try = -math.inf
        self._failed_at = -math.inf
        self._asked_until = -math.inf
        self._to_catch_up: int | None = None
        self._caught_up = 0

    @property
    def is_failing(self) -> bool:
        return self._backoff.failures > 0

    def has_failed_after(self, other: "Lane") -> bool:
        """Whether its last failure is younger than the other's."""
        return self._failed_at > other._failed_at  # noqa: SLF001 - the same class

    def seconds_to_wait(self) -> float:
        """Until the next try; 0: now."""
        return max(0.0, self._next_try - self._monotonic())

    def try_now(self) -> bool:
        """End the wait, unless the other side asked for it; whether the next try is due."""
        with self._lock:
            self._next_try = min(self._next_try, self._asked_until)
            return self._next_try <= self._monotonic()

    def failed(self, error: Exception, started_at: float, waiting: int) -> None:
        """A try begun at `started_at` failed. Tries that were under way together count as one."""
        with self._lock:
            if started_at < self._failed_at:
                return
            delay, self._backoff = self._backoff.next(self._jitter)
            asked = _asked_for(error)
            delay = max(delay, asked)
            self._failed_at = self._monotonic()
            self._next_try = self._failed_at + delay
            self._asked_until = self._failed_at + asked
            self._to_catch_up = None
        name = "" if isinstance(error, TransientError) else f"{type(error).__name__}: "
        self._outage.failing(
            f"{self._what} cannot be delivered: {name}{str(error)[:200]}; "
            f"{waiting} waiting, next try in {delay:.0f} s"
        )

    def worked(self, count: int, waiting: int) -> None:
        """`count` were delivered, `waiting` still wait. Says once when all is caught up after an outage."""
        with self._lock:
            self._backoff = self._backoff.reset()
            self._next_try = -math.inf
            if not self._outage.is_on:
                return
            if self._to_catch_up is None:
                self._to_catch_up = count + waiting
                self._caught_up = 0
            self._caught_up += count
            if self._caught_up < self._to_catch_up and waiting > 0:
                return
            caught_up, self._to_catch_up = self._caught_up, None
            lasted = self._outage.over()
        if lasted is not None:
            _log.info("%s are delivered again after %s: %d caught up", self._what, spoken(lasted), caught_up)


def _asked_for(error: Exception) -> float:
    """Seconds the other side asked to wait; absurd wishes are cut."""
    asked = error.retry_after if isinstance(error, TransientError) else None
    if asked is None or not math.isfinite(asked):
        return 0.0
    return min(max(0.0, asked), LONGEST_OBEYED_SECONDS)
