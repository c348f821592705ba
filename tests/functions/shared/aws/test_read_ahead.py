"""Records that are read before they are asked for: no other answer than a read at that moment would give."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from functions.shared.aws.read_ahead import ReadAhead
from functions.shared.errors import ConflictError, TransientError
from functions.shared.ports import Stored
from tests.support.memory_backend import MemoryRecords
from tests.support.timeouts import TIMEOUT


class Counted(MemoryRecords):
    """Counts what is read; an `error` is what a read comes to."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.error: Exception | None = None
        self.together: threading.Barrier | None = None

    def get(self, key: str) -> Stored | None:
        self.read.append(key)
        if self.together is not None:
            self.together.wait(TIMEOUT)
        if self.error is not None:
            raise self.error
        return super().get(key)


@pytest.fixture
def inner() -> Counted:
    return Counted()


@pytest.fixture
def records(inner: Counted) -> Iterator[ReadAhead]:
    with ThreadPoolExecutor(2) as pool:
        yield ReadAhead(inner, pool)


def test_what_is_read_ahead_is_given_once(inner: Counted, records: ReadAhead) -> None:
    inner.put("a", {"n": 1}, 0)
    records.begin(["a", "a", "b"])
    assert records.get("a") == Stored("a", {"n": 1}, 1)
    assert records.get("b") is None
    assert sorted(inner.read) == ["a", "b"]
    inner.put("a", {"n": 2}, 1)
    assert records.get("a") == Stored("a", {"n": 2}, 2), "asked again, it is read again"


def test_reads_are_under_way_together(inner: Counted, records: ReadAhead) -> None:
    inner.together = threading.Barrier(2)  # neither ends before the other has begun
    records.begin(["a", "b"])
    assert (records.get("a"), records.get("b")) == (None, None)


def test_a_write_is_seen_and_is_by_version_as_ever(inner: Counted, records: ReadAhead) -> None:
    inner.put("a", {}, 0)
    records.begin(["a", "mark"])
    records.put("a", {"n": 2}, 1)
    assert records.put_if_absent("mark", 1e12)
    assert records.get("a") == Stored("a", {"n": 2}, 2)
    assert records.get("mark") is not None
    records.begin(["a"])
    inner.put("a", {"n": 3}, 2)  # somebody else
    with pytest.raises(ConflictError):
        records.put("a", {}, 2)
    assert [stored.key for stored in records.list("a")] == ["a"]


def test_nothing_is_kept_for_the_next_run(inner: Counted, records: ReadAhead) -> None:
    records.begin(["a"])
    records.end()
    inner.put("a", {}, 0)
    assert records.get("a") == Stored("a", {}, 1)


def test_who_asks_gets_the_error(inner: Counted, records: ReadAhead) -> None:
    inner.error = TransientError("throttled")
    records.begin(["a"])
    with pytest.raises(TransientError, match="throttled"):
        records.get("a")
