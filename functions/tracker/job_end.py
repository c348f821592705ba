"""How a job ends: by the printer's word, by silence, or unseen."""

from dataclasses import replace

from functions.shared.domain.error_codes import CANCEL_CODES, error_of, fault_of, is_prompt, is_stop
from functions.shared.domain.status import CANCELLED, FAILED, SUCCEEDED
from functions.shared.messages.effects import Category, Timelapse
from functions.shared.messages.printer_record import Job, Phase
from functions.tracker.announcements import notification, timelapse
from functions.tracker.evaluation import Turn

_CANCEL_HOLDS = 30.0
_NO_CONTACT = "No contact with the printer"


def end_by_word(turn: Turn, state: str, is_late: bool) -> None:
    """The printer says a finished word while a job is open.

    After a gap the word may be of another job: then the old one ended unseen, and nothing is said of
    the other. A job already taken as ended by silence needs a clear word (not IDLE) to be told again.
    """
    job = turn.open_job
    assert job is not None
    is_after_gap = turn.after_gap or job.phase is not Phase.ACTIVE
    if is_after_gap and _is_of_another(turn, job):
        end_unseen(turn)
        return
    result = _result(turn, state)
    if job.phase is Phase.SILENCED and result is Category.ENDED:
        turn.set_job(replace(job, phase=Phase.ENDED))
        return
    codes: tuple[str, ...] = ()
    reason = None
    if result in (Category.FAILED, Category.CANCELLED):
        codes, turn.new_codes = turn.new_codes, ()
    error = error_of(turn.facts)
    if result is Category.FAILED and error is not None and not is_prompt(error):  # an advice ends nothing
        reason = fault_of(error).text
        codes = codes or (error,)
    duration = turn.now - job.started_at if job.start_is_known and not is_late else None
    percent, layer = job.percent, job.layer
    if job.has_run or is_after_gap:  # else they may still be the last job's
        percent = turn.facts.percent if turn.facts.percent is not None else percent
        layer = turn.facts.layer if turn.facts.layer is not None else layer
    ended = replace(
        job, phase=Phase.ENDED, ended_at=turn.now, result=result.value, percent=percent, layer=layer
    )
    turn.set_job(ended)
    turn.say(
        notification(
            turn.record,
            ended,
            turn.report,
            result,
            codes=codes,
            reason=reason,
            duration_seconds=duration,
            from_state=job.state,
            to_state=state,
            late_end=is_late,
            remaining_minutes=None,
        ),
        photo=True,
    )
    kept = job.frames_kept if turn.report.frames_kept is not None else None
    if _is_film_due(job, kept):
        turn.do(timelapse(turn.record, job, turn.report, result, turn.now, kept, duration))


def end_unseen(turn: Turn) -> None:
    """The recorded job ended while nobody watched; its film ends where it was last heard of."""
    job = turn.open_job
    assert job is not None
    was_told = job.phase is Phase.SILENCED
    ended = replace(job, phase=Phase.ENDED, ended_at=turn.now, result=Category.ENDED.value)
    turn.set_job(ended)
    if was_told:
        return
    turn.say(
        notification(turn.record, ended, turn.report, Category.ENDED, late_end=True, remaining_minutes=None)
    )
    last = turn.now if turn.last_heard_at is None else turn.last_heard_at
    if _has_film(job, turn.last_kept):
        return
    kept = turn.last_kept if job.phase is Phase.ACTIVE else None  # silence counts beyond the last status
    turn.do(timelapse(turn.record, job, turn.report, Category.ENDED, last, kept))


def end_by_silence(turn: Turn) -> None:
    """Silence loses contact with an active job at once, and ends it when the grace is over."""
    job, record = turn.open_job, turn.record
    if job is None or record.silent_since is None:
        return
    grace = turn.rules.silence_grace
    if job.phase is Phase.ACTIVE:
        is_ended = grace <= 0
        lost = replace(job, phase=Phase.SILENCED if is_ended else Phase.LOST, lost_at=turn.now)
        if is_ended:
            lost = replace(lost, ended_at=turn.now, result=Category.ENDED.value)
        turn.set_job(lost)
        turn.say(
            notification(
                record,
                lost,
                turn.report,
                Category.CONTACT_LOST,
                ended=is_ended,
                reason=_NO_CONTACT,
                remaining_minutes=None,
            ),
            photo=True,
        )
        if is_ended:
            turn.do(_silent_film(turn, job))
    elif job.phase is Phase.LOST and turn.now - (job.lost_at or turn.now) >= grace:
        silenced = replace(job, phase=Phase.SILENCED, ended_at=turn.now, result=Category.ENDED.value)
        turn.set_job(silenced)
        turn.say(
            notification(
                record,
                silenced,
                turn.report,
                Category.ENDED,
                ended=True,
                reason=_NO_CONTACT,
                remaining_minutes=None,
            )
        )
        turn.do(_silent_film(turn, job))


def _silent_film(turn: Turn, job: Job) -> Timelapse | None:
    if _has_film(job, job.frames_kept):
        return None
    turn.set_job(replace(turn.record.job or job, frames_filmed=job.frames_kept))
    return timelapse(turn.record, job, turn.report, Category.ENDED, turn.now, job.frames_kept)


def _is_of_another(turn: Turn, job: Job) -> bool:
    facts = turn.facts
    if facts.job_name is not None and job.name is not None and facts.job_name != job.name:
        return True
    return facts.task_id is not None and job.task_id is not None and facts.task_id != job.task_id


def _result(turn: Turn, state: str) -> Category:
    error = error_of(turn.facts)
    cancelled_at = turn.record.cancel_seen_at
    is_cancelled = error in CANCEL_CODES or (
        cancelled_at is not None and 0 <= turn.now - cancelled_at <= _CANCEL_HOLDS
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
