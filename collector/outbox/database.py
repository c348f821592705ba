"""The outbox's rows in SQLite (WAL), and opening them whatever state they are in.

Not thread-safe: the outbox holds its lock around every call. A synced transaction outlives a power cut
(fsync at commit); any other outlives a kill, and becomes safe from power cuts with the next synced one. A
collector that does not start watches nothing, so a broken file is moved aside. Sources: sqlite.org, "PRAGMA
synchronous" and "WAL".
"""

import errno
import logging
import secrets
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.outbox.model import (
    Contents,
    EdgeJob,
    JobFrames,
    JobKey,
    SavedPrinter,
    WaitingFrame,
    WaitingReport,
    as_text,
    decode_frame,
    decode_job,
    encode_frame,
    encode_job,
    from_text,
)
from functions.shared.errors import PermanentError
from functions.shared.runtime.sqlite_schema import Schema, bring_up_to_date, require_known_version

_log = logging.getLogger(__name__)

OUTBOX_SCHEMA: Schema = (
    (
        "CREATE TABLE identity (collector_id TEXT NOT NULL)",
        """
        CREATE TABLE printers (
            printer TEXT PRIMARY KEY,
            sequences INTEGER NOT NULL DEFAULT 0,
            frames INTEGER NOT NULL DEFAULT 0,
            last_stamp REAL NOT NULL DEFAULT 0,
            job TEXT
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE jobs (
            printer TEXT, token TEXT, kept INTEGER NOT NULL, newest TEXT, PRIMARY KEY (printer, token)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE reports (
            number INTEGER PRIMARY KEY,
            printer TEXT NOT NULL,
            token TEXT NOT NULL,
            observed_at REAL NOT NULL,
            frame_key TEXT,
            body TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE frames (
            file TEXT PRIMARY KEY,
            key TEXT NOT NULL, printer TEXT NOT NULL, token TEXT NOT NULL, taken_at REAL NOT NULL,
            size INTEGER NOT NULL, is_film INTEGER NOT NULL
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE set_aside (
            number INTEGER PRIMARY KEY,
            name TEXT NOT NULL, reason TEXT NOT NULL, at REAL NOT NULL, size INTEGER NOT NULL,
            body TEXT, file TEXT
        )
        """,
    ),
)


def new_collector_id() -> str:
    """Sixteen hex digits that no other collector has."""
    return secrets.token_hex(8)


class OutboxDatabase:
    """Every method raises sqlite3.Error when the disk does not take or give it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._is_synced: bool | None = None
        self.commits = 0

    def identify(self) -> None:
        """Give a new outbox its identity."""
        if self._connection.execute("SELECT count(*) FROM identity").fetchone()[0] == 0:
            with self.writing(synced=True):
                self._connection.execute("INSERT INTO identity VALUES (?)", (new_collector_id(),))

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def writing(self, *, synced: bool) -> Iterator[None]:
        """One transaction: all of it or nothing."""
        if self._is_synced is not synced:
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if synced else 'NORMAL'}")
            self._is_synced = synced
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self.commits += 1

    def load(self) -> Contents:
        """All but the bodies; lists in the order in which they were kept."""
        rows = self._connection.execute
        contents = Contents(rows("SELECT collector_id FROM identity").fetchone()[0])
        for printer, sequences, frames, stamp, job in rows(
            "SELECT printer, sequences, frames, last_stamp, job FROM printers"
        ):
            contents.printers[from_text(printer) or ""] = SavedPrinter(
                sequences, frames, stamp, decode_job(job)
            )
        for printer, token, kept, newest in rows("SELECT printer, token, kept, newest FROM jobs"):
            key = (from_text(printer) or "", from_text(token))
            contents.jobs[key] = JobFrames(kept, decode_frame(newest))
        contents.reports = [
            WaitingReport(
                number=number,
                printer_id=from_text(printer) or "",
                observed_at=observed_at,
                added_at=None,
                size=size,
                token=from_text(token),
                frame_key=frame_key,
                is_change=True,
            )
            for number, printer, token, observed_at, frame_key, size in rows(
                "SELECT number, printer, token, observed_at, frame_key, length(body)"
                " FROM reports ORDER BY number"
            )
        ]
        contents.frames = [
            WaitingFrame(
                key=key,
                file=file,
                printer_id=from_text(printer) or "",
                token=from_text(token),
                taken_at=taken_at,
                size=size,
                is_film=bool(is_film),
                is_saved=True,
            )
            for file, key, printer, token, taken_at, size, is_film in rows(
                "SELECT file, key, printer, token, taken_at, size, is_film FROM frames ORDER BY taken_at, key"
            )
        ]
        contents.quarantined_reports, contents.quarantined_frames, contents.quarantined_bytes = rows(
            "SELECT count(body), count(file), coalesce(sum(size), 0) FROM set_aside"
        ).fetchone()
        return contents

    def body(self, number: int) -> str | None:
        row = self._connection.execute("SELECT body FROM reports WHERE number = ?", (number,)).fetchone()
        return row[0] if row and isinstance(row[0], str) else None

    # The rest is called inside `writing`.

    def save_identity(self, collector_id: str) -> None:
        self._connection.execute("UPDATE identity SET collector_id = ?", (collector_id,))
        self._connection.execute("UPDATE printers SET sequences = 0")

    def reserve(self, printer_id: str, *, sequences: int | None = None, frames: int | None = None) -> None:
        """Numbers up to these may be in use from now on."""
        self._ensure(printer_id)
        self._connection.execute(
            "UPDATE printers SET sequences = coalesce(?, sequences), frames = coalesce(?, frames)"
            " WHERE printer = ?",
            (sequences, frames, as_text(printer_id)),
        )

    def add_report(self, waiting: WaitingReport, body: str) -> None:
        self._connection.execute(
            "INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?)",
            (
                waiting.number,
                as_text(waiting.printer_id),
                as_text(waiting.token),
                waiting.observed_at,
                waiting.frame_key,
                body,
            ),
        )

    def save_printer(self, printer_id: str, job: EdgeJob | None, last_stamp: float) -> None:
        """The printer's last stamp and, if one is given, its job."""
        self._ensure(printer_id)
        self._connection.execute(
            "UPDATE printers SET job = coalesce(?, job), last_stamp = max(?, last_stamp) WHERE printer = ?",
            (encode_job(job), last_stamp, as_text(printer_id)),
        )

    def _ensure(self, printer_id: str) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO printers (printer) VALUES (?)", (as_text(printer_id),)
        )

    def add_frame(self, frame: WaitingFrame) -> None:
        self._connection.execute(
            "INSERT INTO frames VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                frame.file,
                frame.key,
                as_text(frame.printer_id),
                as_text(frame.token),
                frame.taken_at,
                frame.size,
                frame.is_film,
            ),
        )

    def save_job(self, key: JobKey, job: JobFrames) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?)",
            (as_text(key[0]), as_text(key[1]), job.kept, encode_frame(job.newest)),
        )

    def forget_job(self, key: JobKey) -> None:
        self._connection.execute(
            "DELETE FROM jobs WHERE printer = ? AND token = ?", (as_text(key[0]), as_text(key[1]))
        )

    def remove(self, numbers: Iterable[int], files: Iterable[str]) -> None:
        self._connection.executemany("DELETE FROM reports WHERE number = ?", ((item,) for item in numbers))
        self._connection.executemany("DELETE FROM frames WHERE file = ?", ((item,) for item in files))

    def quarantine(
        self,
        name: str,
        reason: str,
        at: float,
        size: int,
        *,
        body: str | None = None,
        file: str | None = None,
    ) -> None:
        self._connection.execute(
            "INSERT INTO set_aside (name, reason, at, size, body, file) VALUES (?, ?, ?, ?, ?, ?)",
            (as_text(name), as_text(reason), at, size, body, file),
        )

    def remove_oldest_quarantined(self) -> tuple[int, str | None] | None:
        """The size and file of the oldest refused thing, whose row is gone now; None: there was none."""
        row: tuple[int, int, str | None] | None = self._connection.execute(
            "SELECT number, size, file FROM set_aside ORDER BY number LIMIT 1"
        ).fetchone()
        if row is None:
            return None
        self._connection.execute("DELETE FROM set_aside WHERE number = ?", (row[0],))
        return row[1], row[2]


