"""When what a printer shows becomes a report: at once for what a person would be told of, else now and then.

Pure. Times are edge time in seconds (stamps that never go back), because the tracker sees only those.
"""

from dataclasses import dataclass, replace
from enum import Enum, auto

from collector.outbox.model import EdgeJob
from functions.shared.domain.limits import first_check_after
from functions.shared.domain.status import PRINTING, HmsEntry, PrinterStatus, is_active, is_finished
from functions.shared.messages.report import ReportKind

IDLE_INTERVAL = 300.0
PERCENT_HOLD = 1.0
_QUIET_SHARE = 8


@dataclass(frozen=True, slots=True)
class ReportRules:
    """Seconds. `photo_interval` 0: none; `inspection_interval` None: AI is off; `idle_frame_interval`
    None: no frames of an idle printer are kept.

    Where each report costs money `longest_interval` is set: up to that the intervals of heartbeats and of
    idle frames grow to an eighth of the time that a job has run, or in which nothing happened to an idle
    printer. `progress_step`: of these percents somebody is told (0: of none); where intervals grow, any other
    is shown with the next heartbeat.
    """

    active_interval: float = 120.0
    longest_interval: float = 0.0
    progress_step: int = 1
    idle_interval: float = IDLE_INTERVAL
    photo_interval: float = 3600.0
    inspection_interval: float | None = None
    idle_frame_interval: float | None = None
    percent_hold: float = PERCENT_HOLD


class FramePolicy(Enum):
    """Which frame a report should name."""

    NEWEST_KEPT = auto()  # whatever was kept last of the job
    FRESH = auto()  # keep the newest frame first if it is fresh, and name that
    LAST = auto()  # the same of a printer that fell silent: an older one still shows what was seen last
    OVERWRITE = auto()  # the same for an idle printer, in the one place of its own


@dataclass(frozen=True, slots=True)
class Decision:
    """A report to make now. A durable one is a change; another is a heartbeat. `is_told`: somebody may be
    told of it or look at it, and see what the camera sees."""

    kind: ReportKind
    is_durable: bool
    after_gap: bool = False
    gap_seconds: float | None = None
    frame_policy: FramePolicy = FramePolicy.NEWEST_KEPT
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class LastReported:
    """What the last report said of the things that a person is told of; None: nothing yet."""

    state: str | None = None
    job_name: str | None = None
    task_id: str | None = None
    print_error: int | None = None
    hms: frozenset[HmsEntry] | None = None
    percent: int | None = None
    fail_reason: int | None = None
    is_calibrating: bool = False

    def merged(self, facts: PrinterStatus) -> "LastReported":
        """With what a status says; what it does not say is unchanged."""
        return LastReported(
            state=self.state if facts.state is None else facts.state,
            job_name=self.job_name if facts.job_name is None else facts.job_name,
            task_id=self.task_id if facts.task_id is None else facts.task_id,
            print_error=self.print_error if facts.print_error is None else facts.print_error,
            hms=self.hms if facts.hms is None else frozenset(facts.hms),
            percent=self.percent if facts.percent is None else facts.percent,
            fail_reason=self.fail_reason if facts.fail_reason is None else facts.fail_reason,
            is_calibrating=facts.is_calibrating,
        )

    def has_more_errors_than(self, before: "LastReported") -> bool:
        has_new_error = bool(self.print_error) and self.print_error != before.print_error
        has_new_reason = bool(self.fail_reason) and self.fail_reason != before.fail_reason
        return (
            has_new_error or has_new_reason or bool((self.hms or frozenset()) - (before.hms or frozenset()))
        )


@dataclass(frozen=True, slots=True)
class ReporterState:
    """`is_first`: no status was reported since the start or since silence began; `is_word_due`: no known word
    was; `is_after_gap`: none was heard since then or since a reconnect; `heard_at`: when the last one was.
    `held_until`: a mere percent waits for that moment. `job_token` is that of the running job, None while
    idle. `quiet_since`: that job's start, or when a change of an idle printer was last reported."""

    last_reported: LastReported = LastReported()
    reported_at: float | None = None
    percent_at: float | None = None
    held_until: float | None = None
    is_first: bool = True
    is_word_due: bool = True
    is_after_gap: bool = True
    is_silent: bool = False
    heard_at: float | None = None
    job_token: str | None = None
    quiet_since: float | None = None
    photo_at: float | None = None
    inspection_at: float | None = None
    idle_frame_at: float | None = None


