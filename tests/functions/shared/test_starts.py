"""How often something was begun by runs of which nobody knows how they ended."""

import logging
from pathlib import Path

import pytest

from functions.shared.domain.keys import starts_key
from functions.shared.domain.limits import DONE_MARK_SECONDS
from functions.shared.starts import Starts
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.records import SqliteRecordStore
from tests.support.clock import HandClock
from tests.support.open_databases import closed_at_the_end


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def records(tmp_path: Path, clock: HandClock) -> SqliteRecordStore:
    return SqliteRecordStore(closed_at_the_end(SqliteDatabase(tmp_path / "state.sqlite3")), clock)


@pytest.fixture
def starts(records: SqliteRecordStore, clock: HandClock) -> Starts:
    return Starts(records, clock)


def test_starts_are_counted_for_each_effect_until_its_end_is_known(starts: Starts) -> None:
    assert [starts.begin("c-1/started") for _ in range(3)] == [1, 2, 3]
    assert starts.begin("c-1/paused") == 1
    starts.end("c-1/started")
    assert starts.begin("c-1/started") == 1
    assert starts.begin("c-1/paused") == 2


def test_one_that_comes_to_no_try_is_taken_back_and_no_other(starts: Starts) -> None:
    starts.begin("c-1/started")
    starts.begin("c-1/started")
    starts.take_back("c-1/started")
    assert starts.begin("c-1/started") == 2


def test_what_was_never_begun_is_not_written(starts: Starts, records: SqliteRecordStore) -> None:
    starts.end("c-1/started")
    assert records.list("starts/") == []


def test_they_are_forgotten_when_the_effect_cannot_come_again(starts: Starts, clock: HandClock) -> None:
    starts.begin("c-1/started")
    clock.pass_time(DONE_MARK_SECONDS + 1)
    assert starts.begin("c-1/started") == 1


@pytest.mark.parametrize("junk", [{}, {"starts": "many"}, {"starts": -7}, {"starts": None}])
def test_junk_counts_as_none(starts: Starts, records: SqliteRecordStore, junk: dict[str, object]) -> None:
    records.put(starts_key("c-1/started"), junk, 0)
    assert starts.begin("c-1/started") == 1


def test_an_end_that_cannot_be_written_is_said_and_ends_nothing(
    starts: Starts, records: SqliteRecordStore, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    starts.begin("c-1/started")
    broken = SqliteDatabase(tmp_path / "closed.sqlite3")
    broken.close()
    with caplog.at_level(logging.WARNING):
        Starts(SqliteRecordStore(broken, HandClock()), HandClock()).end("c-1/started")
    assert "could not be written" in caplog.text
