"""Keeping: what is on disk when, what is named by what, what a restart finds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.outbox.outbox import Outbox
from functions.shared.domain.keys import belongs_to, job_prefix, latest_key
from functions.shared.errors import PermanentError
from functions.shared.messages.report import Report, ReportKind
from tests.collector.outbox.makers import a_job, a_picture, a_report, waiting_sequences
from tests.support.clock import HandClock

PLENTY = 100_000_000


class Desk:
    """An outbox in a folder that can be closed and opened again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = HandClock()
        self.outbox = self._open()

    def _open(self) -> Outbox:
        return Outbox(self.folder, PLENTY, self.clock.wall, self.clock.monotonic)

    def restart(self) -> Outbox:
        self.outbox.close()
        self.outbox = self._open()
        return self.outbox


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "outbox")
    yield desk
    desk.outbox.close()


def taken(outbox: Outbox) -> list[Report]:
    batch, _ = outbox.outlet.take_batch()
    return [item.report for item in batch]


def test_the_collector_keeps_its_name_over_restarts(desk: Desk) -> None:
    name = desk.outbox.collector_id
    assert int(name, 16) >= 0
    assert desk.restart().collector_id == name


def test_sequences_count_each_printers_reports_heartbeats_too(desk: Desk) -> None:
    outbox = desk.outbox
    sequences = [outbox.add_report(a_report(), durable=n % 2 == 0).sequence for n in range(5)]
    assert sequences == [1, 2, 3, 4, 5]
    other = outbox.add_report(a_report("P1S"), durable=True)
    assert (other.sequence, other.collector_id) == (1, outbox.collector_id)


def test_after_a_restart_sequences_go_on_above_all_that_were_given(desk: Desk) -> None:
    for _ in range(130):
        last = desk.outbox.add_report(a_report(), durable=False).sequence
    assert desk.restart().add_report(a_report(), durable=True).sequence > last


def test_a_change_is_read_back_after_a_restart_with_all_it_said(desk: Desk) -> None:
    job = a_job()
    filled = desk.outbox.add_report(
        a_report(mc_percent=42, note="é\ud800"), durable=True, job=job, picture=a_picture()
    )
    reopened = desk.restart()
    (report,) = taken(reopened)
    assert report.status == {"gcode_state": "RUNNING", "mc_percent": 42, "note": "é\ud800"}
    assert report.frame == filled.frame
    assert (report.id, report.observed_at) == (filled.id, filled.observed_at)


def test_hostile_printer_names_are_kept_like_any_other(desk: Desk) -> None:
    name = "../\ud800<b>&\n" + "x" * 300
    desk.outbox.add_report(
        a_report(name), durable=True, job=a_job(name, token="\udfff'"), picture=a_picture()
    )
    reopened = desk.restart()
    (report,) = taken(reopened)
    assert report.printer_id == name
    assert report.frame is not None
    assert belongs_to(report.frame.key, name)
    assert reopened.recall_job(name) == a_job(name, token="\udfff'")


def test_a_heartbeat_is_dropped_once_a_later_report_of_its_printer_exists(desk: Desk) -> None:
    outbox = desk.outbox
    outbox.add_report(a_report(), durable=False)
    outbox.add_report(a_report("P1S"), durable=False)
    outbox.add_report(a_report(), durable=False)
    outbox.add_report(a_report(), durable=True)
    outbox.add_report(a_report(), durable=False)
    assert [(report.printer_id, report.sequence) for report in taken(outbox)] == [
        ("P1S", 1),
        ("A1M-1", 3),
        ("A1M-1", 4),
    ]


def test_a_printer_called_collector_is_not_taken_for_the_collector_itself(desk: Desk) -> None:
    outbox = desk.outbox

    def own() -> Report:
        return Report("", 0, "collector", ReportKind.COLLECTOR, 1_700_000_000.0, status={"version": "1"})

    for _ in range(3):
        outbox.add_report(own(), durable=False)
        outbox.add_report(a_report("collector"), durable=False)
    batch, _ = outbox.outlet.take_batch()
    newest = [(item.report.kind, item.report.sequence) for item in batch]
    assert newest == [(ReportKind.COLLECTOR, 5), (ReportKind.STATUS, 6)]
    outbox.add_report(a_report("collector"), durable=True)
    outbox.outlet.acknowledge(batch)
    assert waiting_sequences(outbox) == [7]


