"""Ships what the outbox holds to the remote backend: opens it as often as that takes; reports and frames
are retried apart.
"""

import functools
import logging
import math
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from collector.outbox.delivery import ReportToSend
from collector.outbox.model import WaitingFrame
from collector.outbox.outbox import Outbox
from functions.shared.domain.frame_packs import Pack, make_pack
from functions.shared.domain.keys import digest
from functions.shared.errors import PermanentError, TransientError
from functions.shared.messages.report import encode_report
from functions.shared.ports import FrameStore, Outgoing, Queue
from functions.shared.runtime.backoff import Backoff
from functions.shared.runtime.clocks import Clock
from functions.shared.runtime.files import is_there
from functions.shared.runtime.throttled_log import ThrottledLogger
from functions.shared.wording.durations import full_duration

_log = logging.getLogger(__name__)

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 60.0
LONGEST_OBEYED_SECONDS = 900.0


class RetryState:
    """Thread-safe state of one way out: `what` travels on it ("reports", "frames"). Times are monotonic."""

    def __init__(self, what: str, monotonic: Callable[[], float], jitter: Callable[[], float]) -> None:
        self._what = what
        self._monotonic = monotonic
        self._jitter = jitter
        self._lock = threading.Lock()
        self._outage = ThrottledLogger(_log, monotonic)
        self._backoff = Backoff(FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS)
        self._next_try = -math.inf
        self._failed_at = -math.inf
        self._asked_until = -math.inf
        self._to_catch_up: int | None = None
        self._caught_up = 0

    @property
    def is_failing(self) -> bool:
        return self._backoff.failures > 0

    def has_failed_after(self, other: "RetryState") -> bool:
        """Whether its last failure is younger than the other's."""
        return self._failed_at > other._failed_at  # noqa: SLF001 - the same class

    def seconds_to_wait(self) -> float:
        """Until the next try; 0: now."""
        return max(0.0, self._next_try - self._monotonic())

    def try_now(self) -> bool:
        """End the wait, unless the other side asked for it; whether the next try is due."""
        with self._lock:
            self._next_try = min(self._next_try, self._asked_until)
            return self._next_try <= self._monotonic()

    def failed(self, error: Exception, started_at: float, waiting: int) -> None:
        """A try begun at `started_at` failed. Tries that were under way together count as one."""
        with self._lock:
            if started_at < self._failed_at:
                return
            delay, self._backoff = self._backoff.next(self._jitter)
            asked = _asked_for(error)
            delay = max(delay, asked)
            self._failed_at = self._monotonic()
            self._next_try = self._failed_at + delay
            self._asked_until = self._failed_at + asked
            self._to_catch_up = None
        name = "" if isinstance(error, TransientError) else f"{type(error).__name__}: "
        self._outage.failing(
            f"{self._what} cannot be delivered: {name}{str(error)[:200]}; "
            f"{waiting} waiting, next try in {delay:.0f} s"
        )

    def worked(self, count: int, waiting: int) -> None:
        """`count` were delivered, `waiting` still wait. Says once when all is caught up after an outage."""
        with self._lock:
            self._backoff = self._backoff.reset()
            self._next_try = -math.inf
            if not self._outage.is_on:
                return
            if self._to_catch_up is None:
                self._to_catch_up = count + waiting
                self._caught_up = 0
            self._caught_up += count
            if self._caught_up < self._to_catch_up and waiting > 0:
                return
            caught_up, self._to_catch_up = self._caught_up, None
            lasted = self._outage.over()
        if lasted is not None:
            _log.info(
                "%s are delivered again after %s: %d caught up",
                self._what,
                full_duration(lasted),
                caught_up,
            )


def _asked_for(error: Exception) -> float:
    """Seconds the other side asked to wait; absurd wishes are cut."""
    asked = error.retry_after if isinstance(error, TransientError) else None
    if asked is None or not math.isfinite(asked):
        return 0.0
    return min(max(0.0, asked), LONGEST_OBEYED_SECONDS)


FRAME_THREADS = 2  # a slow upload of one does not hold up the next
BACKLOG_THREADS = 10  # more at once when many wait: a remote backend is mostly far
_BACKLOG = 50
_BACKLOG_CHECK_SECONDS = 2.0
_REST_SECONDS = 30.0
_END_SECONDS = 2.0


@runtime_checkable
class PackStore(Protocol):
    """A frame store that takes packs."""

    def put_pack(self, pack: Pack) -> None:
        """Store it; quiet if it is stored already."""
        ...