def begin(job: EdgeJob | None, rules: ReportRules) -> ReporterState:
    """The state at the program's start; `job` is what was remembered from before."""
    return _for_job(ReporterState(), job, rules)


def reconnected(state: ReporterState) -> ReporterState:
    """Anything may have happened while the connection was away."""
    return replace(state, is_after_gap=True)


def observe(
    state: ReporterState, facts: PrinterStatus, job: EdgeJob | None, now: float, rules: ReportRules
) -> tuple[ReporterState, Decision | None]:
    """After a status; `job` is the printer's job with that status taken in (one just ended included)."""
    before = state
    state = _for_job(state, job, rules)
    is_word_known = is_active(facts.state) or is_finished(facts.state)
    is_still_gap = state.is_after_gap and not is_word_known
    gap = None if state.heard_at is None or not state.is_after_gap else max(0.0, now - state.heard_at)
    is_word_due = state.is_word_due and not is_word_known
    state = replace(state, heard_at=now if is_word_known else state.heard_at)
    last_reported = state.last_reported.merged(facts)
    is_percent_new = last_reported.percent != state.last_reported.percent
    is_replaced = None not in (before.job_token, state.job_token) and before.job_token != state.job_token
    is_change = (
        state.is_first
        or (state.is_word_due and is_word_known)
        or replace(last_reported, percent=state.last_reported.percent) != state.last_reported
    )
    is_told = is_change
    if is_percent_new and not is_change:
        is_told = _crosses_step(state, last_reported, rules)
        is_percent_new = is_told or _has_fallen(state, last_reported) or rules.longest_interval == 0
    if is_percent_new and not is_change:
        free_at = now if state.percent_at is None else state.percent_at + rules.percent_hold
        if state.is_after_gap or now >= free_at or _is_heartbeat_due(state, now, rules):
            is_change = True
        else:
            return replace(state, held_until=min(free_at, now + rules.percent_hold)), None
    if not is_change and not _is_heartbeat_due(state, now, rules):
        return replace(state, held_until=None, is_after_gap=is_still_gap, is_silent=False), None

    is_resumed = before.last_reported.state == "PAUSE" and last_reported.state in PRINTING
    frame_policy = (
        FramePolicy.FRESH if is_replaced else _frame_policy(before, state, last_reported, job, now, rules)
    )
    if is_told and state.job_token is None:
        state = replace(state, quiet_since=now)
    is_told = is_told or frame_policy is FramePolicy.FRESH
    decision = Decision(ReportKind.STATUS, is_change, state.is_after_gap, gap, frame_policy, is_told)
    state = _reported(state, last_reported, now, rules, is_resumed=is_resumed, frame_policy=frame_policy)
    return replace(state, is_after_gap=is_still_gap, is_word_due=is_word_due), decision


def tick(
    state: ReporterState, newest: PrinterStatus, now: float, rules: ReportRules, *, is_silent: bool
) -> tuple[ReporterState, Decision | None]:
    """As time goes by without a status. A STATUS decision means the newest status, whose facts are given."""
    if state.held_until is not None:
        if now < state.held_until:
            return state, None
        last_reported = state.last_reported.merged(newest)
        frame_policy = (
            FramePolicy.FRESH if _is_frame_due(state, last_reported.state, now) else FramePolicy.NEWEST_KEPT
        )
        released = _reported(state, last_reported, now, rules, is_resumed=False, frame_policy=frame_policy)
        # A reconnect since then concerns the next status, not this one.
        return replace(released, is_after_gap=state.is_after_gap), Decision(
            ReportKind.STATUS,
            is_durable=True,
            frame_policy=frame_policy,
            is_told=frame_policy is FramePolicy.FRESH or _crosses_step(state, last_reported, rules),
        )
    if not is_silent:
        return state, None
    if not state.is_silent:
        state = replace(
            state, is_silent=True, is_first=True, is_word_due=True, is_after_gap=True, reported_at=now
        )
        frame_policy = FramePolicy.NEWEST_KEPT if state.job_token is None else FramePolicy.LAST
        return state, Decision(ReportKind.SILENCE, is_durable=True, frame_policy=frame_policy)
    interval = rules.idle_interval if state.job_token is None else rules.active_interval
    if state.reported_at is not None and now - state.reported_at < interval:
        return state, None
    return replace(state, reported_at=now), Decision(ReportKind.SILENCE, is_durable=False, is_told=False)


def _crosses_step(state: ReporterState, after: LastReported, rules: ReportRules) -> bool:
    """Whether the percent, which may have been held, is one that somebody is told of."""
    if rules.progress_step <= 0 or after.percent is None:
        return False
    before = state.last_reported.percent or 0
    return after.percent // rules.progress_step != before // rules.progress_step


