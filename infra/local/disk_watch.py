"""Keeps frames and films within their budget, and gets the embedded run through a full disk."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from collector.outbox.reserve import DiskReserve
from functions.notify.render import Message
from functions.notify.transports import Answer
from functions.shared.domain.keys import IMAGES, PRINTERS
from functions.shared.errors import BridgeError
from functions.shared.messages.printer_record import Phase, printer_record_of
from functions.shared.ports import RecordStore
from functions.shared.runtime.clocks import Clock
from functions.shared.runtime.throttled_log import ThrottledLogger
from functions.shared.settings import Settings
from functions.shared.wording import problems
from functions.shared.wording.durations import full_duration
from infra.local.storage.budget import (
    KeptFile,
    Running,
    budget_of,
    kept_files,
    plan_eviction,
    plan_relief,
    room_on,
)
from infra.local.storage.database import SqliteDatabase

CHECK_SECONDS = 5.0
_LOOK_SECONDS = 600.0  # reading every folder is work: in between only the free room is looked at
_TELL_AGAIN_SECONDS = 30.0
_LEAST_FREE_BYTES = 64 * 1024 * 1024
_LEAST_FREE_SHARE = 16  # at most a sixteenth of a small disk
_LOW_WATER = 0.95
_PICTURE_BYTES = 1024 * 1024  # less is no room for a picture of a large camera
_ROOM_FACTOR = 3  # so much more must be free again: else it would be full and not full in turns
_log = logging.getLogger(__name__)


class DiskWatch:
    """`thread` looks every few seconds. `send` gives the one message of a full disk straight to the chat: no
    queue has to be written for it."""

    def __init__(
        self,
        settings: Settings,
        database: SqliteDatabase,
        records: RecordStore,
        reserve: DiskReserve,
        send: Callable[[Message], Answer],
        clock: Clock,
        monotonic: Clock = time.monotonic,
    ) -> None:
        self.thread = threading.Thread(target=self._run, name="disk", daemon=True)
        self._settings = settings
        self._database = database
        self._records = records
        self._reserve = reserve
        self._send = send
        self._clock = clock
        self._monotonic = monotonic
        self._stopping = threading.Event()
        self._faults = ThrottledLogger(_log, monotonic)
        self._closed: set[Path] = set()
        self._budget: int | None = None
        self._seen: tuple[float, int, int] | None = None  # when, bytes of ours, bytes free
        self._full_since: float | None = None
        self._advice = ""
        self._is_told = True
        self._next_try = 0.0

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def trouble(self) -> str | None:
        """What is wrong with the disk, in words, or None."""
        return problems.DISK_FULL if self._full_since is not None else None

    def _run(self) -> None:
        while True:
            try:
                self.check_once()
            except Exception:  # noqa: BLE001 - a defect of ours must not end the thread; said with its traceback
                _log.exception("looking after the disk failed")
            if self._stopping.wait(CHECK_SECONDS):
                return

    def check_once(self) -> None:
        """One look: keep the budget, make room, go back to the disk, and say how it is."""
        try:
            self._keep_room()
        except (BridgeError, OSError) as error:
            self._faults.failing(f"frames and films cannot be looked through: {error}", logging.ERROR)
        else:
            self._faults.over()
        is_on_disk = self._database.return_to_disk()
        if not (is_on_disk and self._reserve.take()):
            self._note(self._settings.data_dir)
        else:
            self._note(self._settings.images_dir if self._is_no_room_for_pictures() else None)
        self._tell()

    def _is_no_room_for_pictures(self) -> bool:
        """They may have a disk of their own, whose end the state never feels."""
        try:
            free = room_on(self._settings.images_dir).free
        except OSError:  # said by whoever looks through it
            return False
        return free < (_PICTURE_BYTES if self._full_since is None else _ROOM_FACTOR * _PICTURE_BYTES)

    def _keep_room(self) -> None:
        images_dir = self._settings.images_dir
        room = room_on(images_dir)
        least = min(_LEAST_FREE_BYTES, room.total // _LEAST_FREE_SHARE)
        if room.free >= least and not self._must_look(room.free):
            return
        files = kept_files(images_dir, self._say_closed)
        used = sum(file.size for file in files)
        if self._budget is None:
            self._budget = budget_of(self._settings.storage_max_bytes, used, room.free)
        gone: list[KeptFile] = []
        if used > self._budget:
            gone = plan_eviction(files, used - int(self._budget * _LOW_WATER), self._running())
        elif room.free < least:
            gone = plan_relief(files, 2 * least - room.free, self._running(), self._clock())
        self._remove(images_dir, gone)
        used -= sum(file.size for file in gone)
        self._seen = (self._monotonic(), used, room_on(images_dir).free)

    def _say_closed(self, folder: Path) -> None:
        if folder not in self._closed:
            self._closed.add(folder)
            _log.warning(
                "%s cannot be read by this user: what lies there is never removed to make room", folder
            )

    def _must_look(self, free: int) -> bool:
        """Whether what was written since the last look may have used up the budget, or that look is old."""
        if self._seen is None or self._budget is None:
            return True
        looked_at, used, free_then = self._seen
        is_old = self._monotonic() - looked_at >= _LOOK_SECONDS
        return is_old or used + max(0, free_then - free) > self._budget

    def _running(self) -> Running:
        jobs = (printer_record_of(stored).job for stored in self._records.list(PRINTERS))
        return {
            job.prefix.removeprefix(f"{IMAGES}/").rstrip("/"): job.started_at
            for job in jobs
            if job is not None and job.prefix is not None and job.phase in (Phase.ACTIVE, Phase.LOST)
        }

    @staticmethod
    def _remove(images_dir: Path, files: Sequence[KeptFile]) -> None:
        removed = 0
        for file in files:
            try:
                os.unlink(images_dir / file.folder / file.name)
            except FileNotFoundError:
                continue
            except OSError as error:
                _log.warning("%s cannot be removed: %s", file.name, error.strerror)
                continue
            removed += 1
        if removed:
            _log.warning("%d old frames and films are removed to make room", removed)

    def _note(self, full: Path | None) -> None:
        """`full`: a folder whose disk is."""
        if full is not None and self._full_since is None:
            self._advice = problems.free_some_space(str(full.absolute()))
            self._full_since, self._is_told = self._monotonic(), False
            _log.error("%s. %s", problems.DISK_FULL, self._advice)
        elif full is None and self._full_since is not None:
            lasted, self._full_since = self._monotonic() - self._full_since, None
            _log.info("there is room on the disk again after %s", full_duration(lasted))

    def _tell(self) -> None:
        if self._is_told or self._full_since is None or self._monotonic() < self._next_try:
            return
        answer = self._send(Message(None, problems.disk_full_message(self._advice)))
        self._is_told = answer.is_sent
        self._next_try = self._monotonic() + (answer.retry_after or _TELL_AGAIN_SECONDS)
