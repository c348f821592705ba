"""How a job ends, by the printer's word or unseen, and whether its film is due."""

from dataclasses import replace

from functions.shared.domain.error_codes import CANCEL_CODES, error_of, is_prompt, is_stop
from functions.shared.domain.faults import fault_of
from functions.shared.domain.status import CANCELLED, FAILED, SUCCEEDED
from functions.shared.messages.effects import Category
from functions.shared.messages.printer_record import Job, Phase
from functions.tracker.evaluation import Evaluation
from functions.tracker.events import Event, EventKind, Outcome

_CANCEL_HOLDS = 30.0
_KINDS = {
    Category.FINISHED: EventKind.JOB_FINISHED,
    Category.FAILED: EventKind.JOB_FAILED,
    Category.CANCELLED: EventKind.JOB_CANCELLED,
    Category.ENDED: EventKind.JOB_ENDED,
}


def end_by_word(evaluation: Evaluation) -> Outcome:
    """The printer says a finished word of the job."""
    job, facts, now = evaluation.job, evaluation.facts, evaluation.now
    result = _result(evaluation)
    codes: tuple[str, ...] = ()
    reason = None
    error = error_of(facts)
    if result is Category.FAILED and error is not None and not is_prompt(error):  # an advice ends nothing
        reason, codes = fault_of(error).text, (error,)
    duration = now - job.started_at if job.start_is_known and not evaluation.is_late else None
    percent, layer = job.percent, job.layer
    if job.has_run or evaluation.after_gap or job.phase is not Phase.ACTIVE:  # else perhaps the last job's
        percent = facts.percent if facts.percent is not None else percent
        layer = facts.layer if facts.layer is not None else layer
    ended = replace(job, phase=Phase.ENDED, ended_at=now, result=result.value, percent=percent, layer=layer)
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
    if not _is_film_due(job, kept):
        return record, (told,)
    return record, (told, _film(ended, now, kept, duration))


def confirm_end(evaluation: Evaluation) -> Outcome:
    """A job taken as ended by silence needs a word that tells a result to be told of again."""
    if _result(evaluation) is not Category.ENDED:
        return end_by_word(evaluation)
    return replace(evaluation.record, job=replace(evaluation.job, phase=Phase.ENDED)), ()


def end_unseen(evaluation: Evaluation) -> Outcome:
    """The recorded job ended while nobody watched; its film ends where it was last heard of."""
    job, before = evaluation.job, evaluation.before
    ended = replace(job, phase=Phase.ENDED, ended_at=evaluation.now, result=Category.ENDED.value)
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


def _result(evaluation: Evaluation) -> Category:
    state, error = evaluation.state, error_of(evaluation.facts)
    cancelled_at = evaluation.record.cancel_seen_at
    is_cancelled = error in CANCEL_CODES or (
        cancelled_at is not None and 0 <= evaluation.now - cancelled_at <= _CANCEL_HOLDS
    )
    if state in SUCCEEDED:
        return Category.FINISHED
    if state in CANCELLED or is_cancelled:
        return Category.CANCELLED
    if state in FAILED or is_stop(error):
        return Category.FAILED
    return Category.ENDED


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
