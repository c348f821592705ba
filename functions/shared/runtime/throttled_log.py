"""A fault that comes a thousand times a minute is one log line a minute, with its count."""

import logging
import threading
from collections.abc import Callable

# A fault that lasts for hours (a printer away, BambUI away) stays in sight, and does not fill the log.
LASTING_FAULT_SECONDS = 600.0


class LogThrottle:
    """At most one line per `interval` seconds; a line stands for all that were held back before it."""

    def __init__(self, monotonic: Callable[[], float], interval: float = 60.0) -> None:
        self._monotonic = monotonic
        self._interval = interval
        self._logged_at: float | None = None
        self._held = 0

    def take(self) -> int | None:
        """How many occurrences a line said now stands for (1: only this one), or None: say nothing."""
        now = self._monotonic()
        self._held += 1
        if self._logged_at is not None and now - self._logged_at < self._interval:
            return None
        self._logged_at = now
        count, self._held = self._held, 0
        return count


class ThrottledLogger:
    """Thread-safe. Knows whether an outage is on and since when; says so at most once a minute."""

    def __init__(self, logger: logging.Logger, monotonic: Callable[[], float]) -> None:
        self._logger = logger
        self._monotonic = monotonic
        self._limit = LogThrottle(monotonic)
        self._lock = threading.Lock()
        self._since: float | None = None
        self._is_logged = False

    @property
    def is_on(self) -> bool:
        return self._since is not None

    def failing(self, message: str, level: int = logging.WARNING) -> None:
        """It failed (again). The message is said unless one was said within the minute."""
        with self._lock:
            if self._since is None:
                self._since = self._monotonic()
            count = self._limit.take()
            if count is None:
                return
            self._is_logged = True
        self._logger.log(level, "%s%s", message, f" ({count} times)" if count > 1 else "")

    def over(self) -> float | None:
        """It works: the seconds it did not, or None if no outage was on or nothing was said of it."""
        with self._lock:
            if self._since is None:
                return None
            lasted = self._monotonic() - self._since
            is_logged, self._is_logged, self._since = self._is_logged, False, None
            return lasted if is_logged else None
