"""The outbox's disk: rows, files and index kept in step. Not thread-safe: the outbox holds its lock."""

import logging
import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from collector.outbox.database import FRAMES, OutboxDatabase, is_disk_full, open_database
from collector.outbox.index import OutboxIndex
from collector.outbox.model import Contents, JobKey, WaitingFrame, WaitingReport
from collector.outbox.packing import PackQueue
from collector.outbox.reserve import DiskReserve
from collector.outbox.thinning import plan_room
from functions.shared.messages.report import Report
from functions.shared.runtime.clocks import Clock
from functions.shared.runtime.descriptors import USED_UP, are_descriptors_used_up
from functions.shared.runtime.throttled_log import ThrottledLogger
from functions.shared.wording.durations import full_duration

_log = logging.getLogger(__name__)
_UNFINISHED = ".part"


class FrameFiles:
    """Files in `folder/frames/`, refused ones in `folder/set_aside/`. Names are ours, never a printer's."""

    def __init__(self, folder: Path) -> None:
        self._frames = folder / FRAMES
        self._quarantine = folder / "set_aside"

    def path(self, name: str) -> Path:
        return self._frames / name

    def write(self, name: str, data: bytes, *, synced: bool) -> None:
        """Keep the data; `synced`: it outlives a power cut too. Raises OSError, and then leaves nothing."""
        self._frames.mkdir(parents=True, exist_ok=True)
        unfinished = self._frames / (name + _UNFINISHED)
        try:
            with unfinished.open("wb") as file:
                file.write(data)
                if synced:
                    file.flush()
                    os.fsync(file.fileno())
            unfinished.replace(self._frames / name)
        except OSError:
            _remove(unfinished)
            raise

    def remove(self, name: str) -> None:
        """It is gone afterwards, or was before."""
        _remove(self._frames / name)

    def quarantine(self, name: str) -> None:
        """Move it to where it holds up nothing."""
        try:
            self._quarantine.mkdir(parents=True, exist_ok=True)
            self.path(name).replace(self._quarantine / name)
        except OSError as error:
            _log.warning("a refused frame could not be moved aside: %s", error)

    def remove_quarantined(self, name: str) -> None:
        _remove(self._quarantine / name)

    def sweep(self, known: Mapping[str, int]) -> tuple[set[str], set[str]]:
        """Remove what no row knows; of the known (name -> bytes) return the missing and the broken ones."""
        try:
            self._frames.mkdir(parents=True, exist_ok=True)
            found = {entry.name: entry.stat().st_size for entry in os.scandir(self._frames)}
        except OSError as error:
            _log.warning("the outbox's frames cannot be looked through: %s", error)
            return set(), set()
        for name in found.keys() - known.keys():
            self.remove(name)
        missing = {name for name in known if name not in found}
        broken = {name for name, size in known.items() if name in found and found[name] != size}
        for name in broken:
            self.remove(name)
        return missing, broken


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("a file of the outbox could not be removed: %s", error)


TIDY_SECONDS = 30.0
_LOOK_AT_FULL_DISK_SECONDS = 5.0
_ROOM_ON_FULL_DISK = 0.1  # of all that waits
_TIDY_COUNT = 200