def test_a_report_names_its_picture_and_later_ones_the_newest_of_the_same_job(desk: Desk) -> None:
    outbox, job = desk.outbox, a_job()
    first = outbox.add_report(a_report(), durable=True, job=job, picture=a_picture(1_700_000_000.0))
    assert first.frame is not None
    assert first.frame.key == job_prefix("A1M-1", "Benchy") + "20231114T221320_000001_Benchy.jpg"
    outbox.keep_frame("A1M-1", job, a_picture(1_700_000_016.0))
    later = outbox.add_report(a_report(), durable=True, job=job)
    assert later.frame is not None
    assert later.frame.taken_at == 1_700_000_016.0
    assert outbox.add_report(a_report(), durable=True, job=a_job(token="run-2")).frame is None
    assert outbox.add_report(a_report(), durable=True).frame is None


def test_the_newest_frame_of_a_job_is_still_named_after_a_restart(desk: Desk) -> None:
    desk.outbox.keep_frame("A1M-1", a_job(), a_picture(1_700_000_005.0))
    desk.outbox.add_report(a_report(), durable=True, job=a_job())
    report = desk.restart().add_report(a_report(), durable=True, job=a_job())
    assert report.frame is not None
    assert report.frame.taken_at == 1_700_000_005.0


def test_the_end_of_a_job_says_how_many_frames_were_kept_of_it_over_restarts(desk: Desk) -> None:
    job = a_job()
    desk.outbox.add_report(a_report(), durable=True, job=job, picture=a_picture())
    for second in range(3):
        desk.outbox.keep_frame("A1M-1", job, a_picture(1_700_000_010.0 + second))
    desk.outbox.keep_frame("A1M-1", a_job(token="earlier"), a_picture())
    reopened = desk.restart()
    reopened.keep_frame("A1M-1", job, a_picture(1_700_000_020.0))
    assert reopened.add_report(a_report(), durable=True, job=job).frames_kept == 5
    assert reopened.add_report(a_report(), durable=True).frames_kept is None


def test_frames_without_a_folder_yet_go_to_unnamed(desk: Desk) -> None:
    report = desk.outbox.add_report(a_report(), durable=True, picture=a_picture())
    assert report.frame is not None
    assert report.frame.key.startswith("images/A1M-1/unnamed/")


def test_the_job_of_a_printer_is_remembered_over_restarts(desk: Desk) -> None:
    assert desk.outbox.recall_job("A1M-1") is None
    desk.outbox.add_report(a_report(), durable=True, job=a_job())
    desk.outbox.add_report(a_report(), durable=True)
    assert desk.outbox.recall_job("A1M-1") == a_job()
    assert desk.restart().recall_job("A1M-1") == a_job()


def test_changes_are_written_through_to_the_disk_and_frames_need_not_be(desk: Desk) -> None:
    connection = desk.outbox._store._database._connection
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    desk.outbox.add_report(a_report(), durable=True, job=a_job())
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    desk.outbox.keep_frame("A1M-1", a_job(), a_picture())
    desk.outbox.add_report(a_report(), durable=True, job=a_job())
    desk.outbox.keep_frame("A1M-1", a_job(), a_picture())
    modes = [line for line in statements if "synchronous =" in line or line == "COMMIT"]
    full, normal = "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"
    assert modes[-7:] == ["COMMIT", normal, "COMMIT", full, "COMMIT", normal, "COMMIT"]


def test_an_idle_picture_overwrites_the_one_before_and_costs_no_write(desk: Desk) -> None:
    outbox = desk.outbox
    for second in range(3):
        report = outbox.add_report(
            a_report(), durable=False, picture=a_picture(1_700_000_000.0 + second), is_overwriting=True
        )
    assert report.frame is not None
    assert report.frame.key == latest_key("A1M-1")
    figures = outbox.figures()
    assert figures.frames_waiting == 1
    assert figures.commits == 2  # report numbers and frame numbers are reserved, once each
    assert len(list((desk.folder / "frames").iterdir())) == 1


def test_an_overwritten_picture_in_flight_is_followed_by_its_successor(desk: Desk) -> None:
    outbox, outlet = desk.outbox, desk.outbox.outlet

    def keep(second: int) -> None:
        picture = a_picture(1_700_000_000.0 + second)
        outbox.add_report(a_report(), durable=True, picture=picture, is_overwriting=True)

    keep(1)
    first = outlet.take_frame(is_old_allowed=True)
    assert first is not None
    keep(2)
    assert outlet.path(first).exists()
    assert outlet.take_frame(is_old_allowed=True) is None
    outlet.frame_shipped(first)
    second = outlet.take_frame(is_old_allowed=True)
    assert second is not None
    assert second.taken_at == 1_700_000_002.0
    outlet.give_back(second)
    keep(3)
    reopened = desk.restart()
    third = reopened.outlet.take_frame(is_old_allowed=True)
    assert third is not None
    assert third.taken_at == 1_700_000_003.0
    assert reopened.figures().frames_waiting == 1
    assert len(list((desk.folder / "frames").iterdir())) == 1


