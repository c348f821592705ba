"""A file of a newer program is found out before it is opened; each step forward leaves a copy."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from functions.shared.errors import NewerVersionError
from functions.shared.runtime.sqlite_schema import (
    bring_up_to_date,
    copy_database,
    copy_of_version,
    fault_in,
    require_known_version,
    stored_version,
)
from tests.support.timeouts import TIMEOUT

FIRST = ("CREATE TABLE told (text TEXT)",)
SECOND = ("ALTER TABLE told ADD COLUMN at REAL", "UPDATE told SET at = 7")
KILLED_IN_MID_WORK = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("CREATE TABLE of_tomorrow (x)")
connection.execute("PRAGMA user_version = 2")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite3"


def make(path: Path, *steps: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        bring_up_to_date(connection, path, steps)


def run(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(query).fetchall()


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}


def test_no_file_an_empty_one_and_one_that_is_no_database_have_no_version(path: Path) -> None:
    assert stored_version(path) == 0
    for content in (b"", b"not a database at all" * 100):
        path.write_bytes(content)
        assert stored_version(path) == 0
        require_known_version(path, [])


def test_a_newer_file_is_refused_with_the_way_out_and_not_a_byte_is_changed(path: Path) -> None:
    make(path, FIRST, SECOND)
    before = contents(path.parent)
    with pytest.raises(NewerVersionError, match=r"newer version.*format 2.*state\.sqlite3\.version-1"):
        require_known_version(path, [FIRST])
    assert contents(path.parent) == before
    require_known_version(path, [FIRST, SECOND])


def test_the_version_that_is_only_in_the_journal_of_a_killed_program_counts(path: Path) -> None:
    make(path, FIRST)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_IN_MID_WORK, str(path)], check=False, timeout=TIMEOUT
    )
    assert killed.returncode == -signal.SIGKILL
    assert Path(f"{path}-wal").stat().st_size > 0
    before = contents(path.parent)
    with pytest.raises(NewerVersionError):
        require_known_version(path, [FIRST])
    (path.parent / "elsewhere").mkdir()
    link = path.parent / "elsewhere" / "linked.db"
    link.symlink_to(path)
    with pytest.raises(NewerVersionError):
        require_known_version(link, [FIRST])
    shutil.rmtree(link.parent)
    assert contents(path.parent) == before


def test_a_step_forward_leaves_a_copy_that_the_older_program_can_use(path: Path) -> None:
    make(path, FIRST)
    run(path, "INSERT INTO told VALUES ('kept')")
    make(path, FIRST, SECOND)
    assert run(path, "SELECT text, at FROM told") == [("kept", 7.0)]
    copy = copy_of_version(path, 1)
    require_known_version(copy, [FIRST])
    assert run(copy, "SELECT * FROM told") == [("kept",)]
    assert {file.name for file in path.parent.iterdir()} == {path.name, copy.name}


def test_a_step_that_fails_leaves_all_as_it_was_and_is_taken_later(path: Path) -> None:
    make(path, FIRST)
    run(path, "INSERT INTO told VALUES ('kept')")
    with pytest.raises(sqlite3.OperationalError):
        make(path, FIRST, (SECOND[0], "no such words"))
    assert stored_version(path) == 1
    assert run(path, "SELECT * FROM told") == [("kept",)]
    make(path, FIRST, SECOND)
    assert stored_version(path) == 2


def test_without_a_copy_no_step_is_taken(path: Path) -> None:
    make(path, FIRST)
    os.mkdir(copy_of_version(path, 1))  # in its way
    with pytest.raises(OSError, match="version-1"):
        make(path, FIRST, SECOND)
    assert stored_version(path) == 1
    assert not list(path.parent.glob("*.part"))


def test_a_copy_needs_no_mapped_file_beside_it_that_a_full_disk_would_turn_into_a_kill(
    tmp_path: Path,
) -> None:
    source, target = tmp_path / "kept.db", tmp_path / "copy.db"
    (tmp_path / "copy.db-shm").mkdir()  # so none can be made
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE told (text TEXT)")
        copy_database(connection, target)
    assert stored_version(target) == 0
    assert fault_in(target, [FIRST]) == "its version is 0"
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 1")
    assert fault_in(target, [FIRST]) is None
    assert fault_in(target, [("CREATE TABLE other (x)",)]) == "it holds other tables"
