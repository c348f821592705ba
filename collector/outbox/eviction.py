"""What the outbox gives up when it is full: quarantined items, then frames, heartbeats, and changes last."""

import logging

from collector.outbox.database import OutboxDatabase
from collector.outbox.model import WaitingReport
from collector.outbox.store import OutboxStore
from functions.shared.runtime.clocks import Clock
from functions.shared.runtime.throttled_log import ThrottledLogger

_log = logging.getLogger(__name__)

MEMORY_BYTES = 32 * 1024 * 1024
_LOW_WATER = 0.95


class Eviction:
    """Not thread-safe (see `outbox`). `dropped`: changes lost since the start."""

    def __init__(self, store: OutboxStore, max_bytes: int, monotonic: Clock) -> None:
        self._store = store
        self._max_bytes = max_bytes if store.is_on_disk else min(max_bytes, MEMORY_BYTES)
        self._reports_log = ThrottledLogger(_log, monotonic)
        self.dropped = 0

    def enforce(self) -> None:
        """Give up what is over the bound; also what only memory holds, over a much lower one."""
        self._keep_memory()
        store = self._store
        if store.bytes <= self._max_bytes:
            return
        excess = store.bytes - int(self._max_bytes * _LOW_WATER)
        excess -= self._drop_quarantined(excess)
        excess -= store.thin_frames(excess)
        for is_change in (False, True):
            for waiting in self._oldest_reports(is_change) if excess > 0 else ():
                if excess <= 0:
                    break
                excess -= waiting.size
                self._drop_report(waiting)
        store.write(synced=False)

    def _keep_memory(self) -> None:
        unsaved = self._store.unsaved_reports()
        size = sum(waiting.size for waiting in unsaved)
        for waiting in unsaved:
            if size <= MEMORY_BYTES:
                return
            size -= waiting.size
            self._drop_report(waiting)

    def _drop_quarantined(self, excess: int) -> int:
        """Bytes freed."""
        freed = 0
        files: list[str] = []

        def change(database: OutboxDatabase) -> None:
            nonlocal freed
            while freed < excess:
                oldest = database.remove_oldest_quarantined()
                if oldest is None:
                    return
                freed += oldest[0]
                if oldest[1] is not None:
                    files.append(oldest[1])

        if self._store.quarantined_bytes == 0 or not self._store.write(change, synced=False):
            return 0
        for file in files:
            self._store.files.remove_quarantined(file)
        self._store.quarantined_bytes -= freed
        return freed

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
