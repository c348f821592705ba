"""One SQLite file of embedded state: its tables, opened safely, written in short transactions.

The tables are numbered steps (see `functions/shared/runtime/sqlite_schema.py`).

Messages are split in two, so that handing one out rewrites one small row and not its body: `message` is
written once, `delivery` exists only for what was handed out or is delayed. `visible_at` 0 means "now",
whatever the clock says. Record keys are bytes: a printer's name may hold what UTF-8 text cannot.
"""

import contextlib
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from functions.shared.errors import ConfigurationError, TransientError
from functions.shared.runtime.descriptors import USED_UP, are_descriptors_used_up
from functions.shared.runtime.sqlite_schema import (
    ALONE,
    Schema,
    bring_up_to_date,
    journal_of,
    require_known_version,
)

_log = logging.getLogger(__name__)


class ArrivalSignal:
    """Thread-safe. `seen` a count, look at the queue, then wait for a later count: no wake-up is lost."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._count = 0
        self._is_closed = False

    @property
    def count(self) -> int:
        with self._condition:
            return self._count

    def has_closed(self) -> bool:
        with self._condition:
            return self._is_closed

    def announce(self) -> None:
        """Something may have become visible: whoever waits looks again."""
        with self._condition:
            self._count += 1
            self._condition.notify_all()

    def close(self) -> None:
        """Nobody waits any more, from now on."""
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()

    def wait_beyond(self, seen: int, seconds: float) -> None:
        """Return when more was announced than `seen`, when closed, or after so many seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._is_closed or self._count != seen, seconds)


STATE_SCHEMA: Schema = (
    (
        """
        CREATE TABLE message (
            queue TEXT NOT NULL,
            number INTEGER NOT NULL,
            group_id TEXT NOT NULL,
            deduplication_id TEXT NOT NULL,
            sent_at REAL NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (queue, number)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE delivery (
            queue TEXT NOT NULL,
            number INTEGER NOT NULL,
            group_id TEXT NOT NULL,
            receipt TEXT,
            receive_count INTEGER NOT NULL,
            visible_at REAL NOT NULL,
            delay_seconds REAL NOT NULL,
            PRIMARY KEY (queue, number)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE deduplication (
            queue TEXT NOT NULL,
            id TEXT NOT NULL,
            expires_at REAL NOT NULL,
            PRIMARY KEY (queue, id)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE dead_letter (
            number INTEGER PRIMARY KEY,
            queue TEXT NOT NULL,
            group_id TEXT NOT NULL,
            deduplication_id TEXT NOT NULL,
            sent_at REAL NOT NULL,
            dead_at REAL NOT NULL,
            receive_count INTEGER NOT NULL,
            reason TEXT NOT NULL,
            body TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE record (
            key BLOB PRIMARY KEY,
            version INTEGER NOT NULL,
            expires_at REAL,
            value TEXT NOT NULL
        ) WITHOUT ROWID
        """,
    ),
)


_BUSY_SECONDS = 5.0
_WAL_BYTES_LIMIT = 16 * 1024 * 1024
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
_LEAST_BYTES = 64 * 1024
_RELIEFS = 2  # the reserve, then memory
ResultT = TypeVar("ResultT")
_CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNUSABLE = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM})


def no_room() -> bool:
    """Nothing can be given up."""
    return False


