"""The databases are read to their ends without disturbing who uses them."""

import shutil
import sqlite3
import time
from itertools import chain, repeat
from pathlib import Path

import pytest

from collector.outbox.database import LOCK_TIMEOUT_SECONDS
from collector.outbox.outbox import Outbox
from infra.local.config import SIMULATION_FOLDER
from infra.local.doctor.database_check import Verdict, evaluate_database, is_locked, read_verdict, run
from infra.local.doctor.findings import Finding, Outcome
from infra.local.storage.database import SqliteDatabase
from infra.local.stores import DATABASE_FILE, OwnLock
from tests.infra.local.doctor.examined import FAULT, FINE, NOTHING, found_by


def look(folder: Path, *, is_cloud: bool = False) -> dict[str, Finding]:
    return found_by(run, {"DATA_DIR": str(folder)}, is_cloud=is_cloud)


def make_both(folder: Path) -> None:
    database = SqliteDatabase(folder / DATABASE_FILE)
    with database.writing() as connection:
        connection.execute("CREATE TABLE told (text TEXT)")
        connection.execute("INSERT INTO told VALUES ('kept')")
    database.close()
    Outbox(folder / "outbox", 10_000_000, time.time).close()


def make_large(file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT UNIQUE)")
    connection.executemany("INSERT INTO rows VALUES (?, ?)", [(n, f"{n}") for n in range(20_000)])
    connection.commit()
    connection.close()


def test_before_the_first_start_there_is_nothing(tmp_path: Path) -> None:
    assert {it.outcome for it in look(tmp_path).values()} == {NOTHING}
    assert list(tmp_path.iterdir()) == []


def test_sound_ones_are_said_to_be_and_no_file_is_left_or_changed(tmp_path: Path) -> None:
    make_both(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    found = look(tmp_path)
    assert (found["records and queues"].outcome, found["outbox"].outcome) == (FINE, FINE)
    assert found["bridge"].outcome is NOTHING
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_running_bridge_is_a_fact_and_goes_on_writing(tmp_path: Path) -> None:
    make_both(tmp_path)
    lock, database = OwnLock(tmp_path), SqliteDatabase(tmp_path / DATABASE_FILE)
    outbox = Outbox(tmp_path / "outbox", 10_000_000, time.time)
    try:
        found = look(tmp_path)
        assert found["bridge"].found == f"one is running on {tmp_path}"
        assert {it.outcome for it in found.values()} == {FINE}
        with database.writing() as connection:
            connection.execute("INSERT INTO told VALUES ('later')")
    finally:
        outbox.close()
        database.close()
        lock.release()
    assert not is_locked(tmp_path / "running.lock")
    OwnLock(tmp_path).release()


def test_a_running_simulation_is_announced_from_a_bridge_that_has_been_there(tmp_path: Path) -> None:
    lock = OwnLock(tmp_path)
    outbox = Outbox(tmp_path / SIMULATION_FOLDER / "outbox", 10_000_000, time.time)
    try:
        found = look(tmp_path)
        assert found["bridge"].found == f"one is running on {tmp_path} (the simulation)"
        only = "is not made yet: only the simulation has run"
        assert found["records and queues"].found == f"{DATABASE_FILE} {only}"
        assert found["outbox"].found == f"outbox.db {only}"
        make_both(tmp_path)
        found = look(tmp_path)
        assert found["records and queues"].found == f"{DATABASE_FILE} is sound"
        assert found["outbox"].found == "outbox.db is sound"
    finally:
        outbox.close()
        lock.release()


def test_a_bridge_that_runs_after_a_simulation_is_no_simulation(tmp_path: Path) -> None:
    Outbox(tmp_path / SIMULATION_FOLDER / "outbox", 10_000_000, time.time).close()
    lock = OwnLock(tmp_path)
    try:
        assert look(tmp_path)["bridge"].found == f"one is running on {tmp_path}"
    finally:
        lock.release()


def test_a_collector_that_runs_alone_holds_its_outbox(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", 10_000_000, time.time)
    try:
        (finding,) = look(tmp_path, is_cloud=True).values()
        assert (finding.outcome, "in use" in finding.found) == (FINE, True)
    finally:
        outbox.close()


@pytest.mark.parametrize("junk", [b"no database at all" * 500, b"SQLite format 3\x00" + b"\xff" * 9000])
def test_a_damaged_one_is_said_and_left_as_it_is(tmp_path: Path, junk: bytes) -> None:
    (tmp_path / DATABASE_FILE).write_bytes(junk)
    found = look(tmp_path)["records and queues"]
    assert found.outcome is FAULT
    assert "moves the file aside" in found.advice
    assert (tmp_path / DATABASE_FILE).read_bytes() == junk


def test_a_torn_page_is_found(tmp_path: Path) -> None:
    file = tmp_path / "torn.sqlite3"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE rows (text TEXT)")
    connection.executemany("INSERT INTO rows VALUES (?)", [("x" * 500,)] * 200)
    connection.commit()
    connection.close()
    with file.open("r+b") as opened:
        opened.seek(5 * 4096)
        opened.write(b"\xa5" * 4096)
    assert read_verdict(file, is_running=False)[0] is Verdict.DAMAGED


def test_a_large_one_is_not_read_for_ever(tmp_path: Path) -> None:
    file = tmp_path / "large.sqlite3"
    make_large(file)
    assert read_verdict(file, is_running=False, seconds=-1)[0] is Verdict.TOO_LONG


def test_a_collector_that_starts_while_its_outbox_is_read_gets_its_lock_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    margin = 1.0
    make_large(tmp_path / "outbox" / "outbox.db")
    times = chain([0.0], repeat(LOCK_TIMEOUT_SECONDS - margin))
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    (finding,) = look(tmp_path, is_cloud=True).values()
    assert finding.found == "outbox.db is large, and was not read to its end"


def test_a_folder_in_its_place_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / DATABASE_FILE).mkdir()
    assert look(tmp_path)["records and queues"].outcome is FAULT


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_words(verdict: Verdict) -> None:
    finding = evaluate_database("outbox", Path("outbox.db"), verdict, "why")
    assert finding.found
    assert bool(finding.advice) == (finding.outcome is FAULT)


def test_one_of_a_newer_version_is_a_fault_with_the_way_out_and_is_not_touched(tmp_path: Path) -> None:
    make_both(tmp_path)
    for file in (tmp_path / DATABASE_FILE, tmp_path / "outbox" / "outbox.db"):
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA user_version = 99")
        connection.close()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    found = look(tmp_path)
    for subject in ("records and queues", "outbox"):
        assert found[subject].outcome is FAULT
        assert "newer version (format 99, this one knows 1)" in found[subject].found
        assert "Install the newer version again" in found[subject].advice
    assert look(tmp_path, is_cloud=True)["outbox"].outcome is FAULT
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_copy_from_elsewhere_is_said(tmp_path: Path) -> None:
    make_both(tmp_path / "one")
    assert "copy" not in look(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    assert look(tmp_path / "other")["copy"].outcome is Outcome.WARNING
    assert "copy" in look(tmp_path / "other", is_cloud=True)