def test_the_last_time_that_was_given_is_known_after_a_restart(desk: Desk) -> None:
    desk.outbox.add_report(a_report(observed_at=1_700_000_100.0), durable=True)
    assert desk.restart().last_stamp == 1_700_000_100.0
    desk.outbox.keep_frame("A1M-1", a_job(), a_picture(1_700_000_200.0))
    desk.outbox.add_report(a_report(observed_at=1_700_000_150.0), durable=True, job=a_job())
    assert desk.restart().last_stamp == 1_700_000_200.0


def test_frame_files_without_a_row_and_rows_without_a_file_are_forgotten_at_start(desk: Desk) -> None:
    for second in range(3):
        desk.outbox.keep_frame("A1M-1", a_job(), a_picture(1_700_000_000.0 + second))
    desk.outbox.add_report(a_report(), durable=True, job=a_job())
    desk.outbox.close()
    shipped, cut_off, whole = sorted((desk.folder / "frames").iterdir())
    shipped.unlink()
    cut_off.write_bytes(b"")
    (desk.folder / "frames" / "orphan.jpg").write_bytes(b"x")
    (desk.folder / "frames" / "half.jpg.part").write_bytes(b"x")
    reopened = desk.restart()
    assert [path.name for path in (desk.folder / "frames").iterdir()] == [whole.name]
    assert reopened.figures().frames_waiting == 1
    report = reopened.add_report(a_report(), durable=True, job=a_job())
    assert report.frames_kept == 2  # the cut-off one will never arrive, the shipped one has


def test_what_was_acknowledged_is_not_shipped_again_after_a_restart(desk: Desk) -> None:
    for _ in range(12):
        desk.outbox.add_report(a_report(), durable=True)
    batch, _ = desk.outbox.outlet.take_batch()
    desk.outbox.outlet.acknowledge(batch)
    assert waiting_sequences(desk.restart()) == [11, 12]


def test_a_second_process_on_the_same_folder_is_told_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.outbox.database._LOCK_TIMEOUT_SECONDS", 0.1)
    with pytest.raises(PermanentError, match=r"another process.*DATA_DIR"):
        Outbox(desk.folder, PLENTY, desk.clock.wall)


def test_reports_of_other_kinds_are_kept_too(desk: Desk) -> None:
    presence = Report("", 0, "P1S", ReportKind.PRESENCE, 1_700_000_000.0, is_online=False)
    desk.outbox.add_report(presence, durable=True)
    (report,) = taken(desk.restart())
    assert (report.kind, report.is_online, report.status) == (ReportKind.PRESENCE, False, None)


def test_an_hour_of_idle_heartbeats_writes_nothing_but_one_reservation(desk: Desk) -> None:
    outbox, outlet = desk.outbox, desk.outbox.outlet
    for _ in range(12):
        for name in ("A1M-1", "P1S"):
            outbox.add_report(a_report(name, desk.clock.wall()), durable=False)
        batch, _ = outlet.take_batch()
        outlet.acknowledge(batch)
        for _ in range(10):
            desk.clock.pass_time(30)
            outlet.tidy()
    assert outbox.figures().commits == 2  # one per printer
    assert not list((desk.folder / "frames").iterdir())


def test_an_active_hour_writes_no_more_often_than_frames_are_kept_and_changes_happen(desk: Desk) -> None:
    outbox, outlet, job = desk.outbox, desk.outbox.outlet, a_job()
    frames = changes = 0
    for second in range(0, 3600, 5):
        desk.clock.pass_time(5)
        if second % 15 == 0:
            outbox.keep_frame("A1M-1", job, a_picture(desk.clock.wall()))
            frames += 1
        if second % 60 == 0:
            outbox.add_report(a_report(observed_at=desk.clock.wall()), durable=True, job=job)
            changes += 1
        batch, _ = outlet.take_batch()
        outlet.acknowledge(batch)
        frame = outlet.take_frame(is_old_allowed=True)
        if frame is not None:
            outlet.frame_shipped(frame)
        outlet.tidy()
    reservations = 8
    assert outbox.figures().commits <= frames + changes + reservations
    assert outbox.figures().frames_waiting == outbox.figures().reports_waiting == 0