class Uploader:
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
        self._reader = outbox.reader
        self._frames = frames
        self._packs: PackStore | None = frames if isinstance(frames, PackStore) else None
        self._queue = queue
        self._monotonic = monotonic
        self._frame_threads = frame_threads
        self._report_retry = RetryState("reports", monotonic, jitter)
        self._frame_retry = RetryState("frames", monotonic, jitter)

    def run(self, stop: threading.Event) -> None:
        """Ship until `stop` is set; a call that hangs then is left behind after two seconds."""
        steps = [self.upload_reports_once] + [self.upload_frames_once] * self._frame_threads
        works: list[Callable[[threading.Event], None]] = [
            functools.partial(self._repeat, step) for step in steps
        ]
        works += [self._help_with_backlog] * BACKLOG_THREADS
        threads = [
            threading.Thread(target=work, args=(stop,), name=f"uploader-{place}", daemon=True)
            for place, work in enumerate(works)
        ]
        for thread in threads:
            thread.start()
        stop.wait()
        self._reader.notify()
        end = time.monotonic() + _END_SECONDS
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _repeat(self, step: Callable[[], float], stop: threading.Event) -> None:
        while not stop.is_set():
            version = self._reader.version
            wait = self._guarded(step)
            if wait > 0 and not stop.is_set():
                self._reader.wait_for_change(version, wait)

    def _help_with_backlog(self, stop: threading.Event) -> None:
        """Looks now and then and is not woken by each change, which would cost more than it ships."""
        while not stop.is_set():
            is_backlog = self._reader.frames_due() > _BACKLOG
            wait = self._guarded(self.upload_frames_once) if is_backlog else _BACKLOG_CHECK_SECONDS
            if wait > 0:
                stop.wait(min(wait, _BACKLOG_CHECK_SECONDS))

    @staticmethod
    def _guarded(step: Callable[[], float]) -> float:
        """A defect of ours must not end the thread: nobody would be told of anything any more."""
        try:
            return step()
        except Exception:  # noqa: BLE001 - said with its traceback
            _log.exception("shipping failed in an unforeseen way; it is tried again")
            return _REST_SECONDS

    def upload_once(self) -> float:
        """One step of both lanes; seconds until the next is due (0: there is more to do)."""
        wait = self.upload_reports_once()
        return min(wait, self.upload_frames_once())

    def upload_reports_once(self) -> float:
        """Send one batch of reports, if any may go."""
        retry_state = self._report_retry
        wait = retry_state.seconds_to_wait()
        if wait > 0:
            return wait
        batch, wait = self._reader.take_batch()
        if not batch:
            return min(wait, self._reader.tidy())
        started_at = self._monotonic()
        try:
            self._send(batch)
        except Exception as error:  # noqa: BLE001 - transient, or a fault of the back end: the same again later
            self._reader.counters.reports_failed += 1
            retry_state.failed(error, started_at, self._reader.reports_waiting())
            self._reader.notify()
            return retry_state.seconds_to_wait()
        retry_state.worked(len(batch), self._reader.reports_waiting())
        return 0.0

    def _send(self, batch: list[ReportToSend]) -> None:
        """Raises what the queue raises for faults that may pass; then the same batch goes again, in order."""
        entries = [
            Outgoing(encode_report(item.report), item.report.group, digest(item.report.id)) for item in batch
        ]
        try:
            refusals = self._queue.send(entries)
        except PermanentError as error:
            if len(batch) == 1:
                self._reader.quarantine_report(batch[0], str(error))
                return
            for item in batch:  # find the one that is meant; a fault that may pass leaves the rest in order
                self._send([item])
            return
        reasons = {refusal.index: refusal.reason for refusal in refusals}
        for index, reason in reasons.items():
            self._reader.quarantine_report(batch[index], reason)
        self._reader.acknowledge([item for index, item in enumerate(batch) if index not in reasons])

    def upload_frames_once(self) -> float:
        """Put one frame or one pack of them, if any may go."""
        retry_state = self._frame_retry
        wait = retry_state.seconds_to_wait()
        if wait > 0:
            return wait
        if self._must_reports_try_first():
            self._reader.notify()
            return _REST_SECONDS
        is_old_allowed = self._report_retry.is_failing or not self._reader.has_late_report()
        frame = self._reader.take_frame(is_old_allowed=is_old_allowed)
        if frame is not None:
            return self._upload_frame(frame)
        packs = self._packs
        if packs is None or not is_old_allowed or not (pack := self._reader.take_pack()):
            return min(_REST_SECONDS, self._reader.tidy())
        try:
            return self._upload_frame(pack[0]) if len(pack) == 1 else self._upload_pack(pack, packs)
        finally:
            self._reader.pack_ended()

    def _upload_frame(self, frame: WaitingFrame) -> float:
        retry_state = self._frame_retry
        started_at = self._monotonic()
        try:
            self._frames.put(frame.key, self._reader.path(frame))
        except PermanentError as error:
            self._reader.quarantine_frame(frame, str(error))
        except Exception as error:  # noqa: BLE001 - transient, or a fault of the back end: the same again later
            if self._is_lost(frame):
                self._reader.frame_lost(frame)
                _log.warning("frame %s is lost: %s", frame.key, error)
                return 0.0
            self._reader.release(frame)
            retry_state.failed(error, started_at, self._reader.frames_waiting())
            return retry_state.seconds_to_wait()
        else:
            self._reader.frame_uploaded(frame)
        retry_state.worked(1, self._reader.frames_due())
        return 0.0

    def _upload_pack(self, frames: list[WaitingFrame], packs: PackStore) -> float:
        """What cannot be read, or is refused, goes on alone: then it is only that frame that is lost."""
        retry_state = self._frame_retry
        started_at = self._monotonic()
        contents: dict[WaitingFrame, bytes] = {}
        for frame in frames:
            try:
                contents[frame] = self._reader.path(frame).read_bytes()
            except OSError:
                self._reader.release(frame, is_alone=True)
        if not contents:
            return 0.0
        try:
            packs.put_pack(make_pack([(frame.key, data) for frame, data in contents.items()]))
        except PermanentError as error:
            _log.warning("a pack of %d frames is refused, they are sent alone: %s", len(contents), error)
            for frame in contents:
                self._reader.release(frame, is_alone=True)
            return 0.0
        except Exception as error:  # noqa: BLE001 - transient, or a fault of the back end: the same again later
            for frame in contents:
                self._reader.release(frame)
            retry_state.failed(error, started_at, self._reader.frames_waiting())
            return retry_state.seconds_to_wait()
        for frame in contents:
            self._reader.frame_uploaded(frame)
        retry_state.worked(len(contents), self._reader.frames_due())
        return 0.0

    def _is_lost(self, frame: WaitingFrame) -> bool:
        """Only what is known to be gone is given up."""
        try:
            return not is_there(self._reader.path(frame))
        except OSError:
            return False

    def _must_reports_try_first(self) -> bool:
        """After an outage of both lanes reports go before frames: their next try is brought forward."""
        reports, frames = self._report_retry, self._frame_retry
        if not (reports.is_failing and frames.is_failing) or reports.has_failed_after(frames):
            return False
        return self._reader.has_late_report() and reports.try_now()


