"""What the outbox gives up when it is full: quarantined items, then frames (thinned evenly), heartbeats,
and changes last.
"""

import logging
from collections.abc import Container, Iterable, Sequence
from itertools import pairwise

from collector.outbox.database import OutboxDatabase
from collector.outbox.model import WaitingFrame, WaitingReport
from collector.outbox.store import OutboxStore
from functions.shared.runtime.clocks import Clock
from functions.shared.runtime.throttled_log import OutageLog

_REACH = 2.5  # in usual gaps: bridges two of them though they are not quite equal, never three
_ALIKE = 0.75


def plan_room(
    frames: Iterable[WaitingFrame], bytes_to_free: int, spared: Container[str]
) -> list[WaitingFrame]:
    """The frames to drop, of `bytes_to_free` in all if there are so many. `spared`: keys to drop last."""
    everything = list(frames)
    dropped: list[WaitingFrame] = []
    freed = 0
    jobs = _by_job(everything)
    while freed < bytes_to_free:
        thinned = _thin_one(jobs, spared)
        if not thinned:
            break
        dropped += thinned
        freed += sum(frame.size for frame in thinned)
    gone = {frame.file for frame in dropped}
    rest = sorted(
        (frame for frame in everything if frame.file not in gone),
        key=lambda frame: (frame.key in spared, frame.taken_at),
    )
    for frame in rest:
        if freed >= bytes_to_free:
            break
        dropped.append(frame)
        freed += frame.size
    return dropped


def _by_job(frames: Sequence[WaitingFrame]) -> list[list[WaitingFrame]]:
    jobs: dict[tuple[str, str | None], list[WaitingFrame]] = {}
    for frame in frames:
        if frame.is_film:
            jobs.setdefault((frame.printer_id, frame.token), []).append(frame)
    for job in jobs.values():
        job.sort(key=lambda frame: frame.taken_at)
    return sorted(jobs.values(), key=lambda job: job[0].taken_at)


def _thin_one(jobs: list[list[WaitingFrame]], spared: Container[str]) -> list[WaitingFrame]:
    """Thin the oldest job, but not one that has far fewer frames than the longest: so all stay alike."""
    plans = [(job, thin(job, spared)) for job in jobs]
    most = max((len(job) for job, dropped in plans if dropped), default=0)
    for job, dropped in plans:
        if dropped and len(job) > _ALIKE * most:
            gone = {frame.file for frame in dropped}
            job[:] = [frame for frame in job if frame.file not in gone]
            return dropped
    return []


def thin(job: Sequence[WaitingFrame], spared: Container[str]) -> list[WaitingFrame]:
    """The frames that one round takes from a job sorted by time: every second one if they are evenly spaced.

    Where they are denser (kept since an earlier round) more go, where they are sparser none.
    """
    inner = [frame for frame in job[1:-1] if frame.key not in spared]
    if not inner:
        return []
    gaps = sorted(later.taken_at - earlier.taken_at for earlier, later in pairwise(job))
    reach = _REACH * gaps[len(gaps) // 2]
    dropped = []
    kept_at = job[0].taken_at
    for frame, following in pairwise(job[1:]):
        if frame.key not in spared and following.taken_at - kept_at <= reach:
            dropped.append(frame)
        else:
            kept_at = frame.taken_at
    return dropped or inner[::2]


_log = logging.getLogger(__name__)

MEMORY_BYTES = 32 * 1024 * 1024
_LOW_WATER = 0.95
_ROOM_ON_FULL_DISK = 0.1


class OutboxBound:
    """Not thread-safe (see `outbox`). `thinned` and `dropped`: frames and changes lost since the start."""

    def __init__(self, store: OutboxStore, max_bytes: int, monotonic: Clock) -> None:
        self._store = store
        self._max_bytes = max_bytes if store.is_on_disk else min(max_bytes, MEMORY_BYTES)
        self._frames_log = OutageLog(_log, monotonic)
        self._reports_log = OutageLog(_log, monotonic)
        self.thinned = 0
        self.dropped = 0

    def keep(self) -> None:
        """Give up what is over the bound; also what only memory holds, over a much lower one."""
        self._keep_memory()
        store = self._store
        if store.bytes <= self._max_bytes:
            return
        excess = store.bytes - int(self._max_bytes * _LOW_WATER)
        excess -= self._drop_set_aside(excess)
        excess -= self._drop_frames(excess)
        for is_change in (False, True):
            for waiting in self._oldest_reports(is_change) if excess > 0 else ():
                if excess <= 0:
                    break
                excess -= waiting.size
                self._drop_report(waiting)
        store.write(synced=False)

    def free_some(self) -> bool:
        """The disk is full before the bound is reached: thin frames. Whether that gave any room."""
        return self._drop_frames(max(1, int(self._store.index.bytes * _ROOM_ON_FULL_DISK))) > 0

    def _keep_memory(self) -> None:
        unsaved = self._store.unsaved_reports()
        size = sum(waiting.size for waiting in unsaved)
        for waiting in unsaved:
            if size <= MEMORY_BYTES:
                return
            size -= waiting.size
            self._drop_report(waiting)

    def _drop_set_aside(self, excess: int) -> int:
        """Bytes freed."""
        freed = 0
        files: list[str] = []

        def change(database: OutboxDatabase) -> None:
            nonlocal freed
            while freed < excess:
                oldest = database.remove_oldest_set_aside()
                if oldest is None:
                    return
                freed += oldest[0]
                if oldest[1] is not None:
                    files.append(oldest[1])

        if self._store.set_aside_bytes == 0 or not self._store.write(change, synced=False):
            return 0
        for file in files:
            self._store.files.remove_set_aside(file)
        self._store.set_aside_bytes -= freed
        return freed

    def _drop_frames(self, excess: int) -> int:
        """Bytes freed."""
        index = self._store.index
        if excess <= 0 or not index.frames:
            return 0
        waiting = [frame for frame in index.frames.values() if frame.key not in index.in_flight]
        dropped = plan_room(waiting, excess, index.named_frames())
        for frame in dropped:
            self._store.forget_frame(frame, is_lost=True)
        self.thinned += len(dropped)
        if dropped:
            self._frames_log.failing(
                f"the outbox is full: {len(dropped)} of {len(waiting)} waiting frames are thinned out"
            )
        return sum(frame.size for frame in dropped)

    def _oldest_reports(self, is_change: bool) -> list[WaitingReport]:
        lines = self._store.index.lines.values()
        found = [report for line in lines for report in line if report.is_change is is_change]
        return sorted(found, key=lambda report: report.number)

    def _drop_report(self, waiting: WaitingReport) -> None:
        self._store.forget_report(waiting)
        if waiting.is_change:
            self.dropped += 1
            self._reports_log.failing(
                f"the outbox is full of reports: the oldest is dropped ({self.dropped} so far);"
                " bring the far side back or set a larger OUTBOX_MAX_BYTES",
                logging.ERROR,
            )
