"""The tracker's rules: `advance(record, report, rules) -> (record, effects)`, a pure function.

Only transitions speak. The table of edges and messages is in infra/docs/architecture.md, "The rules of the
tracker"; this module routes a report to the rule for its kind and state, `job_progress` holds what happens
within a job, `job_end` how one ends.
"""

from dataclasses import replace

from functions.shared.domain.error_codes import CANCEL_CODES, error_of
from functions.shared.domain.job_identity import JobFingerprint, is_same_job
from functions.shared.domain.keys import belongs_to, digest, printer_prefix
from functions.shared.domain.limits import FRESH_FRAME_SECONDS
from functions.shared.domain.status import PREPARING, PrinterStatus, is_active, is_finished, read_status
from functions.shared.messages.effects import Category, Effect
from functions.shared.messages.printer_record import Phase, PrinterRecord
from functions.shared.messages.report import FrameReference, Report, ReportKind
from functions.tracker.announcements import notification
from functions.tracker.error_episodes import follow_errors
from functions.tracker.evaluation import Evaluation, Rules
from functions.tracker.job_end import end_by_silence, end_by_word, end_unseen
from functions.tracker.job_progress import begin_job, continue_job, pause_reason

LATE_AFTER = 150.0


def advance(
    record: PrinterRecord | None, report: Report, rules: Rules
) -> tuple[PrinterRecord, tuple[Effect, ...]]:
    """The record after the report, and what is to be done. A report seen before changes nothing."""
    record = record or PrinterRecord(report.printer_id)
    last = record.sequence_of(report.collector_id)
    if last is not None and report.sequence <= last:
        return record, ()
    is_new_collector = last is None and bool(record.sequences)
    record = record.with_sequence(report.collector_id, report.sequence)
    record = replace(
        record,
        model=report.model or record.model,
        is_online=record.is_online if report.is_online is None else report.is_online,
    )
    evaluation = Evaluation(record, report, rules, after_gap=report.after_gap or is_new_collector)
    _take_frame(evaluation, report.frame)
    if report.kind is ReportKind.SILENCE:
        _on_silence(evaluation)
    elif report.kind is ReportKind.PRESENCE:
        _on_presence(evaluation)
    elif report.kind is ReportKind.STATUS:
        _on_status(evaluation)
    return evaluation.record, tuple(evaluation.effects)


def _take_frame(evaluation: Evaluation, frame: FrameReference | None) -> None:
    if frame is not None and belongs_to(frame.key, evaluation.record.printer_id):
        evaluation.record = replace(evaluation.record, frame=frame)


def _learn_frames(evaluation: Evaluation) -> None:
    """The job's folder is where its newest frame lies; a frame from before the job says nothing."""
    job, frame = evaluation.open_job, evaluation.report.frame
    if job is None:
        return
    if (
        frame is not None
        and frame == evaluation.record.frame
        and frame.taken_at >= job.started_at - FRESH_FRAME_SECONDS
    ):
        folder = frame.key.rsplit("/", 1)[0] + "/"
        if folder.startswith(printer_prefix(evaluation.record.printer_id)):
            job = replace(job, prefix=folder)
    kept = evaluation.report.frames_kept
    if kept is not None:
        is_counted_on = kept >= job.frames_before  # else another collector counts from nothing
        job = replace(job, frames_kept=kept - job.frames_before if is_counted_on else kept)
    evaluation.set_job(job)


def _on_silence(evaluation: Evaluation) -> None:
    record = evaluation.record
    evaluation.record = replace(
        record,
        silent_since=record.silent_since if record.silent_since is not None else evaluation.now,
        state="IDLE" if record.heard_state else record.state,
        state_inferred=record.heard_state is not None,
    )
    _learn_frames(evaluation)
    end_by_silence(evaluation)


def _on_presence(evaluation: Evaluation) -> None:
    record, job = evaluation.record, evaluation.open_job
    is_watched = job is not None and job.phase is Phase.ACTIVE and record.silent_since is None
    if record.is_online is False and is_watched and not record.offline_announced:
        evaluation.record = replace(record, offline_announced=True)
        evaluation.announce(notification(evaluation.record, job, evaluation.report, Category.OFFLINE))
    elif record.is_online and record.offline_announced:
        evaluation.record = replace(record, offline_announced=False)
        if is_watched:
            evaluation.announce(notification(evaluation.record, job, evaluation.report, Category.ONLINE))


