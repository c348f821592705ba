"""The looks of a day (UTC) over all printers, counted in the RecordStore so that a restart forgets none."""

from datetime import UTC, datetime

from functions.bridge.errors import ConflictError
from functions.bridge.ports import RecordStore

BUDGET_KEY = "inspection-budget"
_ATTEMPTS = 8


def day_of(at: float) -> str:
    """The UTC day of a time in seconds since 1970, as 2026-11-22."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def looks_today(records: RecordStore, at: float) -> int:
    """How many looks were begun on the UTC day of `at`."""
    return _read(records, at)[0]


def count_look(records: RecordStore, at: float) -> None:
    """Count one more look on that day. Raises ConflictError when others keep counting in between."""
    for attempt in range(_ATTEMPTS):
        looks, version = _read(records, at)
        try:
            records.put(BUDGET_KEY, {"day": day_of(at), "looks": looks + 1}, version)
        except ConflictError:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


def _read(records: RecordStore, at: float) -> tuple[int, int]:
    stored = records.get(BUDGET_KEY)
    if stored is None:
        return 0, 0
    looks = stored.value.get("looks")
    if stored.value.get("day") != day_of(at) or not isinstance(looks, int):
        return 0, stored.version
    return looks, stored.version
