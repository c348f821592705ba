"""What the stores say before a check: the budget of the day, and whether the job still prints."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.inspection.state import BUDGET_KEY, checks_today, count_check, day_of, why_it_does_not_print
from functions.shared.domain.keys import printer_key
from functions.shared.errors import ConflictError
from functions.shared.messages.effects import Inspection
from functions.shared.messages.printer_record import (
    Job,
    Phase,
    PrinterRecord,
    printer_record_of,
    record_to_json,
)
from functions.shared.ports import Stored
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.records import SqliteRecordStore
from tests.support.timeouts import TIMEOUT

DAY = 86_400.0
MIDNIGHT = 1_763_769_600.0


@pytest.fixture
def records(tmp_path: Path) -> Iterator[SqliteRecordStore]:
    database = SqliteDatabase(tmp_path / "state.sqlite3")
    yield SqliteRecordStore(database, lambda: MIDNIGHT)
    database.close()


def test_checks_are_counted_by_utc_days(records: SqliteRecordStore) -> None:
    assert day_of(MIDNIGHT) == "2025-11-22"
    assert checks_today(records, MIDNIGHT) == 0
    for at in (MIDNIGHT, MIDNIGHT + 1, MIDNIGHT + DAY - 1):
        count_check(records, at)
    assert checks_today(records, MIDNIGHT + DAY - 1) == 3
    assert checks_today(records, MIDNIGHT + DAY) == 0
    count_check(records, MIDNIGHT + DAY)
    assert checks_today(records, MIDNIGHT + DAY) == 1


def test_junk_in_the_count_starts_the_day_afresh(records: SqliteRecordStore) -> None:
    records.put(BUDGET_KEY, {"day": 5, "looks": "x"}, 0)
    count_check(records, MIDNIGHT)
    assert checks_today(records, MIDNIGHT) == 1


def test_rivals_count_every_check(records: SqliteRecordStore) -> None:
    def count_ten() -> None:
        counted = 0
        while counted < 10:
            with contextlib.suppress(ConflictError):
                count_check(records, MIDNIGHT)
                counted += 1

    threads = [threading.Thread(target=count_ten) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=TIMEOUT)
    assert checks_today(records, MIDNIGHT) == 20


REQUEST = Inspection("i", "p", "job-1", 100.0, "images/p/j/", 0.0, printing_since=50.0)


JOB = Job(
    id="job-1",
    started_at=0.0,
    start_is_known=True,
    state="RUNNING",
    printing_since=50.0,
    next_photo_at=0.0,
    next_inspection_at=0.0,
)


def read_by_inspection(value: dict[str, Any]) -> PrinterRecord:
    return printer_record_of(Stored(printer_key("p"), json.loads(json.dumps(value)), 1))


def announced(**changes: Any) -> str | None:
    stored = record_to_json(PrinterRecord("p", job=replace(JOB, **changes)))
    return why_it_does_not_print(read_by_inspection(stored), REQUEST)


def test_the_trackers_own_record_is_understood() -> None:
    assert announced() is None
    assert announced(phase=Phase.ENDED) == "its job is over"
    assert announced(id="job-2") == "its job is over"
    assert announced(state="PAUSE") == "the print is paused"
    assert announced(printing_since=60.0) == "the print was paused since"
    assert announced(phase=Phase.LOST) is None
    assert why_it_does_not_print(read_by_inspection(record_to_json(PrinterRecord("p"))), REQUEST) is None
    assert why_it_does_not_print(None, REQUEST) is None


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["id", "phase", "state", "settled_at"]), st.none() | st.text() | st.integers()
    )
)
def test_no_record_can_raise(job: dict[str, object]) -> None:
    stored = record_to_json(PrinterRecord("p", job=JOB))
    why_it_does_not_print(read_by_inspection(stored | {"job": stored["job"] | job}), REQUEST)
