"""Records that are read before they are asked for, so that a run waits for one trip to the table."""

from collections.abc import Iterable
from concurrent.futures import Executor, Future
from typing import Any

from functions.shared.ports import RecordStore, Stored


class ReadAhead:
    """The RecordStore port over another. What was read ahead is given once, to who asks for it first.

    It may be as old as the run; a write over it is by its version, as over any other.
    """

    def __init__(self, records: RecordStore, pool: Executor) -> None:
        self._records = records
        self._pool = pool
        self._under_way: dict[str, Future[Stored | None]] = {}

    def begin(self, keys: Iterable[str]) -> None:
        """Read these now; raises nothing, who asks gets the error."""
        for key in keys:
            if key not in self._under_way:
                self._under_way[key] = self._pool.submit(self._records.get, key)

    def end(self) -> None:
        """What nobody asked for is of no use to the next run."""
        for reading in self._under_way.values():
            reading.cancel()
        self._under_way.clear()

    def get(self, key: str) -> Stored | None:
        reading = self._under_way.pop(key, None)
        return self._records.get(key) if reading is None else reading.result()

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        self._under_way.pop(key, None)
        return self._records.put(key, value, expected_version, expires_at)

    def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[Stored]:
        return self._records.list(prefix, after, limit)

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        self._under_way.pop(key, None)
        return self._records.put_if_absent(key, expires_at)
