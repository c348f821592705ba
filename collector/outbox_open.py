"""Opening the outbox's database whatever state it is in: a collector that does not start watches nothing."""

import errno
import logging
import sqlite3
from pathlib import Path

from collector.outbox_database import SCHEMA_VERSION, OutboxDatabase
from collector.outbox_rows import Contents
from functions.bridge.errors import PermanentError

_log = logging.getLogger(__name__)

DATABASE = "outbox.db"
BROKEN_DATABASE = "outbox.broken.db"
_PARTS = ("", "-wal", "-shm")
_LOCK_TIMEOUT_SECONDS = 5.0
_JOURNAL_BYTES = 4 * 1024 * 1024

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})


class _BrokenError(Exception):
    """The file is there and can be read, but it is no outbox of ours."""


def open_database(folder: Path) -> tuple[OutboxDatabase, Contents, bool]:
    """The database, what it holds, and whether it is on disk.

    A broken one is moved aside and a fresh one made; where nothing can be written it is kept in memory.
    Raises PermanentError when another process uses it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return *_open(folder / DATABASE), True
        except _BrokenError as error:
            _move_aside(folder, str(error))
            return *_open(folder / DATABASE), True
    except (OSError, sqlite3.Error, _BrokenError) as error:
        if isinstance(error, sqlite3.Error) and _code(error) in _BUSY:
            raise PermanentError(
                f"the outbox in {folder} is used by another process: stop that one, or set another DATA_DIR"
            ) from error
        _log.error(
            "the outbox in %s cannot be written (%s): reports are kept in memory only and are lost with the"
            " program; make the folder writable or set another DATA_DIR, then start again",
            folder,
            error,
        )
        return *_open(None), False


def _open(path: Path | None) -> tuple[OutboxDatabase, Contents]:
    connection = sqlite3.connect(
        path or ":memory:", timeout=_LOCK_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
    )
    database = OutboxDatabase(connection)
    try:
        if path is not None:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_BYTES}")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and tables == 0:
            database.create()
        elif version != SCHEMA_VERSION:
            raise _BrokenError(f"its version is {version}, not {SCHEMA_VERSION}")
        fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if fault != "ok":
            raise _BrokenError(str(fault)[:200])
        with database.writing(synced=False):  # takes the lock, and shows that the disk can be written
            contents = database.load()
        database.commits = 0
    except (sqlite3.Error, ValueError, TypeError) as error:
        connection.close()
        if not isinstance(error, sqlite3.Error) or _code(error) in _BROKEN:
            raise _BrokenError(str(error)) from error
        raise
    except _BrokenError:
        connection.close()
        raise
    return database, contents


def _code(error: sqlite3.Error) -> int:
    """The primary result code (the low byte; the rest tells more of the same)."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _move_aside(folder: Path, reason: str) -> None:
    _log.error(
        "the outbox's database is broken (%s): it is moved to %s and a fresh one is begun;"
        " what it held is not delivered",
        reason,
        folder / BROKEN_DATABASE,
    )
    for part in _PARTS:
        source = folder / (DATABASE + part)
        target = folder / (BROKEN_DATABASE + part)
        target.unlink(missing_ok=True)
        if source.exists():
            source.replace(target)


def is_disk_full(error: Exception) -> bool:
    """Whether room would help."""
    if isinstance(error, sqlite3.Error):
        return _code(error) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in _NO_ROOM
