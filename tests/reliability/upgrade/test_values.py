"""Values of a former release: read as what they are, and written today in the same bytes.

What is written in the same bytes can be read by the former release too: both stand side by side while a stack
is deployed, and after a step back.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from collector.outbox.model import decode_frame, decode_job, encode_frame, encode_job
from functions.notify.chat_state import change_state, read_state
from functions.shared.domain.collector_liveness import Announcement, Change, LivenessState
from functions.shared.domain.keys import (
    COLLECTORS,
    PRINTERS,
    chat_key,
    collector_key,
    done_key,
    inspection_key,
    printer_key,
)
from functions.shared.messages.chat_record import ChatState
from functions.shared.messages.collector_record import collector_of, collector_record_of, with_state
from functions.shared.messages.effects import (
    Category,
    Notification,
    decode_inspection,
    decode_notification,
    decode_timelapse,
    encode_effect,
)
from functions.shared.messages.inspection_record import (
    CheckState,
    PendingConfirmation,
    inspection_from_json,
    inspection_to_json,
)
from functions.shared.messages.printer_record import (
    Episode,
    Job,
    Phase,
    PrinterRecord,
    record_from_json,
    record_to_json,
)
from functions.shared.messages.report import Report, ReportKind, decode_report, encode_report
from functions.shared.settings import Settings
from functions.tracker.evaluation import Rules
from functions.tracker.transitions import advance
from infra.local.stores import DATABASE_FILE, Stores, open_stores
from tests.support.clock import HandClock
from tests.support.samples import (
    ADDED_TO_EDGE_JOBS,
    CHAT_ID,
    COLLECTOR,
    ENDED,
    FORMER,
    IDLE,
    NOW,
    OFFLINE,
    SILENCED,
    SILENT,
    WATCHED,
    WATCHED_JOB,
    bodies,
    copied,
    without_added,
)

STATE = FORMER / "embedded" / "data_dir" / DATABASE_FILE
OUTBOXES = sorted(FORMER.glob("*/data_dir/outbox/outbox.db"))
TO_BYTES: dict[str, Callable[[str], str]] = {
    "reports": lambda body: without_added(encode_report(decode_report(body))),
    "notifications": lambda body: without_added(encode_effect(decode_notification(body))),
    "inspections": lambda body: without_added(encode_effect(decode_inspection(body))),
    "timelapses": lambda body: without_added(encode_effect(decode_timelapse(body))),
}


@contextmanager
def rows(database: Path, query: str) -> Iterator[list[Any]]:
    """Read where it lies, which changes nothing."""
    with closing(sqlite3.connect(f"file:{database}?immutable=1", uri=True)) as connection:
        yield connection.execute(query).fetchall()


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """The stores of the embedded run, opened by today's code."""
    folder = copied("embedded", tmp_path)
    clock = HandClock(NOW)
    settings = Settings(data_dir=folder / "data_dir", images_dir=folder / "images_dir")
    opened = open_stores(settings, clock.wall, clock.monotonic)
    yield opened
    opened.database.close()


def record_of(stores: Stores, printer_id: str) -> PrinterRecord:
    stored = stores.records.get(printer_key(printer_id))
    assert stored is not None
    return record_from_json(stored.value)


