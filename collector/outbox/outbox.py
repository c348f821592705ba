"""The outbox: keeps reports and frames on disk until the remote backend has them, over kills and power cuts.

Two sides, both thread-safe: sessions add (this, the `OutboxPort`), the uploader takes (`reader`).
"""

import dataclasses
import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.counters import OutboxCounters
from collector.outbox.database import OutboxDatabase, is_disk_full
from collector.outbox.delivery import OutboxReader
from collector.outbox.eviction import Eviction
from collector.outbox.model import (
    CapturedFrame,
    EdgeJob,
    JobFrames,
    JobKey,
    NewReport,
    WaitingFrame,
    WaitingReport,
)
from collector.outbox.origin import is_copy, note_place
from collector.outbox.packing import PackQueue, PackRules, is_for_second_look, named_for
from collector.outbox.reserve import DiskReserve
from collector.outbox.sequences import SequenceAllocator
from collector.outbox.store import OutboxStore
from functions.shared.domain.keys import digest, frame_key, job_prefix, latest_key
from functions.shared.errors import TransientError
from functions.shared.messages.report import FrameReference, Report, ReportKind, encode_report
from functions.shared.runtime.clocks import Clock

_log = logging.getLogger(__name__)

_ROOM_FOR_STAMPS = 64  # bytes that shipping adds to a saved body
_OWN_LINE = ""  # of the collector's reports on itself: no printer has that name, but one may have theirs


@dataclass(frozen=True, slots=True)
class OutboxFigures:
    """How the outbox is: bytes kept, what waits and for how many seconds, what was lost (since the start)
    or refused (over all runs), commits to disk since the start, whether the disk takes them, whether it is
    full (the reserve was given up)."""

    bytes: int
    reports_waiting: int
    frames_waiting: int
    oldest_seconds: float
    frames_thinned: int
    reports_dropped: int
    reports_set_aside: int  # the names under which the record of the collector has what is quarantined
    frames_set_aside: int
    commits: int
    is_disk_writable: bool
    is_disk_full: bool = False

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