class SqliteDatabase:
    """Thread-safe: one connection, one writer at a time.

    Opening creates folder and file, checks the file (a corrupt one is moved aside, said in the log, and
    started anew) and brings its tables up to date. Raises NewerVersionError if a newer program wrote it
    (nothing is touched), ConfigurationError if the file cannot be used, TransientError if it is locked by
    another program.

    When the disk is full, at the start or later, `make_room` is asked for some (whether there was any). Where
    there is none, all goes on in memory from what was committed last, until `return_to_disk` can write it:
    whoever tries again what has failed finds it working. A program that is killed meanwhile loses what only
    memory had.
    """

    def __init__(
        self, path: Path, schema: Schema = STATE_SCHEMA, make_room: Callable[[], bool] = no_room
    ) -> None:
        self.path = path
        self._schema = schema
        self._make_room = make_room
        self._is_in_memory = False
        self._on_disk: sqlite3.Connection | None = None  # while all goes on in memory, if it could be opened
        self._lock = threading.RLock()
        self._signals: dict[str, ArrivalSignal] = {}
        self._commits = 0
        self._is_durable = True
        self._connection: sqlite3.Connection | None = self._open()

    @property
    def commits(self) -> int:
        """Transactions that wrote something, since the start."""
        return self._commits

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For selects; writes nothing. Raises TransientError."""
        with self._lock, self._faults_named():
            yield self._opened_connection()

    def write(self, work: Callable[[sqlite3.Connection], ResultT], *, durable: bool = True) -> ResultT:
        """`work` in a transaction as of `writing`, and again if there was no room for it and now there is.

        For what must not be left undone, as it follows what was done outside. Raises TransientError.
        """
        for _ in range(_RELIEFS):
            try:
                with self.writing(durable=durable) as connection:
                    return work(connection)
            except _RelievedError as error:
                _log.debug("%s: written again", error)
        with self.writing(durable=durable) as connection:
            return work(connection)

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at the end of the block, undone if it raises.

        A durable one is on the disk (fsync) when this returns. Another survives a kill of the program, but
        perhaps not a power cut; the file stays sound in both cases. Raises TransientError.
        """
        with self._lock, self._faults_named():
            connection = self._opened_connection()
            if durable != self._is_durable:
                connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
                self._is_durable = durable
            before = connection.total_changes
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            self._commits += connection.total_changes != before

    def is_in_memory(self) -> bool:
        """The disk is full, and what was written since is not on it."""
        return self._is_in_memory

    def return_to_disk(self) -> bool:
        """Write what only memory has; whether all is on the disk now."""
        with self._lock:
            if not self._is_in_memory or self._connection is None:
                return True
            try:
                if self._on_disk is None:
                    self._on_disk = _opened(self.path, self._schema)
                self._connection.backup(self._on_disk)
            except (sqlite3.Error, TransientError, ConfigurationError) as error:
                _log.debug("%s cannot be written yet: %s", self.path.name, error)
                return False
            self._connection.close()
            self._connection, self._on_disk = self._on_disk, None
            self._is_in_memory = False
            self._is_durable = True
            self._connection.execute("PRAGMA synchronous = FULL")
        _log.info("%s is on the disk again", self.path.name)
        return True

    def _relieve(self, error: sqlite3.Error) -> bool:
        """After a write that found no room: whether there is some now, on the disk or in memory."""
        if not _wants_room(error, self.path) or self._is_in_memory or self._connection is None:
            return False
        if self._make_room():
            return True
        memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        try:
            self._connection.backup(memory)
        except sqlite3.Error as fault:
            memory.close()
            _log.error("%s cannot be taken into memory: %s", self.path.name, fault)
            return False
        self._on_disk, self._connection = self._connection, memory
        self._say_in_memory()
        return True

    def _open(self) -> sqlite3.Connection:
        """A program that ended while the disk was full must start again: else it is silent from then on."""
        try:
            return _opened(self.path, self._schema)
        except TransientError as error:
            if not _wants_room(error.__cause__, self.path):
                raise
            fault = error
        if self._make_room():
            with contextlib.suppress(TransientError):
                return _opened(self.path, self._schema)
        try:
            connection = _taken_into_memory(self.path, self._schema)
        except sqlite3.Error:
            raise fault from None
        self._say_in_memory()
        return connection

    def _say_in_memory(self) -> None:
        self._is_in_memory = True
        _log.error(
            "the disk is full: %s goes on in memory, and is lost with the program; free some disk space",
            self.path.name,
        )

    def signal(self, queue: str) -> ArrivalSignal:
        """The one signal of all who use that queue in this process."""
        with self._lock:
            return self._signals.setdefault(queue, ArrivalSignal())

    def close(self) -> None:
        """Release every waiting receiver, then the file. A second time does nothing."""
        with self._lock:
            for signal in self._signals.values():
                signal.close()
            if self._connection is not None:
                if not self.return_to_disk():
                    _log.error("the disk is full: what %s had in memory is lost", self.path.name)
                self._connection.close()
                self._connection = None
            if self._on_disk is not None:
                self._on_disk.close()
                self._on_disk = None

    def _opened_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise TransientError(f"{self.path.name} is closed: the program is stopping")
        return self._connection

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # a mistake of ours, which no waiting can mend
        except sqlite3.Error as error:
            is_relieved = self._relieve(error)
            fault = _transient(self.path, error)
            raise (_RelievedError(str(fault)) if is_relieved else fault) from error