def in_bytes(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize("queue", TO_BYTES)
def test_messages_in_sqs_are_written_in_the_same_bytes(queue: str) -> None:
    assert len(bodies(queue)) >= 2
    for body in bodies(queue):
        assert TO_BYTES[queue](body) == body


@pytest.mark.parametrize("queue", TO_BYTES)
def test_messages_in_the_state_file_are_written_in_the_same_bytes(queue: str) -> None:
    with rows(STATE, f"SELECT body FROM message WHERE queue = '{queue}'") as found:
        assert len(found) >= 2
        for (body,) in found:
            assert TO_BYTES[queue](body) == body


def test_every_kind_of_report_and_category_is_among_them() -> None:
    assert {decode_report(body).kind for body in bodies("reports")} == set(ReportKind)
    told = {decode_notification(body).category for body in bodies("notifications")}
    assert len(told) == 23
    assert {Category.STARTED, Category.FILM, Category.DEFECT, Category.COLLECTOR_BACK} <= told


@pytest.mark.parametrize("database", OUTBOXES, ids=lambda path: path.parts[-4])
def test_what_an_outbox_holds_is_written_in_the_same_bytes(database: Path) -> None:
    with rows(database, "SELECT body FROM reports") as found:
        assert found
        written = [without_added(encode_report(decode_report(body))) for (body,) in found]
        assert written == [body for (body,) in found]
    with rows(database, "SELECT job FROM printers WHERE job IS NOT NULL") as found:
        assert len(found) >= 2
        for (job,) in found:
            written_job = without_added(encode_job(decode_job(job)) or "", ADDED_TO_EDGE_JOBS)
            assert json.loads(written_job) == json.loads(job)
    with rows(database, "SELECT newest FROM jobs WHERE newest IS NOT NULL") as found:
        assert found
        assert [encode_frame(decode_frame(newest)) for (newest,) in found] == [newest for (newest,) in found]


NOTHING = ({"count": 0, "newest": []}, {"curve": "", "pauses": [], "codes": []})


def without_newer(written: dict[str, Any], former: Mapping[str, Any]) -> dict[str, Any]:
    """Without the fields that came after that release, which say nothing of what it knew."""
    kept: dict[str, Any] = {}
    for name, item in written.items():
        if name not in former:
            assert item in (None, False, 0, "", [], {}, *NOTHING), name
        elif isinstance(item, dict) and isinstance(former[name], dict) and name != "status":
            kept[name] = without_newer(item, former[name])
        else:
            kept[name] = item
    return kept


def test_records_are_written_in_the_same_bytes(stores: Stores) -> None:
    printers = stores.records.list(PRINTERS)
    assert [each.key for each in printers] == [
        printer_key(name) for name in (WATCHED, IDLE, SILENT, SILENCED, ENDED, OFFLINE)
    ]
    for each in printers:
        written = record_to_json(record_from_json(each.value))
        assert in_bytes(without_newer(written, each.value)) == in_bytes(each.value)
    inspections = stores.records.list("inspection/")
    assert len(inspections) == 2
    for each in inspections:
        written = inspection_to_json(inspection_from_json(each.value))
        added = {name: written.pop(name) for name in ("day", "checks_on_day", "used_up", "alerts")}
        since = {"day": "", "checks_on_day": 0, "used_up": "", "alerts": []}
        assert added == since, "what came after that release"
        assert in_bytes(written) == in_bytes(each.value)
    collectors = stores.records.list(COLLECTORS)
    assert len(collectors) == 3
    for each in collectors:
        state = collector_of(collector_record_of(each)).state
        assert in_bytes(with_state(each.value, state)) == in_bytes(each.value)


def test_the_running_job_is_known_as_it_stood(stores: Stores) -> None:
    record = record_of(stores, WATCHED)
    prefix = "images/A1-mini/Wurfel_Turm~3c09c8a4c87b/"
    assert record.job == Job(
        id=WATCHED_JOB,
        started_at=NOW - 3700,
        start_is_known=True,
        phase=Phase.ACTIVE,
        state="RUNNING",
        printing_since=NOW - 3600,
        next_photo_at=NOW - 62 + 3600,
        next_inspection_at=NOW - 62 + 3600,
        name="Würfel & <Turm>",
        task_id="815",
        has_run=True,
        percent=42,
        layer=42,
        total_layers=100,
        remaining_minutes=58,
        step=40,
        prefix=prefix,
        frames_kept=10,
    )
    assert (record.model, record.is_online, record.sequences) == ("A1M", True, ((COLLECTOR, 12),))
    assert (record.heard_state, record.state, record.state_inferred) == ("RUNNING", "RUNNING", False)
    assert record.episodes == (
        Episode("HMS_0700_2000_0002_0001", gone_since=NOW - 45),
        Episode("HMS_0300_1A00_0002_0002"),
    )
    assert record.frame is not None
    assert (record.frame.taken_at, record.frame.key.startswith(prefix)) == (NOW - 45, True)
    assert record.received_at == NOW - 45
    assert record.status is not None
    assert (record.status["gcode_state"], record.status["mc_percent"]) == ("RUNNING", 42)
    assert record.status["ams"]["ams"][0]["tray"][0]["tray_type"] == "PLA"


def test_a_job_that_ran_under_the_former_release_goes_on_and_ends_with_what_it_reached(
    stores: Stores,
) -> None:
    record, told = record_of(stores, WATCHED), []
    before = dict(record.status or {})
    course: list[dict[str, Any]] = [
        {"mc_percent": 45},
        {"mc_percent": 0, "layer_num": 0},
        {"gcode_state": "FAILED", "print_error": 0x0300_400C},
    ]
    for number, changed in enumerate(course):
        before |= changed
        report = Report(
            COLLECTOR,
            13 + number,
            WATCHED,
            ReportKind.STATUS,
            NOW + number,
            status=before,
            after_gap=not number,
        )
        record, effects = advance(record, report, Rules())
        told += [effect for effect in effects if isinstance(effect, Notification)]
    assert [one.category for one in told] == [Category.PROGRESS, Category.CANCELLED]
    assert {one.job_id for one in told} == {WATCHED_JOB}
    assert (told[-1].job.percent, told[-1].job.layer) == (45, 42)


def test_silent_ended_and_idle_printers_are_known_as_they_stood(stores: Stores) -> None:
    silent, ended = record_of(stores, SILENT), record_of(stores, ENDED)
    assert silent.job is not None
    assert (silent.job.phase, silent.job.lost_at, silent.silent_since) == (Phase.LOST, NOW - 640, NOW - 640)
    assert (silent.job.name, silent.job.task_id, silent.job.percent) == (None, None, 7)
    assert (silent.heard_state, silent.state, silent.state_inferred) == ("RUNNING", "IDLE", True)
    assert ended.job is not None
    assert (ended.job.phase, ended.job.result, ended.job.ended_at) == (Phase.ENDED, "finished", NOW - 5900)
    assert (ended.job.name, ended.job.frames_kept) == ("../..//etc", 6)
    silenced = record_of(stores, SILENCED).job
    assert silenced is not None
    assert (silenced.phase, silenced.result, silenced.frames_filmed) == (Phase.SILENCED, "ended", 3)
    idle = record_of(stores, IDLE)
    assert (idle.job, idle.state, idle.status, idle.frame) == (None, "IDLE", {"gcode_state": "IDLE"}, None)


def test_what_was_announced_of_a_printer_is_known(stores: Stores) -> None:
    record = record_of(stores, OFFLINE)
    assert (record.is_online, record.offline_announced) == (False, True)
    assert (record.announced_once, record.episodes) == (("0500-C011",), (Episode("0500-C011"),))
    assert record.cancel_seen_at == NOW - 600
    assert record.job is not None
    assert (record.job.start_is_known, record.job.frames_before, record.job.frames_kept) == (False, 2, 1)


def test_inspection_chat_liveness_and_marks_are_known_as_they_stood(stores: Stores) -> None:
    stored = stores.records.get(inspection_key(WATCHED))
    assert stored is not None
    watched = inspection_from_json(stored.value)
    check = f"{COLLECTOR}-ba42b87dc3dd-11/inspection"
    assert watched.pending_confirmation == PendingConfirmation(check, "warping", 0.9, NOW - 62, NOW - 62)
    assert (watched.job_id, watched.checks, watched.printing_since) == (WATCHED_JOB, 2, NOW - 3600)
    assert (watched.verdict, watched.summary) == (CheckState.SUSPICIOUS, "A corner <lifts>.")
    assert watched.last_check_at == NOW - 62
    stored = stores.records.get(inspection_key(ENDED))
    assert stored is not None
    ended = inspection_from_json(stored.value)
    assert (ended.verdict, ended.announced) == (CheckState.DEFECT, {"spaghetti": NOW - 1600})
    alert, second = ended.pending
    assert decode_notification(alert).text == "Loose filament."
    assert decode_inspection(second).confirms == f"{COLLECTOR}-fd7ec495cce7-902/inspection"
    counted = stores.records.get("inspection-budget")  # of all printers together then: nobody reads it now
    assert counted is not None
    assert counted.value["looks"] == 3
    assert (watched.checks_on_day, watched.used_up) == (0, "")

    chat = read_state(stores.records, chat_key(str(CHAT_ID)))
    assert chat == ChatState((NOW - 62,) * 3, failures=1)
    assert read_state(stores.records, chat_key(f"{CHAT_ID}/films")) == ChatState(failures=2)

    collectors = {
        record.collector_id: collector_of(record)
        for record in map(collector_record_of, stores.records.list(COLLECTORS))
    }
    assert collectors[COLLECTOR].printers == (WATCHED, SILENT, ENDED, IDLE, SILENCED, OFFLINE)
    assert collectors[COLLECTOR].state == LivenessState()
    assert collectors["0123456789abcdef"].state == LivenessState(lost_sequence=7, lost_since=NOW - 1900)
    assert collectors["fedcba9876543210"].state == LivenessState(
        pending=Announcement(Change.BACK, 2, NOW - 90, 4000.0)
    )
    own = stores.records.get(collector_key(COLLECTOR))
    assert own is not None
    assert own.value["status"]["version"] == "0.1.0"

    mark = done_key(f"{COLLECTOR}-ba42b87dc3dd-11/photo")
    assert stores.records.get(mark) is not None
    assert not stores.records.put_if_absent(mark, NOW + 1000)


def test_the_pace_of_the_chat_is_written_in_the_same_bytes(stores: Stores) -> None:
    key = chat_key(str(CHAT_ID))
    before = stores.records.get(key)
    assert before is not None
    state = read_state(stores.records, key)
    change_state(stores.records, key, lambda known: ChatState())
    change_state(stores.records, key, lambda known: state)
    after = stores.records.get(key)
    assert after is not None
    former = {name: item for name, item in before.value.items() if name != "is_unauthorized"}
    assert in_bytes(without_newer(after.value, former)) == in_bytes(former)


def test_queues_hold_what_they_held_and_what_was_in_flight_is_given_out_again(stores: Stores) -> None:
    assert [queue.count() for queue in stores.queues] == [10, 25, 2, 2]
    (first,) = stores.notifications.receive(1)
    (about_films,) = stores.notifications.receive(1)
    told = [decode_notification(each.body).category for each in (first, about_films)]
    assert told == [Category.STARTED, Category.FILM]
    assert [each.receive_count for each in (first, about_films)] == [2, 2]
    assert first.sent_at == NOW - 10
    assert stores.notifications.receive(1) == [], "both groups are closed"
    reports = stores.reports.receive(10)
    order = [
        decode_report(each.body).observed_at
        for each in reports
        if decode_report(each.body).printer_id == WATCHED
    ]
    assert len(reports) == 10
    assert order == sorted(order)
    (bad,) = stores.reports.dead_letters()
    assert (bad.body, bad.receive_count) == ('{"version":1,"kind":"gossip"}', 1)
    assert "gossip" in bad.reason
    assert len(stores.notifications.dead_letters()) == 1


def test_what_was_delayed_comes_when_it_was_to_come(tmp_path: Path) -> None:
    folder = copied("embedded", tmp_path)
    clock = HandClock(NOW - 4)
    settings = Settings(data_dir=folder / "data_dir", images_dir=folder / "images_dir")
    stores = open_stores(settings, clock.wall, clock.monotonic)
    early = [decode_timelapse(each.body).result for each in stores.timelapses.receive(10)]
    assert early == [Category.FAILED]
    assert [decode_inspection(each.body).confirms for each in stores.inspections.receive(10)] == [None]
    clock.pass_time(2)
    (smaller,) = stores.timelapses.receive(10)
    assert (decode_timelapse(smaller.body).max_bytes, smaller.receive_count) == (150_000, 2)
    (second,) = stores.inspections.receive(10)
    assert decode_inspection(second.body).confirms == f"{COLLECTOR}-ba42b87dc3dd-11/inspection"
    stores.database.close()


def test_a_report_is_read_with_all_that_it_says() -> None:
    (restored,) = [report for report in map(decode_report, bodies("reports")) if report.after_gap]
    assert (restored.printer_id, restored.model, restored.kind) == (SILENCED, "P1P", ReportKind.STATUS)
    assert (restored.sequence, restored.observed_at, restored.frames_kept) == (6, NOW - 37, 4)
    assert restored.status is not None
    assert (restored.status["task_id"], restored.status["mc_percent"]) == ("42", 80)
    assert restored.frame is not None
    assert restored.frame.key == "images/P1P_werkstatt/Vase/20900504T115925_000004_Vase.jpg"
    assert (restored.frame.taken_at, restored.shipped_at) == (NOW - 37, NOW - 31)
