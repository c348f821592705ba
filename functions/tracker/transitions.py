"""The tracker's rules: `advance(record, report, rules) -> (record, effects)`, a pure function.

Only transitions speak (infra/docs/architecture.md, "The rules of the tracker"). A report is routed to the
rule for its kind and state; `job_progress` holds what happens within a job, `job_end` how one ends.
"""

from dataclasses import replace

from functions.shared.domain.error_codes import CANCEL_CODES, error_of
from functions.shared.domain.job_identity import JobMarks, is_same_job
from functions.shared.domain.keys import belongs_to, digest, printer_prefix
from functions.shared.domain.status import PREPARING, StatusFacts, is_active, is_finished, read_status
from functions.shared.messages.effects import Category, Effect
from functions.shared.messages.printer_record import Phase, PrinterRecord
from functions.shared.messages.report import FrameReference, Report, ReportKind
from functions.tracker.announcements import notification
from functions.tracker.error_episodes import follow_errors
from functions.tracker.evaluation import Rules, Turn
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
    turn = Turn(record, report, rules, after_gap=report.after_gap or is_new_collector)
    _take_frame(turn, report.frame)
    if report.kind is ReportKind.SILENCE:
        _on_silence(turn)
    elif report.kind is ReportKind.PRESENCE:
        _on_presence(turn)
    elif report.kind is ReportKind.STATUS:
        _on_status(turn)
    return turn.record, tuple(turn.effects)


def _take_frame(turn: Turn, frame: FrameReference | None) -> None:
    if frame is not None and belongs_to(frame.key, turn.record.printer_id):
        turn.record = replace(turn.record, frame=frame)


def _learn_frames(turn: Turn) -> None:
    """The job's folder is where its newest frame lies; a frame from before the job says nothing."""
    job, frame = turn.open_job, turn.report.frame
    if job is None:
        return
    if frame is not None and frame == turn.record.frame and frame.taken_at >= job.started_at - 10.0:
        folder = frame.key.rsplit("/", 1)[0] + "/"
        if folder.startswith(printer_prefix(turn.record.printer_id)):
            job = replace(job, prefix=folder)
    kept = turn.report.frames_kept
    if kept is not None:
        is_counted_on = kept >= job.frames_before  # else another collector counts from nothing
        job = replace(job, frames_kept=kept - job.frames_before if is_counted_on else kept)
    turn.set_job(job)


def _on_silence(turn: Turn) -> None:
    record = turn.record
    turn.record = replace(
        record,
        silent_since=record.silent_since if record.silent_since is not None else turn.now,
        state="IDLE" if record.heard_state else record.state,
        state_inferred=record.heard_state is not None,
    )
    _learn_frames(turn)
    end_by_silence(turn)


def _on_presence(turn: Turn) -> None:
    record, job = turn.record, turn.open_job
    is_watched = job is not None and job.phase is Phase.ACTIVE and record.silent_since is None
    if record.is_online is False and is_watched and not record.offline_said:
        turn.record = replace(record, offline_said=True)
        turn.say(notification(turn.record, job, turn.report, Category.OFFLINE))
    elif record.is_online and record.offline_said:
        turn.record = replace(record, offline_said=False)
        if is_watched:
            turn.say(notification(turn.record, job, turn.report, Category.ONLINE))


def _on_status(turn: Turn) -> None:
    record, report = turn.record, turn.report
    turn.facts = facts = read_status(report.status or {})
    was_silent = record.silent_since is not None
    is_first = record.heard_state is None
    is_late = was_silent or (
        turn.after_gap and record.received_at is not None and turn.now - record.received_at > LATE_AFTER
    )
    turn.after_gap = turn.after_gap or was_silent
    turn.last_heard_at = record.received_at
    turn.last_kept = record.job.frames_kept if record.job is not None else None
    errors = follow_errors(record.episodes, record.told_once, facts, turn.now)
    turn.new_codes = () if is_first else errors.new_codes
    state = facts.state or record.heard_state
    is_cancel_new = _has_cancel_code(facts) and not _has_cancel_code(read_status(record.status or {}))
    turn.record = replace(
        record,
        status=report.status,
        received_at=turn.now,
        heard_state=state,
        state=state,
        state_inferred=False,
        silent_since=None,
        offline_said=record.offline_said and not was_silent,
        episodes=errors.episodes,
        told_once=errors.told_once,
        cancel_seen_at=turn.now if is_cancel_new else record.cancel_seen_at,
    )
    if state is not None:
        if is_active(state):
            _on_active(turn, state, is_first)
        elif turn.open_job is not None:
            _learn_frames(turn)
            if is_finished(state):
                end_by_word(turn, state, is_late)
            else:
                _on_unknown_word(turn, state)
    _tell_errors(turn)


def _has_cancel_code(facts: StatusFacts) -> bool:
    """It may stay long after the job that it cancelled: only its coming tells of a cancel."""
    return error_of(facts) in CANCEL_CODES


def _on_active(turn: Turn, state: str, is_first: bool) -> None:
    job = turn.open_job
    if job is not None and (turn.after_gap or job.phase is not Phase.ACTIVE):
        marks = JobMarks(job.task_id, job.name, job.percent, job.has_run)
        if not is_same_job(marks, turn.facts):
            end_unseen(turn)
            begin_job(turn, state, _new_job_id(turn), is_found=True)
            _learn_frames(turn)
            return
        if job.phase is not Phase.ACTIVE:
            _learn_frames(turn)
            _restore_contact(turn, state)
            return
    if job is None:
        is_found = is_first or state == "PAUSE" or (turn.after_gap and state not in PREPARING)
        begin_job(turn, state, _new_job_id(turn), is_found=is_found)
        _learn_frames(turn)
        return
    _learn_frames(turn)
    continue_job(turn, state)


def _new_job_id(turn: Turn) -> str:
    return digest("job", turn.report.id)[:20]


def _restore_contact(turn: Turn, state: str) -> None:
    """The same job is back: it goes on under its old id, and what changed meanwhile is said with it."""
    job = turn.open_job
    assert job is not None
    is_paused_now = state == "PAUSE" and job.state != "PAUSE"
    reason = pause_reason(turn) if is_paused_now else None
    codes = turn.new_codes
    turn.new_codes = ()
    turn.set_job(replace(job, phase=Phase.ACTIVE, lost_at=None, ended_at=None, result=None))
    continue_job(turn, state, is_quiet=True)
    turn.say(
        notification(
            turn.record,
            turn.record.job,
            turn.report,
            Category.CONTACT_RESTORED,
            codes=codes,
            to_state=state,
            reason=reason,
        ),
        photo=True,
    )


def _on_unknown_word(turn: Turn, state: str) -> None:
    """An unknown word is shown and ends nothing."""
    job = turn.open_job
    if job is None or job.phase is not Phase.ACTIVE or job.state == state:
        return
    turn.set_job(replace(job, state=state))
    turn.say(
        notification(
            turn.record, job, turn.report, Category.STATE_CHANGED, from_state=job.state, to_state=state
        )
    )


def _tell_errors(turn: Turn) -> None:
    """What no other message of this report has told already."""
    if turn.new_codes:
        job = turn.open_job
        watched = job if job is not None and job.phase is Phase.ACTIVE else None
        turn.say(
            notification(
                turn.record,
                watched,
                turn.report,
                Category.ERROR,
                part=turn.new_codes[0],
                codes=turn.new_codes,
            ),
            photo=True,
        )
