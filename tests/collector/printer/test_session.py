"""From frames of the socket to reports and kept pictures, for one printer."""

import logging

import pytest

from collector.printer.policy import session_rules
from collector.printer.watchdog import Cause
from functions.shared.live import Live
from functions.shared.messages.report import ReportKind
from functions.shared.settings import Settings
from tests.collector.printer.session_harness import RUNNING, Bench, P
from tests.support.edge_material import Kept, jpeg


def _kind(kept: Kept) -> ReportKind:
    assert kept.report is not None
    return kept.report.kind


def test_a_report_carries_the_whole_status_and_what_is_known_of_the_printer() -> None:
    bench = Bench()
    bench.session.model, bench.session.is_online = "A1M", True
    bench.status(**RUNNING, wifi_signal="-40dBm")
    (kept,) = bench.reports
    report = kept.report
    assert report is not None
    assert report.status == {**RUNNING, "wifi_signal": "-40dBm"}
    assert (report.collector_id, report.printer_id, report.kind) == ("c1", P, ReportKind.STATUS)
    assert (report.model, report.is_online, report.observed_at) == ("A1M", True, 1000.0)
    assert kept.durable
    assert kept.job is not None
    assert kept.job.is_active


def test_a_held_percent_goes_out_by_itself_with_the_newest_status() -> None:
    bench = Bench()
    bench.status(**RUNNING)
    bench.wait(10)
    for percent in (11, 12, 13):
        bench.status(**{**RUNNING, "mc_percent": percent})
        bench.wait(0.01)
    bench.wait(1)
    percents = [one.report.status["mc_percent"] for one in bench.reports if one.report and one.report.status]
    assert percents == [10, 11, 13]
    bench.wait(10)
    assert len(bench.reports) == 3


def test_a_timer_that_comes_late_after_a_standstill_finds_no_silence() -> None:
    bench = Bench()
    bench.status(**RUNNING)
    bench.wait(10)
    bench.status(**{**RUNNING, "mc_percent": 11})
    bench.status(**{**RUNNING, "mc_percent": 12})  # held: its timer runs
    bench.status(**{**RUNNING, "mc_percent": 12, "gcode_state": "PAUSE"})  # and has nothing to do any more
    bench.stand_still(300)
    assert [_kind(one) for one in bench.reports] == [ReportKind.STATUS] * 3


def test_a_change_of_state_keeps_a_fresh_picture_and_an_old_one_is_not_taken() -> None:
    bench = Bench()
    bench.status(**RUNNING, mc_remaining_time=9000)
    bench.picture(jpeg(1))
    assert len(bench.spool.kept) == 0  # nothing waits for the disk
    bench.wait(0.5)
    bench.picture(jpeg(2))  # not yet the film's turn
    bench.wait(9)
    bench.status(**{**RUNNING, "gcode_state": "PAUSE"})
    paused = bench.reports[-1]
    assert paused.picture is not None
    assert (paused.picture.data, paused.picture.taken_at) == (jpeg(2), 1000.5)
    assert not paused.is_overwriting
    bench.picture(jpeg(3))
    bench.wait(11)
    bench.status(**RUNNING)
    assert bench.reports[-1].picture is None


def test_a_picture_that_the_film_has_already_is_not_kept_twice() -> None:
    bench = Bench()
    bench.status(**RUNNING)
    bench.picture(jpeg(1))
    assert len([one for one in bench.kept if one.report is None]) == 1
    bench.status(**{**RUNNING, "gcode_state": "PAUSE"})
    assert bench.reports[-1].picture is None  # the spool names the newest kept


def test_the_end_of_a_job_carries_the_job_and_its_last_picture() -> None:
    bench = Bench()
    bench.status(**RUNNING, mc_remaining_time=9000)
    bench.picture(jpeg(1))
    bench.wait(0.2)
    bench.picture(jpeg(2))
    bench.status(**{**RUNNING, "gcode_state": "FINISH", "mc_percent": 100})
    end = bench.reports[-1]
    assert end.durable
    assert end.job is not None
    assert not end.job.is_active
    assert end.job.prefix == "images/A1M-1/Benchy/"
    assert end.picture is not None
    assert end.picture.data == jpeg(2)
    bench.wait(5)
    bench.status(**{**RUNNING, "gcode_state": "IDLE"})
    assert bench.reports[-1].job is None
    bench.picture(jpeg(3))
    assert [one for one in bench.kept if one.report is None and one.picture.data == jpeg(3)] == []  # type: ignore[union-attr]


def test_an_error_of_an_idle_printer_has_its_picture_in_the_one_idle_place() -> None:
    bench = Bench()
    bench.status(gcode_state="IDLE", print_error=0)
    bench.picture(jpeg(1))
    bench.status(gcode_state="IDLE", print_error=0x03004006)
    assert bench.reports[-1].is_overwriting
    assert bench.reports[-1].picture is not None
    bench.status(gcode_state="IDLE", print_error=0)
    assert bench.reports[-1].picture is None


