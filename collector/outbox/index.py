"""What waits in the outbox, in memory: found without the disk. Not thread-safe: the outbox holds its lock."""

import math
from collections import OrderedDict, deque
from collections.abc import Iterator

from collector.outbox.model import Contents, JobFrames, JobKey, WaitingFrame, WaitingReport
from collector.outbox.schedule import is_late
from functions.shared.messages.report import FrameReference, Report

# Of changes that are on disk too, as JSON; in memory a report takes several times that. It is some twenty
# usual ones: what a few printers say in the ten seconds that a report may wait for its frame.
HELD_BYTES = 256 * 1024


class OutboxIndex:
    """Lines of reports (one per printer, in order), frames by key (oldest first), frame counts of jobs.

    `held` has the reports that need not be read from disk, by number: heartbeats, changes while the disk
    fails, and the newest of the changes that are on disk.
    """

    def __init__(self, contents: Contents) -> None:
        self.lines: dict[str, deque[WaitingReport]] = {}
        self.held: dict[int, Report] = {}
        self._held_saved: dict[int, int] = {}  # number -> bytes, oldest first
        self._held_saved_bytes = 0
        self.frames: OrderedDict[str, WaitingFrame] = OrderedDict()
        self.in_flight: dict[str, str] = {}
        self.jobs: dict[JobKey, JobFrames] = contents.jobs
        self.bytes = 0
        self.reports_waiting = 0
        self.heartbeats_overtaken = 0
        self._fresh: deque[WaitingReport] = deque()
        for report in contents.reports:
            self._append(report)
        for frame in contents.frames:
            self.add_frame(frame)

    def add_report(self, report: WaitingReport, held: Report | None) -> None:
        """A later report of a printer overtakes the heartbeat before it."""
        line = self.lines.get(report.printer_id)
        if line and not line[-1].is_change:
            self.remove_report(line[-1])
            self.heartbeats_overtaken += 1
        if held is not None:
            self.held[report.number] = held
        if report.frame_key is not None:
            self._fresh.append(report)
        self._append(report)

    def _append(self, report: WaitingReport) -> None:
        self.lines.setdefault(report.printer_id, deque()).append(report)
        self.bytes += report.size
        self.reports_waiting += 1

    def remove_report(self, report: WaitingReport) -> bool:
        """Whether it was still there."""
        line = self.lines.get(report.printer_id)
        if not line:
            return False
        if line[0].number == report.number:
            line.popleft()
        elif line[-1].number == report.number:
            line.pop()
        else:
            try:
                line.remove(report)
            except ValueError:
                return False
        if not line:
            del self.lines[report.printer_id]
        self._release(report.number)
        self.bytes -= report.size
        self.reports_waiting -= 1
        return True

    def note_saved(self, report: WaitingReport) -> None:
        """It is on disk now. It stays held while it is new: most are shipped within seconds."""
        self._held_saved[report.number] = report.size
        self._held_saved_bytes += report.size
        while self._held_saved_bytes > HELD_BYTES:
            self._release(next(iter(self._held_saved)))

    def _release(self, number: int) -> None:
        self.held.pop(number, None)
        self._held_saved_bytes -= self._held_saved.pop(number, 0)

    def fresh(self, now: float) -> Iterator[WaitingReport]:
        """Reports that still wait for their frame, oldest first."""
        while self._fresh and is_late(self._fresh[0], now):
            self._fresh.popleft()
        return iter(self._fresh)

    def has_late(self, now: float) -> bool:
        """Whether a report waits that should have gone."""
        return any(is_late(line[0], now) for line in self.lines.values())

    def count_frame(self, frame: WaitingFrame) -> JobFrames:
        """It was kept: the newest of its job, and one more for its film."""
        job = self.jobs.setdefault((frame.printer_id, frame.token), JobFrames())
        job.newest = FrameReference(frame.key, frame.taken_at, frame.size)
        if frame.is_film:
            job.kept += 1
        return job

    def discount_frame(self, frame: WaitingFrame) -> JobKey | None:
        """It will never arrive: the job whose count changed by that."""
        key = (frame.printer_id, frame.token)
        job = self.jobs.get(key)
        if job is None:
            return None
        if job.newest is not None and job.newest.key == frame.key:
            job.newest = None  # nothing may name it any more
        if not frame.is_film:
            return None
        job.kept = max(0, job.kept - 1)
        return key

    def add_frame(self, frame: WaitingFrame) -> WaitingFrame | None:
        """The one it replaces, if there was one of that key."""
        replaced = self.frames.pop(frame.key, None)
        if replaced is not None:
            self.bytes -= replaced.size
        self.frames[frame.key] = frame
        self.bytes += frame.size
        return replaced

    def remove_frame(self, frame: WaitingFrame) -> bool:
        """Whether it was still there and not replaced by a later one of its key."""
        found = self.frames.get(frame.key)
        if found is None or found.file != frame.file:
            return False
        del self.frames[frame.key]
        self.bytes -= frame.size
        return True

    def named_frames(self) -> set[str]:
        """Keys that waiting reports name."""
        return {report.frame_key for line in self.lines.values() for report in line if report.frame_key}

    def oldest(self, now: float, wall: float) -> float:
        """Seconds that the oldest report or frame has waited."""
        ages = [
            wall - line[0].observed_at if line[0].added_at is None else now - line[0].added_at
            for line in self.lines.values()
        ]
        frame = next(iter(self.frames.values()), None)
        if frame is not None:
            ages.append(wall - frame.taken_at)
        return max(0.0, max(ages, default=-math.inf))
