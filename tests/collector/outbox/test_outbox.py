"""Keeping: what is on disk when, what is named by what, what a restart finds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from functions.shared.domain.keys import belongs_to, job_prefix, latest_key
from functions.shared.errors import PermanentError
from functions.shared.messages.report import Report, ReportKind
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report, waiting_sequences
from tests.support.clock import HandClock
from tests.support.open_databases import connection_in

PLENTY = 100_000_000


class Harness:
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
def harness(tmp_path: Path) -> Iterator[Harness]:
    harness = Harness(tmp_path / "outbox")
    yield harness
    harness.outbox.close()


def taken(outbox: Outbox) -> list[Report]:
    batch, _ = outbox.reader.take_batch()
    return [item.report for item in batch]


def test_the_collector_keeps_its_name_over_restarts(harness: Harness) -> None:
    name = harness.outbox.collector_id
    assert int(name, 16) >= 0
    assert harness.restart().collector_id == name


def test_sequences_count_each_printers_reports_heartbeats_too(harness: Harness) -> None:
    outbox = harness.outbox
    sequences = [outbox.add_report(NewReport(a_report(), durable=n % 2 == 0)).sequence for n in range(5)]
    assert sequences == [1, 2, 3, 4, 5]
    other = outbox.add_report(NewReport(a_report("P1S"), durable=True))
    assert (other.sequence, other.collector_id) == (1, outbox.collector_id)


def test_after_a_restart_sequences_go_on_above_all_that_were_given(harness: Harness) -> None:
    for _ in range(130):
        last = harness.outbox.add_report(NewReport(a_report(), durable=False)).sequence
    assert harness.restart().add_report(NewReport(a_report(), durable=True)).sequence > last


def test_a_change_is_read_back_after_a_restart_with_all_it_said(harness: Harness) -> None:
    job = a_job()
    filled = harness.outbox.add_report(
        NewReport(a_report(mc_percent=42, note="é\ud800"), durable=True, job=job, captured=a_captured_frame())
    )
    reopened = harness.restart()
    (report,) = taken(reopened)
    assert report.status == {"gcode_state": "RUNNING", "mc_percent": 42, "note": "é\ud800"}
    assert report.frame == filled.frame
    assert (report.id, report.observed_at) == (filled.id, filled.observed_at)


def test_hostile_printer_names_are_kept_like_any_other(harness: Harness) -> None:
    name = "../\ud800<b>&\n" + "x" * 300
    harness.outbox.add_report(
        NewReport(a_report(name), durable=True, job=a_job(name, token="\udfff'"), captured=a_captured_frame())
    )
    reopened = harness.restart()
    (report,) = taken(reopened)
    assert report.printer_id == name
    assert report.frame is not None
    assert belongs_to(report.frame.key, name)
    assert reopened.recall_job(name) == a_job(name, token="\udfff'")


def test_a_heartbeat_is_dropped_once_a_later_report_of_its_printer_exists(harness: Harness) -> None:
    outbox = harness.outbox
    outbox.add_report(NewReport(a_report(), durable=False))
    outbox.add_report(NewReport(a_report("P1S"), durable=False))
    outbox.add_report(NewReport(a_report(), durable=False))
    outbox.add_report(NewReport(a_report(), durable=True))
    outbox.add_report(NewReport(a_report(), durable=False))
    assert [(report.printer_id, report.sequence) for report in taken(outbox)] == [
        ("P1S", 1),
        ("A1M-1", 3),
        ("A1M-1", 4),
    ]


def test_a_printer_called_collector_is_not_taken_for_the_collector_itself(harness: Harness) -> None:
    outbox = harness.outbox

    def own() -> Report:
        return Report("", 0, "collector", ReportKind.COLLECTOR, 1_700_000_000.0, status={"version": "1"})

    for _ in range(3):
        outbox.add_report(NewReport(own(), durable=False))
        outbox.add_report(NewReport(a_report("collector"), durable=False))
    batch, _ = outbox.reader.take_batch()
    newest = [(item.report.kind, item.report.sequence) for item in batch]
    assert newest == [(ReportKind.COLLECTOR, 5), (ReportKind.STATUS, 6)]
    outbox.add_report(NewReport(a_report("collector"), durable=True))
    outbox.reader.acknowledge(batch)
    assert waiting_sequences(outbox) == [7]


def test_a_report_names_its_frame_and_later_ones_the_newest_of_the_same_job(harness: Harness) -> None:
    outbox, job = harness.outbox, a_job()
    first = outbox.add_report(
        NewReport(a_report(), durable=True, job=job, captured=a_captured_frame(1_700_000_000.0))
    )
    assert first.frame is not None
    assert first.frame.key == job_prefix("A1M-1", "Benchy") + "20231114T221320_000001_Benchy.jpg"
    outbox.keep_frame("A1M-1", job, a_captured_frame(1_700_000_016.0))
    later = outbox.add_report(NewReport(a_report(), durable=True, job=job))
    assert later.frame is not None
    assert later.frame.taken_at == 1_700_000_016.0
    assert outbox.add_report(NewReport(a_report(), durable=True, job=a_job(token="run-2"))).frame is None
    assert outbox.add_report(NewReport(a_report(), durable=True)).frame is None


def test_the_newest_frame_of_a_job_is_still_named_after_a_restart(harness: Harness) -> None:
    harness.outbox.keep_frame("A1M-1", a_job(), a_captured_frame(1_700_000_005.0))
    harness.outbox.add_report(NewReport(a_report(), durable=True, job=a_job()))
    report = harness.restart().add_report(NewReport(a_report(), durable=True, job=a_job()))
    assert report.frame is not None
    assert report.frame.taken_at == 1_700_000_005.0


def test_the_end_of_a_job_says_how_many_frames_were_kept_of_it_over_restarts(harness: Harness) -> None:
    job = a_job()
    harness.outbox.add_report(NewReport(a_report(), durable=True, job=job, captured=a_captured_frame()))
    for second in range(3):
        harness.outbox.keep_frame("A1M-1", job, a_captured_frame(1_700_000_010.0 + second))
    harness.outbox.keep_frame("A1M-1", a_job(token="earlier"), a_captured_frame())
    reopened = harness.restart()
    reopened.keep_frame("A1M-1", job, a_captured_frame(1_700_000_020.0))
    assert reopened.add_report(NewReport(a_report(), durable=True, job=job)).frames_kept == 5
    assert reopened.add_report(NewReport(a_report(), durable=True)).frames_kept is None


def test_frames_without_a_folder_yet_go_to_unnamed(harness: Harness) -> None:
    report = harness.outbox.add_report(NewReport(a_report(), durable=True, captured=a_captured_frame()))
    assert report.frame is not None
    assert report.frame.key.startswith("images/A1M-1/unnamed/")


def test_the_job_of_a_printer_is_remembered_over_restarts(harness: Harness) -> None:
    assert harness.outbox.recall_job("A1M-1") is None
    harness.outbox.add_report(NewReport(a_report(), durable=True, job=a_job()))
    harness.outbox.add_report(NewReport(a_report(), durable=True))
    assert harness.outbox.recall_job("A1M-1") == a_job()
    assert harness.restart().recall_job("A1M-1") == a_job()


def test_changes_are_written_through_to_the_disk_and_frames_need_not_be(harness: Harness) -> None:
    connection = connection_in(harness.folder)
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    harness.outbox.add_report(NewReport(a_report(), durable=True, job=a_job()))
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    harness.outbox.keep_frame("A1M-1", a_job(), a_captured_frame())
    harness.outbox.add_report(NewReport(a_report(), durable=True, job=a_job()))
    harness.outbox.keep_frame("A1M-1", a_job(), a_captured_frame())
    modes = [line for line in statements if "synchronous =" in line or line == "COMMIT"]
    full, normal = "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"
    assert modes[-7:] == ["COMMIT", normal, "COMMIT", full, "COMMIT", normal, "COMMIT"]


def test_an_idle_frame_overwrites_the_one_before_and_costs_no_write(harness: Harness) -> None:
    outbox = harness.outbox
    for second in range(3):
        report = outbox.add_report(
            NewReport(
                a_report(),
                durable=False,
                captured=a_captured_frame(1_700_000_000.0 + second),
                is_overwriting=True,
            )
        )
    assert report.frame is not None
    assert report.frame.key == latest_key("A1M-1")
    figures = outbox.figures()
    assert figures.frames_waiting == 1
    assert figures.commits == 2  # report numbers and frame numbers are reserved, once each
    assert len(list((harness.folder / "frames").iterdir())) == 1


def test_an_overwritten_frame_in_flight_is_followed_by_its_successor(harness: Harness) -> None:
    outbox, reader = harness.outbox, harness.outbox.reader

    def keep(second: int) -> None:
        captured = a_captured_frame(1_700_000_000.0 + second)
        outbox.add_report(NewReport(a_report(), durable=True, captured=captured, is_overwriting=True))

    keep(1)
    first = reader.take_frame(is_old_allowed=True)
    assert first is not None
    keep(2)
    assert reader.path(first).exists()
    assert reader.take_frame(is_old_allowed=True) is None
    reader.frame_uploaded(first)
    second = reader.take_frame(is_old_allowed=True)
    assert second is not None
    assert second.taken_at == 1_700_000_002.0
    reader.release(second)
    keep(3)
    reopened = harness.restart()
    third = reopened.reader.take_frame(is_old_allowed=True)
    assert third is not None
    assert third.taken_at == 1_700_000_003.0
    assert reopened.figures().frames_waiting == 1
    assert len(list((harness.folder / "frames").iterdir())) == 1


def test_the_last_time_that_was_given_is_known_after_a_restart(harness: Harness) -> None:
    harness.outbox.add_report(NewReport(a_report(observed_at=1_700_000_100.0), durable=True))
    assert harness.restart().last_stamp == 1_700_000_100.0
    harness.outbox.keep_frame("A1M-1", a_job(), a_captured_frame(1_700_000_200.0))
    harness.outbox.add_report(NewReport(a_report(observed_at=1_700_000_150.0), durable=True, job=a_job()))
    assert harness.restart().last_stamp == 1_700_000_200.0


def test_frame_files_without_a_row_and_rows_without_a_file_are_forgotten_at_start(harness: Harness) -> None:
    for second in range(3):
        harness.outbox.keep_frame("A1M-1", a_job(), a_captured_frame(1_700_000_000.0 + second))
    harness.outbox.add_report(NewReport(a_report(), durable=True, job=a_job()))
    harness.outbox.close()
    shipped, cut_off, whole = sorted((harness.folder / "frames").iterdir())
    shipped.unlink()
    cut_off.write_bytes(b"")
    (harness.folder / "frames" / "orphan.jpg").write_bytes(b"x")
    (harness.folder / "frames" / "half.jpg.part").write_bytes(b"x")
    reopened = harness.restart()
    assert [path.name for path in (harness.folder / "frames").iterdir()] == [whole.name]
    assert reopened.figures().frames_waiting == 1
    report = reopened.add_report(NewReport(a_report(), durable=True, job=a_job()))
    assert report.frames_kept == 2  # the cut-off one will never arrive, the shipped one has


def test_what_was_acknowledged_is_not_shipped_again_after_a_restart(harness: Harness) -> None:
    for _ in range(12):
        harness.outbox.add_report(NewReport(a_report(), durable=True))
    batch, _ = harness.outbox.reader.take_batch()
    harness.outbox.reader.acknowledge(batch)
    assert waiting_sequences(harness.restart()) == [11, 12]


def test_a_second_process_on_the_same_folder_is_announced_so(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.outbox.database.LOCK_TIMEOUT_SECONDS", 0.1)
    with pytest.raises(PermanentError, match=r"another process.*DATA_DIR"):
        Outbox(harness.folder, PLENTY, harness.clock.wall)


def test_reports_of_other_kinds_are_kept_too(harness: Harness) -> None:
    presence = Report("", 0, "P1S", ReportKind.PRESENCE, 1_700_000_000.0, is_online=False)
    harness.outbox.add_report(NewReport(presence, durable=True))
    (report,) = taken(harness.restart())
    assert (report.kind, report.is_online, report.status) == (ReportKind.PRESENCE, False, None)


def test_an_hour_of_idle_heartbeats_writes_nothing_but_one_reservation(harness: Harness) -> None:
    outbox, reader = harness.outbox, harness.outbox.reader
    for _ in range(12):
        for name in ("A1M-1", "P1S"):
            outbox.add_report(NewReport(a_report(name, harness.clock.wall()), durable=False))
        batch, _ = reader.take_batch()
        reader.acknowledge(batch)
        for _ in range(10):
            harness.clock.pass_time(30)
            reader.tidy()
    assert outbox.figures().commits == 2  # one per printer
    assert not list((harness.folder / "frames").iterdir())


def test_an_active_hour_writes_no_more_often_than_frames_are_kept_and_changes_happen(
    harness: Harness,
) -> None:
    outbox, reader, job = harness.outbox, harness.outbox.reader, a_job()
    frames = changes = 0
    for second in range(0, 3600, 5):
        harness.clock.pass_time(5)
        if second % 15 == 0:
            outbox.keep_frame("A1M-1", job, a_captured_frame(harness.clock.wall()))
            frames += 1
        if second % 60 == 0:
            outbox.add_report(NewReport(a_report(observed_at=harness.clock.wall()), durable=True, job=job))
            changes += 1
        batch, _ = reader.take_batch()
        reader.acknowledge(batch)
        frame = reader.take_frame(is_old_allowed=True)
        if frame is not None:
            reader.frame_uploaded(frame)
        reader.tidy()
    reservations = 8
    assert outbox.figures().commits <= frames + changes + reservations
    assert outbox.figures().frames_waiting == outbox.figures().reports_waiting == 0
