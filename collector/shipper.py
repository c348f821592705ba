"""Ships what the outbox holds: reports on one lane, frames on another; neither waits for the other."""

import functools
import logging
import random
import threading
import time
from collections.abc import Callable

from collector.outbox import Outbox
from collector.outbox_outlet import ReportToShip
from collector.ship_lane import Lane
from functions.bridge.contract import encode_report
from functions.bridge.errors import PermanentError
from functions.bridge.names import digest
from functions.bridge.ports import FrameStore, Outgoing, Queue
from functions.bridge.steady_clock import Clock

_log = logging.getLogger(__name__)

FRAME_THREADS = 2  # a slow upload of one does not hold up the next
CROWD_THREADS = 10  # more at once when many wait: a far side is mostly far
_CROWD = 50
_LOOK_FOR_CROWD_SECONDS = 2.0
_REST_SECONDS = 30.0
_END_SECONDS = 2.0


class Shipper:
    """`run` it in a thread. Each `ship_…` step blocks and says in how many seconds it is due again."""

    def __init__(
        self,
        outbox: Outbox,
        frames: FrameStore,
        queue: Queue,
        *,
        monotonic: Clock = time.monotonic,
        jitter: Callable[[], float] = random.random,
        frame_threads: int = FRAME_THREADS,
    ) -> None:
        self._outlet = outbox.outlet
        self._frames = frames
        self._queue = queue
        self._monotonic = monotonic
        self._frame_threads = frame_threads
        self._report_lane = Lane("reports", monotonic, jitter)
        self._frame_lane = Lane("frames", monotonic, jitter)

    def run(self, stop: threading.Event) -> None:
        """Ship until `stop` is set; a call that hangs then is left behind after two seconds."""
        steps = [self.ship_reports_once] + [self.ship_frames_once] * self._frame_threads
        works: list[Callable[[threading.Event], None]] = [
            functools.partial(self._repeat, step) for step in steps
        ]
        works += [self._help_in_a_crowd] * CROWD_THREADS
        threads = [
            threading.Thread(target=work, args=(stop,), name=f"shipper-{place}", daemon=True)
            for place, work in enumerate(works)
        ]
        for thread in threads:
            thread.start()
        stop.wait()
        self._outlet.notify()
        end = time.monotonic() + _END_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _repeat(self, step: Callable[[], float], stop: threading.Event) -> None:
        while not stop.is_set():
            version = self._outlet.version
            wait = self._guarded(step)
            if wait > 0 and not stop.is_set():
                self._outlet.wait_for_change(version, wait)

    def _help_in_a_crowd(self, stop: threading.Event) -> None:
        """Looks now and then and is not woken by each change, which would cost more than it ships."""
        while not stop.is_set():
            is_crowd = self._outlet.frames_waiting() > _CROWD
            wait = self._guarded(self.ship_frames_once) if is_crowd else _LOOK_FOR_CROWD_SECONDS
            if wait > 0:
                stop.wait(min(wait, _LOOK_FOR_CROWD_SECONDS))

    @staticmethod
    def _guarded(step: Callable[[], float]) -> float:
        """A defect of ours must not end the thread: nobody would be told of anything any more."""
        try:
            return step()
        except Exception:  # noqa: BLE001 - said with its traceback
            _log.exception("shipping failed in an unforeseen way; it is tried again")
            return _REST_SECONDS

    def ship_once(self) -> float:
        """One step of both lanes; seconds until the next is due (0: there is more to do)."""
        wait = self.ship_reports_once()
        return min(wait, self.ship_frames_once())

    def ship_reports_once(self) -> float:
        """Send one batch of reports, if any may go."""
        lane = self._report_lane
        wait = lane.seconds_to_wait()
        if wait > 0:
            return wait
        batch, wait = self._outlet.take_batch()
        if not batch:
            return min(wait, self._outlet.tidy())
        started_at = self._monotonic()
        try:
            self._send(batch)
        except Exception as error:  # noqa: BLE001 - transient, or a fault of the back end: the same again later
            self._outlet.tally.reports_failed += 1
            lane.failed(error, started_at, self._outlet.reports_waiting())
            self._outlet.notify()
            return lane.seconds_to_wait()
        lane.worked(len(batch), self._outlet.reports_waiting())
        return 0.0

    def _send(self, batch: list[ReportToShip]) -> None:
        """Raises what the queue raises for faults that may pass; then the same batch goes again, in order."""
        entries = [
            Outgoing(encode_report(item.report), item.report.group, digest(item.report.id)) for item in batch
        ]
        try:
            refusals = self._queue.send(entries)
        except PermanentError as error:
            if len(batch) == 1:
                self._outlet.set_aside_report(batch[0], str(error))
                return
            for item in batch:  # find the one that is meant; a fault that may pass leaves the rest in order
                self._send([item])
            return
        reasons = {refusal.index: refusal.reason for refusal in refusals}
        for index, reason in reasons.items():
            self._outlet.set_aside_report(batch[index], reason)
        self._outlet.acknowledge([item for index, item in enumerate(batch) if index not in reasons])

    def ship_frames_once(self) -> float:
        """Put one frame, if any may go."""
        lane = self._frame_lane
        wait = lane.seconds_to_wait()
        if wait > 0:
            return wait
        if self._must_reports_try_first():
            self._outlet.notify()
            return _REST_SECONDS
        is_old_allowed = self._report_lane.is_failing or not self._outlet.has_late_report()
        frame = self._outlet.take_frame(is_old_allowed=is_old_allowed)
        if frame is None:
            return min(_REST_SECONDS, self._outlet.tidy())
        started_at = self._monotonic()
        try:
            self._frames.put(frame.key, self._outlet.path(frame))
        except PermanentError as error:
            self._outlet.set_aside_frame(frame, str(error))
        except Exception as error:  # noqa: BLE001 - transient, or a fault of the back end: the same again later
            if not self._outlet.path(frame).exists():
                self._outlet.frame_lost(frame)
                _log.warning("frame %s is lost: %s", frame.key, error)
                return 0.0
            self._outlet.give_back(frame)
            lane.failed(error, started_at, self._outlet.frames_waiting())
            return lane.seconds_to_wait()
        else:
            self._outlet.frame_shipped(frame)
        lane.worked(1, self._outlet.frames_waiting())
        return 0.0

    def _must_reports_try_first(self) -> bool:
        """After an outage of both lanes reports go before frames: their next try is brought forward."""
        reports, frames = self._report_lane, self._frame_lane
        if not (reports.is_failing and frames.is_failing) or reports.has_failed_after(frames):
            return False
        return self._outlet.has_late_report() and reports.try_now()
