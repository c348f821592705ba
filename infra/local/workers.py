"""The threads of the embedded run that work off queues, and the one that removes what is too old."""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Generic

from functions.shared.consumer import Consumer
from functions.shared.digest_schedule import DigestSchedule
from functions.shared.dispatch import ContentT, Service
from functions.shared.errors import BridgeError
from functions.shared.ports import Delivery
from functions.shared.runtime.clocks import Clock
from functions.shared.runtime.throttled_log import ThrottledLogger
from functions.shared.settings import Settings
from functions.shared.wording.durations import full_duration
from infra.local.storage.clock_history import ClockHistory, since_boot
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.queue import SqliteQueue
from infra.local.storage.retention import remove_old_files, remove_old_rows

_WAIT_SECONDS = 20.0
_PAUSE_AFTER_FAULT = 1.0
_log = logging.getLogger(__name__)


class Worker(Generic[ContentT]):
    """Has a service handle what comes from its queue, in `thread`, once that is started.

    What the service or the queue raises is logged, and all of the batch comes again.
    """

    def __init__(self, name: str, queue: SqliteQueue, service: Service[ContentT], batch: int = 1) -> None:
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._queue = queue
        self._service = service
        self._batch = batch
        self._outage = ThrottledLogger(_log, time.monotonic)
        self._stopping = threading.Event()

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        is_unread = False
        while not self._stopping.is_set():
            try:
                deliveries = self._queue.receive(self._batch, _WAIT_SECONDS)
            except BridgeError as error:
                is_unread = True
                self._outage.failing(f"{self.thread.name}: the queue cannot be used: {error}", logging.ERROR)
                self._stopping.wait(_PAUSE_AFTER_FAULT)
                continue
            if self._stopping.is_set():
                return
            if deliveries:
                self._work(deliveries)
            elif is_unread:  # read again, and there is nothing to do: that may stay so for hours
                self._log_recovery()
            is_unread = False

    def _work(self, deliveries: Sequence[Delivery]) -> None:
        consumer = Consumer(self._queue, self._service, is_fifo=self._queue.is_fifo)
        try:
            for delivery in deliveries:
                consumer.consume(delivery)
        except BridgeError as error:  # the service says what it can: this is the queue itself
            self._outage.failing(
                f"{self.thread.name}: a delivery comes again in a minute: {error}", logging.ERROR
            )
            for delivery in deliveries:
                self._release(delivery)
            self._stopping.wait(_PAUSE_AFTER_FAULT)
        except Exception:  # noqa: BLE001 - a defect of ours must not end the thread; said with its traceback
            _log.exception("%s: a delivery failed and comes again in a minute", self.thread.name)
            for delivery in deliveries:
                self._release(delivery)
            self._stopping.wait(_PAUSE_AFTER_FAULT)
        else:
            self._log_recovery()

    def _log_recovery(self) -> None:
        lasted = self._outage.over()
        if lasted is not None:
            _log.info("%s: works again after %s", self.thread.name, full_duration(lasted))

    def _release(self, delivery: Delivery) -> None:
        """Tried until it works: what follows it in its group would wait for as long as it is in hand."""
        while not self._stopping.is_set():
            try:
                self._queue.retry(delivery, 60.0)
            except BridgeError as error:
                self._outage.failing(
                    f"{self.thread.name}: a delivery cannot be handed back yet: {error}", logging.ERROR
                )
                self._stopping.wait(_PAUSE_AFTER_FAULT)
            else:
                return


_DIGEST_SECONDS = 30.0


class DigestTimer:
    """Asks for the digest when quiet hours, or a mute, are over; `thread` looks every few seconds."""

    def __init__(self, schedule: DigestSchedule) -> None:
        self.thread = threading.Thread(target=self._run, name="digest", daemon=True)
        self._schedule = schedule
        self._faults = ThrottledLogger(_log, time.monotonic)
        self._stopping = threading.Event()

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(_DIGEST_SECONDS):
            self.check_once()

    def check_once(self) -> None:
        """One look; a fault is said and the next look tries again."""
        try:
            self._schedule.check()
        except BridgeError as error:
            self._faults.failing(f"it cannot be seen whether a digest is due: {error}", logging.ERROR)
        else:
            self._faults.over()


_FIRST_SECONDS = 60.0


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
        jumped = self._history.update()
        if jumped is not None:
            _log.warning(
                "the clock was set forward by %s: what was kept before that is not taken as old",
                full_duration(jumped),
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
