"""Both back ends with a history in them, and a store that breaks off or lets somebody else in between."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from moto import mock_aws

from functions.shared.aws.clients import make_client
from functions.shared.aws.dynamodb import DynamoRecordStore
from functions.shared.domain.job_curve import CurvePoint, encode_curve
from functions.shared.messages.job_history import JobCourse, JobEnd, JobHistoryChange, Pause
from functions.shared.ports import RecordStore, Stored
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.records import SqliteRecordStore
from tests.support.aws.places import aws_environment, make_table
from tests.support.clock import HandClock
from tests.support.memory_backend import MemoryRecords

NOW = 1_763_816_880.0  # 2025-11-22T13:08:00Z
DAY = 86_400.0


@contextmanager
def sqlite(folder: Path, clock: HandClock) -> Iterator[RecordStore]:
    database = SqliteDatabase(folder / "state.sqlite3")
    yield SqliteRecordStore(database, clock)
    database.close()


@contextmanager
def dynamodb(_folder: Path, clock: HandClock) -> Iterator[RecordStore]:
    with mock_aws(), aws_environment():
        client = make_client("dynamodb")
        yield DynamoRecordStore(client, make_table(client), clock)


class ForgettingRecords:
    """A RecordStore in memory in which what is over is gone; its time is NOW."""

    def __init__(self) -> None:
        self._inner = MemoryRecords()
        self.get, self.list, self.put_if_absent = (
            self._inner.get,
            self._inner.list,
            self._inner.put_if_absent,
        )

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        version = self._inner.put(key, value, expected_version, expires_at)
        if expires_at is not None and expires_at <= NOW:
            del self._inner.texts[key], self._inner.versions[key]
        return version


class BrokenOff(BaseException):
    """Nothing of the program runs any more."""


class Meddled:
    """A RecordStore before each of whose calls something happens; it is told the number of the call."""

    def __init__(self, inner: RecordStore, before: Callable[[int], None]) -> None:
        self.calls = 0
        self.writes = 0
        self._inner = inner
        self._before = before

    def get(self, key: str) -> Stored | None:
        self._next()
        return self._inner.get(key)

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        self._next()
        self.writes += 1
        return self._inner.put(key, value, expected_version, expires_at)

    def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[Stored]:
        self._next()
        return self._inner.list(prefix, after, limit)

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        self._next()
        self.writes += 1
        return self._inner.put_if_absent(key, expires_at)

    def _next(self) -> None:
        self.calls += 1
        self._before(self.calls)


def breaking_off_at(number: int) -> Callable[[int], None]:
    """At that call, which is not made."""

    def before(call: int) -> None:
        if call == number:
            raise BrokenOff

    return before


def end_of(job_id: str, ended_at: float, printer_id: str = "A1", **facts: Any) -> JobEnd:
    common: dict[str, Any] = {
        "job_id": job_id,
        "printer_id": printer_id,
        "name": f"Part {job_id}",
        "result": "finished",
        "started_at": ended_at - 3600,
        "start_is_known": True,
        "ended_at": ended_at,
        "end_is_known": True,
    }
    return JobEnd(**common | facts)


def change_of(end: JobEnd, ended_before: float | None = None) -> JobHistoryChange:
    """An end with some of its course."""
    course = JobCourse(
        encode_curve([CurvePoint(0, 0, 25), CurvePoint(60, 3, 220)]),
        (Pause(end.started_at + 60, end.started_at + 90, "Paused by the user"),),
        ("0300-8004",),
    )
    return JobHistoryChange(end.job_id, end.printer_id, course, end, ended_before)
