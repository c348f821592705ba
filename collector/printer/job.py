"""Which job a printer is at, as the edge follows it: begins at idle to active, survives all gaps."""

from dataclasses import replace

from collector.outbox.model import EdgeJob
from functions.shared.domain.job_identity import JobFingerprint, is_same_job, with_facts
from functions.shared.domain.keys import digest, job_prefix
from functions.shared.domain.status import PREPARING, PrinterStatus, is_active, is_finished

_TOKEN_LENGTH = 16


def track_job(
    job: EdgeJob | None, facts: PrinterStatus, *, printer_id: str, now: float, after_gap: bool
) -> EdgeJob | None:
    """The job after one more status; `now` is edge time in seconds.

    A finished word ends it (the job is still returned, no longer active); unknown words end nothing. A
    calibration is no job, and ends one only after a gap.
    """
    is_ended = is_finished(facts.state) or (
        is_active(facts.state) and facts.is_calibrating and (after_gap or job is None or not job.is_active)
    )
    if is_ended:
        return replace(job, is_active=False) if job is not None and job.is_active else job
    if not is_active(facts.state):
        return job
    if job is None or not job.is_active or (after_gap and not _is_same(job.fingerprint, facts, now)):
        job = _begun(printer_id, now, job)
    fingerprint = with_facts(job.fingerprint, facts, now)
    return replace(job, prefix=job.prefix or _prefix(printer_id, facts, fingerprint), fingerprint=fingerprint)


def _is_same(fingerprint: JobFingerprint, facts: PrinterStatus, now: float) -> bool:
    heard_at = fingerprint.heard_at
    return is_same_job(fingerprint, facts, None if heard_at is None else max(0.0, now - heard_at))


def _begun(printer_id: str, now: float, before: EdgeJob | None) -> EdgeJob:
    token = digest("job", printer_id, repr(now), before.token if before else "")[:_TOKEN_LENGTH]
    return EdgeJob(token, now, None, JobFingerprint(None, None, None, has_run=False), is_active=True)


def _prefix(printer_id: str, facts: PrinterStatus, fingerprint: JobFingerprint) -> str | None:
    """The folder is fixed as soon as the name is known, at the latest when the job runs."""
    if fingerprint.name is None and facts.state in PREPARING:
        return None
    return job_prefix(printer_id, fingerprint.name)