class _RelievedError(TransientError):
    """There was no room, and now there is."""


def _wants_room(error: BaseException | None, path: Path) -> bool:
    if not isinstance(error, sqlite3.Error) or _primary_code(error) not in _NO_ROOM:
        return False
    return _primary_code(error) == sqlite3.SQLITE_FULL or _is_full(path)


def _taken_into_memory(path: Path, schema: Schema) -> sqlite3.Connection:
    """What the file holds, read without a byte being written beside it. Raises sqlite3.Error."""
    memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    try:
        if path.exists():
            journal = journal_of(path)
            is_whole = not journal.exists() or journal.stat().st_size == 0
            how = "mode=ro&immutable=1" if is_whole else "mode=rw"
            with contextlib.closing(
                sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None)
            ) as kept:
                kept.execute(ALONE)
                kept.backup(memory)
        bring_up_to_date(memory, None, schema)
    except BaseException:
        memory.close()
        raise
    return memory


def _is_full(path: Path) -> bool:
    """SQLite calls some failures for want of room an error of the disk."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _LEAST_BYTES


def _opened(path: Path, schema: Schema) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        require_known_version(path, schema)
        try:
            return _connected(path, schema)
        except _CorruptError as error:
            aside = _move_aside(path)
            _log.error("%s is corrupt (%s): moved to %s, starting with an empty one", path, error, aside)
        return _connected(path, schema)
    except sqlite3.Error as error:
        if _primary_code(error) in _UNUSABLE and not are_descriptors_used_up():
            raise ConfigurationError([f"{path} cannot be written ({error}): check DATA_DIR"]) from error
        raise _transient(path, error) from error
    except OSError as error:
        if are_descriptors_used_up(error):
            raise TransientError(f"{path.name}: {error} ({USED_UP})") from error
        raise ConfigurationError([f"{path} cannot be written ({error}): check DATA_DIR"]) from error


class _CorruptError(Exception):
    pass


def _connected(path: Path, schema: Schema) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES_LIMIT}")
        (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise _CorruptError(verdict)
        bring_up_to_date(connection, path, schema)
    except sqlite3.Error as error:
        connection.close()
        if _primary_code(error) in _CORRUPT:
            raise _CorruptError(str(error)) from error
        raise
    except BaseException:
        connection.close()
        raise
    return connection


def _move_aside(path: Path) -> Path:
    """Rename the file with its companions, so that SQLite would still find them together."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = path.with_name(f"{path.name}.corrupt-{stamp}")
    for ending in ("", "-wal", "-shm"):
        source = Path(f"{path}{ending}")
        if source.exists():
            os.replace(source, f"{aside}{ending}")
    return aside


def _primary_code(error: sqlite3.Error) -> int:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _transient(path: Path, error: sqlite3.Error) -> TransientError:
    hint = {
        sqlite3.SQLITE_FULL: "free some disk space",
        sqlite3.SQLITE_BUSY: "is a second copy of the program running?",
        sqlite3.SQLITE_IOERR: "check the disk",
        sqlite3.SQLITE_READONLY: "the disk has become read-only, check it",
        sqlite3.SQLITE_CORRUPT: "the file is damaged, restart the program to begin a new one",
        sqlite3.SQLITE_NOTADB: "the file is damaged, restart the program to begin a new one",
    }.get(_primary_code(error), "tried again later")
    if _primary_code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR) and are_descriptors_used_up():
        hint = USED_UP
    return TransientError(f"{path.name}: {error} ({hint})")
