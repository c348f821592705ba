"""How full the queues are can be read at any time, and reading is in nobody's way."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from functions.shared.domain.keys import digest
from functions.shared.errors import TransientError
from functions.shared.ports import Outgoing
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.queue import QueueFigures, SqliteQueue, read_queue_figures
from tests.support.clock import HandClock


def message(number: int) -> Outgoing:
    return Outgoing(f"body {number}", digest("group", str(number)), digest(str(number)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state with space.sqlite3"


def test_what_waits_how_long_and_what_was_given_up(path: Path) -> None:
    clock = HandClock()
    database = SqliteDatabase(path)
    assert read_queue_figures(path, clock()) == {}
    reports = SqliteQueue(database, "reports", True, 60.0, None, clock)
    films = SqliteQueue(database, "films", False, 60.0, None, clock)
    reports.send([message(number) for number in range(3)])
    sent_at = clock()
    films.send([message(9)])
    (film,) = films.receive()
    films.dead_letter(film, "no film")
    first, *_ = reports.receive()
    reports.acknowledge(first)
    assert read_queue_figures(path, sent_at + 7) == {
        "reports": QueueFigures(2, 7.0, 0),
        "films": QueueFigures(0, 0.0, 1),
    }
    assert read_queue_figures(path, sent_at - 100)["reports"].oldest_seconds == 0.0  # a clock that jumped
    database.close()


def test_it_reads_while_another_writes_and_holds_up_no_writer(path: Path) -> None:
    clock = HandClock()
    database = SqliteDatabase(path)
    queue = SqliteQueue(database, "reports", True, 60.0, None, clock)
    queue.send([message(1)])
    with database.writing() as connection:
        connection.execute("DELETE FROM message")
        assert read_queue_figures(path, clock())["reports"].waiting == 1
    assert read_queue_figures(path, clock()) == {}
    database.close()


def test_a_locked_missing_or_broken_file_is_a_fault_that_may_pass(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.storage.queue._BUSY_SECONDS", 0.01)
    with pytest.raises(TransientError, match="unable to open"):
        read_queue_figures(path, 0.0)
    assert not path.exists()  # asking makes no file
    SqliteDatabase(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TransientError, match="locked"):
            read_queue_figures(path, 0.0)
    path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    with pytest.raises(TransientError, match="not a database"):
        read_queue_figures(path, 0.0)