RemoteBackend = tuple[FrameStore, Queue]


def upload_to(
    open_remote_backend: Callable[[], RemoteBackend],
    outbox: Outbox,
    stop: threading.Event,
    wait: Callable[[float], object] | None = None,
) -> None:
    """Until `stop` is set; `wait` stands in for waiting for that.

    What cannot be opened now (a helper program that gives no credentials yet) is tried again; meanwhile the
    outbox keeps everything.
    """
    outage = ThrottledLogger(_log, time.monotonic)
    backoff = Backoff(FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS)
    wait = wait or stop.wait
    while not stop.is_set():
        try:
            frames, queue = open_remote_backend()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing else could carry the reports away
            outbox.reader.counters.openings_failed += 1
            delay, backoff = backoff.next(random.random)
            name = "" if isinstance(error, TransientError) else f"{type(error).__name__}: "
            outage.failing(f"nothing can be delivered: {name}{str(error)[:200]}; next try in {delay:.0f} s")
            wait(delay)
        else:
            Uploader(outbox, frames, queue).run(stop)
            return


def open_aws(queue_url: str, bucket: str, region: str) -> RemoteBackend:
    """SQS and S3, of which nothing is asked yet. Loading the library takes a second."""
    from functions.shared.aws.clients import make_client
    from functions.shared.aws.s3 import S3FrameStore
    from functions.shared.aws.sqs import SqsQueue

    queue = SqsQueue(make_client("sqs", region), queue_url, fifo=True)
    return S3FrameStore(make_client("s3", region), bucket), queue
