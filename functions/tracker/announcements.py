"""What is told of the events of one report: effects, by the table in `events`."""

from collections.abc import Sequence
from typing import Any

from functions.shared.domain.faults import Severity, faults_of
from functions.shared.domain.figures import known_remaining
from functions.shared.domain.keys import effect_id
from functions.shared.domain.status import PAUSED
from functions.shared.messages.effects import (
    Category,
    Effect,
    Inspection,
    JobSnapshot,
    Notification,
    Timelapse,
)
from functions.shared.messages.printer_record import Job, Phase, PrinterRecord
from functions.shared.messages.report import Report
from functions.tracker.evaluation import fresh_frame
from functions.tracker.events import ANNOUNCEMENTS, TELL_CODES, Event, EventKind

_RANK = {Severity.NOTICE: 0, Severity.ATTENTION: 1, Severity.CRITICAL: 2}


def announce(events: Sequence[Event], record: PrinterRecord, report: Report) -> tuple[Effect, ...]:
    """The effects of all that happened in a report; `record` is the one after it.

    What one message tells no other repeats: who is quiet depends on what happened, not on who comes first.
    """
    happened = {event.kind for event in events}
    appeared = next((event.codes for event in events if event.kind is EventKind.CODES_APPEARED), ())
    effects: list[Effect | None] = []
    for event in events:
        if event.kind is EventKind.FILM_DUE:
            effects.append(_timelapse(event, record, report))
        elif event.kind is EventKind.CHECK_DUE:
            effects.append(_inspection(event, record, report))
        elif ANNOUNCEMENTS[event.kind].quiet_beside.isdisjoint(happened):
            effects.append(_notification(event, appeared, record, report))
    return tuple(effect for effect in effects if effect is not None)


def _notification(
    event: Event, appeared: tuple[str, ...], record: PrinterRecord, report: Report
) -> Notification:
    row = ANNOUNCEMENTS[event.kind]
    codes = (appeared if event.kind in TELL_CODES else ()) or event.codes
    faults = faults_of(codes, record.model)
    return Notification(
        id=effect_id(report.id, row.category.value, *([event.part] if event.part else [])),
        category=row.category,
        printer_id=record.printer_id,
        observed_at=report.observed_at,
        model=record.model,
        duration_seconds=event.duration_seconds,
        from_state=event.from_state,
        to_state=event.to_state,
        reason=event.reason,
        faults=faults,
        severity=max((row.severity, *(fault.severity for fault in faults)), key=_RANK.__getitem__),
        frame=fresh_frame(record, report.observed_at) if row.has_photo else None,
        ended=event.job is not None and event.job.phase is Phase.SILENCED,
        late_end=event.is_late,
        **_job_facts(event.job),
    )


def _inspection(event: Event, record: PrinterRecord, report: Report) -> Inspection | None:
    """None for a job of which no frame was ever kept: there is nothing to look at."""
    job = event.job
    if job is None or job.prefix is None:
        return None
    return Inspection(
        id=effect_id(report.id, "inspection"),
        printer_id=record.printer_id,
        observed_at=report.observed_at,
        prefix=job.prefix,
        since=job.started_at,
        frame=record.frame,
        model=record.model,
        printing_since=job.printing_since,
        **_job_facts(job),
    )


def _timelapse(event: Event, record: PrinterRecord, report: Report) -> Timelapse | None:
    """None for a job of which no frame was ever kept: there is nothing to show."""
    job = event.job
    if job is None or job.prefix is None:
        return None
    return Timelapse(
        id=effect_id(report.id, "timelapse", job.id),
        printer_id=record.printer_id,
        job_id=job.id,
        observed_at=report.observed_at,
        prefix=job.prefix,
        since=job.started_at,
        until=event.until,
        frames_kept=event.frames_kept,
        model=record.model,
        job_name=job.name,
        result=Category(job.result or Category.ENDED),
        duration_seconds=event.duration_seconds,
    )


def _job_facts(job: Job | None) -> dict[str, Any]:
    """What a notification and an inspection say of a job, by their names."""
    if job is None:
        return {}
    snapshot = JobSnapshot(
        job.name,
        job.percent,
        job.layer,
        job.total_layers,
        _shown_remaining(job),
        is_paused=job.phase is Phase.ACTIVE and job.state in PAUSED,
    )
    return {"job_id": job.id, "job": snapshot}


def _shown_remaining(job: Job) -> int | None:
    """Minutes left of a job that goes on: one that is paused, or not heard of, has no time to be over."""
    is_under_way = job.phase is Phase.ACTIVE and job.state not in PAUSED
    return known_remaining(job.remaining_minutes, job.percent) if is_under_way else None
