"""The record contract on a real SQLite file, and what only the embedded store promises."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.shared.errors import ContractError
from functions.shared.ports import Stored
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.records import SqliteRecordStore
from tests.support.clock import HandClock
from tests.support.contracts.records import RecordHarness, RecordsContract


class SqliteHarness(RecordHarness):
    def __init__(self, path: Path) -> None:
        self.clock = HandClock()
        self.database = SqliteDatabase(path)
        self.records = SqliteRecordStore(self.database, self.clock)

    def now(self) -> float:
        return self.clock()

    def pass_time(self, seconds: float) -> None:
        self.clock.pass_time(seconds)


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[SqliteHarness]:
    harness = SqliteHarness(tmp_path / "state.sqlite3")
    yield harness
    harness.database.close()


class TestSqliteRecords(RecordsContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[SqliteHarness]:
        harness = SqliteHarness(tmp_path / "state.sqlite3")
        yield harness
        harness.database.close()


def test_records_and_marks_outlive_a_kill(harness: SqliteHarness) -> None:
    harness.records.put("printer/A1", {"state": "RUNNING"}, 0)
    harness.records.put_if_absent("done/x", harness.now() + 100)
    reopened = SqliteDatabase(harness.database.path)
    records = SqliteRecordStore(reopened, harness.clock)
    assert records.get("printer/A1") == Stored("printer/A1", {"state": "RUNNING"}, 1)
    assert records.put_if_absent("done/x", harness.now() + 100) is False
    reopened.close()


@pytest.mark.parametrize("value", [{"x": float("nan")}, {"x": float("inf")}, {"x": {1, 2}}])
def test_a_value_that_is_no_json_is_refused_and_changes_nothing(
    harness: SqliteHarness, value: dict[str, Any]
) -> None:
    with pytest.raises(ContractError):
        harness.records.put("k", value, 0)
    assert harness.records.get("k") is None


def test_a_conflict_and_a_mark_that_is_set_already_cost_no_write(harness: SqliteHarness) -> None:
    harness.records.put_if_absent("done/x", harness.now() + 100)
    commits = harness.database.commits
    assert not harness.records.put_if_absent("done/x", harness.now() + 100)
    with pytest.raises(ContractError):
        harness.records.put("k", {"x": float("nan")}, 0)
    assert harness.database.commits == commits


def test_an_expired_mark_gives_way_to_a_record(harness: SqliteHarness) -> None:
    harness.records.put_if_absent("k", harness.now() + 100)
    harness.pass_time(101)
    assert harness.records.put("k", {"n": 1}, 0) == 1
    harness.pass_time(10_000)
    assert harness.records.get("k") == Stored("k", {"n": 1}, 1)
