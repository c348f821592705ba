"""Which job a printer is at, as the edge follows it: begins at idle to active, survives all gaps."""

from dataclasses import replace

from collector.outbox.model import EdgeJob
from functions.shared.domain.job_identity import JobFingerprint, is_same_job
from functions.shared.domain.keys import digest, job_prefix
from functions.shared.domain.status import PREPARING, PrinterStatus, is_active, is_finished

_TOKEN_LENGTH = 16


def track_job(
    job: EdgeJob | None, facts: PrinterStatus, *, printer_id: str, now: float, after_gap: bool
) -> EdgeJob | None:
    """The job after one more status; `now` is edge time in seconds.

    A finished word ends it (the job is still returned, no longer active); unknown words end nothing.
    """
    if is_finished(facts.state):
        return replace(job, is_active=False) if job is not None and job.is_active else job
    if not is_active(facts.state):
        return job
    if job is None or not job.is_active or (after_gap and not is_same_job(job.fingerprint, facts)):
        job = _begun(printer_id, now, job)
    fingerprint = _with_facts(job.fingerprint, facts)
    return replace(job, prefix=job.prefix or _prefix(printer_id, facts, fingerprint), fingerprint=fingerprint)


def _begun(printer_id: str, now: float, before: EdgeJob | None) -> EdgeJob:
    token = digest("job", printer_id, repr(now), before.token if before else "")[:_TOKEN_LENGTH]
    return EdgeJob(token, now, None, JobFingerprint(None, None, None, has_run=False), is_active=True)


def _with_facts(fingerprint: JobFingerprint, facts: PrinterStatus) -> JobFingerprint:
    """While preparing, the percent may still be the last job's; as in the tracker it never goes back."""
    is_preparing = facts.state in PREPARING
    return JobFingerprint(
        task_id=facts.task_id or fingerprint.task_id,
        name=facts.job_name or fingerprint.name,
        percent=fingerprint.percent
        if is_preparing or facts.percent is None
        else max(facts.percent, fingerprint.percent or 0),
        has_run=fingerprint.has_run or not is_preparing,
    )


def _prefix(printer_id: str, facts: PrinterStatus, fingerprint: JobFingerprint) -> str | None:
    """The folder is fixed as soon as the name is known, at the latest when the job runs."""
    if fingerprint.name is None and facts.state in PREPARING:
        return None
    return job_prefix(printer_id, fingerprint.name)