class Outbox:
    """Implements `OutboxPort`. `clock` is the edge clock, `monotonic` measures how long a report waits.

    `packs` (cloud): of a film's frames only those that a report names go alone and at once, and not every
    heartbeat names a new one.

    Raises PermanentError when another process uses the folder; any other trouble with the disk is said in
    the log, and reports go on in memory.
    """

    def __init__(
        self,
        folder: Path,
        max_bytes: int,
        clock: Clock,
        monotonic: Clock = time.monotonic,
        reserve: DiskReserve | None = None,
        *,
        packs: PackRules | None = None,
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self.counters = OutboxCounters()
        self._lock = threading.RLock()
        self._jobs: dict[str, EdgeJob] = {}
        self._packs = packs
        queue = None if packs is None else PackQueue(self._running_since, packs)
        self._store = OutboxStore(folder, monotonic, reserve, queue)
        self._eviction = Eviction(self._store, max_bytes, monotonic)
        self._sequences = SequenceAllocator(self._store)
        self._notice_copy(folder)
        self.reader = OutboxReader(self._store, self._lock, clock, monotonic)
        contents = self._store.contents
        self._jobs.update({name: row.job for name, row in contents.printers.items() if row.job is not None})
        self._last_number = max((report.number for report in contents.reports), default=0)
        stamps = [row.last_stamp for row in contents.printers.values()]
        stamps += [job.newest.taken_at for job in contents.jobs.values() if job.newest]
        self._last_stamp = max(stamps, default=0.0)

    def _notice_copy(self, folder: Path) -> None:
        if not self._store.is_on_disk:
            return
        if is_copy(folder):
            _log.warning(
                "the outbox in %s was used elsewhere before: this goes on as a new collector; if the other"
                " one still runs, end one of the two, as both watch the same printers",
                folder,
            )
            self._sequences.begin_anew()
            if not self._sequences.save_identity():
                return  # noted at a start that can write it
        note_place(folder)

    @property
    def collector_id(self) -> str:
        with self._lock:
            return self._sequences.collector_id

    @property
    def last_stamp(self) -> float:
        """The latest time that is known to have been given to a report or frame, in an earlier run too."""
        with self._lock:
            return self._last_stamp

    def add_report(self, new: NewReport) -> Report:
        """See `OutboxPort.add_report`."""
        report, job, durable = new.report, new.job, new.durable
        frame = None
        if new.captured is not None:
            frame = self._keep_file(
                report.printer_id,
                job,
                new.captured,
                is_film=not new.is_overwriting,
                synced=durable,
                is_saved=durable or not new.is_overwriting,
            )
        with self._lock:
            sequence = self._sequences.next_sequence(report.printer_id, report.observed_at)
            if frame is not None:
                self._add_frame(frame, is_alone=True)
                self._store.index.name(frame)
            filled = self._fill(report, sequence, job, is_told=new.is_told)
            self._hold(filled, job, durable=durable)
            if durable and job is not None:
                self._jobs[filled.printer_id] = job

            def change(database: OutboxDatabase) -> None:
                if frame is not None and frame.is_saved:
                    database.add_frame(frame)
                if durable:
                    database.save_printer(filled.printer_id, job, filled.observed_at)

            if durable or (frame is not None and frame.is_saved):
                self._store.write(change, synced=durable)
            self._eviction.enforce()
            self.reader.notify()
            return filled

    def _fill(self, report: Report, sequence: int, job: EdgeJob | None, *, is_told: bool) -> Report:
        known = self._store.index.jobs.get((report.printer_id, job.token if job else None))
        kept = known.kept if known else 0
        return dataclasses.replace(
            report,
            collector_id=self._sequences.collector_id,
            sequence=sequence,
            shipped_at=None,
            frame=self._named(known, job, is_told=is_told) if known else None,
            frames_kept=kept if job else None,
        )

    def _named(self, known: JobFrames, job: EdgeJob | None, *, is_told: bool) -> FrameReference | None:
        """The frame that a report names. It must be there as soon as the report is: it goes alone."""
        index, newest, named = self._store.index, known.newest, known.named
        waiting = index.frames.get(newest.key) if newest is not None else None
        if index.packs is None or job is None or newest is None or waiting is None or not waiting.is_film:
            return newest
        has_run = newest.taken_at - job.started_at
        if is_told or named is None or newest.taken_at - named.taken_at >= named_for(has_run):
            index.send_alone(newest.key)
            known.named = named = newest
            known.alone_at = newest.taken_at
        return named

    def _follows_check(self, frame: WaitingFrame) -> bool:
        """Whether a second look may want that frame."""
        known = self._store.index.jobs.get((frame.printer_id, frame.token))
        if self._packs is None or not self._packs.has_checks or known is None or known.named is None:
            return False
        return is_for_second_look(frame.taken_at - known.named.taken_at, frame.taken_at - known.alone_at)

    def _running_since(self, key: JobKey) -> float | None:
        job = self._jobs.get(key[0])
        return job.started_at if job is not None and job.is_active and job.token == key[1] else None

    def _hold(self, filled: Report, job: EdgeJob | None, *, durable: bool) -> None:
        body = encode_report(filled)
        self._last_number += 1
        if durable:
            self.counters.changes += 1
        else:
            self.counters.heartbeats += 1
        self._last_stamp = max(self._last_stamp, filled.observed_at)
        waiting = WaitingReport(
            number=self._last_number,
            printer_id=filled.printer_id if filled.kind is not ReportKind.COLLECTOR else _OWN_LINE,
            observed_at=filled.observed_at,
            added_at=self._monotonic(),
            size=len(body) + _ROOM_FOR_STAMPS,
            token=job.token if job else None,
            frame_key=filled.frame.key if filled.frame else None,
            is_change=durable,
        )
        self._store.add_report(waiting, filled, body)

    def keep_frame(self, printer_id: str, job: EdgeJob, captured: CapturedFrame) -> None:
        """See `OutboxPort.keep_frame`."""
        frame = self._keep_file(printer_id, job, captured, is_film=True, synced=False, is_saved=True)
        if frame is None:
            return
        with self._lock:
            is_alone = self._follows_check(frame)
            self._add_frame(frame, is_alone=is_alone)
            if is_alone:
                self._store.index.jobs[printer_id, job.token].alone_at = frame.taken_at
            self._store.write(lambda database: database.add_frame(frame), synced=False)
            self._eviction.enforce()
            self.reader.notify()

    def _add_frame(self, frame: WaitingFrame, *, is_alone: bool) -> None:
        self._last_stamp = max(self._last_stamp, frame.taken_at)
        self._store.add_frame(frame, is_alone=is_alone)
        self.counters.frames += 1

    def _keep_file(
        self,
        printer_id: str,
        job: EdgeJob | None,
        captured: CapturedFrame,
        *,
        is_film: bool,
        synced: bool,
        is_saved: bool,
    ) -> WaitingFrame | None:
        """Write the frame's file, outside the lock. None if the disk does not take it (said in the log)."""
        with self._lock:
            number = self._sequences.next_frame(printer_id)
            identity = self._sequences.collector_id
            is_full = self._store.is_full
        if number is None or (is_full and not self._make_room()):
            return None
        prefix = (job.prefix if job else None) or job_prefix(printer_id, None)
        frame = WaitingFrame(
            key=frame_key(prefix, captured.taken_at, number) if is_film else latest_key(printer_id),
            file=f"{identity}_{digest(printer_id)[:12]}_{number:08d}.jpg",
            printer_id=printer_id,
            token=job.token if job else None,
            taken_at=captured.taken_at,
            size=len(captured.data),
            is_film=is_film,
            is_saved=is_saved,
        )
        for is_first in (True, False):
            try:
                self._store.files.write(frame.file, captured.data, synced=synced)
            except OSError as error:
                with self._lock:
                    self._store.disk_failed(error)
                    if not (is_first and is_disk_full(error) and self._store.make_room()):
                        return None
            else:
                return frame
        return None

    def _make_room(self) -> bool:
        with self._lock:
            return self._store.make_room()

    def recall_job(self, printer_id: str) -> EdgeJob | None:
        """See `OutboxPort.recall_job`."""
        with self._lock:
            return self._jobs.get(printer_id)

    def busy_printers(self) -> list[str]:
        """See `OutboxPort.busy_printers`."""
        with self._lock:
            return [name for name, job in self._jobs.items() if job.is_active]

    @property
    def heartbeats_dropped(self) -> int:
        """Heartbeats that a later report overtook while they waited."""
        return self._store.index.heartbeats_overtaken

    @property
    def is_disk_full(self) -> bool:
        """As in the figures, without waiting for anybody."""
        return self._store.is_full

    def figures(self, timeout: float = -1.0) -> OutboxFigures:
        """For the collector's report on itself. Raises TransientError when others, who may wait for the
        disk, keep the outbox busy for `timeout` seconds (-1: waits for ever)."""
        if not self._lock.acquire(timeout=timeout):
            raise TransientError(f"the outbox was busy for {timeout:g} s: is the disk slow?")
        try:
            index = self._store.index
            return OutboxFigures(
                bytes=self._store.bytes,
                reports_waiting=index.reports_waiting,
                frames_waiting=len(index.frames),
                oldest_seconds=round(index.oldest(self._monotonic(), self._clock()), 1),
                frames_thinned=self._store.frames_thinned,
                reports_dropped=self._eviction.dropped,
                reports_set_aside=self._store.quarantined_reports,
                frames_set_aside=self._store.quarantined_frames,
                commits=self._store.commits,
                is_disk_writable=self._store.is_writable,
                is_disk_full=self._store.is_full,
            )
        finally:
            self._lock.release()

    def close(self) -> None:
        """Write down what was shipped and let go of the folder; heartbeats are gone."""
        with self._lock:
            self.reader.close()
            self._store.close()
