"""Which job is it after a gap? One rule for the edge (folders, counts) and the tracker (messages)."""

from dataclasses import dataclass

from functions.shared.domain.status import PREPARING, StatusFacts


@dataclass(frozen=True, slots=True)
class JobMarks:
    """What a recorded job is recognised by; `has_run` is true once its state was past preparing."""

    task_id: str | None
    name: str | None
    percent: int | None
    has_run: bool


def is_same_job(marks: JobMarks, facts: StatusFacts) -> bool:
    """Whether an active status seen after a gap is the recorded job's. Missing facts decide nothing."""
    if facts.task_id is not None and marks.task_id is not None and facts.task_id != marks.task_id:
        return False
    if facts.job_name is not None and marks.name is not None and facts.job_name != marks.name:
        return False
    if facts.percent is not None and marks.percent is not None and facts.percent < marks.percent - 1:
        return False
    return not (facts.state in PREPARING and marks.has_run)
