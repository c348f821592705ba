"""How a job ends: by the printer's word, by silence, or unseen."""

from dataclasses import replace

from functions.shared.domain.error_codes import CANCEL_CODES, error_of, fault_of, is_prompt, is_stop
from functions.shared.domain.status import CANCELLED, FAILED, SUCCEEDED
from functions.shared.messages.effects import Category, Timelapse
from functions.shared.messages.printer_record import Job, Phase
from functions.tracker.announcements import notification, timelapse
from functions.tracker.evaluation import Evaluation

_CANCEL_HOLDS = 30.0
_NO_CONTACT = "No contact with the printer"


def end_by_word(evaluation: Evaluation, state: str, is_late: bool) -> None:
    """The printer says a finished word while a job is open.

    After a gap the word may be of another job: then the old one ended unseen, and nothing is said of
    the other. A job already taken as ended by silence needs a clear word (not IDLE) to be told again.
    """
    job = evaluation.open_job
    assert job is not None
    is_after_gap = evaluation.after_gap or job.phase is not Phase.ACTIVE
    if is_after_gap and _is_of_another(evaluation, job):
        end_unseen(evaluation)
        return
    result = _result(evaluation, state)
    if job.phase is Phase.SILENCED and result is Category.ENDED:
        evaluation.set_job(replace(job, phase=Phase.ENDED))
        return
    codes: tuple[str, ...] = ()
    reason = None
    if result in (Category.FAILED, Category.CANCELLED):
        codes, evaluation.new_codes = evaluation.new_codes, ()
    error = error_of(evaluation.facts)
    if result is Category.FAILED and error is not None and not is_prompt(error):  # an advice ends nothing
        reason = fault_of(error).text
        codes = codes or (error,)
    duration = evaluation.now - job.started_at if job.start_is_known and not is_late else None
    percent, layer = job.percent, job.layer
    if job.has_run or is_after_gap:  # else they may still be the last job's
        percent = evaluation.facts.percent if evaluation.facts.percent is not None else percent
        layer = evaluation.facts.layer if evaluation.facts.layer is not None else layer
    ended = replace(
        job, phase=Phase.ENDED, ended_at=evaluation.now, result=result.value, percent=percent, layer=layer
    )
    evaluation.set_job(ended)
    evaluation.announce(
        notification(
            evaluation.record,
            ended,
            evaluation.report,
            result,
            codes=codes,
            reason=reason,
            duration_seconds=duration,
            from_state=job.state,
            to_state=state,
            late_end=is_late,
        ),
        photo=True,
    )
    kept = job.frames_kept if evaluation.report.frames_kept is not None else None
    if _is_film_due(job, kept):
        evaluation.emit(
            timelapse(evaluation.record, job, evaluation.report, result, evaluation.now, kept, duration)
        )


def end_unseen(evaluation: Evaluation) -> None:
    """The recorded job ended while nobody watched; its film ends where it was last heard of."""
    job = evaluation.open_job
    assert job is not None
    was_announced = job.phase is Phase.SILENCED
    ended = replace(job, phase=Phase.ENDED, ended_at=evaluation.now, result=Category.ENDED.value)
    evaluation.set_job(ended)
    if was_announced:
        return
    evaluation.announce(
        notification(evaluation.record, ended, evaluation.report, Category.ENDED, late_end=True)
    )
    last = evaluation.now if evaluation.last_heard_at is None else evaluation.last_heard_at
    if _has_film(job, evaluation.last_kept):
        return
    kept = (
        evaluation.last_kept if job.phase is Phase.ACTIVE else None
    )  # silence counts beyond the last status
    evaluation.emit(timelapse(evaluation.record, job, evaluation.report, Category.ENDED, last, kept))


def end_by_silence(evaluation: Evaluation) -> None:
    """Silence loses contact with an active job at once, and ends it when the grace is over."""
    job, record = evaluation.open_job, evaluation.record
    if job is None or record.silent_since is None:
        return
    grace = evaluation.rules.silence_grace
    if job.phase is Phase.ACTIVE:
        is_ended = grace <= 0
        lost = replace(job, phase=Phase.SILENCED if is_ended else Phase.LOST, lost_at=evaluation.now)
        if is_ended:
            lost = replace(lost, ended_at=evaluation.now, result=Category.ENDED.value)
        evaluation.set_job(lost)
        evaluation.announce(
            notification(
                record,
                lost,
                evaluation.report,
                Category.CONTACT_LOST,
                ended=is_ended,
                reason=_NO_CONTACT,
            ),
            photo=True,
        )
        if is_ended:
            evaluation.emit(_silent_film(evaluation, job))
    elif job.phase is Phase.LOST and evaluation.now - (job.lost_at or evaluation.now) >= grace:
        silenced = replace(job, phase=Phase.SILENCED, ended_at=evaluation.now, result=Category.ENDED.value)
        evaluation.set_job(silenced)
        evaluation.announce(
            notification(
                record,
                silenced,
                evaluation.report,
                Category.ENDED,
                ended=True,
                reason=_NO_CONTACT,
            )
        )
        evaluation.emit(_silent_film(evaluation, job))


def _silent_film(evaluation: Evaluation, job: Job) -> Timelapse | None:
    if _has_film(job, job.frames_kept):
        return None
    evaluation.set_job(replace(evaluation.record.job or job, frames_filmed=job.frames_kept))
    return timelapse(
        evaluation.record, job, evaluation.report, Category.ENDED, evaluation.now, job.frames_kept
    )


def _is_of_another(evaluation: Evaluation, job: Job) -> bool:
    facts = evaluation.facts
    if facts.job_name is not None and job.name is not None and facts.job_name != job.name:
        return True
    return facts.task_id is not None and job.task_id is not None and facts.task_id != job.task_id


def _result(evaluation: Evaluation, state: str) -> Category:
    error = error_of(evaluation.facts)
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


def _is_film_due(job: Job, kept: int | None) -> bool:
    """A film made at a silence stands if the job was not heard of again and clearly no more of it was
    filmed since, or if it came back and ended before another frame was kept."""
    if job.phase is not Phase.SILENCED:
        return not _has_film(job, kept)
    had = job.frames_filmed
    return kept is not None and (had is None or kept > had * 1.02 + 5)


def _has_film(job: Job, kept: int | None) -> bool:
    """Whether the film made at an earlier silence shows all that was kept of the job."""
    return job.frames_filmed is not None and job.frames_filmed == kept
