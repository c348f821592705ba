"""The version of an SQLite file, and the numbered steps that bring it forward.

`user_version` says how many steps were taken. A step that was ever released is never changed; a change is a
new step at the end. Before each step the file is copied beside itself, so that the program before this one
can be had back with what it knew.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from functions.shared.errors import NewerVersionError

Schema = Sequence[Sequence[str]]

_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\x00"
_VERSION_AT = slice(60, 64)  # sqlite.org, "Database File Format", 1.3: the user version, big-endian
_UNFINISHED = ".part"
# The index of a journal is in memory then. Otherwise it is a mapped file beside the database, and to touch a
# page of it for which a full disk has no block kills the process (SIGBUS: seen on ext4 with blocks of 1 kB).
ALONE = "PRAGMA locking_mode = EXCLUSIVE"


def stored_version(path: Path) -> int:
    """The version of the file, 0 for none and for what is no database. Neither it nor its journal is written.

    Raises OSError when it is there and cannot be read.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except FileNotFoundError:
        return 0
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        return 0
    version = int.from_bytes(header[_VERSION_AT], "big", signed=True)
    journal = journal_of(path)
    if not journal.exists() or journal.stat().st_size == 0:
        return version
    try:  # what a program that was killed had not brought into the file yet
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.0)
        ) as connection:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error:  # somebody has it to himself, or it is broken: whoever opens it finds that out
        return version


def journal_of(path: Path) -> Path:
    """Where SQLite keeps the journal: beside the file itself, also where the path is a link to it."""
    return Path(f"{path.resolve()}-wal")


def require_known_version(path: Path, schema: Schema) -> None:
    """Raises NewerVersionError if a newer program has written that file; it is left as it is."""
    version = stored_version(path)
    if version > len(schema):
        raise NewerVersionError(
            f"{path} was written by a newer version of this program (format {version}; this one knows"
            f" {len(schema)}): nothing was changed. Install the newer version again, or end it all and put"
            f" {copy_of_version(path, len(schema)).name} or a backup in its place"
        )


def fault_in(path: Path, schema: Schema) -> str | None:
    """Why the file is no sound database of ours, of any version up to this one; None: it is one. Nobody may
    be using it."""
    try:
        with closing(sqlite3.connect(path)) as found, closing(sqlite3.connect(":memory:")) as ours:
            found.execute(ALONE)
            (verdict,) = found.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                return " ".join(str(verdict).split())[:200]
            (version,) = found.execute("PRAGMA user_version").fetchone()
            if not 1 <= version <= len(schema):
                return f"its version is {version}"
            bring_up_to_date(ours, None, schema[:version])
            return None if _contents(found) == _contents(ours) else "it holds other tables"
    except sqlite3.Error as error:
        return str(error)


def _contents(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    rows = connection.execute(
        "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite^_%' ESCAPE '^'"
    )
    return set(rows.fetchall())


def bring_up_to_date(connection: sqlite3.Connection, path: Path | None, schema: Schema) -> None:
    """Take the steps that are missing, each a transaction of its own, after a copy of what was there.

    `path`: where the file lies (None: in memory, there is nothing to copy). Raises sqlite3.Error and OSError;
    then the steps that were taken stand.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number, step in enumerate(schema[version:], start=version + 1):
        if path is not None and number > 1:
            _copy(connection, copy_of_version(path, number - 1))
        connection.execute("BEGIN IMMEDIATE")
        try:
            for statement in step:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def copy_of_version(path: Path, version: int) -> Path:
    """Where the file's copy lies that was made before the step after that version."""
    return path.with_name(f"{path.name}.version-{version}")


def copy_database(connection: sqlite3.Connection, target: Path) -> None:
    """A consistent copy, on the disk when this returns. Raises sqlite3.Error and OSError."""
    with closing(sqlite3.connect(target)) as copy:
        copy.execute(ALONE)
        connection.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without companions
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    unfinished = target.with_name(target.name + _UNFINISHED)
    unfinished.unlink(missing_ok=True)
    try:
        copy_database(connection, unfinished)
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
