"""Opening the state file: durable, checked, moved aside when corrupt, and never harmed by a fault."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from collector.outbox.reserve import DiskReserve
from functions.shared.errors import ConfigurationError, NewerVersionError, TransientError
from functions.shared.ports import Outgoing
from infra.local.storage.database import STATE_SCHEMA, SqliteDatabase
from infra.local.storage.queue import SqliteQueue
from infra.local.storage.records import SqliteRecordStore
from tests.support.clock import HandClock
from tests.support.disk import SmallDisk, small_disk
from tests.support.timeouts import TIMEOUT

WRITER = """
import os, signal, sys
from pathlib import Path
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.queue import SqliteQueue
from infra.local.storage.records import SqliteRecordStore
from functions.shared.ports import Outgoing

database = SqliteDatabase(Path(sys.argv[1]))
queue = SqliteQueue(database, "q", True, 30.0, None, lambda: 1000.0)
records = SqliteRecordStore(database, lambda: 1000.0)
queue.send([Outgoing(text, group, text) for text, group in (("a1", "a"), ("a2", "a"), ("b1", "b"))])
first, second, other = queue.receive()
queue.retry(other, 600.0)
records.put("printer/A1", {"percent": 62}, 0)
records.put_if_absent("done/x", 5000.0)
with database.writing() as connection:
    connection.execute("DELETE FROM message")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "state.sqlite3"


def pragma(database: SqliteDatabase, name: str) -> object:
    with database.reading() as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def put(database: SqliteDatabase, key: str = "k", version: int = 0) -> None:
    SqliteRecordStore(database, HandClock()).put(key, {"x": "y" * 200}, version)


def test_a_new_file_is_durable_against_power_cuts_and_numbered(path: Path) -> None:
    database = SqliteDatabase(path)
    assert pragma(database, "journal_mode") == "wal"
    assert pragma(database, "synchronous") == 2
    assert pragma(database, "user_version") == len(STATE_SCHEMA)
    database.close()


def test_a_durable_write_after_a_passing_one_is_synced_again(path: Path) -> None:
    database = SqliteDatabase(path)
    with database.writing(durable=False) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    with database.writing() as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    database.close()


