"""Reports from their queue to the record and the effects' queues, over a real SQLite back end."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.shared import job_listing
from functions.shared.domain.keys import collector_key, digest, printer_key
from functions.shared.errors import ConflictError, ContractError
from functions.shared.job_listing import JobFilter
from functions.shared.messages.effects import (
    Notification,
    decode_inspection,
    decode_notification,
    decode_timelapse,
)
from functions.shared.messages.report import FrameReference, Report, ReportKind, encode_report
from functions.shared.ports import Outgoing
from functions.shared.settings import Settings
from functions.tracker.evaluation import Rules
from functions.tracker.service import TrackerService, build_service
from functions.tracker.transitions import advance_with_history
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.queue import SqliteQueue
from infra.local.storage.records import SqliteRecordStore
from infra.local.stores import open_stores
from tests.support.clock import HandClock
from tests.support.consuming import consume


class LosingRecords(SqliteRecordStore):
    """Loses the next conditional writes, as if another writer had been faster."""

    losses = 0

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        if self.losses:
            self.losses -= 1
            raise ConflictError("another writer was faster")
        return super().put(key, value, expected_version, expires_at)


class ServiceHarness:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = HandClock()
        self.database = SqliteDatabase(folder / "state.sqlite3")
        self.records = LosingRecords(self.database, self.clock)
        self.reports = self._queue("reports", fifo=True)
        self.notifications = self._queue("notifications", fifo=True)
        self.timelapses = self._queue("timelapses", fifo=False)
        self.inspections = self._queue("inspections", fifo=False)
        self.sequence = 0
        self.service = TrackerService(
            self.records,
            self.notifications,
            self.timelapses,
            self.inspections,
            Rules(inspection_interval=60),
            "chat",
            self.clock,
        )

    def _queue(self, name: str, *, fifo: bool) -> SqliteQueue:
        return SqliteQueue(self.database, name, fifo, 60.0, None, self.clock)

    def report(self, printer_id: str = "p", **values: Any) -> Report:
        self.sequence += 1
        now = self.clock()
        key = f"images/{printer_id}/Benchy/20260101T000000_{self.sequence:06d}_Benchy.jpg"
        base: dict[str, Any] = {
            "collector_id": "c1",
            "sequence": self.sequence,
            "printer_id": printer_id,
            "kind": ReportKind.STATUS,
            "observed_at": now,
            "shipped_at": now,
            "frame": FrameReference(key, now, 10),
        }
        return Report(**base | values)

    def send(self, *reports: Report) -> None:
        self.reports.send(
            [Outgoing(encode_report(report), report.group, digest(report.id)) for report in reports]
        )

    def work(self) -> None:
        consume(self.reports, self.service, self.reports.receive(10))

    def told(self) -> list[str]:
        return [notice.category.value for notice in self.notices()]

    def notices(self) -> list[Notification]:
        notices = []
        while deliveries := self.notifications.receive(1):
            notices.append(decode_notification(deliveries[0].body))
            self.notifications.acknowledge(deliveries[0])
        return notices


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[ServiceHarness]:
    made = ServiceHarness(tmp_path)
    yield made
    made.database.close()


def state(word: str) -> dict[str, Any]:
    return {"gcode_state": word, "subtask_name": "Benchy", "stg_cur": 0}


def test_reports_become_a_record_and_messages(harness: ServiceHarness) -> None:
    harness.send(harness.report(status=state("IDLE")), harness.report(status=state("RUNNING")))
    harness.work()
    assert harness.told() == ["started"]
    record = harness.records.get(printer_key("p"))
    assert record is not None
    assert record.value["state"] == "RUNNING"
    assert record.value["status"]["subtask_name"] == "Benchy"
    assert harness.reports.count() == 0


def test_an_end_asks_for_the_film_and_a_long_print_for_checks(harness: ServiceHarness) -> None:
    harness.send(harness.report(status=state("IDLE")), harness.report(status=state("RUNNING")))
    harness.work()
    harness.clock.pass_time(400)
    harness.send(
        harness.report(status=state("RUNNING")), harness.report(status=state("FINISH"), frames_kept=7)
    )
    harness.work()
    look = decode_inspection(harness.inspections.receive(1)[0].body)
    film = decode_timelapse(harness.timelapses.receive(1)[0].body)
    assert look.prefix == film.prefix == "images/p/Benchy/"
    assert film.frames_kept == 7


def test_a_report_delivered_twice_says_nothing_twice(harness: ServiceHarness) -> None:
    running = harness.report(status=state("RUNNING"))
    harness.send(running)
    harness.work()
    harness.clock.pass_time(4000)  # beyond what the queue remembers of its ids
    harness.send(running)
    harness.work()
    assert harness.told() == ["already_printing"]


def test_a_lost_conditional_write_repeats_the_same_ids_and_is_announced_once(harness: ServiceHarness) -> None:
    harness.send(harness.report(status=state("RUNNING")), harness.report(status=state("PAUSE")))
    harness.records.losses = 1
    harness.work()
    assert harness.records.get(printer_key("p")) is None
    harness.work()
    assert harness.records.get(printer_key("p")) is None, "it goes back for two seconds"
    harness.clock.pass_time(2)
    harness.work()
    assert harness.told() == ["already_printing", "paused"]


def test_after_a_fault_the_rest_of_the_group_waits_and_other_printers_go_on(harness: ServiceHarness) -> None:
    harness.send(
        harness.report("left", status=state("RUNNING")),
        harness.report("left", status=state("PAUSE")),
        harness.report("right", status=state("RUNNING")),
    )
    harness.records.losses = 1
    harness.work()
    assert harness.records.get(printer_key("left")) is None
    assert harness.records.get(printer_key("right")) is not None
    harness.clock.pass_time(2)
    harness.work()
    stored = harness.records.get(printer_key("left"))
    assert stored is not None
    assert stored.value["state"] == "PAUSE"


def test_what_is_no_report_is_dead_lettered_and_holds_up_nothing(harness: ServiceHarness) -> None:
    good = harness.report(status=state("RUNNING"))
    harness.reports.send([Outgoing("{]", good.group, "a"), Outgoing('{"version": 99}', good.group, "b")])
    harness.send(good)
    harness.work()
    assert harness.told() == ["already_printing"]
    assert len(harness.reports.dead_letters()) == 2


def test_lateness_counts_the_edge_and_the_queue_but_no_wrong_clock(harness: ServiceHarness) -> None:
    observed_at = harness.clock() - 9_999_999  # an edge without a battery clock
    harness.send(
        harness.report(status=state("RUNNING"), observed_at=observed_at, shipped_at=observed_at + 100)
    )
    harness.clock.pass_time(20)
    harness.work()
    assert decode_notification(harness.notifications.receive(1)[0].body).late_by == 120.0


def test_a_record_that_cannot_be_read_starts_anew(harness: ServiceHarness) -> None:
    harness.records.put(printer_key("p"), {"printer_id": 7}, 0)
    harness.send(harness.report(status=state("RUNNING")))
    harness.work()
    assert harness.told() == ["already_printing"]


def own_report(harness: ServiceHarness, observed_at: float, *, is_disk_full: bool | None) -> None:
    """As a collector has it; None: one of 0.1, which does not know."""
    harness.clock.pass_time(60)
    outbox = {"bytes": 5} | ({} if is_disk_full is None else {"is_disk_full": is_disk_full})
    printers = [{"printer_id": name, "model": None} for name in ("P1S-2", "A1M-1")]
    status = {"version": "1", "printers": printers, "outbox": outbox}
    harness.send(
        harness.report("collector", kind=ReportKind.COLLECTOR, status=status, observed_at=observed_at)
    )
    harness.work()


def test_a_collectors_full_disk_is_told_once_when_it_begins_and_once_when_it_is_over(
    harness: ServiceHarness,
) -> None:
    harness.service = replace(harness.service, watches_collectors=True)
    for at, is_full in enumerate([None, False, True, True, True, False, False, True, False]):
        own_report(harness, 60.0 * at, is_disk_full=is_full)
    told = [(told.category.value, told.printer_id, told.reason, told.text) for told in harness.notices()]
    watched = "It watches A1M-1 and P1S-2"
    assert told == [
        ("collector_disk_full", "2 printers", None, watched),
        ("collector_disk_free", "2 printers", "It was full for 3 min", watched),
        ("collector_disk_full", "2 printers", None, watched),
        ("collector_disk_free", "2 printers", "It was full for 1 min", watched),
    ]


def test_that_it_is_full_is_told_once_though_the_record_is_lost_to_another_writer(
    harness: ServiceHarness,
) -> None:
    harness.service = replace(harness.service, watches_collectors=True)
    harness.records.losses = 1
    own_report(harness, 60.0, is_disk_full=True)
    harness.clock.pass_time(60)
    harness.work()
    assert [told.category.value for told in harness.notices()] == ["collector_disk_full"]


def test_the_embedded_run_tells_of_its_disk_itself(harness: ServiceHarness) -> None:
    own_report(harness, 60.0, is_disk_full=True)
    assert harness.notices() == []


def test_a_collectors_own_report_is_kept_with_our_time(harness: ServiceHarness) -> None:
    own = harness.report("collector", kind=ReportKind.COLLECTOR, status={"version": "1"}, observed_at=5.0)
    harness.send(own)
    harness.work()
    stored = harness.records.get(collector_key("c1"))
    assert stored is not None
    assert stored.value["received_at"] == harness.clock()
    assert stored.value["status"] == {"version": "1"}
    assert harness.told() == []


@pytest.mark.parametrize(("checks_are_on", "interval"), [(True, 600.0), (False, None)])
def test_the_settings_become_the_rules_and_without_checks_none_is_asked_for(
    harness: ServiceHarness, checks_are_on: bool, interval: float | None
) -> None:
    settings = Settings(
        progress_step=7,
        photo_interval_seconds=120.0,
        ai_check_interval_seconds=600.0,
        silence_grace_seconds=9.0,
    )
    assert Rules.from_settings(settings, checks_are_on) == Rules(7, 120.0, interval, 9.0)
    stores = open_stores(Settings(data_dir=harness.folder, images_dir=harness.folder), harness.clock)
    service = build_service(stores, settings, checks_are_on)
    assert (service.inspections is stores.inspections, service.chat) == (checks_are_on, "terminal")
    stores.database.close()


class KilledError(BaseException):
    """The program ends here, and nothing of it runs any more."""


def killed_with(harness: ServiceHarness, deadly: Report, monkeypatch: pytest.MonkeyPatch) -> int:
    """Work until nothing is left, though a report kills whoever works on it; how many runs it killed."""

    def dies(record: Any, report: Report, rules: Rules) -> Any:
        if report.id == deadly.id:
            raise KilledError
        return advance_with_history(record, report, rules)

    monkeypatch.setattr("functions.tracker.service.advance_with_history", dies)
    killed = 0
    while harness.reports.count():
        assert killed < 20, "it is set aside"
        harness.reports.recover()
        try:
            harness.work()
        except KilledError:
            killed += 1
    return killed


def test_a_report_that_ends_every_run_is_set_aside_and_those_around_it_are_told(
    harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadly = harness.report("deadly", status=state("RUNNING"))
    first, last = harness.report(status=state("IDLE")), harness.report(status=state("RUNNING"))
    harness.send(first, deadly, last, harness.report("deadly", status=state("RUNNING")))
    assert killed_with(harness, deadly, monkeypatch) == 6  # the first one is not known of: that saves a write
    (letter,) = harness.reports.dead_letters()
    assert letter.reason == "5 runs broke off with it"
    assert sorted(harness.told()) == ["already_printing", "started"]


def test_a_report_that_only_comes_again_is_not_taken_for_one_that_ends_runs(harness: ServiceHarness) -> None:
    harness.records.losses = 1000
    harness.send(harness.report(status=state("RUNNING")))
    for _ in range(12):
        harness.work()
        harness.clock.pass_time(3)
    harness.records.losses = 0
    harness.work()
    assert harness.told() == ["already_printing"]


def test_a_report_is_not_written_down_before_it_comes_again(harness: ServiceHarness) -> None:
    harness.send(harness.report(status=state("RUNNING")))
    harness.work()
    assert harness.records.list("starts/") == []


class DyingRecords:
    """Kills the program at its call of that number, before or after the store has done it."""

    def __init__(self, inner: SqliteRecordStore, call: int, is_before: bool) -> None:
        self._inner, self._left, self._is_before = inner, call, is_before

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._inner, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left == 0 and self._is_before:
                raise KilledError
            result = real(*arguments, **named)
            if self._left == 0:
                raise KilledError
            return result

        return call


def history_of(harness: ServiceHarness) -> list[tuple[str, str | None, float, int, int]]:
    """Of the lists: result, name, seconds; and of the job itself how many points and pauses it has."""
    told = []
    for line in job_listing.page(harness.records, JobFilter("p"), None, 10).lines:
        parts = job_listing.find(harness.records, line.end.job_id)
        assert parts is not None
        seconds = line.end.duration_seconds or 0.0
        course = parts.course
        told.append((line.end.result, line.end.name, seconds, len(course.points), len(course.pauses)))
    return told


def a_print(harness: ServiceHarness) -> None:
    """Two jobs: the second falls silent and is back before it ends."""
    for word, seconds in (
        *(("IDLE", 10), ("RUNNING", 60), ("PAUSE", 60), ("RUNNING", 60), ("FINISH", 600)),
        *(("RUNNING", 60), ("", 60), ("RUNNING", 60), ("FINISH", 60)),
    ):
        kind = ReportKind.STATUS if word else ReportKind.SILENCE
        harness.send(harness.report(status=state(word) if word else None, kind=kind))
        while harness.reports.count():
            harness.reports.recover()
            try:
                harness.work()
            except KilledError:
                harness.service = replace(harness.service, records=harness.records)
        harness.clock.pass_time(seconds)


def test_a_kill_between_any_two_calls_of_the_store_leaves_the_history_whole(tmp_path: Path) -> None:
    expected = [("finished", "Benchy", 180.0, 2, 0), ("finished", "Benchy", 180.0, 3, 1)]
    for call in (0, *range(9, 75, 6)):
        harness = ServiceHarness(tmp_path / str(call))
        dying: Any = DyingRecords(harness.records, call, is_before=call % 2 == 0)
        harness.service = replace(harness.service, records=dying)
        a_print(harness)
        assert history_of(harness) == expected, call
        assert sum(it.jobs for month in job_listing.figures(harness.records, JobFilter()).months
                   for it in month.figures.all_days()) == 2, call  # fmt: skip
        assert harness.told().count("finished") == 2, call
        harness.database.close()


def test_a_fault_in_the_history_loses_no_message_and_no_record(
    harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: Any) -> None:
        raise ContractError("it cannot be written")

    monkeypatch.setattr("functions.tracker.service.JobArchive.keep", refuses)
    a_print(harness)
    assert harness.told().count("finished") == 2
    assert history_of(harness) == []


def test_a_history_lasts_as_long_as_it_is_set(harness: ServiceHarness) -> None:
    harness.service = replace(harness.service, history_days=30.0)
    a_print(harness)
    harness.clock.pass_time(29 * 86_400)
    assert len(history_of(harness)) == 2
    harness.clock.pass_time(2 * 86_400)
    assert history_of(harness) == []
