"""What the stores say before a check: how many were made today, and whether the job still prints."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from functions.shared.messages.effects import Inspection
from functions.shared.ports import RecordStore
from functions.shared.records import update


def why_it_does_not_print(record: Mapping[str, Any] | None, request: Inspection) -> str | None:
    """Why a check of the job has no sense any more, or None. Total: what is not known decides nothing."""
    job = record.get("job") if record is not None else None
    if not isinstance(job, Mapping):
        return None
    job_id = job.get("id")
    if isinstance(job_id, str) and job_id != request.job_id:
        return "its job is over"
    if job.get("phase") == "ended":
        return "its job is over"
    if job.get("state") == "PAUSE":
        return "the print is paused"
    printing_since = job.get("settled_at")
    if isinstance(printing_since, int | float) and printing_since > request.printing_since:
        return "the print was paused since"
    return None


BUDGET_KEY = "inspection-budget"


def day_of(at: float) -> str:
    """The UTC day of a time in seconds since 1970, as 2026-11-22."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def checks_today(records: RecordStore, at: float) -> int:
    """How many looks were begun on the UTC day of `at`."""
    stored = records.get(BUDGET_KEY)
    return _checks_of(stored.value if stored else None, day_of(at))


def count_check(records: RecordStore, at: float) -> None:
    """Count one more look on that day. Raises ConflictError when others keep counting in between."""
    day = day_of(at)
    update(
        records,
        BUDGET_KEY,
        read=lambda value: _checks_of(value, day),
        write=lambda checks: {"day": day, "looks": checks},
        change=lambda checks: checks + 1,
    )


def _checks_of(value: Mapping[str, Any] | None, day: str) -> int:
    checks = value.get("looks") if value is not None and value.get("day") == day else None
    return checks if isinstance(checks, int) else 0
