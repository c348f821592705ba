"""What the stores say before a check: how many were made today, and whether the job still prints."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from functions.shared.messages.codec import named, recall, to_json
from functions.shared.messages.effects import Inspection
from functions.shared.messages.printer_record import Phase, PrinterRecord
from functions.shared.ports import RecordStore
from functions.shared.records import update


def why_it_does_not_print(record: PrinterRecord | None, request: Inspection) -> str | None:
    """Why a check of the job has no sense any more, or None. What is not known decides nothing."""
    job = record.job if record is not None else None
    if job is None:
        return None
    if job.id != request.job_id or job.phase is Phase.ENDED:
        return "its job is over"
    if job.state == "PAUSE":
        return "the print is paused"
    if job.printing_since > request.printing_since:
        return "the print was paused since"
    return None


BUDGET_KEY = "inspection-budget"


@dataclass(frozen=True, slots=True)
class Budget:
    """How many checks were begun on a UTC day."""

    day: str = ""
    checks: int = field(default=0, metadata=named("looks"))


def day_of(at: float) -> str:
    """The UTC day of a time in seconds since 1970, as 2026-11-22."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def checks_today(records: RecordStore, at: float) -> int:
    """How many looks were begun on the UTC day of `at`."""
    stored = records.get(BUDGET_KEY)
    return _budget_of(stored.value if stored else {}, at).checks


def count_check(records: RecordStore, at: float) -> None:
    """Count one more look on that day. Raises ConflictError when others keep counting in between."""
    update(
        records,
        BUDGET_KEY,
        read=lambda value: _budget_of(value, at),
        write=to_json,
        change=lambda budget: replace(budget, checks=budget.checks + 1),
    )


def _budget_of(value: Mapping[str, Any], at: float) -> Budget:
    """What was used up of that day's; another day's is as good as none."""
    budget = recall(Budget, value)
    return budget if budget.day == day_of(at) else Budget(day_of(at))
