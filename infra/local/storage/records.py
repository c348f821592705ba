"""The RecordStore port on SQLite."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from functions.shared.errors import ConflictError, ContractError, TransientError
from functions.shared.ports import Stored
from functions.shared.runtime.clocks import Clock
from infra.local.storage.database import SqliteDatabase

_BEHIND_ALL = b"\xff"  # no key begins so: UTF-8 has no such byte
_ALL = -1  # SQLite: a negative LIMIT is none


class SqliteRecordStore:
    """Thread-safe. Every write is on the disk (fsync) when its call returns.

    A mark (`put_if_absent`) is a record of the empty object, version 1, until its time is over.
    """

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def get(self, key: str) -> Stored | None:
        with self._database.reading() as connection:
            row = connection.execute(
                "SELECT value, version FROM record WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)",
                (_bytes(key), self._clock()),
            ).fetchone()
        return None if row is None else Stored(key, json.loads(row[0]), row[1])

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        """As the port has it. Raises ContractError for a value that is no JSON (NaN, sets, ...)."""
        try:
            text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise ContractError(f"record {key[:100]!r} is not JSON: {error}") from error

        def put(connection: sqlite3.Connection) -> int:
            stored = self._version(connection, key)
            if stored != expected_version:
                raise ConflictError(f"record {key[:100]!r} has version {stored}, not {expected_version}")
            connection.execute(
                "INSERT OR REPLACE INTO record (key, version, expires_at, value) VALUES (?, ?, ?, ?)",
                (_bytes(key), stored + 1, expires_at, text),
            )
            return stored + 1

        return self._database.write(put)

    def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[Stored]:
        first = _bytes(prefix)
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT key, value, version FROM record WHERE key >= ? AND key > ? AND key < ?"
                " AND (expires_at IS NULL OR expires_at > ?) ORDER BY key LIMIT ?",
                (first, _bytes(after), first + _BEHIND_ALL, self._clock(), _ALL if limit is None else limit),
            ).fetchall()
        return [Stored(_text(key), json.loads(value), version) for key, value, version in rows]

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        def put(connection: sqlite3.Connection) -> bool:
            if self._version(connection, key) != 0:
                return False
            connection.execute(
                "INSERT OR REPLACE INTO record (key, version, expires_at, value) VALUES (?, 1, ?, '{}')",
                (_bytes(key), expires_at),
            )
            return True

        return self._database.write(put)

    def _version(self, connection: sqlite3.Connection, key: str) -> int:
        """The stored version, 0 if there is none or its time is over."""
        row = connection.execute(
            "SELECT version FROM record WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)",
            (_bytes(key), self._clock()),
        ).fetchone()
        return 0 if row is None else int(row[0])


def read_records(path: Path, prefix: str) -> list[Stored]:
    """What is stored under the prefix; nothing where no file is. Raises TransientError.

    By a connection of its own that cannot write, beside a bridge that runs.
    """
    if not path.exists():
        return []
    first = _bytes(prefix)
    query = "SELECT key, value, version FROM record WHERE key >= ? AND key < ? ORDER BY key"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(query, (first, first + _BEHIND_ALL)).fetchall()
    except sqlite3.Error as error:
        raise TransientError(f"{path.name}: {error}") from error
    return [Stored(_text(key), json.loads(value), version) for key, value, version in rows]


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")


def _text(key: bytes) -> str:
    return key.decode("utf-8", "surrogatepass")
