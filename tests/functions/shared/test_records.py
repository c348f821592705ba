"""Records that several write: none undoes what another wrote, and a done effect is known as done."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from functions.shared.domain.limits import DONE_MARK_SECONDS
from functions.shared.errors import ConflictError
from functions.shared.ports import Stored
from functions.shared.records import is_done, mark_done, update
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.records import SqliteRecordStore
from tests.support.clock import HandClock


class RacedRecords(SqliteRecordStore):
    """Somebody else counts up right before each of the first `rivals` writes."""

    rivals = 0
    puts = 0

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        self.puts += 1
        if self.rivals:
            self.rivals -= 1
            stored = self.get(key)
            super().put(key, {"count": count_of(stored) + 100}, stored.version if stored else 0)
        return super().put(key, value, expected_version, expires_at)


def count_of(stored: Stored | None) -> int:
    return int(stored.value["count"]) if stored else 0


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def records(tmp_path: Path, clock: HandClock) -> Iterator[RacedRecords]:
    database = SqliteDatabase(tmp_path / "state.sqlite3")
    yield RacedRecords(database, clock)
    database.close()


def counted(records: RacedRecords, change: Callable[[int], int]) -> int:
    def read(value: Mapping[str, Any]) -> int:
        return int(value.get("count", 0))

    return update(records, "k", read, lambda count: {"count": count}, change)


def test_a_record_is_made_and_then_changed(records: RacedRecords) -> None:
    assert counted(records, lambda count: count + 1) == 1
    assert counted(records, lambda count: count + 1) == 2
    assert count_of(records.get("k")) == 2


def test_nothing_is_written_when_nothing_changes(records: RacedRecords) -> None:
    assert counted(records, lambda count: count) == 0
    assert records.get("k") is None
    assert records.puts == 0


def test_what_another_wrote_in_between_is_changed_and_not_undone(records: RacedRecords) -> None:
    records.rivals = 3
    assert counted(records, lambda count: count + 1) == 301
    assert count_of(records.get("k")) == 301


def test_it_is_given_up_when_others_keep_writing(records: RacedRecords) -> None:
    records.rivals = 1000
    with pytest.raises(ConflictError):
        counted(records, lambda count: count + 1)
    assert records.puts == 8


def test_a_mark_lasts_as_long_as_a_message_can_come_back(records: RacedRecords, clock: HandClock) -> None:
    assert not is_done(records, "c-1/started")
    mark_done(records, "c-1/started", clock())
    mark_done(records, "c-1/started", clock())
    clock.pass_time(DONE_MARK_SECONDS - 1)
    assert is_done(records, "c-1/started")
    assert not is_done(records, "c-1/finished")
    clock.pass_time(2)
    assert not is_done(records, "c-1/started")
