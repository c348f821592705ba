"""Within a job: its begin, changes of name and state, pauses and why, progress, photos, checks."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from functions.shared.domain.figures import known_remaining
from functions.shared.domain.keys import digest
from functions.shared.domain.limits import first_check_after
from functions.shared.domain.status import PAUSED, PREPARING, PRINTING, PrinterStatus
from functions.shared.messages.printer_record import Job, Phase
from functions.tracker.evaluation import Evaluation, fresh_frame, own_causes, with_frames
from functions.tracker.events import Event, EventKind, Outcome
from functions.tracker.job_end import end_unseen
from functions.tracker.pause_reason import PAUSES_BY_USER, pause_reason
from functions.tracker.reached_figures import with_figures

# The photo of the end comes that soon: two alike within minutes say nothing.
_LAST_PHOTO_PERCENT, _LAST_PHOTO_MINUTES = 97, 5
PRINTS_NOW = frozenset({0, -1})


def really_prints(stage: int | None) -> bool:
    """Whether filament is being laid; an unknown stage does not speak against it."""
    return stage is None or stage in PRINTS_NOW


_QUIET_WORDS = PREPARING | {"RUNNING"}

JobOutcome: TypeAlias = tuple[Job, tuple[Event, ...]]


def begin_job(evaluation: Evaluation) -> Outcome:
    """A job begins with this report, or is found under way: at first sight, in a pause, after a gap."""
    is_first = evaluation.before.heard_state is None
    is_past_start = evaluation.after_gap and evaluation.state not in PREPARING
    return _begin_job(evaluation, is_found=is_first or evaluation.state == "PAUSE" or is_past_start)


def replace_job(evaluation: Evaluation) -> Outcome:
    """Another job is under way: the recorded one ended while nobody watched."""
    _, ended = end_unseen(evaluation)
    record, begun = _begin_job(evaluation, is_found=True)
    return record, ended + begun


def _begin_job(evaluation: Evaluation, *, is_found: bool) -> Outcome:
    now, rules, state = evaluation.now, evaluation.rules, evaluation.state
    job = Job(
        id=digest("job", evaluation.report.id)[:20],
        started_at=now,
        start_is_known=not is_found,
        phase=Phase.ACTIVE,
        state=state,
        printing_since=now,
        next_photo_at=now + rules.photo_interval,
        next_inspection_at=now + first_check_after(rules.inspection_interval),
        frames_before=_frames_before(evaluation),
    )
    job = _with_facts(job, evaluation.facts, state, now)
    job = replace(job, step=_step(job.percent, rules.progress_step), codes_before=_codes_before(evaluation))
    kind = EventKind.JOB_FOUND if is_found else EventKind.JOB_STARTED
    # Which codes came with a pause that is found is not known: its stage speaks first.
    reason = pause_reason(own_causes(job, evaluation.facts), new_codes=()) if state == "PAUSE" else None
    told = Event(kind, job, to_state=state, reason=reason)
    job = with_frames(job, evaluation.record, evaluation.report)
    return replace(evaluation.record, job=job, cancel_seen_at=None), (told,)


def _frames_before(evaluation: Evaluation) -> int:
    """What the edge kept before the second in which the job begins here: a film has whole seconds."""
    frame = evaluation.report.frame
    is_of_job = frame is not None and frame.taken_at >= math.floor(evaluation.now)
    return max(0, (evaluation.report.frames_kept or 0) - is_of_job)


def _codes_before(evaluation: Evaluation) -> tuple[str, ...]:
    """The codes that stood there before the job; of a printer that was never seen before nobody knows."""
    before, after = evaluation.before.causes, evaluation.record.causes
    if before is None or after is None:
        return ()
    return tuple(sorted(before.codes & after.codes))


def continue_job(evaluation: Evaluation) -> Outcome:
    """The job goes on."""
    job, events = follow_job(evaluation.job, evaluation)
    return replace(evaluation.record, job=job), events


def show_state(evaluation: Evaluation) -> Outcome:
    """An unknown word is shown and ends nothing."""
    job, state = evaluation.job, evaluation.state
    if job.state == state:
        return evaluation.record, ()
    told = Event(EventKind.STATE_CHANGED, job, from_state=job.state, to_state=state)
    return replace(evaluation.record, job=replace(job, state=state)), (told,)


def _follow_name(before: Job, job: Job, _evaluation: Evaluation) -> JobOutcome:
    if job.name is None or job.name == before.name:
        return job, ()
    return job, (Event(EventKind.NAME_CHANGED, job),)


def _follow_state(before: Job, job: Job, evaluation: Evaluation) -> JobOutcome:
    left, reached = before.state, job.state
    if left == reached:
        return job, ()
    if reached in PRINTING:
        job = replace(job, printing_since=evaluation.now)
        if left == "PAUSE":
            next_check = evaluation.now + first_check_after(evaluation.rules.inspection_interval)
            job = replace(job, next_inspection_at=next_check)
    if left in _QUIET_WORDS and reached in _QUIET_WORDS:
        return job, ()
    kind, reason = EventKind.STATE_CHANGED, None
    if reached == "PAUSE":
        reason = pause_reason(own_causes(job, evaluation.facts), evaluation.new_codes)
        kind = EventKind.PAUSED_ON_PURPOSE if reason in PAUSES_BY_USER else EventKind.PAUSED
    elif left == "PAUSE" and reached in PRINTING:
        kind = EventKind.RESUMED
    return job, (Event(kind, job, from_state=left, to_state=reached, reason=reason),)


def _pass_steps(_before: Job, job: Job, evaluation: Evaluation) -> JobOutcome:
    """One event for all steps passed, none for 100, which the end tells."""
    step = _step(job.percent, evaluation.rules.progress_step)
    if step <= job.step:
        return job, ()
    job = replace(job, step=step)
    if (job.percent or 0) >= 100:
        return job, ()
    return job, (Event(EventKind.STEP_PASSED, job, part=str(step)),)


def _step(percent: int | None, width: int) -> int:
    return percent // width * width if percent is not None and width > 0 else 0


def _time_photo(_before: Job, job: Job, evaluation: Evaluation) -> JobOutcome:
    """A photo stays due until there is a fresh one; shortly before its end, the end brings one."""
    interval, now = evaluation.rules.photo_interval, evaluation.now
    if interval <= 0 or now < job.next_photo_at or fresh_frame(evaluation.record, now) is None:
        return job, ()
    if job.state not in PAUSED and _is_about_to_end(job):
        return job, ()
    job = replace(job, next_photo_at=now + interval)
    return job, (Event(EventKind.PHOTO_DUE, job),)


def _is_about_to_end(job: Job) -> bool:
    percent, minutes = job.percent or 0, known_remaining(job.remaining_minutes, job.percent)
    return percent >= _LAST_PHOTO_PERCENT or (minutes is not None and minutes <= _LAST_PHOTO_MINUTES)


def _time_check(_before: Job, job: Job, evaluation: Evaluation) -> JobOutcome:
    """A check only while filament is really laid; one that falls due before waits for that."""
    interval, now = evaluation.rules.inspection_interval, evaluation.now
    if interval is None or now < job.next_inspection_at:
        return job, ()
    if job.state not in PRINTING or not really_prints(evaluation.facts.stage):
        return job, ()
    job = replace(job, next_inspection_at=now + interval)
    return job, (Event(EventKind.CHECK_DUE, job),)


# Each takes the job as it was and as it is with what the status says.
_COURSE: tuple[Callable[[Job, Job, Evaluation], JobOutcome], ...] = (
    _follow_name,
    _follow_state,
    _pass_steps,
    _time_photo,
    _time_check,
)


def follow_job(before: Job, evaluation: Evaluation) -> JobOutcome:
    """The job with what the status says, and what happened in it, by all rules of its course."""
    job = _with_facts(before, evaluation.facts, evaluation.state, evaluation.now)
    events: tuple[Event, ...] = ()
    for rule in _COURSE:
        job, happened = rule(before, job, evaluation)
        events += happened
    return job, events


def _with_facts(job: Job, facts: PrinterStatus, state: str, now: float) -> Job:
    """The job with what the status says of it. Under one id the name first told stays."""
    is_known_task = facts.task_id is not None and facts.task_id == job.task_id
    name = job.name if is_known_task and job.name is not None else facts.job_name
    job = replace(
        job,
        state=state,
        name=name or job.name,
        task_id=facts.task_id or job.task_id,
        has_run=job.has_run or state not in PREPARING,
    )
    return with_figures(job, replace(facts, state=state), now)
