"""What a report adds to the history of its job: a point of the curve, a pause, a code; and its end.

Little of it is worth a write of its own. It waits in the printer's record, which is written anyway, until
there is enough of it or the job is over.
"""

from collections.abc import Sequence
from dataclasses import replace

from functions.shared.domain.error_codes import CANCEL_CODES
from functions.shared.domain.faults import fault_of
from functions.shared.domain.job_curve import CurvePoint, encode_curve, is_point_due, merged_curve
from functions.shared.domain.keys import is_lasting
from functions.shared.domain.sensors import read_sensors
from functions.shared.domain.status import PAUSED
from functions.shared.messages.job_history import (
    CODES_LIMIT,
    JobCourse,
    JobEnd,
    JobHistoryChange,
    Pause,
    paused_in,
)
from functions.shared.messages.printer_record import Job, Phase, PrinterRecord
from functions.shared.messages.report import FrameReference, ReportKind
from functions.tracker.evaluation import Evaluation, fresh_frame
from functions.tracker.events import Event, EventKind

_ENDS = frozenset(
    {
        EventKind.JOB_FINISHED,
        EventKind.JOB_FAILED,
        EventKind.JOB_CANCELLED,
        EventKind.JOB_NEVER_BEGAN,
        EventKind.JOB_ENDED,
        EventKind.JOB_ENDED_UNSEEN,
        EventKind.JOB_ENDED_BY_SILENCE,
        EventKind.CONTACT_LOST,  # if the job is taken to be over with it
    }
)
_UNSEEN = frozenset({EventKind.JOB_ENDED_UNSEEN, EventKind.JOB_ENDED_BY_SILENCE, EventKind.CONTACT_LOST})
_PAUSES = frozenset(
    {
        EventKind.PAUSED,
        EventKind.PAUSED_ON_PURPOSE,
        EventKind.JOB_FOUND,
        EventKind.JOB_STARTED,
        EventKind.CONTACT_RESTORED,
    }
)


def follow_history(
    evaluation: Evaluation, record: PrinterRecord, events: Sequence[Event]
) -> tuple[PrinterRecord, tuple[JobHistoryChange, ...]]:
    """The record after the report with what is to be kept of its job, and what is kept now."""
    before, changes = evaluation.before.job, list[JobHistoryChange]()
    for event in events:
        if event.kind in _ENDS and event.job is not None and event.job.ended_at is not None:
            ended = event.job
            if record.job is not None and record.job.id == ended.id:
                ended = _followed(evaluation, record.job, events)
                # One that fell silent while it was paused may be back, and still be paused.
                course = _still_open(ended) if ended.phase is Phase.SILENCED else JobCourse()
                record = replace(record, job=replace(ended, course=course))
            changes.append(_change_at_end(evaluation, ended, event, record))
            break
    job = record.job
    if job is None or any(change.job_id == job.id for change in changes) or job.phase is not Phase.ACTIVE:
        return record, tuple(changes)
    job = _followed(evaluation, job, events)
    is_back = before is not None and before.id == job.id and before.ended_at is not None
    if is_back or job.course.is_worth_a_write:
        ended_before = before.ended_at if is_back and before is not None else None
        change = JobHistoryChange(job.id, record.printer_id, job.course, ended_before=ended_before)
        changes.append(change)
        job = replace(job, course=_still_open(job))
    return (record if job == record.job else replace(record, job=job)), tuple(changes)


def _still_open(job: Job) -> JobCourse:
    """What of its course is not over."""
    return JobCourse(pauses=tuple(pause for pause in job.course.pauses if pause.ended_at is None))


def _followed(evaluation: Evaluation, job: Job, events: Sequence[Event]) -> Job:
    """The job with what this report adds to its course."""
    before = evaluation.before.job
    earlier = before if before is not None and before.id == job.id else None
    job = _with_pause(evaluation.now, earlier, job, events)
    codes = tuple(dict.fromkeys((*job.course.codes, *_new_codes(evaluation, events))))[:CODES_LIMIT]
    if codes != job.course.codes:
        job = replace(job, course=replace(job.course, codes=codes))
    return _with_point(evaluation, job)


