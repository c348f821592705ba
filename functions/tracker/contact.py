"""Contact with a printer: lost by silence, restored; and what BambUI's ping says of it."""

from dataclasses import replace

from functions.shared.messages.effects import Category
from functions.shared.messages.printer_record import Job, Phase
from functions.shared.wording.reasons import NO_CONTACT
from functions.tracker.evaluation import Evaluation, own_causes
from functions.tracker.events import Event, EventKind, Outcome
from functions.tracker.job_end import film_at_silence
from functions.tracker.job_progress import follow_job
from functions.tracker.pause_reason import pause_reason
from functions.tracker.reached_figures import as_reached


def lose_contact(evaluation: Evaluation) -> Outcome:
    """Silence loses contact with an active job at once, and without a grace it ends the job."""
    lost = replace(evaluation.job, phase=Phase.LOST, lost_at=evaluation.now)
    if evaluation.rules.silence_grace <= 0:
        return _end_by_silence(evaluation, lost, EventKind.CONTACT_LOST)
    told = Event(EventKind.CONTACT_LOST, lost, reason=NO_CONTACT)
    return replace(evaluation.record, job=lost), (told,)


def end_after_grace(evaluation: Evaluation) -> Outcome:
    """Silence that goes on ends a lost job when the grace is over."""
    job = evaluation.job
    if evaluation.now - (job.lost_at or evaluation.now) < evaluation.rules.silence_grace:
        return evaluation.record, ()
    return _end_by_silence(evaluation, job, EventKind.JOB_ENDED_BY_SILENCE)


def _end_by_silence(evaluation: Evaluation, job: Job, kind: EventKind) -> Outcome:
    silenced = replace(
        as_reached(job),
        phase=Phase.SILENCED,
        ended_at=evaluation.now,
        result=Category.ENDED.value,
    )
    film = film_at_silence(silenced, evaluation.now)
    told = Event(kind, silenced, reason=NO_CONTACT)
    if film is None:
        return replace(evaluation.record, job=silenced), (told,)
    filmed = replace(silenced, frames_filmed=silenced.frames_kept)
    return replace(evaluation.record, job=filmed), (told, film)


def restore_contact(evaluation: Evaluation) -> Outcome:
    """The same job is back: it goes on under its old id, and what changed meanwhile is told with it."""
    lost = evaluation.job
    is_paused_now = evaluation.state == "PAUSE" and lost.state != "PAUSE"
    reason = pause_reason(own_causes(lost, evaluation.facts), evaluation.new_codes) if is_paused_now else None
    back = replace(lost, phase=Phase.ACTIVE, lost_at=None, ended_at=None, result=None)
    job, events = follow_job(back, evaluation)
    told = Event(EventKind.CONTACT_RESTORED, job, to_state=evaluation.state, reason=reason)
    return replace(evaluation.record, job=job), (*events, told)


def go_offline(evaluation: Evaluation) -> Outcome:
    """BambUI no longer reaches the printer of a job: told once, until it is back."""
    record = evaluation.record
    if record.offline_announced:
        return record, ()
    return replace(record, offline_announced=True), (Event(EventKind.WENT_OFFLINE, evaluation.job),)


def come_online(evaluation: Evaluation) -> Outcome:
    """BambUI reaches it again: told if its absence was."""
    if not evaluation.record.offline_announced:
        return evaluation.record, ()
    record, _ = forget_offline(evaluation)
    return record, (Event(EventKind.CAME_ONLINE, evaluation.job),)


def forget_offline(evaluation: Evaluation) -> Outcome:
    """BambUI reaches it again, but the job that it was told for is gone."""
    return replace(evaluation.record, offline_announced=False), ()
