"""Which job is it after a gap? One rule for the edge (folders, counts) and the tracker (messages).

Evidence in its order: ids, what time allows, names, figures; what is missing proves nothing (decision 0012).
"""

from dataclasses import replace

from functions.shared.domain.job_names import are_different_files
from functions.shared.domain.status import PREPARING, PrinterStatus
from functions.shared.value_class import dataclass

# In less no printer ends a job, is emptied, and has another running: preparing alone takes longer.
SHORT_GAP_SECONDS = 120.0
# The printer's estimate of the rest errs by about so much: a job may have ended that much sooner.
_REMAINING_TRUST = 0.9


@dataclass(frozen=True, slots=True)
class JobFingerprint:
    """What a recorded job is recognised by; `has_run` is true once its state was past preparing.

    `percent`, `layer` and `remaining_minutes` are the newest known.
    """

    task_id: str | None
    name: str | None
    percent: int | None
    has_run: bool
    layer: int | None = None
    remaining_minutes: int | None = None
    heard_at: float | None = None


def is_same_job(fingerprint: JobFingerprint, facts: PrinterStatus, gap: float | None) -> bool:
    """Whether an active status seen after a gap is the recorded job's.

    `gap`: seconds since a known word of the printer was heard; None: nobody knows, it may be long.
    """
    if facts.task_id is not None and fingerprint.task_id is not None:
        return facts.task_id == fingerprint.task_id
    if are_different_files(facts.job_name, fingerprint.name):
        return False
    if facts.state in PREPARING and fingerprint.has_run:
        return False
    if gap is not None and gap <= SHORT_GAP_SECONDS:
        return True
    return not (_has_fallen(fingerprint, facts) and _could_have_ended(fingerprint, gap))


def is_end_of(fingerprint: JobFingerprint, facts: PrinterStatus) -> bool:
    """Whether a finished word seen after a gap is the recorded job's."""
    if facts.task_id is not None and fingerprint.task_id is not None:
        return facts.task_id == fingerprint.task_id
    return not are_different_files(facts.job_name, fingerprint.name)


def with_facts(fingerprint: JobFingerprint, facts: PrinterStatus, heard_at: float) -> JobFingerprint:
    """After a status of that job with a known active word.

    While preparing, the figures may still be the last job's. Under one id the name first told stays.
    """
    is_preparing = facts.state in PREPARING
    is_known_task = facts.task_id is not None and facts.task_id == fingerprint.task_id
    is_kept = facts.is_calibrating or (is_known_task and fingerprint.name is not None)
    name = fingerprint.name if is_kept else facts.job_name
    heard = replace(
        fingerprint,
        task_id=facts.task_id or fingerprint.task_id,
        name=name or fingerprint.name,
        has_run=fingerprint.has_run or not is_preparing,
        heard_at=heard_at,
    )
    if is_preparing:
        return heard
    remaining = facts.remaining_minutes
    return replace(
        heard,
        percent=fingerprint.percent if facts.percent is None else facts.percent,
        layer=fingerprint.layer if facts.layer is None else facts.layer,
        remaining_minutes=fingerprint.remaining_minutes if remaining is None else remaining,
    )


def _has_fallen(fingerprint: JobFingerprint, facts: PrinterStatus) -> bool:
    """One lower is rounding. The layer counts when the percent is not known."""
    if facts.percent is not None and fingerprint.percent is not None:
        return facts.percent < fingerprint.percent - 1
    if facts.layer is not None and fingerprint.layer is not None:
        return facts.layer < fingerprint.layer - 1
    return False


def _could_have_ended(fingerprint: JobFingerprint, gap: float | None) -> bool:
    if gap is None or fingerprint.remaining_minutes is None:
        return True
    return gap >= fingerprint.remaining_minutes * 60 * _REMAINING_TRUST
