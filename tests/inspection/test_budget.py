"""The looks of a day are counted over all printers, restarts and rivals."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.bridge.embedded.sqlite_database import SqliteDatabase
from functions.bridge.embedded.sqlite_records import SqliteRecordStore
from functions.bridge.errors import ConflictError
from functions.inspection.budget import BUDGET_KEY, count_look, day_of, looks_today
from tests.fakes.patience import PATIENCE

DAY = 86_400.0
MIDNIGHT = 1_763_769_600.0


@pytest.fixture
def records(tmp_path: Path) -> Iterator[SqliteRecordStore]:
    database = SqliteDatabase(tmp_path / "state.sqlite3")
    yield SqliteRecordStore(database, lambda: MIDNIGHT)
    database.close()


def test_looks_are_counted_by_utc_days(records: SqliteRecordStore) -> None:
    assert day_of(MIDNIGHT) == "2025-11-22"
    assert looks_today(records, MIDNIGHT) == 0
    for at in (MIDNIGHT, MIDNIGHT + 1, MIDNIGHT + DAY - 1):
        count_look(records, at)
    assert looks_today(records, MIDNIGHT + DAY - 1) == 3
    assert looks_today(records, MIDNIGHT + DAY) == 0
    count_look(records, MIDNIGHT + DAY)
    assert looks_today(records, MIDNIGHT + DAY) == 1


def test_junk_in_the_count_starts_the_day_afresh(records: SqliteRecordStore) -> None:
    records.put(BUDGET_KEY, {"day": 5, "looks": "x"}, 0)
    count_look(records, MIDNIGHT)
    assert looks_today(records, MIDNIGHT) == 1


def test_rivals_count_every_look(records: SqliteRecordStore) -> None:
    def count_ten() -> None:
        counted = 0
        while counted < 10:
            with contextlib.suppress(ConflictError):
                count_look(records, MIDNIGHT)
                counted += 1

    threads = [threading.Thread(target=count_ten) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=PATIENCE)
    assert looks_today(records, MIDNIGHT) == 20
