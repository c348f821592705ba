"""What waits in the outbox, in memory: found without the disk. Not thread-safe: the outbox holds its lock."""

import math
from collections import OrderedDict, deque
from collections.abc import Iterator

from collector.outbox.model import Contents, JobFrames, JobKey, WaitingFrame, WaitingReport
from collector.outbox.packing import PackQueue, may_be_packed
from collector.outbox.schedule import is_late
from functions.shared.messages.report import FrameReference, Report

# Of changes that are on disk too, as JSON; in memory a report takes several times that. It is some twenty
# usual ones: what a few printers say in the ten seconds that a report may wait for its frame.
HELD_BYTES = 256 * 1024


class OutboxIndex:
    """Lines of reports (one per printer, in order), frames by key (oldest first), frame counts of jobs.

    `held` has the reports that need not be read from disk, by number: heartbeats, changes while the disk
    fails, and the newest of the changes that are on disk. Of the frames those in `alone` go one by one;
    the others, if there is such a queue, wait in `packs`.
    """

    def __init__(self, contents: Contents, packs: PackQueue | None = None) -> None:
        self.lines: dict[str, deque[WaitingReport]] = {}
        self.held: dict[int, Report] = {}
        self._held_saved: dict[int, int] = {}  # number -> bytes, oldest first
        self._held_saved_bytes = 0
        self.frames: OrderedDict[str, WaitingFrame] = OrderedDict()
        self.alone: OrderedDict[str, WaitingFrame] = OrderedDict()
        self.packs = packs
        self.in_flight: dict[str, str] = {}
        self.jobs: dict[JobKey, JobFrames] = contents.jobs
        self.bytes = 0
        self.reports_waiting = 0
        self.heartbeats_overtaken = 0
        self._fresh: deque[WaitingReport] = deque()
        for report in contents.reports:
            self._append(report)
        named = self.named_frames()
        for frame in contents.frames:
            self.add_frame(frame, is_alone=frame.key in named)

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
        if job.named is not None and job.named.key == frame.key:
            job.named = None
        if not frame.is_film:
            return None
        job.kept = max(0, job.kept - 1)
        return key

    def add_frame(self, frame: WaitingFrame, *, is_alone: bool = False) -> WaitingFrame | None:
        """The one it replaces, if there was one of that key."""
        replaced = self.frames.get(frame.key)
        if replaced is not None:
            self._drop_frame(replaced)
        self.frames[frame.key] = frame
        self.bytes += frame.size
        if self.packs is None or is_alone or not may_be_packed(frame):
            self.alone[frame.key] = frame
        else:
            self.packs.add([frame])
        return replaced

    def remove_frame(self, frame: WaitingFrame) -> bool:
        """Whether it was still there and not replaced by a later one of its key."""
        found = self.frames.get(frame.key)
        if found is None or found.file != frame.file:
            return False
        self._drop_frame(found)
        return True

    def _drop_frame(self, frame: WaitingFrame) -> None:
        del self.frames[frame.key]
        self.bytes -= frame.size
        if self.alone.pop(frame.key, None) is None and self.packs is not None:
            self.packs.discard(frame)

    def send_alone(self, key: str) -> None:
        """Something names that frame, or its pack was refused: it waits for no other."""
        frame = self.frames.get(key)
        if frame is None or self.packs is None:
            return
        if self.packs.discard(frame) or key not in self.in_flight:
            self.alone[key] = frame

    def name(self, frame: WaitingFrame) -> None:
        """A report names it."""
        job = self.jobs[frame.printer_id, frame.token]
        job.named, job.alone_at = job.newest, frame.taken_at

    def frames_due(self, wall: float) -> tuple[int, float | None]:
        """How many frames wait for nothing but being sent, and when the oldest of them was taken."""
        count, oldest = (0, None) if self.packs is None else self.packs.due_frames(wall)
        first = next(iter(self.alone.values()), None)
        if first is not None:
            oldest = first.taken_at if oldest is None else min(oldest, first.taken_at)
        return count + len(self.alone), oldest

    def named_frames(self) -> set[str]:
        """Keys that waiting reports name."""
        return {report.frame_key for line in self.lines.values() for report in line if report.frame_key}

    def oldest(self, now: float, wall: float) -> float:
        """Seconds that the oldest report or frame has waited; for its pack no frame waits too long."""
        ages = [
            wall - line[0].observed_at if line[0].added_at is None else now - line[0].added_at
            for line in self.lines.values()
        ]
        _, taken_at = self.frames_due(wall)
        if taken_at is not None:
            ages.append(wall - taken_at)
        return max(0.0, max(ages, default=-math.inf))
