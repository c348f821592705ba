"""One printer's session: from what its socket gives to reports and kept images.

All calls come from the event loop, return at once and never wait for the disk.
"""

import logging
from collections.abc import Callable, Sequence
from typing import Any

from collector.bambui.messages import (
    BadMessage,
    ErrorMessage,
    ImageMessage,
    StatusMessage,
    read_message,
    whole_status,
)
from collector.counters import PrinterCounters
from collector.outbox.model import EdgeJob, NewReport
from collector.outbox.writer import OutboxWriter
from collector.printer import change_rate, reporting, settling, watchdog
from collector.printer.change_rate import ChangeRate
from collector.printer.frames import FrameKeeper
from collector.printer.job import track_job
from collector.printer.policy import SessionPolicy
from collector.printer.presence import presence_of
from collector.printer.reporting import Decision
from collector.printer.settling import Settling
from collector.printer.watchdog import Cause, Watch
from functions.shared.domain.status import PrinterStatus
from functions.shared.errors import ContractError
from functions.shared.latest_pictures import LatestPictures
from functions.shared.live import Live
from functions.shared.messages.report import Report, ReportKind
from functions.shared.runtime.throttled_log import LASTING_FAULT_SECONDS, LogThrottle

_SHORTEST_WAIT = 0.01

_log = logging.getLogger(__name__)


