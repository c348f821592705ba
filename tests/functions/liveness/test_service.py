"""Liveness over real stores: beside the tracker's own writes, and with crashes at every point."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.liveness.service import LivenessService
from functions.shared.domain.keys import COLLECTORS, collector_key, digest, listing_key
from functions.shared.errors import TransientError
from functions.shared.messages.report import Report, ReportKind, encode_report
from functions.shared.ports import Outgoing, Refusal, Stored
from functions.tracker.evaluation import Rules
from functions.tracker.service import TrackerService
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.queue import SqliteQueue
from infra.local.storage.records import SqliteRecordStore
from tests.support.clock import HandClock
from tests.support.consuming import consume, taken


class Crash(BaseException):
    """The function is killed."""


class Harness:
    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.database = SqliteDatabase(folder / "state.sqlite3")
        self.records = InterruptedRecords(self.database, self.clock)
        self.reports, self.notifications = (
            SqliteQueue(self.database, name, True, 60.0, None, self.clock)
            for name in ("reports", "notifications")
        )
        self.tracker = TrackerService(
            self.records,
            self.notifications,
            self.notifications,
            None,
            Rules(),
            "c",
            self.clock,
            watches_collectors=True,
        )
        self.service = LivenessService(self.records, self.notifications, "c", self.clock)
        self._sequence = 0

    def report(self, collector_id: str = "pi", *printers: str, started_at: float | None = None) -> None:
        """The collector reports on itself, by way of the tracker."""
        self._sequence += 1
        listed = [{"printer_id": name, "model": None} for name in printers or ("A1M-1",)]
        report = Report(
            collector_id,
            self._sequence,
            "collector",
            ReportKind.COLLECTOR,
            self.clock(),
            status={"version": "1", "started_at": started_at, "printers": listed},
        )
        self.reports.send([Outgoing(encode_report(report), report.group, digest(report.id))])
        consume(self.reports, self.tracker, self.reports.receive(1))

    def item(self, collector_id: str = "pi") -> dict[str, Any]:
        stored = self.records.get(collector_key(collector_id))
        assert stored is not None
        return stored.value

    def told(self) -> list[str]:
        from functions.shared.messages.effects import decode_notification

        return [it.category.value for it in taken(self.notifications, decode_notification)]


class InterruptedRecords(SqliteRecordStore):
    """`before_put` is called with the key before the next write, once; `read` are keys and prefixes."""

    before_put: Any = None

    def __init__(self, database: SqliteDatabase, clock: HandClock) -> None:
        super().__init__(database, clock)
        self.read: list[str] = []

    def get(self, key: str) -> Stored | None:
        self.read.append(key)
        return super().get(key)

    def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[Stored]:
        self.read.append(prefix)
        return super().list(prefix, after, limit)

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        interrupt, self.before_put = self.before_put, None
        if interrupt:
            interrupt(key)
        return super().put(key, value, expected_version, expires_at)


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = Harness(tmp_path)
    yield made
    made.database.close()


def test_a_silence_and_its_end_are_announced_once_each(harness: Harness) -> None:
    harness.report()
    counts = []
    for _ in range(12):
        harness.clock.pass_time(300)
        counts.append(harness.service.check())
    assert harness.told() == ["collector_lost"]
    assert counts == [0, 0, 0, *[1] * 9]
    harness.report()
    assert [harness.service.check() for _ in range(3)] == [0, 0, 0]
    assert harness.told() == ["collector_back"]
    assert "liveness" not in harness.item()


def test_a_healthy_collector_costs_no_write(harness: Harness) -> None:
    harness.report()
    harness.clock.pass_time(300)
    stored = harness.records.get(collector_key("pi"))
    harness.service.check()
    assert harness.records.get(collector_key("pi")) == stored


def test_the_tracker_keeps_the_state_and_liveness_keeps_the_report(harness: Harness) -> None:
    harness.report()
    before = harness.item()
    harness.clock.pass_time(1000)
    harness.service.check()
    state = harness.item()["liveness"]
    assert {**harness.item(), "liveness": None} == {**before, "liveness": None}
    harness.report()
    assert harness.item()["liveness"] == state
    assert harness.item()["sequence"] == before["sequence"] + 1


def test_a_report_that_comes_in_the_middle_wins(harness: Harness) -> None:
    harness.report()
    harness.clock.pass_time(1000)
    harness.records.before_put = lambda key: harness.report()
    harness.service.check()
    assert harness.told() == [], "it was heard before anything was decided for good"
    assert harness.item()["sequence"] == 2


def test_a_report_that_comes_while_it_is_being_said_is_kept_and_the_return_is_announced(
    harness: Harness,
) -> None:
    harness.report()
    harness.clock.pass_time(1000)

    def at_the_second_write(key: str) -> None:
        harness.records.before_put = lambda key: harness.report()

    harness.records.before_put = at_the_second_write
    harness.service.check()
    harness.service.check()
    assert harness.told() == ["collector_lost", "collector_back"]
    assert harness.item()["sequence"] == 2


@pytest.mark.parametrize("puts", [0, 1])
def test_killed_at_any_point_it_is_announced_once(harness: Harness, puts: int) -> None:
    harness.report()
    harness.clock.pass_time(1000)
    left = puts

    def count_down(key: str) -> None:
        nonlocal left
        if left == 0:
            raise Crash
        left -= 1
        harness.records.before_put = count_down

    harness.records.before_put = count_down
    with pytest.raises(Crash):
        harness.service.check()
    harness.records.before_put = None
    harness.clock.pass_time(60)
    harness.service.check()
    assert harness.told() == ["collector_lost"]


def test_a_queue_that_is_away_is_tried_again_and_stops_no_other_collector(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.report("one", "A")
    harness.report("two", "B")
    harness.clock.pass_time(1000)
    calls = 0
    real = SqliteQueue.send

    def send(queue: SqliteQueue, entries: list[Outgoing]) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise TransientError("throttled")
        return real(queue, entries)

    monkeypatch.setattr(SqliteQueue, "send", send)
    with pytest.raises(TransientError, match="1 of 2"):
        harness.service.check()
    assert harness.told() == ["collector_lost"]
    assert harness.service.check() == 2
    assert harness.told() == ["collector_lost"]


def test_a_refused_announcement_is_not_tried_for_ever(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    harness.report()
    harness.clock.pass_time(1000)
    monkeypatch.setattr(SqliteQueue, "send", lambda *_: [Refusal(0, "too large")])
    assert harness.service.check() == 1
    assert "refused for good: too large" in caplog.text
    assert "pending" not in harness.item()["liveness"]


@pytest.mark.parametrize(
    "junk",
    [
        {"sequence": "1", "received_at": 5.0},
        {"sequence": 1},
        {},
    ],
)
def test_an_item_that_is_no_collector_s_costs_a_line(
    harness: Harness, caplog: pytest.LogCaptureFixture, junk: dict[str, Any]
) -> None:
    harness.records.put(collector_key("junk"), junk, 0)
    harness.report()
    harness.clock.pass_time(1000)
    assert harness.service.check() == 1
    assert "collector/junk is left out" in caplog.text


@pytest.mark.parametrize("state", [5, {"lost_sequence": "x"}, {"pending": {"category": "nonsense"}}])
def test_a_state_that_cannot_be_read_counts_as_none(harness: Harness, state: object) -> None:
    harness.report()
    stored = harness.records.get(collector_key("pi"))
    assert stored is not None
    harness.records.put(stored.key, {**stored.value, "liveness": state}, stored.version)
    harness.clock.pass_time(1000)
    assert harness.service.check() == 1
    assert harness.told() == ["collector_lost"]


def test_printers_lists_of_any_kind_are_borne(harness: Harness) -> None:
    for place, printers in enumerate([None, 5, [5, {}, {"printer_id": 5}, {"printer_id": ""}], {"a": 1}]):
        value = {"sequence": 1, "received_at": harness.clock(), "status": {"printers": printers}}
        harness.records.put(collector_key(f"c{place}"), value, 0)
    harness.clock.pass_time(1000)
    assert harness.service.check() == 4


MANY = tuple(f"P{number:04d}" for number in range(1000))


def test_collectors_that_are_heard_cost_one_listing_however_many_printers_they_have(harness: Harness) -> None:
    for name in ("one", "two", "three"):
        harness.report(name, *(f"{name}-{printer}" for printer in MANY))
    harness.clock.pass_time(300)
    harness.service.check()  # who watches the same is looked for once in each new list
    harness.records.read.clear()
    assert harness.service.check() == 0
    assert harness.records.read == [COLLECTORS]


def test_a_mass_outage_reads_and_writes_what_it_changes(harness: Harness) -> None:
    names = [f"c{number:02d}" for number in range(20)]
    for name in names:
        harness.report(name, *(f"{name}-{number}" for number in range(30)))
    harness.service.check()
    harness.clock.pass_time(800)
    for name in names[10:]:
        harness.report(name, *(f"{name}-{number}" for number in range(30)))
    harness.clock.pass_time(200)
    harness.records.read.clear()
    assert harness.service.check() == 10
    assert harness.told() == ["collector_lost"] * 10
    assert len(harness.records.read) <= 1 + 10 * 4, "decided, said, and looked at once more"
    harness.records.read.clear()
    assert harness.service.check() == 10
    assert harness.records.read == [COLLECTORS]


def test_one_of_a_thousand_printers_is_replaced_by_one_that_lists_them_all(harness: Harness) -> None:
    harness.report("old", *MANY)
    harness.clock.pass_time(1000)
    harness.report("new", *MANY, "another")
    assert "printers" not in harness.item("old")["status"]
    assert harness.service.check() == 0
    assert harness.told() == []
    assert harness.item("old")["liveness"] == {"forgotten_sequence": 1}


def test_one_of_a_thousand_printers_is_missed_by_its_names(harness: Harness) -> None:
    from functions.shared.messages.effects import decode_notification

    harness.report("old", *MANY)
    harness.report("new", *MANY[:-1])
    harness.clock.pass_time(800)
    harness.report("new", *MANY[:-1])
    harness.clock.pass_time(200)
    assert harness.service.check() == 1
    [told] = taken(harness.notifications, decode_notification)
    assert told.printer_id == "1000 printers"
    assert told.text == f"It watches {', '.join(MANY[:10])} and 990 more"


def test_a_long_list_is_written_when_it_has_changed(harness: Harness) -> None:
    def version() -> int:
        stored = harness.records.get(listing_key("pi"))
        assert stored is not None
        return stored.version

    versions = []
    for printers in (MANY, MANY, MANY[1:], MANY[1:]):
        harness.report("pi", *printers)
        versions.append(version())
    assert versions == [1, 1, 2, 2]
    harness.report("pi", "few")
    assert "listing" not in harness.item()
    assert harness.item()["status"]["printers"] == [{"printer_id": "few", "model": None}]


def test_two_that_watch_the_same_thousand_are_found_and_forgotten_again(harness: Harness) -> None:
    begun = harness.clock()
    for _ in range(2):
        harness.report("one", *MANY, started_at=begun)
        harness.report("two", "P0007", started_at=begun)
        harness.clock.pass_time(200)
        harness.service.check()
    assert harness.item("one")["rivals"] == ["two"]
    assert harness.item("two")["rivals"] == ["one"]
    for _ in range(3):
        harness.report("one", *MANY, started_at=begun)
        harness.clock.pass_time(200)
        harness.service.check()
    assert "rivals" not in harness.item("one")
    assert "rivals" not in harness.item("two")
