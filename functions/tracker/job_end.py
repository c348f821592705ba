"""How a job ends, by the printer's word or unseen, and whether its film is due."""

from dataclasses import replace

from functions.shared.domain.error_codes import (
    CANCEL_CODES,
    errors_of,
    hms_codes,
    is_prompt,
    is_stop,
)
from functions.shared.domain.faults import Severity, fault_of
from functions.shared.domain.job_identity import SHORT_GAP_SECONDS
from functions.shared.domain.status import CANCELLED, FAILED, SUCCEEDED, PrinterStatus
from functions.shared.messages.effects import Category
from functions.shared.messages.printer_record import Job, Phase
from functions.tracker.evaluation import Evaluation, own_causes
from functions.tracker.events import Event, EventKind, Outcome
from functions.tracker.reached_figures import as_reached

_CANCEL_HOLDS = 30.0
_KINDS = {
    Category.FINISHED: EventKind.JOB_FINISHED,
    Category.FAILED: EventKind.JOB_FAILED,
    Category.CANCELLED: EventKind.JOB_CANCELLED,
    Category.NEVER_BEGAN: EventKind.JOB_NEVER_BEGAN,
    Category.ENDED: EventKind.JOB_ENDED,
}
_EXPLAINED = frozenset({Category.FAILED, Category.NEVER_BEGAN})


def end_by_word(evaluation: Evaluation) -> Outcome:
    """The printer says a finished word of the job."""
    job, now = evaluation.job, evaluation.now
    facts = own_causes(job, evaluation.facts)
    result = _result(evaluation, facts)
    codes, reason = _cause(evaluation, facts) if result in _EXPLAINED else ((), None)
    has_start = job.start_is_known and not evaluation.is_late and result is not Category.NEVER_BEGAN
    duration = now - job.started_at if has_start else None
    # Without having run its figures are perhaps the last job's.
    may_be_old = not job.has_run and not evaluation.after_gap and job.phase is Phase.ACTIVE
    heard_on = now if evaluation.gap is None else None
    ended = as_reached(
        job, None if may_be_old else facts, heard_on
    )  # else the figures are perhaps the last job's
    ended = replace(ended, phase=Phase.ENDED, ended_at=now, result=result.value)
    told = Event(
        _KINDS[result],
        ended,
        from_state=job.state,
        to_state=evaluation.state,
        reason=reason,
        codes=codes,
        is_late=evaluation.is_late,
        duration_seconds=duration,
    )
    record = replace(evaluation.record, job=ended)
    kept = job.frames_kept if evaluation.report.frames_kept is not None else None
    if not _has_run(evaluation) or not _is_film_due(job, kept):
        return record, (told,)
    return record, (told, _film(ended, now, kept, duration))


def confirm_end(evaluation: Evaluation) -> Outcome:
    """A job taken as ended by silence needs a word that tells a result to be told of again."""
    if _result(evaluation, own_causes(evaluation.job, evaluation.facts)) is not Category.ENDED:
        return end_by_word(evaluation)
    return replace(evaluation.record, job=replace(evaluation.job, phase=Phase.ENDED)), ()


def end_unseen(evaluation: Evaluation) -> Outcome:
    """The recorded job ended while nobody watched; its film ends where it was last heard of."""
    job, before = evaluation.job, evaluation.before
    ended = replace(
        as_reached(job),
        phase=Phase.ENDED,
        ended_at=evaluation.now,
        result=Category.ENDED.value,
    )
    record = replace(evaluation.record, job=ended)
    if job.phase is Phase.SILENCED:  # told when it fell silent
        return record, ()
    told = Event(EventKind.JOB_ENDED_UNSEEN, ended, is_late=True)
    last_kept = before.job.frames_kept if before.job is not None else None
    if _has_film(job, last_kept):
        return record, (told,)
    until = evaluation.now if before.received_at is None else before.received_at
    counted = last_kept if job.phase is Phase.ACTIVE else None  # silence counts beyond the last status
    return record, (told, _film(ended, until, counted))


def film_at_silence(silenced: Job, now: float) -> Event | None:
    """The film of a job that falls silent, unless there is one of all that was kept of it."""
    if _has_film(silenced, silenced.frames_kept):
        return None
    return _film(silenced, now, silenced.frames_kept)


def _result(evaluation: Evaluation, facts: PrinterStatus) -> Category:
    """`facts` with the codes that can be the job's own. A cancel code counts when it came shortly before."""
    state, cancelled_at = evaluation.state, evaluation.record.cancel_seen_at
    is_cancelled = cancelled_at is not None and 0 <= evaluation.now - cancelled_at <= _CANCEL_HOLDS
    if state in SUCCEEDED:
        return Category.FINISHED if _has_run(evaluation) else Category.NEVER_BEGAN
    if state in CANCELLED or is_cancelled:
        return Category.CANCELLED
    if state in FAILED or any(is_stop(error) for error in errors_of(facts)):
        return Category.FAILED
    return Category.ENDED


def _has_run(evaluation: Evaluation) -> bool:
    """Whether the job ever ran; in a long gap it may have, unseen."""
    return evaluation.job.has_run or (evaluation.gap is not None and evaluation.gap > SHORT_GAP_SECONDS)


def _cause(evaluation: Evaluation, facts: PrinterStatus) -> tuple[tuple[str, ...], str | None]:
    """The codes that explain the end, and the first words among them. An advice ends nothing.

    A health message counts if it is new, or serious: others stand through whole prints.
    """
    errors = [code for code in errors_of(facts) if not is_prompt(code) and code not in CANCEL_CODES]
    messages = [
        code
        for code in hms_codes(facts)
        if code in evaluation.new_codes or fault_of(code).severity is not Severity.NOTICE
    ]
    codes = tuple(errors) or tuple(messages)
    words = (fault_of(code).text for code in (*errors, *messages))
    return codes, next((text for text in words if text), None)


def _film(job: Job, until: float, kept: int | None, duration: float | None = None) -> Event:
    return Event(EventKind.FILM_DUE, job, until=until, frames_kept=kept, duration_seconds=duration)


def _is_film_due(job: Job, kept: int | None) -> bool:
    """Whether an end needs a film though there may be one from an earlier silence (decision 0008).

    A job that came back since needs one if any frame was kept since then; one that is heard of again only
    by its end, if clearly more were.
    """
    if job.phase is not Phase.SILENCED:
        return not _has_film(job, kept)
    had = job.frames_filmed
    return kept is not None and (had is None or kept > had * 1.02 + 5)


def _has_film(job: Job, kept: int | None) -> bool:
    """Whether the film made at an earlier silence shows all that was kept of the job."""
    return job.frames_filmed is not None and job.frames_filmed == kept
