"""What is known of prints that are over, newest first: one place to read them from, whoever keeps them."""

from collections.abc import Sequence

from functions.shared.messages.job_history import JobLine
from functions.shared.messages.printer_record import PrinterRecord
from functions.shared.value_class import dataclass


@dataclass(frozen=True, slots=True)
class PastJob:
    """`result` is the category of its end; times are seconds since 1970."""

    printer_id: str
    job_id: str
    name: str | None
    result: str
    ended_at: float
    seconds: float | None = None


def past_job_of(line: JobLine) -> PastJob:
    """As the history lists it."""
    end = line.end
    return PastJob(end.printer_id, end.job_id, end.name, end.result, end.ended_at, end.duration_seconds)


def last_job_of(record: PrinterRecord) -> PastJob | None:
    """The print that a printer's record remembers, if it is over."""
    job = record.job
    if job is None or job.ended_at is None or job.result is None:
        return None
    seconds = job.ended_at - job.started_at if job.start_is_known and job.has_run else None
    return PastJob(record.printer_id, job.id, job.name, job.result, job.ended_at, seconds)


def newest_first(records: Sequence[PrinterRecord]) -> list[PastJob]:
    """Of records, each of which remembers one."""
    jobs = [job for record in records if (job := last_job_of(record)) is not None]
    return sorted(jobs, key=lambda job: job.ended_at, reverse=True)