DATABASE = "outbox.db"
BROKEN_DATABASE = "outbox.broken.db"
FRAMES = "frames"
BROKEN_FRAMES = "frames.broken"
_PARTS = ("", "-wal", "-shm")
LOCK_TIMEOUT_SECONDS = 5.0
_JOURNAL_BYTES = 4 * 1024 * 1024

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})


class _BrokenError(Exception):
    """The file is there and can be read, but it is no outbox of ours."""


def open_database(folder: Path, schema: Schema = OUTBOX_SCHEMA) -> tuple[OutboxDatabase, Contents, bool]:
    """The database, what it holds, and whether it is on disk.

    A broken one is moved aside with its frames and a fresh one made; where nothing can be written it is kept
    in memory. Raises PermanentError when another process uses it, NewerVersionError when a newer program
    wrote it: nothing is touched then.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        require_known_version(folder / DATABASE, schema)
        try:
            return *_open(folder / DATABASE, schema), True
        except _BrokenError as error:
            _move_aside(folder, str(error))
            return *_open(folder / DATABASE, schema), True
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
        return *_open(None, schema), False


def _open(path: Path | None, schema: Schema) -> tuple[OutboxDatabase, Contents]:
    connection = sqlite3.connect(
        path or ":memory:", timeout=LOCK_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False
    )
    database = OutboxDatabase(connection)
    try:
        if path is not None:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_BYTES}")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version < 0 or (version == 0 and tables > 0):
            raise _BrokenError(f"its version is {version}")
        fault = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if fault != "ok":
            raise _BrokenError(str(fault)[:200])
        bring_up_to_date(connection, path, schema)
        database.identify()
        with database.writing(synced=False):  # takes the lock, and shows that the disk can be written
            contents = database.load()
        database.commits = 0
    except (sqlite3.Error, ValueError, TypeError) as error:
        connection.close()
        if not isinstance(error, sqlite3.Error) or _code(error) in _BROKEN:
            raise _BrokenError(str(error)) from error
        raise
    except (_BrokenError, OSError):
        connection.close()
        raise
    return database, contents


def _code(error: sqlite3.Error) -> int:
    """The primary result code (the low byte; the rest tells more of the same)."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _move_aside(folder: Path, reason: str) -> None:
    _log.error(
        "the outbox's database is broken (%s): it is moved to %s with its frames, and a fresh one is begun;"
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
    frames, broken_frames = folder / FRAMES, folder / BROKEN_FRAMES
    if frames.is_dir():
        shutil.rmtree(broken_frames, ignore_errors=True)
        frames.replace(broken_frames)


def is_disk_full(error: Exception) -> bool:
    """Whether room would help."""
    if isinstance(error, sqlite3.Error):
        return _code(error) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in _NO_ROOM