def _on_status(evaluation: Evaluation) -> None:
    record, report = evaluation.record, evaluation.report
    evaluation.facts = facts = read_status(report.status or {})
    was_silent = record.silent_since is not None
    is_first = record.heard_state is None
    is_late = was_silent or (
        evaluation.after_gap
        and record.received_at is not None
        and evaluation.now - record.received_at > LATE_AFTER
    )
    evaluation.after_gap = evaluation.after_gap or was_silent
    evaluation.last_heard_at = record.received_at
    evaluation.last_kept = record.job.frames_kept if record.job is not None else None
    errors = follow_errors(record.episodes, record.announced_once, facts, evaluation.now)
    evaluation.new_codes = () if is_first else errors.new_codes
    state = facts.state or record.heard_state
    is_cancel_new = _has_cancel_code(facts) and not _has_cancel_code(read_status(record.status or {}))
    evaluation.record = replace(
        record,
        status=report.status,
        received_at=evaluation.now,
        heard_state=state,
        state=state,
        state_inferred=False,
        silent_since=None,
        offline_announced=record.offline_announced and not was_silent,
        episodes=errors.episodes,
        announced_once=errors.announced_once,
        cancel_seen_at=evaluation.now if is_cancel_new else record.cancel_seen_at,
    )
    if state is not None:
        if is_active(state):
            _on_active(evaluation, state, is_first)
        elif evaluation.open_job is not None:
            _learn_frames(evaluation)
            if is_finished(state):
                end_by_word(evaluation, state, is_late)
            else:
                _on_unknown_word(evaluation, state)
    _announce_errors(evaluation)


def _has_cancel_code(facts: PrinterStatus) -> bool:
    """It may stay long after the job that it cancelled: only its coming tells of a cancel."""
    return error_of(facts) in CANCEL_CODES


def _on_active(evaluation: Evaluation, state: str, is_first: bool) -> None:
    job = evaluation.open_job
    if job is not None and (evaluation.after_gap or job.phase is not Phase.ACTIVE):
        fingerprint = JobFingerprint(job.task_id, job.name, job.percent, job.has_run)
        if not is_same_job(fingerprint, evaluation.facts):
            end_unseen(evaluation)
            begin_job(evaluation, state, _new_job_id(evaluation), is_found=True)
            _learn_frames(evaluation)
            return
        if job.phase is not Phase.ACTIVE:
            _learn_frames(evaluation)
            _restore_contact(evaluation, state)
            return
    if job is None:
        is_found = is_first or state == "PAUSE" or (evaluation.after_gap and state not in PREPARING)
        begin_job(evaluation, state, _new_job_id(evaluation), is_found=is_found)
        _learn_frames(evaluation)
        return
    _learn_frames(evaluation)
    continue_job(evaluation, state)


def _new_job_id(evaluation: Evaluation) -> str:
    return digest("job", evaluation.report.id)[:20]


def _restore_contact(evaluation: Evaluation, state: str) -> None:
    """The same job is back: it goes on under its old id, and what changed meanwhile is said with it."""
    job = evaluation.open_job
    assert job is not None
    is_paused_now = state == "PAUSE" and job.state != "PAUSE"
    reason = pause_reason(evaluation) if is_paused_now else None
    codes = evaluation.new_codes
    evaluation.new_codes = ()
    evaluation.set_job(replace(job, phase=Phase.ACTIVE, lost_at=None, ended_at=None, result=None))
    continue_job(evaluation, state, is_quiet=True)
    evaluation.announce(
        notification(
            evaluation.record,
            evaluation.record.job,
            evaluation.report,
            Category.CONTACT_RESTORED,
            codes=codes,
            to_state=state,
            reason=reason,
        ),
        photo=True,
    )


def _on_unknown_word(evaluation: Evaluation, state: str) -> None:
    """An unknown word is shown and ends nothing."""
    job = evaluation.open_job
    if job is None or job.phase is not Phase.ACTIVE or job.state == state:
        return
    evaluation.set_job(replace(job, state=state))
    evaluation.announce(
        notification(
            evaluation.record,
            job,
            evaluation.report,
            Category.STATE_CHANGED,
            from_state=job.state,
            to_state=state,
        )
    )


def _announce_errors(evaluation: Evaluation) -> None:
    """What no other message of this report has told already."""
    if evaluation.new_codes:
        job = evaluation.open_job
        watched = job if job is not None and job.phase is Phase.ACTIVE else None
        evaluation.announce(
            notification(
                evaluation.record,
                watched,
                evaluation.report,
                Category.ERROR,
                part=evaluation.new_codes[0],
                codes=evaluation.new_codes,
            ),
            photo=True,
        )