def _new_codes(evaluation: Evaluation, events: Sequence[Event]) -> tuple[str, ...]:
    told = [code for event in events for code in event.codes]
    return tuple(code for code in (*evaluation.new_codes, *told) if code not in CANCEL_CODES)


def _with_pause(now: float, earlier: Job | None, job: Job, events: Sequence[Event]) -> Job:
    was_paused = earlier is not None and earlier.state in PAUSED
    is_paused = job.state in PAUSED
    pauses = job.course.pauses
    if is_paused and not was_paused:
        reason = next((event.reason for event in events if event.kind in _PAUSES and event.reason), None)
        return replace(job, course=replace(job.course, pauses=(*pauses, Pause(now, None, reason))))
    if was_paused and not is_paused and pauses and pauses[-1].ended_at is None:
        over = replace(pauses[-1], ended_at=now)
        lasted = max(0.0, now - over.began_at)
        return replace(
            job,
            course=replace(job.course, pauses=(*pauses[:-1], over)),
            paused_seconds=round(job.paused_seconds + lasted, 1),
        )
    return job


def _with_point(evaluation: Evaluation, job: Job) -> Job:
    seconds = evaluation.now - job.started_at
    if evaluation.report.kind is not ReportKind.STATUS or job.phase is not Phase.ACTIVE or seconds < 0:
        return job
    if not is_point_due(seconds, job.point_at):
        return job
    point = _point(evaluation, job)
    course = replace(job.course, curve=encode_curve(merged_curve(job.course.points, (point,))))
    return replace(job, course=course, point_at=point.seconds)


def _point(evaluation: Evaluation, job: Job) -> CurvePoint:
    degrees = read_sensors(evaluation.report.status or {}).temperatures
    nozzle, bed, chamber = (
        round(degrees[name]) if name in degrees else None for name in ("nozzle", "bed", "chamber")
    )
    return CurvePoint(int(evaluation.now - job.started_at), job.percent, nozzle, bed, chamber)


def _change_at_end(evaluation: Evaluation, job: Job, event: Event, record: PrinterRecord) -> JobHistoryChange:
    """`job` as it ended, with all that waits of its course."""
    assert job.ended_at is not None
    before, now = evaluation.before.job, evaluation.now
    was_over = before is not None and before.id == job.id and before.ended_at is not None
    is_seen = event.kind not in _UNSEEN and not event.is_late
    heard_at = evaluation.before.received_at
    paused_until = job.ended_at if is_seen or heard_at is None else min(job.ended_at, heard_at)
    still_paused = paused_in(_still_open(job).pauses, paused_until)
    has_point = is_seen and evaluation.report.kind is ReportKind.STATUS and now >= job.started_at
    end = JobEnd(
        job_id=job.id,
        printer_id=record.printer_id,
        model=record.model,
        name=job.name,
        result=job.result or "ended",
        reason=_reason(event),
        codes=event.codes,
        started_at=job.started_at,
        start_is_known=job.start_is_known,
        ended_at=job.ended_at,
        end_is_known=is_seen,
        percent=job.percent,
        layer=job.layer,
        total_layers=job.total_layers,
        paused_seconds=round(job.paused_seconds + still_paused, 1),
        frame=_last_frame(record, now) if event.kind is not EventKind.JOB_ENDED_UNSEEN else None,
        last_point=encode_curve([_point(evaluation, job)]) if has_point else "",
    )
    ended_before = before.ended_at if was_over and before is not None else None
    return JobHistoryChange(job.id, record.printer_id, job.course, end, ended_before)


def _last_frame(record: PrinterRecord, now: float) -> FrameReference | None:
    """One that will still be the same picture when the job is looked at."""
    frame = fresh_frame(record, now)
    return frame if frame is not None and is_lasting(frame.key, record.printer_id) else None


def _reason(event: Event) -> str | None:
    """In words, else the code that explains the end."""
    if event.reason:
        return event.reason
    texts = (fault_of(code).text for code in event.codes)
    said = next((text for text in texts if text), None)
    return said or (f"Error {event.codes[0]}" if event.codes else None)
