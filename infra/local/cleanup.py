"""Removes old frames, films and rows every so often, in a thread of its own."""

import logging
import threading

from collector.ship_outage import spoken
from functions.bridge.embedded.clock_history import ClockHistory, since_boot
from functions.bridge.embedded.retention import remove_old_files, remove_old_rows
from functions.bridge.embedded.sqlite_database import SqliteDatabase
from functions.bridge.errors import BridgeError
from functions.bridge.settings import Settings
from functions.bridge.steady_clock import Clock

_FIRST_SECONDS = 60.0
_log = logging.getLogger(__name__)


class Cleanup:
    """By IMAGE_RETENTION_DAYS, FILM_RETENTION_DAYS and RETENTION_CLEANUP_INTERVAL_SECONDS.

    The first round comes a minute after the start at the latest, when a wrong clock had time to be set. What
    was kept before it was set is no older for that. `timer`: the one that the queues were given.
    """

    def __init__(
        self,
        settings: Settings,
        database: SqliteDatabase,
        clock: Clock,
        monotonic: Clock = since_boot,
        timer: Clock | None = None,
    ) -> None:
        self.thread = threading.Thread(target=self._run, name="cleanup", daemon=True)
        self._settings = settings
        self._database = database
        self._clock = clock
        self._timer = timer or clock
        self._history = ClockHistory(clock, monotonic)
        self._stopping = threading.Event()

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        interval = self._settings.retention_cleanup_interval_seconds
        wait = min(_FIRST_SECONDS, interval)
        while not self._stopping.wait(wait):
            wait = interval
            self.clean_once()

    def clean_once(self) -> None:
        """One round; a fault is said and the next round tries again."""
        settings, wrong_times = self._settings, self._history.wrong_times
        jumped = self._history.look()
        if jumped is not None:
            _log.warning(
                "the clock was set forward by %s: what was kept before that is not taken as old",
                spoken(jumped),
            )
        try:
            removed = remove_old_files(
                settings.images_dir,
                self._clock(),
                settings.image_retention_days,
                settings.film_retention_days,
                wrong_times,
            )
            remove_old_rows(self._database, self._clock(), wrong_times=wrong_times, timer=self._timer())
        except (BridgeError, OSError) as error:
            _log.error("old files could not be removed: %s", error)
            return
        if removed.frames or removed.films:
            _log.info("removed %d old frames and %d old films", removed.frames, removed.films)
