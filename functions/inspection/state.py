"""What the stores say before a check: how many were made today, and whether the job still prints."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from functions.shared.errors import ConflictError
from functions.shared.messages.codec import named, recall, to_json
from functions.shared.messages.effects import Inspection
from functions.shared.messages.printer_record import Phase, PrinterRecord
from functions.shared.ports import RecordStore


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
_ATTEMPTS = 8


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
    return _read(records, at)[0].checks


def count_check(records: RecordStore, at: float) -> None:
    """Count one more look on that day. Raises ConflictError when others keep counting in between."""
    for attempt in range(_ATTEMPTS):
        budget, version = _read(records, at)
        try:
            records.put(BUDGET_KEY, to_json(Budget(budget.day, budget.checks + 1)), version)
        except ConflictError:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


def _read(records: RecordStore, at: float) -> tuple[Budget, int]:
    stored = records.get(BUDGET_KEY)
    budget = recall(Budget, stored.value) if stored else Budget()
    version = stored.version if stored else 0
    return (budget if budget.day == day_of(at) else Budget(day_of(at))), version