def test_pictures_of_a_job_are_kept_for_the_film_as_often_as_it_needs_them() -> None:
    bench = Bench()
    bench.status(**RUNNING, mc_remaining_time=90)  # 5400 s: one in four seconds
    for second in range(400):
        bench.picture(jpeg(second))
        bench.wait(1)
        if second % 10 == 9:
            bench.status(**RUNNING, mc_remaining_time=90 - second // 60)
    assert 92 <= len(bench.spool.frames() or [one for one in bench.kept if one.report is None]) <= 101


def test_a_broken_picture_costs_a_line_and_not_its_turn(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.status(**RUNNING, mc_remaining_time=9000)
    with caplog.at_level(logging.WARNING):
        for broken in (jpeg(1)[:-9], b"", b"GIF89a", jpeg(2)[10:]):
            bench.picture(broken)
        bench.session.received('{"type":"jpeg_image","image":"!!!"}')
    assert len(caplog.records) == 1
    bench.picture(jpeg(3))
    assert [one.picture.data for one in bench.kept if one.report is None and one.picture] == [jpeg(3)]


def test_idle_pictures_are_kept_in_the_cloud_only() -> None:
    settings = Settings(idle_frame_seconds=100.0)
    for keeps, expected in ((True, 3), (False, 0)):
        rules = session_rules(settings, inspection_interval=None, keeps_idle_frames=keeps)
        bench = Bench(rules)
        for _ in range(251):
            bench.picture(jpeg(1))
            bench.status(gcode_state="IDLE")
            bench.wait(1)
        with_picture = [one for one in bench.kept if one.picture is not None]
        assert len(with_picture) == expected
        assert all(one.is_overwriting and one.job is None for one in with_picture)
        assert sum(one.durable for one in bench.reports) == 1


def test_silence_is_reported_once_begun_and_ends_with_the_next_status() -> None:
    bench = Bench()
    bench.status(**RUNNING)
    for _ in range(60):
        bench.wait(5)
        bench.session.tick()
    kinds = [(_kind(one), one.durable) for one in bench.reports]
    assert kinds == [
        (ReportKind.STATUS, True),
        (ReportKind.SILENCE, True),
        (ReportKind.SILENCE, False),
        (ReportKind.SILENCE, False),
    ]
    silence = bench.reports[1]
    assert silence.report is not None
    assert silence.report.status is None
    assert silence.report.observed_at == 1030.0
    assert silence.job is not None
    bench.status(**RUNNING)
    back = bench.reports[-1]
    assert back.report is not None
    assert (back.durable, back.report.after_gap) == (True, True)
    assert back.job is not None
    assert back.job.token == silence.job.token


@pytest.mark.parametrize(("age", "is_kept"), [(119.0, True), (121.0, False)])
def test_silence_keeps_the_last_picture_that_the_film_did_not_want(age: float, is_kept: bool) -> None:
    bench = Bench()
    bench.status(**RUNNING, mc_remaining_time=9000)
    bench.picture(jpeg(1))
    bench.wait(0.5)
    bench.picture(jpeg(2))  # not yet the film's turn
    bench.wait(age)
    bench.session.tick()
    silence = bench.reports[-1]
    assert _kind(silence) is ReportKind.SILENCE
    assert (silence.picture.data if silence.picture else None) == (jpeg(2) if is_kept else None)


def test_a_printer_that_bambui_never_confirmed_is_not_called_silent() -> None:
    bench = Bench()
    bench.session.is_confirmed = False
    bench.wait(100)
    bench.session.tick()
    assert bench.reports == []
    bench.session.opened()
    bench.session.tick()
    assert [_kind(one) for one in bench.reports] == [ReportKind.SILENCE]


def test_a_jump_of_the_wall_clock_is_no_silence() -> None:
    stamps = [5000.0]
    bench = Bench(clock=lambda: stamps[0])
    bench.status(**RUNNING)
    stamps[0] += 7200
    bench.wait(1)
    bench.session.tick()
    assert [_kind(one) for one in bench.reports] == [ReportKind.STATUS]


def test_the_watchdogs_ask_to_connect_anew() -> None:
    bench = Bench()
    bench.wait(15)
    assert bench.session.tick() is Cause.NO_STATUS
    assert bench.session.tick() is None
    bench.session.closed()
    bench.session.opened()
    assert bench.session.tick() is None


def test_after_a_restart_the_job_goes_on_in_its_folder() -> None:
    first = Bench()
    first.status(**RUNNING)
    assert first.reports
    recalled = first.spool.recall_job(P)
    second = Bench(job=recalled)
    second.status(**{**RUNNING, "mc_percent": 12})
    job = second.reports[0].job
    assert job is not None
    assert recalled is not None
    assert (job.token, job.prefix, job.started_at) == (recalled.token, recalled.prefix, 1000.0)
    third = Bench(job=recalled)
    third.status(**{**RUNNING, "subtask_name": "Cube"})
    other = third.reports[0].job
    assert other is not None
    assert other.token != recalled.token


def test_the_newest_status_and_picture_are_live() -> None:
    live = Live()
    bench = Bench(live=live)
    bench.status(**RUNNING)
    bench.wait(1)
    bench.status(**{**RUNNING, "bed_temper": 60})
    bench.picture(jpeg(1))
    newest = live.status(P)
    assert newest is not None
    assert newest.data()["bed_temper"] == 60
    assert newest.received_at == 1001.0
    frame = live.frame(P)
    assert frame is not None
    assert (frame.data, frame.taken_at) == (jpeg(1), 1001.0)


def test_hostile_job_names_stay_inside_the_printers_folder() -> None:
    for name in ("../../x", "<b>&\"'", "a\nb", "\U0001f600", "n" * 300):
        bench = Bench()
        bench.status(**{**RUNNING, "subtask_name": name})
        job = bench.reports[0].job
        assert job is not None
        assert job.prefix is not None
        assert job.prefix.startswith("images/A1M-1/")
        assert job.prefix.count("/") == 3
        assert len(job.prefix) < 120