class Session:
    """`clock` gives stamps (edge time), `monotonic` measures time-outs; `job` is the one recalled.

    `call_later(seconds, callback)` wakes the session when a held percent is due. `is_confirmed`: BambUI has
    shown that it knows the printer; one that it never did has no silence to report. `pictures`: those of all
    printers (None: those of `live`, or its own).
    """

    def __init__(
        self,
        printer_id: str,
        rules: SessionPolicy,
        writer: OutboxWriter,
        *,
        collector_id: str,
        job: EdgeJob | None,
        live: Live | None,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        call_later: Callable[[float, Callable[[], None]], object],
        counters: PrinterCounters | None = None,
        pictures: LatestPictures | None = None,
    ) -> None:
        self.model: str | None = None
        self.is_online: bool | None = None
        self.is_confirmed = job is not None and job.is_active
        self._printer_id = printer_id
        self._rules = rules
        self._writer = writer
        self._collector_id = collector_id
        self._live = live
        self._clock = clock
        self._monotonic = monotonic
        self._call_later = call_later
        self._counters = counters or PrinterCounters()
        self._job = job
        self._reporter = reporting.begin(job, rules.report)
        self._watch = Watch(started_at=monotonic())
        if pictures is None:
            pictures = LatestPictures() if live is None else live.pictures
        self._keeper = FrameKeeper(printer_id, rules, writer, pictures, monotonic, self._counters)
        self._settling = Settling()
        self._rate = ChangeRate()
        self._newest: StatusMessage | None = None
        self._received: StatusMessage | None = None
        self._is_unfit = False
        self._wakes_at: float | None = None
        self._left_out = LogThrottle(monotonic, LASTING_FAULT_SECONDS)
        self._bad_messages = LogThrottle(monotonic)
        self._errors = LogThrottle(monotonic, LASTING_FAULT_SECONDS)

    def opened(self) -> None:
        """The socket is open; BambUI sends nothing until the printer does."""
        self._counters.connects += 1
        self._watch = self._watch.opened(self._monotonic())
        self._reporter = reporting.reconnected(self._reporter)
        self.is_confirmed = True

    def closed(self) -> None:
        self._watch = self._watch.closed()

    def received(self, frame: str | bytes) -> None:
        """One frame of the socket, of whatever content."""
        counters = self._counters
        counters.received += len(frame)
        message = read_message(frame)
        if isinstance(message, ImageMessage):
            counters.images += 1
            self._take_image(message)
        elif isinstance(message, StatusMessage):
            counters.statuses += 1
            self._take_status(message)
        elif isinstance(message, BadMessage):
            counters.bad += 1
            self._log_bad(message.reason)
        else:
            counters.others += 1
            if isinstance(message, ErrorMessage) and self._errors.take() is not None:
                _log.info("printer %r: BambUI says %r", self._printer_id, message.text)

    def presence(self, is_listed_online: bool | None) -> bool | None:
        """Whether the printer is in the network, by BambUI's list and by what was heard of it."""
        now, status_at = self._monotonic(), self._watch.status_at
        return presence_of(
            is_listed_online,
            None if status_at is None else max(0.0, now - status_at),
            now - self._watch.started_at if self._has_active_job else None,
        )

    def newest(self) -> tuple[str | None, float | None, float | None]:
        """From any thread: the newest status message, and the seconds since the newest status and image."""
        now, watch, message = self._monotonic(), self._watch, self._received
        return (
            None if message is None else message.text,
            None if watch.status_at is None else max(0.0, now - watch.status_at),
            None if watch.image_at is None else max(0.0, now - watch.image_at),
        )

    def tick(self) -> Cause | None:
        """Look at the time-outs; the cause to connect anew now, if there is one."""
        self._release()
        self._speak_when_due()
        self._watch, cause = watchdog.check(self._watch, self._rules.watchdog, self._monotonic())
        return cause

    def _take_image(self, message: ImageMessage) -> None:
        now = self._clock()
        self._watch = self._watch.with_image(self._monotonic())
        self._keeper.take(message, now, self._job)
        if self._live is not None:
            self._live.put_heard(self._printer_id)

    def _take_status(self, message: StatusMessage) -> None:
        if not self._is_unfit:
            self._watch = self._watch.with_status(self._monotonic())
        self._received = message
        if self._live is not None:
            self._live.put_status(self._printer_id, message.text, self._clock())
        state, counting = settling.settle(
            self._settling,
            message,
            self._monotonic(),
            self._rules.settling,
            is_after_gap=self._reporter.is_after_gap,
            has_active_job=self._has_active_job,
        )
        if message not in counting and self._whole(message) is None:
            return  # it must not stand for a good one that waits
        self._settling = state
        self._pass_on(counting)
        self._wake_when_due()

    @property
    def _has_active_job(self) -> bool:
        return self._job is not None and self._job.is_active

    def _pass_on(self, counting: Sequence[StatusMessage]) -> None:
        """What has settled, unless the printer changes too fast."""
        for message in counting:
            left_out = self._rate.left_out
            state, passed = change_rate.pass_on(
                self._rate, message, self._monotonic(), self._rules.changes_per_minute
            )
            if passed is None and self._whole(message) is None:
                continue
            self._rate = state
            self._count_left_out(self._rate.left_out - left_out)
            if passed is not None:
                self._evaluate(passed)

    def _release(self) -> None:
        """What has waited long enough."""
        now = self._monotonic()
        self._settling, counting = settling.release(
            self._settling, now, self._rules.settling, has_active_job=self._has_active_job
        )
        self._pass_on(counting)
        self._rate, passed = change_rate.release(self._rate, now, self._rules.changes_per_minute)
        if passed is not None:
            self._evaluate(passed)

    def _evaluate(self, message: StatusMessage) -> None:
        """One status that counts: the job with it, and a report if it is time for one."""
        now = self._clock()
        before = self._job
        job = track_job(
            before,
            message.facts,
            printer_id=self._printer_id,
            now=now,
            after_gap=self._reporter.is_after_gap,
        )
        state, decision = reporting.observe(self._reporter, message.facts, job, now, self._rules.report)
        status = self._whole(message) if decision is not None else None
        self._is_unfit = decision is not None and status is None
        if self._is_unfit:
            return  # as if it had not come
        self._reporter, self._job, self._newest = state, job, message
        self._watch = self._watch.with_status(self._monotonic())
        self._keeper.note_status(message.facts, job)
        if decision is not None:
            has_just_ended = before is not None and before.is_active
            is_of_job = job is not None and (job.is_active or has_just_ended)
            self._report(decision, status, now, job if is_of_job else None)

    def _count_left_out(self, count: int) -> None:
        self._counters.left_out += count
        if count and self._left_out.take() is not None:
            _log.warning(
                "printer %r changes faster than CHANGES_PER_MINUTE (%g): only the newest of what it says is"
                " taken, %d changes left out so far",
                self._printer_id,
                self._rules.changes_per_minute,
                self._rate.left_out,
            )

    def _wake_when_due(self) -> None:
        due_in = self._due_in()
        if due_in is None:
            return
        now = self._monotonic()
        wakes_at = now + max(_SHORTEST_WAIT, due_in)
        if self._wakes_at is None or wakes_at < self._wakes_at:
            self._wakes_at = wakes_at
            self._call_later(wakes_at - now, self._wake)

    def _due_in(self) -> float | None:
        """Seconds until the first of what waits is due."""
        now, held_until = self._monotonic(), self._reporter.held_until
        waiting, rate_until = self._settling.waiting, self._rate.until
        due = [
            None if waiting is None else waiting.until - now,
            None if rate_until is None else rate_until - now,
            None if held_until is None else held_until - self._clock(),
        ]
        return min((seconds for seconds in due if seconds is not None), default=None)

    def _wake(self) -> None:
        self._wakes_at = None
        self._release()
        if self._reporter.held_until is not None:  # silence is the tick's to find, which knows of standstills
            self._speak_when_due()
        self._wake_when_due()

    def _speak_when_due(self) -> None:
        """What is to be reported without a new status: a held percent, silence."""
        now = self._clock()
        is_silent = watchdog.is_silent(self._watch, self._rules.watchdog, self._monotonic())
        newest = self._newest
        state, decision = reporting.tick(
            self._reporter,
            newest.facts if newest is not None else PrinterStatus(),
            now,
            self._rules.report,
            is_silent=is_silent and self.is_confirmed,
        )
        status = None
        if decision is not None and decision.kind is ReportKind.STATUS:
            status = self._whole(newest) if newest is not None else None
            if status is None:
                self._reporter = reporting.unheld(self._reporter)
                return
        self._reporter = state
        if decision is None:
            return
        if decision.kind is ReportKind.SILENCE and decision.is_durable:
            _log.info("printer %r: silent", self._printer_id)
        job = self._job
        self._report(decision, status, now, job if job is not None and job.is_active else None)

    def _report(
        self, decision: Decision, status: dict[str, Any] | None, now: float, job: EdgeJob | None
    ) -> None:
        report = Report(
            collector_id=self._collector_id,
            sequence=0,  # given by the outbox
            printer_id=self._printer_id,
            kind=decision.kind,
            observed_at=now,
            model=self.model,
            is_online=self.is_online,
            status=status,
            after_gap=decision.after_gap,
            gap_seconds=decision.gap_seconds,
        )
        captured, is_overwriting = self._keeper.frame_for(decision.frame_policy, job, now)
        self._writer.add_report(
            NewReport(
                report,
                decision.is_durable,
                job,
                captured,
                is_overwriting=is_overwriting,
                is_told=decision.is_told,
            )
        )

    def _whole(self, message: StatusMessage) -> dict[str, Any] | None:
        try:
            return whole_status(message.text)
        except ContractError as error:
            self._log_bad(str(error))
            return None

    def _log_bad(self, reason: str) -> None:
        count = self._bad_messages.take()
        if count is not None:
            _log.warning(
                "printer %r: %d bad messages left out, this one: %s", self._printer_id, count, reason
            )
