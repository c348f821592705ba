"""What every RecordStore back end must do. A back end binds this class to itself with a `harness` fixture."""

import random
import threading
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.errors import ConflictError
from functions.shared.ports import RecordStore, Stored
from tests.support.timeouts import TIMEOUT

RACERS = 8


def noise(size: int) -> str:
    """Text that compresses to half its size at best."""
    return random.Random(size).randbytes(size // 2).hex()


class RecordHarness(ABC):
    """One back end, ready to be tested: an empty store and its time."""

    records: RecordStore

    @abstractmethod
    def now(self) -> float:
        """The time of the store."""

    @abstractmethod
    def pass_time(self, seconds: float) -> None:
        """Let the time of the store pass."""


class RecordsContract:
    @pytest.fixture
    def harness(self) -> RecordHarness:
        raise NotImplementedError("the back end binds this")

    @pytest.fixture
    def records(self, harness: RecordHarness) -> RecordStore:
        return harness.records

    def test_what_was_never_written_is_not_there(self, records: RecordStore) -> None:
        assert records.get("printer/A1") is None

    def test_a_record_is_read_back_as_it_was_written(self, records: RecordStore) -> None:
        value = {
            "text": "žluť 🖨 \n", "number": 12, "float": 0.25, "none": None, "yes": True,
            "list": [1, "two", []], "object": {"": {}, "deep": [{"x": -1}]},
        }  # fmt: skip
        assert records.put("printer/A1", value, 0) == 1
        assert records.get("printer/A1") == Stored("printer/A1", value, 1)

    def test_each_write_counts_one_version_on(self, records: RecordStore) -> None:
        assert [records.put("k", {"n": number}, number) for number in range(3)] == [1, 2, 3]
        assert records.get("k") == Stored("k", {"n": 2}, 3)

    def test_a_write_over_another_version_is_a_conflict_and_changes_nothing(
        self, records: RecordStore
    ) -> None:
        records.put("k", {"by": "first"}, 0)
        records.put("k", {"by": "second"}, 1)
        for wrong in (0, 1, 3):
            with pytest.raises(ConflictError):
                records.put("k", {"by": "loser"}, wrong)
        assert records.get("k") == Stored("k", {"by": "second"}, 2)

    def test_a_write_over_nothing_must_expect_nothing(self, records: RecordStore) -> None:
        with pytest.raises(ConflictError):
            records.put("k", {}, 1)
        assert records.get("k") is None

    def test_a_listing_has_all_of_the_prefix_and_nothing_else_sorted_by_key(
        self, records: RecordStore
    ) -> None:
        for key in ("printer/b", "printer/", "printer/a/x", "printer/é", "printers", "collector/a"):
            records.put(key, {"key": key}, 0)
        listed = records.list("printer/")
        assert [stored.key for stored in listed] == ["printer/", "printer/a/x", "printer/b", "printer/é"]
        assert listed[2] == Stored("printer/b", {"key": "printer/b"}, 1)
        assert records.list("nothing/") == []

    def test_a_listing_takes_wildcards_literally(self, records: RecordStore) -> None:
        for key in ("a%b/1", "axb/1", "a_b/1", "a*b/1"):
            records.put(key, {}, 0)
        for prefix in ("a%", "a_", "a*"):
            assert [stored.key for stored in records.list(prefix)] == [f"{prefix}b/1"]

    def test_a_listing_of_many_large_records_is_complete(self, records: RecordStore) -> None:
        for number in range(40):
            records.put(f"printer/{number:03d}", {"status": "x" * 50_000}, 0)
        assert len(records.list("printer/")) == 40

    def test_a_listing_can_be_read_page_by_page(self, records: RecordStore) -> None:
        keys = [f"printer/{number:03d}" for number in range(45)]
        for key in (*keys, "printers", "prince/1"):
            records.put(key, {"key": key}, 0)
        pages, after = [], ""
        while page := [stored.key for stored in records.list("printer/", after, 10)]:
            pages.append(page)
            after = page[-1]
        assert [len(page) for page in pages] == [10, 10, 10, 10, 5]
        assert [key for page in pages for key in page] == keys
        assert [stored.key for stored in records.list("printer/", "printer/0205", 2)] == keys[21:23]
        assert [stored.key for stored in records.list("printer/", limit=1)] == keys[:1]

    def test_a_page_of_large_records_is_whole(self, records: RecordStore) -> None:
        for number in range(40):
            records.put(f"collector/{number:03d}", {"status": noise(40_000)}, 0)
        assert len(records.list("collector/", "collector/001", 35)) == 35

    def test_a_mark_is_set_once(self, harness: RecordHarness, records: RecordStore) -> None:
        assert records.get("done/x") is None
        assert records.put_if_absent("done/x", harness.now() + 100) is True
        assert records.put_if_absent("done/x", harness.now() + 100) is False
        assert records.get("done/x") is not None

    def test_a_mark_is_gone_when_its_time_is_over(self, harness: RecordHarness, records: RecordStore) -> None:
        records.put_if_absent("done/x", harness.now() + 100)
        harness.pass_time(99)
        assert records.put_if_absent("done/x", harness.now() + 100) is False
        harness.pass_time(2)
        assert records.get("done/x") is None
        assert records.list("done/") == []
        assert records.put_if_absent("done/x", harness.now() + 100) is True

    def test_a_record_that_lasts_for_a_time_is_gone_after_it(
        self, harness: RecordHarness, records: RecordStore
    ) -> None:
        records.put("starts/x", {"n": 1}, 0, harness.now() + 100)
        harness.pass_time(99)
        records.put("starts/x", {"n": 2}, 1, harness.now() + 100)
        harness.pass_time(99)
        assert records.get("starts/x") == Stored("starts/x", {"n": 2}, 2)
        harness.pass_time(2)
        assert records.get("starts/x") is None
        assert records.put("starts/x", {"n": 1}, 0) == 1
        harness.pass_time(1e6)
        assert records.get("starts/x") == Stored("starts/x", {"n": 1}, 1)

    def test_a_record_is_in_the_way_of_a_mark(self, harness: RecordHarness, records: RecordStore) -> None:
        records.put("k", {"n": 1}, 0)
        assert records.put_if_absent("k", harness.now() + 100) is False
        harness.pass_time(1000)
        assert records.get("k") == Stored("k", {"n": 1}, 1)

    def test_of_many_who_write_over_one_version_exactly_one_wins(self, records: RecordStore) -> None:
        records.put("k", {}, 0)
        start = threading.Barrier(RACERS)

        def race(number: int) -> bool:
            start.wait(TIMEOUT)
            try:
                records.put("k", {"by": number}, 1)
            except ConflictError:
                return False
            return True

        with ThreadPoolExecutor(RACERS) as pool:
            winners = [number for number, won in enumerate(pool.map(race, range(RACERS))) if won]
        assert len(winners) == 1
        assert records.get("k") == Stored("k", {"by": winners[0]}, 2)

    def test_of_many_who_set_one_mark_exactly_one_wins(
        self, harness: RecordHarness, records: RecordStore
    ) -> None:
        start = threading.Barrier(RACERS)
        expires_at = harness.now() + 100

        def race(_: int) -> bool:
            start.wait(TIMEOUT)
            return records.put_if_absent("done/x", expires_at)

        with ThreadPoolExecutor(RACERS) as pool:
            assert sum(pool.map(race, range(RACERS))) == 1

    def test_no_write_is_lost_when_many_count_up_with_retries(self, records: RecordStore) -> None:
        def count_up(_: int) -> None:
            while True:
                stored = records.get("k")
                try:
                    records.put(
                        "k", {"n": stored.value["n"] + 1 if stored else 1}, stored.version if stored else 0
                    )
                except ConflictError:
                    continue
                return

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(count_up, range(20)))
        assert records.get("k") == Stored("k", {"n": 20}, 20)

    def test_any_name_is_a_key_and_any_json_a_value(self, records: RecordStore) -> None:
        any_text = st.text(st.characters(), max_size=20)
        any_json = st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False, allow_infinity=False)
            | any_text,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
            max_leaves=8,
        )

        @settings(max_examples=40, deadline=None)
        @given(name=any_text, value=st.dictionaries(any_text, any_json, max_size=4))
        def check(name: str, value: dict[str, Any]) -> None:
            key = "printer/" + name
            stored = records.get(key)
            version = records.put(key, value, stored.version if stored else 0)
            assert records.get(key) == Stored(key, value, version)
            assert Stored(key, value, version) in records.list(key)
            listed = [found.key for found in records.list("printer/")]
            assert listed == sorted(listed)

        check()
