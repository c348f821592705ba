"""Which job is it after a gap? One rule for the edge (folders, counts) and the tracker (messages)."""

from dataclasses import dataclass

from functions.shared.domain.status import PREPARING, PrinterStatus


@dataclass(frozen=True, slots=True)
class JobFingerprint:
    """What a recorded job is recognised by; `has_run` is true once its state was past preparing."""

    task_id: str | None
    name: str | None
    percent: int | None
    has_run: bool


def is_same_job(fingerprint: JobFingerprint, facts: PrinterStatus) -> bool:
    """Whether an active status seen after a gap is the recorded job's. Missing facts decide nothing."""
    if facts.task_id is not None and fingerprint.task_id is not None and facts.task_id != fingerprint.task_id:
        return False
    if facts.job_name is not None and fingerprint.name is not None and facts.job_name != fingerprint.name:
        return False
    if (
        facts.percent is not None
        and fingerprint.percent is not None
        and facts.percent < fingerprint.percent - 1
    ):
        return False
    return not (facts.state in PREPARING and fingerprint.has_run)