class OutboxStore:
    """What is shipped is forgotten on disk with the next write, or half a minute later: a resend is harmless.

    On a full disk frames that wait are thinned to make room (`frames_thinned` counts them since the start),
    then the reserve is given up, from which no frame is written.
    """

    def __init__(
        self,
        folder: Path,
        monotonic: Clock,
        reserve: DiskReserve | None = None,
        packs: PackQueue | None = None,
    ) -> None:
        self._reserve = reserve
        self._monotonic = monotonic
        self._database, self.contents, self.is_on_disk = open_database(folder)
        self.files = FrameFiles(folder)
        self.frames_thinned = 0
        self.quarantined_reports = self.contents.quarantined_reports
        self.quarantined_frames = self.contents.quarantined_frames
        self.quarantined_bytes = self.contents.quarantined_bytes
        self._disk_log = ThrottledLogger(_log, monotonic)
        self._thinning_log = ThrottledLogger(_log, monotonic)
        self._gone_reports: set[int] = set()
        self._gone_files: set[str] = set()
        self._gone_since: float | None = None
        self._changed_jobs: set[JobKey] = set()
        self._unsaved: dict[int, tuple[WaitingReport, str]] = {}
        broken = self._sweep(self.contents) if self.is_on_disk else []
        self.index = OutboxIndex(self.contents, packs)
        for frame in broken:
            self._discount(frame)
        for frame in self.contents.frames:
            if self.index.frames[frame.key].file != frame.file:  # overwritten by a later one
                self._forget_file(frame)
        self._forget_old_jobs()
        if reserve is not None and self.is_on_disk:
            reserve.take()

    def _sweep(self, contents: Contents) -> list[WaitingFrame]:
        """Files without a row are removed, rows without a file too (it was shipped). Returns cut-off ones."""
        missing, broken = self.files.sweep({frame.file: frame.size for frame in contents.frames})
        lost = [frame for frame in contents.frames if frame.file in broken]
        self._gone_files |= missing | broken
        contents.frames = [frame for frame in contents.frames if frame.file not in self._gone_files]
        return lost

    def _forget_old_jobs(self) -> None:
        """Only a printer's last job, and those of which something still waits, are worth remembering."""
        needed: set[JobKey] = {
            (name, row.job.token) for name, row in self.contents.printers.items() if row.job
        }
        needed |= {(item.printer_id, item.token) for item in self.contents.reports}
        needed |= {(item.printer_id, item.token) for item in self.contents.frames}
        old = self.index.jobs.keys() - needed
        for key in old:
            del self.index.jobs[key]
        self._changed_jobs -= old

        def change(database: OutboxDatabase) -> None:
            for key in old:
                database.forget_job(key)

        if old or self._gone_files or self._changed_jobs:
            self.write(change, synced=False)

    @property
    def bytes(self) -> int:
        return self.index.bytes + self.quarantined_bytes

    @property
    def commits(self) -> int:
        return self._database.commits

    @property
    def is_writable(self) -> bool:
        return self.is_on_disk and not self._disk_log.is_on

    @property
    def is_full(self) -> bool:
        """What is written now is from the reserve, or only in memory."""
        return self.is_on_disk and self._reserve is not None and self._reserve.is_short

    def close(self) -> None:
        self.write(synced=True)
        self._database.close()

    def write(self, change: Callable[[OutboxDatabase], None] | None = None, *, synced: bool) -> bool:
        """One transaction: the change, reports not yet saved, and what is gone. False: the disk refused it
        (said in the log). On a full disk frames make room, once."""
        for is_first in (True, False):
            try:
                with self._database.writing(synced=synced):
                    self._write_all(change)
                break
            except sqlite3.Error as error:
                self.disk_failed(error)
                if not (is_first and is_disk_full(error) and self._make_room_for_state()):
                    return False
        for waiting, _ in self._unsaved.values():
            self.index.note_saved(waiting)
        self._unsaved.clear()
        self._changed_jobs.clear()
        self._gone_reports.clear()
        self._gone_files.clear()
        self._gone_since = None
        lasted = self._disk_log.over()
        if lasted is not None:
            _log.info("the outbox's disk works again after %s", full_duration(lasted))
        return True

    def _write_all(self, change: Callable[[OutboxDatabase], None] | None) -> None:
        if change is not None:
            change(self._database)
        for waiting, body in self._unsaved.values():
            self._database.add_report(waiting, body)
        for key in self._changed_jobs:
            self._database.save_job(key, self.index.jobs[key])
        self._database.remove(self._gone_reports, self._gone_files)

    def disk_failed(self, error: Exception) -> None:
        hint = "free some space" if is_disk_full(error) else "check the disk"
        if are_descriptors_used_up(error):
            hint = USED_UP
        self._disk_log.failing(
            f"the outbox's disk fails: {error} ({hint}); reports go on in memory until it works",
            logging.ERROR,
        )

    def _make_room_for_state(self) -> bool:
        return self.make_room() or (self._reserve is not None and self._reserve.give_up())

    def make_room(self) -> bool:
        """The disk is full before the bound is reached: thin frames. Whether that gave any room."""
        return self.thin_frames(max(1, int(self.index.bytes * _ROOM_ON_FULL_DISK))) > 0

    def thin_frames(self, bytes_to_free: int) -> int:
        """Drop frames that wait, evenly over their jobs; bytes freed."""
        index = self.index
        if bytes_to_free <= 0 or not index.frames:
            return 0
        waiting = [frame for frame in index.frames.values() if frame.key not in index.in_flight]
        dropped = plan_room(waiting, bytes_to_free, index.named_frames())
        for frame in dropped:
            self.forget_frame(frame, is_lost=True)
        self.frames_thinned += len(dropped)
        if dropped:
            self._thinning_log.failing(
                f"the outbox is full: {len(dropped)} of {len(waiting)} waiting frames are thinned out"
            )
        return sum(frame.size for frame in dropped)

    def unsaved_reports(self) -> list[WaitingReport]:
        """Changes that the disk did not take, oldest first."""
        return [waiting for waiting, _ in self._unsaved.values()]

    def add_report(self, waiting: WaitingReport, report: Report, body: str) -> None:
        """Into memory; a change goes to disk with the next write."""
        self.index.add_report(waiting, report)
        if waiting.is_change:
            self._unsaved[waiting.number] = (waiting, body)

    def add_frame(self, frame: WaitingFrame, *, is_alone: bool) -> None:
        """Its file is there already; its row, if it is to have one, is written by the caller."""
        self.index.count_frame(frame)
        replaced = self.index.add_frame(frame, is_alone=is_alone)
        if replaced is not None:
            self._forget_file(replaced)
        if frame.is_saved:
            self._changed_jobs.add((frame.printer_id, frame.token))

    def body(self, waiting: WaitingReport) -> str | None:
        """The saved JSON of a report, or None if the disk does not give it (said in the log)."""
        try:
            return self._database.body(waiting.number)
        except sqlite3.Error as error:
            self.disk_failed(error)
            return None

    def forget_report(self, waiting: WaitingReport) -> None:
        """Shipped, or lost."""
        if not self.index.remove_report(waiting) or not waiting.is_change:
            return
        if self._unsaved.pop(waiting.number, None) is None:
            self._gone_reports.add(waiting.number)
            self._mark_gone()

    def forget_frame(self, frame: WaitingFrame, *, is_lost: bool) -> None:
        """Shipped, or lost: then its job's count is one less."""
        self.index.in_flight.pop(frame.key, None)
        if self.index.remove_frame(frame) and is_lost:
            self._discount(frame)
        self._forget_file(frame)

    def _discount(self, frame: WaitingFrame) -> None:
        key = self.index.discount_frame(frame)
        if key is not None:
            self._changed_jobs.add(key)

    def _forget_file(self, frame: WaitingFrame) -> None:
        if self.index.in_flight.get(frame.key) != frame.file:
            self.files.remove(frame.file)
        if frame.is_saved:
            self._gone_files.add(frame.file)
            self._mark_gone()

    def _mark_gone(self) -> None:
        if self._gone_since is None:
            self._gone_since = self._monotonic()

    def tidy(self) -> float:
        """Forget on disk what was shipped, if that waits for long; seconds until this is due again."""
        if self.is_full and self._reserve is not None and self._reserve.take():
            _log.info("there is room on the disk again")
            if self._unsaved:  # a change that only memory has is lost with the program
                self.write(synced=True)
        longest = _LOOK_AT_FULL_DISK_SECONDS if self.is_full else TIDY_SECONDS
        if self._gone_since is None:
            return longest
        left = self._gone_since + TIDY_SECONDS - self._monotonic()
        if left > 0 and len(self._gone_reports) + len(self._gone_files) < _TIDY_COUNT:
            return min(left, longest)
        if not self.write(synced=False):
            self._gone_since = self._monotonic()
        return longest

    def quarantine_report(
        self, waiting: WaitingReport, report_id: str, body: str, reason: str, at: float
    ) -> None:
        self.quarantined_reports += 1
        self.quarantined_bytes += len(body)
        self.forget_report(waiting)
        self.write(
            lambda database: database.quarantine(report_id, reason, at, len(body), body=body), synced=False
        )

    def quarantine_frame(self, frame: WaitingFrame, reason: str, at: float) -> None:
        self.quarantined_frames += 1
        self.quarantined_bytes += frame.size
        self.files.quarantine(frame.file)
        self.forget_frame(frame, is_lost=True)
        self.write(
            lambda database: database.quarantine(frame.key, reason, at, frame.size, file=frame.file),
            synced=False,
        )
