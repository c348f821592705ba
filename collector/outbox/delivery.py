"""The uploader's side of the outbox: what is to be shipped now, and what became of it. Thread-safe."""

import dataclasses
import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from collector.counters import DeliveryCounters
from collector.outbox.model import WaitingFrame, WaitingReport
from collector.outbox.packing import PACKS_AT_ONCE
from collector.outbox.schedule import plan_batch, plan_frame, shipped_at
from collector.outbox.store import TIDY_SECONDS, OutboxStore
from functions.shared.errors import ContractError
from functions.shared.messages.report import Report, decode_report, encode_report
from functions.shared.runtime.clocks import Clock
from functions.shared.runtime.throttled_log import ThrottledLogger

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReportToSend:
    """A report as it is to be sent now, and what the outbox knows it by."""

    waiting: WaitingReport
    report: Report


class OutboxReader:
    """Shares the outbox's lock; every change wakes those who wait in `wait_for_change`."""

    def __init__(self, store: OutboxStore, lock: threading.RLock, clock: Clock, monotonic: Clock) -> None:
        self.counters = DeliveryCounters()
        self._store = store
        self._index = store.index
        self._changed = threading.Condition(lock)
        self._clock = clock
        self._monotonic = monotonic
        self._version = 0
        self._is_closed = False
        self._packs_under_way = 0
        self._refusals = ThrottledLogger(_log, monotonic)

    @property
    def version(self) -> int:
        """Counts the changes."""
        return self._version

    def wait_for_change(self, version: int, timeout: float) -> None:
        """Until there was a change after that version."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != version, timeout)

    def notify(self) -> None:
        """Something changed: whoever waits looks again."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing is handed out from now on, and what is still under way is shipped again another time."""
        with self._changed:
            self._is_closed = True
            self.notify()

    def reports_waiting(self) -> int:
        with self._changed:
            return self._index.reports_waiting

    def frames_waiting(self) -> int:
        with self._changed:
            return len(self._index.frames)

    def frames_due(self) -> int:
        """How many frames wait for nothing but being sent."""
        with self._changed:
            return self._index.frames_due(self._clock())[0]

    def has_late_report(self) -> bool:
        """Whether a report waits that should have gone by now."""
        with self._changed:
            return self._index.has_late(self._monotonic())

    def take_batch(self) -> tuple[list[ReportToSend], float]:
        """The reports to send now, in order; if none, the seconds until one may go (infinite: none waits)."""
        with self._changed:
            if self._is_closed:
                return [], TIDY_SECONDS
            now = self._monotonic()
            planned, wait = plan_batch(self._index.lines.values(), self._index.frames, now)
            batch = []
            for waiting in planned:
                report = self._read(waiting)
                if report is not None:
                    batch.append(ReportToSend(waiting, self._stamped(waiting, report, now)))
            return batch, wait if batch or not planned else 0.0

    def _read(self, waiting: WaitingReport) -> Report | None:
        """None if that is impossible: it must not hold up those behind it."""
        held = self._index.held.get(waiting.number)
        if held is not None:
            return held
        body = self._store.body(waiting)
        if body is None:
            self._index.remove_report(waiting)
            self._log_refused("a saved report cannot be read from disk: it is left for the next start")
            return None
        try:
            return decode_report(body)
        except ContractError as error:
            self._log_refused(f"a saved report is no report and is set aside: {error}")
            self._store.quarantine_report(waiting, str(waiting.number), body, str(error), self._clock())
            return None

    def _stamped(self, waiting: WaitingReport, report: Report, now: float) -> Report:
        """Frames thinned since are not waited for at the remote backend."""
        kept = report.frames_kept
        job = self._index.jobs.get((waiting.printer_id, waiting.token))
        if kept is not None and job is not None:
            kept = min(kept, job.kept)
        return dataclasses.replace(
            report, shipped_at=shipped_at(waiting, now, self._clock()), frames_kept=kept
        )

    def acknowledge(self, items: list[ReportToSend]) -> None:
        """The remote backend has them."""
        with self._changed:
            if self._is_closed:
                return
            self.counters.reports += len(items)
            for item in items:
                self._store.forget_report(item.waiting)
            self._store.tidy()
            self.notify()

    def quarantine_report(self, item: ReportToSend, reason: str) -> None:
        """The remote backend will never take it."""
        with self._changed:
            if self._is_closed:
                return
            self.counters.reports_refused += 1
            body = encode_report(item.report)
            self._store.quarantine_report(item.waiting, item.report.id, body, reason, self._clock())
            self._log_refused(
                f"report {item.report.id} is refused for good and set aside: {reason[:200]}"
                f" ({self._store.quarantined_reports} so far)"
            )
            self.notify()

    def take_frame(self, *, is_old_allowed: bool) -> WaitingFrame | None:
        """The frame to ship now, which nobody else is given until it is shipped, released or quarantined."""
        with self._changed:
            if self._is_closed:
                return None
            index = self._index
            fresh = index.fresh(self._monotonic())
            frame = plan_frame(fresh, index.alone.values(), index.alone.get, index.in_flight, is_old_allowed)
            if frame is not None:
                index.in_flight[frame.key] = frame.file
            return frame

    def take_pack(self) -> list[WaitingFrame]:
        """Frames to ship as one pack now; none: no pack is due. Each is given back as `take_frame` says."""
        with self._changed:
            index = self._index
            if self._is_closed or index.packs is None or self._packs_under_way >= PACKS_AT_ONCE:
                return []
            pack = index.packs.take(self._clock())
            index.in_flight.update({frame.key: frame.file for frame in pack})
            self._packs_under_way += bool(pack)
            return pack

    def pack_ended(self) -> None:
        """Whatever became of it: another may be taken."""
        with self._changed:
            self._packs_under_way -= 1
            self.notify()

    def path(self, frame: WaitingFrame) -> Path:
        return self._store.files.path(frame.file)

    def frame_uploaded(self, frame: WaitingFrame) -> None:
        with self._changed:
            self.counters.frames += 1
        self._frame_done(frame, is_lost=False)

    def frame_lost(self, frame: WaitingFrame) -> None:
        """Its file is gone though nobody shipped it."""
        self._frame_done(frame, is_lost=True)

    def _frame_done(self, frame: WaitingFrame, *, is_lost: bool) -> None:
        with self._changed:
            if self._is_closed:
                return
            self._store.forget_frame(frame, is_lost=is_lost)
            self._store.tidy()
            self.notify()

    def release(self, frame: WaitingFrame, *, is_alone: bool = False) -> None:
        """It could not be shipped now; `is_alone`: not with others."""
        with self._changed:
            self.counters.frames_failed += 1
            self._index.in_flight.pop(frame.key, None)
            if self._index.frames.get(frame.key) != frame:  # replaced or dropped meanwhile
                self._store.files.remove(frame.file)
            elif is_alone:
                self._index.send_alone(frame.key)
            elif frame.key not in self._index.alone and self._index.packs is not None:
                self._index.packs.add([frame])

    def quarantine_frame(self, frame: WaitingFrame, reason: str) -> None:
        """The remote backend will never take it."""
        with self._changed:
            if self._is_closed:
                return
            self.counters.frames_refused += 1
            self._store.quarantine_frame(frame, reason, self._clock())
            self._log_refused(
                f"frame {frame.key} is refused for good and set aside: {reason[:200]}"
                f" ({self._store.quarantined_frames} so far)"
            )
            self.notify()

    def _log_refused(self, message: str) -> None:
        self._refusals.failing(message, logging.ERROR)

    def tidy(self) -> float:
        """To be called now and then; returns the seconds until it is due again."""
        with self._changed:
            return TIDY_SECONDS if self._is_closed else self._store.tidy()