def test_a_kill_in_the_middle_of_a_write_loses_nothing_that_was_committed(path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", WRITER, str(path)], check=False, timeout=TIMEOUT)
    assert killed.returncode == -signal.SIGKILL
    database = SqliteDatabase(path)
    queue = SqliteQueue(database, "q", True, 30.0, None, lambda: 1001.0)
    records = SqliteRecordStore(database, lambda: 1001.0)
    queue.recover()
    assert [delivery.body for delivery in queue.receive()] == ["a1", "a2"]
    assert queue.count() == 3
    queue.send([Outgoing("a repeat", "a", "a1")])
    assert queue.count() == 3
    stored = records.get("printer/A1")
    assert stored is not None
    assert stored.value == {"percent": 62}
    assert records.put_if_absent("done/x", 5000.0) is False
    database.close()


def test_a_second_opening_finds_everything_and_writes_nothing(path: Path) -> None:
    database = SqliteDatabase(path)
    put(database)
    database.close()
    before = path.read_bytes()
    database = SqliteDatabase(path)
    assert SqliteRecordStore(database, HandClock()).get("k") is not None
    assert database.commits == 0
    database.close()
    assert path.read_bytes() == before


@pytest.mark.parametrize("junk", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 8000])
def test_a_file_that_is_no_database_is_moved_aside_and_said(
    path: Path, junk: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(junk)
    with caplog.at_level(logging.ERROR):
        database = SqliteDatabase(path)
    put(database)
    database.close()
    (aside,) = path.parent.glob("state.sqlite3.corrupt-*")
    assert aside.read_bytes() == junk
    assert [aside.name in record.getMessage() for record in caplog.records] == [True]


def test_a_file_with_a_broken_page_is_moved_aside_with_its_companions(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = SqliteDatabase(path)
    for number in range(200):
        put(database, f"key {number}")
    database.close()
    content = bytearray(path.read_bytes())
    for page in range(3, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = os.urandom(64)
    path.write_bytes(content)
    Path(f"{path}-wal").write_bytes(b"an old log")
    with caplog.at_level(logging.ERROR):
        database = SqliteDatabase(path)
    assert len(caplog.records) == 1
    assert SqliteRecordStore(database, HandClock()).list("") == []
    database.close()
    (aside,) = path.parent.glob("state.sqlite3.corrupt-*")
    assert aside.read_bytes()[:4096] == content[:4096]
    assert {left.name for left in path.parent.iterdir()} == {path.name, aside.name}


def test_the_companions_of_a_corrupt_file_never_reach_the_new_one(path: Path) -> None:
    path.parent.mkdir()
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").write_bytes(b"junk " * 1000)
    database = SqliteDatabase(path)
    put(database)
    for ending in ("", "-wal", "-shm"):
        assert not Path(f"{path}{ending}").read_bytes().startswith(b"junk")
    database.close()
    assert len(list(path.parent.glob("state.sqlite3.corrupt-*[0-9]"))) == 1


def test_a_torn_write_at_the_end_of_the_log_costs_only_that_write(path: Path) -> None:
    database = SqliteDatabase(path)
    put(database, "first")
    log = Path(f"{path}-wal").read_bytes()
    put(database, "second")
    torn = Path(f"{path}-wal").read_bytes()[: len(log) + 1000]
    copy = path.with_name("copy.sqlite3")
    copy.write_bytes(path.read_bytes())
    Path(f"{copy}-wal").write_bytes(torn)
    database.close()
    reopened = SqliteDatabase(copy)
    assert [stored.key for stored in SqliteRecordStore(reopened, HandClock()).list("")] == ["first"]
    reopened.close()


def test_a_file_of_a_newer_program_is_left_alone(path: Path) -> None:
    SqliteDatabase(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NewerVersionError, match="newer version"):
        SqliteDatabase(path)
    assert list(path.parent.glob("*corrupt*")) == []


def test_a_later_step_is_added_to_what_is_there(path: Path) -> None:
    database = SqliteDatabase(path)
    put(database)
    database.close()
    database = SqliteDatabase(path, (*STATE_SCHEMA, ("CREATE TABLE later (x)",)))
    assert pragma(database, "user_version") == len(STATE_SCHEMA) + 1
    assert SqliteRecordStore(database, HandClock()).get("k") is not None
    database.close()


def test_a_folder_that_cannot_be_made_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(ConfigurationError, match="DATA_DIR"):
        SqliteDatabase(tmp_path / "data" / "state.sqlite3")


def test_a_file_that_is_locked_by_another_program_is_a_passing_fault(path: Path) -> None:
    database = SqliteDatabase(path)
    with database.reading() as connection:
        connection.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(TransientError, match="second copy"):
        put(database)
    other.execute("ROLLBACK")
    other.close()
    put(database)
    database.close()


def test_a_full_disk_is_a_passing_fault_and_nothing_is_half_written(path: Path) -> None:
    database = SqliteDatabase(path)
    queue = SqliteQueue(database, "q", True, 30.0, None, HandClock())
    with database.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    entries = [Outgoing("small", "a", "1"), Outgoing("x" * 100_000, "a", "2")]

    def write_too_much() -> None:
        with database.writing() as connection:
            connection.execute("INSERT INTO record VALUES (x'00', 1, NULL, '{}')")
            connection.execute("INSERT INTO record VALUES (x'01', 1, NULL, ?)", ("x" * 100_000,))

    with pytest.raises(TransientError, match="free some disk space"):
        write_too_much()
    assert SqliteRecordStore(database, HandClock()).list("") == []
    with database.reading() as connection:
        connection.execute("PRAGMA max_page_count = 100000")
    assert queue.send(entries) == []
    assert queue.count() == 2
    database.close()


def test_a_write_that_raises_is_undone_and_not_counted(path: Path) -> None:
    database = SqliteDatabase(path)

    def break_off() -> None:
        with database.writing() as connection:
            connection.execute("INSERT INTO record VALUES (x'00', 1, NULL, '{}')")
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert database.commits == 0
    assert SqliteRecordStore(database, HandClock()).list("") == []
    database.close()


def test_nobody_reads_what_is_not_committed_yet(path: Path) -> None:
    database = SqliteDatabase(path)
    records = SqliteRecordStore(database, HandClock())
    with ThreadPoolExecutor(1) as pool:
        with database.writing() as connection:
            connection.execute("INSERT INTO record VALUES (x'00', 1, NULL, '{}')")
            listed = pool.submit(records.list, "")
            with pytest.raises(TimeoutError):
                listed.result(0.05)
            connection.execute("DELETE FROM record")
        assert listed.result(10) == []
    database.close()


def test_only_transactions_that_write_are_counted(path: Path) -> None:
    database = SqliteDatabase(path)
    with database.writing() as connection:
        connection.execute("DELETE FROM record")
    assert database.commits == 0
    put(database)
    put(database, version=1)
    assert database.commits == 2
    database.close()


def test_a_closed_file_says_so_and_closing_twice_is_harmless(path: Path) -> None:
    database = SqliteDatabase(path)
    database.close()
    database.close()
    with pytest.raises(TransientError, match="closed"):
        put(database)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", "2m") as disk:
        yield disk


def test_on_a_full_disk_all_goes_on_in_memory_and_is_on_the_disk_again_when_there_is_room(
    disk: SmallDisk, caplog: pytest.LogCaptureFixture
) -> None:
    path = disk.folder / "state.sqlite3"
    database = SqliteDatabase(path)
    put(database, "before")
    disk.fill()
    records, count = SqliteRecordStore(database, HandClock()), 0
    while not database.is_in_memory():
        put(database, f"early {count}")
        count += 1
        assert count < 1000
    for number in range(100):
        put(database, f"later {number}")
    held = [stored.key for stored in records.list("")]
    assert len(held) == 1 + count + 100
    assert not database.return_to_disk()
    assert [stored.key for stored in records.list("")] == held
    disk.free()
    assert database.return_to_disk()
    assert not database.is_in_memory()
    put(database, "after")
    database.close()
    reopened = SqliteDatabase(path)
    assert [it.key for it in SqliteRecordStore(reopened, HandClock()).list("")] == sorted([*held, "after"])
    reopened.close()
    assert [record.levelno for record in caplog.records if "goes on in memory" in record.getMessage()] == [40]


def test_a_mark_of_what_was_sent_is_not_the_one_that_found_no_room(disk: SmallDisk) -> None:
    database = SqliteDatabase(disk.folder / "state.sqlite3", make_room=[False, True].pop)  # taken by others
    records = SqliteRecordStore(database, HandClock())
    disk.fill()
    count = 0
    while not database.is_in_memory():
        assert records.put_if_absent(f"done/{count}", 1e12)
        count += 1
        assert count < 1000
    assert len(records.list("done/")) == count
    database.close()


def test_room_that_can_be_made_is_taken_before_memory(disk: SmallDisk) -> None:
    disk.fill()
    asked = []

    def make_room() -> bool:
        asked.append(True)
        disk.free()
        return True

    disk.free()
    database = SqliteDatabase(disk.folder / "state.sqlite3", make_room=make_room)
    disk.fill()
    number = 0
    while not asked:
        put(database, f"key {number}")
        number += 1
    put(database, "afterwards")
    assert not database.is_in_memory()
    database.close()


def test_a_start_on_a_full_disk_is_made_room_for(disk: SmallDisk) -> None:
    path = disk.folder / "state.sqlite3"
    reserve = DiskReserve(disk.folder)
    database = SqliteDatabase(path)
    put(database, "before")
    database.close()
    assert reserve.take()
    disk.fill()
    reopened = SqliteDatabase(path, make_room=reserve.give_up)
    assert SqliteRecordStore(reopened, HandClock()).get("before") is not None
    put(reopened, "after")
    reopened.close()


def test_an_end_on_a_full_disk_says_what_is_lost_and_leaves_the_file_sound(
    disk: SmallDisk, caplog: pytest.LogCaptureFixture
) -> None:
    path = disk.folder / "state.sqlite3"
    database = SqliteDatabase(path)
    put(database, "before")
    disk.fill()
    number = 0
    while not database.is_in_memory():
        put(database, f"early {number}")
        number += 1
    for later in range(2000):
        put(database, f"later {later}")
    database.close()
    assert "what state.sqlite3 had in memory is lost" in caplog.text
    disk.free()
    reopened = SqliteDatabase(path)
    assert SqliteRecordStore(reopened, HandClock()).get("before") is not None
    reopened.close()


@pytest.mark.parametrize("ended", ["in order", "killed"])
def test_a_program_that_starts_on_a_full_disk_goes_on_from_what_was_there(
    disk: SmallDisk, caplog: pytest.LogCaptureFixture, ended: str
) -> None:
    path = disk.folder / "state.sqlite3"
    database = SqliteDatabase(path)
    put(database, "before")
    if ended == "killed":
        kept = {
            it: it.read_bytes() for it in disk.folder.glob("state.sqlite3*") if not it.name.endswith("shm")
        }
    database.close()
    if ended == "killed":
        for file, content in kept.items():
            file.write_bytes(content)
        assert Path(f"{path}-wal").stat().st_size > 0
    disk.fill()
    again = SqliteDatabase(path)
    assert again.is_in_memory()
    put(again, "meanwhile")
    assert not again.return_to_disk()
    disk.free()
    assert again.return_to_disk()
    put(again, "after")
    again.close()
    reopened = SqliteDatabase(path)
    assert [it.key for it in SqliteRecordStore(reopened, HandClock()).list("")] == [
        "after",
        "before",
        "meanwhile",
    ]
    reopened.close()
    assert [record.levelno for record in caplog.records if "goes on in memory" in record.getMessage()] == [40]


def test_a_program_that_starts_on_a_full_disk_takes_the_room_that_can_be_made(disk: SmallDisk) -> None:
    path = disk.folder / "state.sqlite3"
    SqliteDatabase(path).close()
    disk.fill()

    def make_room() -> bool:
        disk.free()
        return True

    database = SqliteDatabase(path, make_room=make_room)
    assert not database.is_in_memory()
    put(database)
    database.close()
