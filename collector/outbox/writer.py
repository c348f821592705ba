"""The one thread through which sessions write to the outbox: in order, and never waited for by a reader.

Bounded: when too many bytes of frames wait for the disk, new ones are dropped and counted; reports of a
change never are.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

from collector.outbox.model import CapturedFrame, EdgeJob, NewReport, OutboxPort
from functions.shared.errors import TransientError
from functions.shared.messages.report import Report
from functions.shared.picture_memory import picture_shares
from functions.shared.runtime.threads import run_in_daemon_thread
from functions.shared.runtime.throttled_log import LogThrottle

WAITING_HEARTBEATS_LIMIT = 1000
_RETRY_SECONDS = 5.0

_log = logging.getLogger(__name__)
_MAY_PASS = (OSError, sqlite3.Error, TransientError)
ResultT = TypeVar("ResultT")
Work = Callable[[], None]


class OutboxWriter:
    """Calls from the event loop only; all of them return at once. `waiting_bytes` are of frames."""

    def __init__(
        self,
        outbox: OutboxPort,
        *,
        waiting_bytes_limit: int = picture_shares().waiting,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        self.dropped_frames = 0
        self._outbox = outbox
        self._limit = waiting_bytes_limit
        self._retry_seconds = retry_seconds
        self._lines = LogThrottle(time.monotonic)
        self._works: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self.waiting_bytes = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="collector-outbox", daemon=True)

    def start(self) -> None:
        self._thread.start()

    async def stop(self, seconds: float = 1.4) -> None:
        """Write what waits, for no longer than that."""
        self._stopping.set()
        self._works.put(None)
        await run_in_daemon_thread(lambda: self._thread.join(seconds))
        if self._thread.is_alive():
            _log.warning("the disk is slow: about %d things were not written", self._works.qsize())

    async def ask(self, question: Callable[[OutboxPort], ResultT]) -> ResultT:
        """An answer of the outbox, after all that was written before."""
        answer: Future[ResultT] = Future()

        def work() -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                result = question(self._outbox)
            except Exception as error:  # noqa: BLE001 - handed to the one who asked
                answer.set_exception(error)
            else:
                answer.set_result(result)

        self._works.put(work)
        return await asyncio.wrap_future(answer)

    def add_report(self, new: NewReport) -> None:
        """Keep a report. A durable one is tried until the disk takes it; of heartbeats only so many wait."""
        if not new.durable and self._has_too_many():
            return
        if not self._reserve(new.captured):
            new = replace(new, captured=None)
        self._works.put(
            lambda: self._finish(lambda: self._outbox.add_report(new), new.captured, is_repeated=new.durable)
        )

    def add_heartbeat(self, make: Callable[[], Report]) -> None:
        """Keep a heartbeat that is made in the thread, as making it may block."""
        if self._has_too_many():
            return

        def write() -> None:
            self._outbox.add_report(NewReport(make(), durable=False))

        self._works.put(lambda: self._finish(write, None, is_repeated=False))

    def _has_too_many(self) -> bool:
        return self._works.qsize() >= WAITING_HEARTBEATS_LIMIT

    def keep_frame(self, printer_id: str, job: EdgeJob, captured: CapturedFrame) -> bool:
        """Keep a frame for the job's film; False if too many wait already."""
        if not self._reserve(captured):
            return False

        def write() -> None:
            self._outbox.keep_frame(printer_id, job, captured)

        self._works.put(lambda: self._finish(write, captured, is_repeated=False))
        return True

    def _reserve(self, captured: CapturedFrame | None) -> bool:
        if captured is None:
            return False
        with self._lock:
            if self.waiting_bytes + len(captured.data) > self._limit:
                self.dropped_frames += 1
                return False
            self.waiting_bytes += len(captured.data)
            return True

    def _run(self) -> None:
        while (work := self._works.get()) is not None:
            work()

    def _finish(
        self, write: Callable[[], object], captured: CapturedFrame | None, *, is_repeated: bool
    ) -> None:
        try:
            self._try(write, is_repeated=is_repeated)
        finally:
            if captured is not None:
                with self._lock:
                    self.waiting_bytes -= len(captured.data)

    def _try(self, write: Callable[[], object], *, is_repeated: bool) -> None:
        while True:
            try:
                write()
            except _MAY_PASS as error:
                count = self._lines.take()
                if count is not None:
                    what = "a report waits until it can" if is_repeated else "pictures are left out"
                    _log.error("cannot write to the outbox (%d times): %s; %s", count, error, what)
            except Exception:  # noqa: BLE001 - said with its traceback
                _log.exception("something could not be put into the outbox and is left out")
                return
            else:
                return
            if not is_repeated or self._stopping.wait(self._retry_seconds):
                return