def _has_fallen(state: ReporterState, after: LastReported) -> bool:
    """It may be another job, or another plate: the tracker decides."""
    before = state.last_reported.percent
    return None not in (before, after.percent) and (after.percent or 0) < (before or 0)


def unheld(state: ReporterState) -> ReporterState:
    """The held status turned out not to be fit to be sent on: the next one says the same again."""
    return replace(state, held_until=None)


def _for_job(state: ReporterState, job: EdgeJob | None, rules: ReportRules) -> ReporterState:
    """A new job begins with nothing told of its percent, and with its timers set anew."""
    if job is None or not job.is_active:
        if state.job_token is None:
            return state
        return replace(state, job_token=None, quiet_since=None, photo_at=None, inspection_at=None)
    if job.token == state.job_token:
        return state
    photo, inspection = rules.photo_interval, rules.inspection_interval
    return replace(
        state,
        last_reported=replace(state.last_reported, percent=None),
        job_token=job.token,
        quiet_since=job.started_at,
        photo_at=job.started_at + photo if photo > 0 else None,
        inspection_at=None if inspection is None else job.started_at + first_check_after(inspection),
    )


def _is_heartbeat_due(state: ReporterState, now: float, rules: ReportRules) -> bool:
    if state.reported_at is None:
        return True
    interval = rules.idle_interval if state.job_token is None else rules.active_interval
    return (
        now - state.reported_at >= _stretched(interval, state, now, rules)
        or _is_frame_due(state, state.last_reported.state, now)
        or _is_idle_frame_due(state, now, rules)
    )


def _stretched(interval: float, state: ReporterState, now: float, rules: ReportRules) -> float:
    """The interval as long as it has become."""
    quiet = 0.0 if state.quiet_since is None else now - state.quiet_since
    return max(interval, min(rules.longest_interval, quiet / _QUIET_SHARE))


def _is_frame_due(state: ReporterState, word: str | None, now: float) -> bool:
    """A photo or a look of a running job; looks only while it really prints."""
    if state.photo_at is not None and now >= state.photo_at:
        return True
    return state.inspection_at is not None and now >= state.inspection_at and word in PRINTING


def _is_idle_frame_due(state: ReporterState, now: float, rules: ReportRules) -> bool:
    interval = rules.idle_frame_interval
    if interval is None or state.job_token is not None:
        return False
    return state.idle_frame_at is None or now - state.idle_frame_at >= _stretched(interval, state, now, rules)


def _frame_policy(
    before: ReporterState,
    state: ReporterState,
    last_reported: LastReported,
    job: EdgeJob | None,
    now: float,
    rules: ReportRules,
) -> FramePolicy:
    has_just_ended = before.job_token is not None and job is not None and not job.is_active
    has_news = last_reported.state != before.last_reported.state or last_reported.has_more_errors_than(
        before.last_reported
    )
    if state.job_token is not None or has_just_ended:
        is_wanted = has_news or state.is_first or _is_frame_due(state, last_reported.state, now)
        return FramePolicy.FRESH if is_wanted else FramePolicy.NEWEST_KEPT
    is_new_error = not before.is_first and last_reported.has_more_errors_than(before.last_reported)
    if is_new_error or _is_idle_frame_due(state, now, rules):
        return FramePolicy.OVERWRITE
    return FramePolicy.NEWEST_KEPT


def _reported(
    state: ReporterState,
    last_reported: LastReported,
    now: float,
    rules: ReportRules,
    *,
    is_resumed: bool,
    frame_policy: FramePolicy,
) -> ReporterState:
    photo_at, inspection_at = state.photo_at, state.inspection_at
    if photo_at is not None and now >= photo_at:
        photo_at = now + rules.photo_interval
    if inspection_at is not None and rules.inspection_interval is not None:
        if is_resumed:
            inspection_at = now + first_check_after(rules.inspection_interval)
        elif now >= inspection_at and last_reported.state in PRINTING:
            inspection_at = now + rules.inspection_interval
    return replace(
        state,
        last_reported=last_reported,
        reported_at=now,
        percent_at=now if last_reported.percent != state.last_reported.percent else state.percent_at,
        held_until=None,
        is_first=False,
        is_after_gap=False,
        is_silent=False,
        photo_at=photo_at,
        inspection_at=inspection_at,
        idle_frame_at=now if frame_policy is FramePolicy.OVERWRITE else state.idle_frame_at,
    )
