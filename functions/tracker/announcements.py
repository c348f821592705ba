"""Building effects out of a record: what every message carries along."""

from dataclasses import replace
from typing import Any

from functions.shared.domain.error_codes import Severity, fault_of
from functions.shared.domain.keys import effect_id
from functions.shared.domain.limits import PHOTO_AGE_LIMIT_SECONDS, REMAINING_TRUSTED_FROM_PERCENT
from functions.shared.messages.effects import Category, Inspection, Notification, Timelapse
from functions.shared.messages.printer_record import Job, PrinterRecord
from functions.shared.messages.report import Report

_RANK = {Severity.NOTICE: 0, Severity.ATTENTION: 1, Severity.CRITICAL: 2}
_SEVERITIES = {
    Category.PAUSED: Severity.ATTENTION,
    Category.FAILED: Severity.CRITICAL,
    Category.CONTACT_LOST: Severity.ATTENTION,
    Category.OFFLINE: Severity.ATTENTION,
}


def notification(
    record: PrinterRecord,
    job: Job | None,
    report: Report,
    category: Category,
    *,
    part: str = "",
    codes: tuple[str, ...] = (),
    **said: Any,
) -> Notification:
    """A message about the printer and its job as they stand; `part` tells apart two of one category."""
    faults = tuple(fault_of(code) for code in codes)
    severities = [_SEVERITIES.get(category, Severity.NOTICE), *(fault.severity for fault in faults)]
    base = Notification(
        id=effect_id(report.id, category.value, *([part] if part else [])),
        category=category,
        printer_id=record.printer_id,
        observed_at=report.observed_at,
        model=record.model,
        faults=faults,
        severity=max(severities, key=_RANK.__getitem__),
    )
    if job is not None:
        base = replace(
            base,
            job_id=job.id,
            job_name=job.name,
            percent=job.percent,
            layer=job.layer,
            total_layers=job.total_layers,
            remaining_minutes=shown_remaining(job),
        )
    return replace(base, **said)


def with_photo(message: Notification, record: PrinterRecord) -> Notification:
    """The message with the newest frame, unless that is too old to show."""
    frame = record.frame
    if frame is None or message.observed_at - frame.taken_at > PHOTO_AGE_LIMIT_SECONDS:
        return message
    return replace(message, frame=frame)


def shown_remaining(job: Job) -> int | None:
    """Remaining minutes; 0 early in a job means that the printer does not know yet."""
    if job.remaining_minutes == 0 and (job.percent or 0) < REMAINING_TRUSTED_FROM_PERCENT:
        return None
    return job.remaining_minutes


def timelapse(
    record: PrinterRecord,
    job: Job,
    report: Report,
    result: Category,
    until: float,
    frames_kept: int | None,
    duration: float | None = None,
) -> Timelapse | None:
    """Ask for the film of a job, if any frame of it was ever kept."""
    if job.prefix is None:
        return None
    return Timelapse(
        id=effect_id(report.id, "timelapse", job.id),
        printer_id=record.printer_id,
        job_id=job.id,
        observed_at=report.observed_at,
        prefix=job.prefix,
        since=job.started_at,
        until=until,
        frames_kept=frames_kept,
        model=record.model,
        job_name=job.name,
        result=result,
        duration_seconds=duration,
    )


def inspection(record: PrinterRecord, job: Job, report: Report) -> Inspection | None:
    """Ask for a check of a job, if any frame of it was ever kept."""
    if job.prefix is None:
        return None
    return Inspection(
        id=effect_id(report.id, "inspection"),
        printer_id=record.printer_id,
        job_id=job.id,
        observed_at=report.observed_at,
        prefix=job.prefix,
        since=job.started_at,
        frame=record.frame,
        model=record.model,
        job_name=job.name,
        percent=job.percent,
        layer=job.layer,
        total_layers=job.total_layers,
        remaining_minutes=shown_remaining(job),
        printing_since=job.printing_since,
    )
