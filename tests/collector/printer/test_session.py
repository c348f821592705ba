"""From frames of the socket to reports and kept images, for one printer."""

import logging

import pytest

from collector.printer.policy import session_policy
from collector.printer.watchdog import Cause
from functions.shared.live import Live
from functions.shared.messages.report import ReportKind
from functions.shared.settings import Settings, load_settings
from tests.collector.printer.session_harness import AT_ONCE, RUNNING, P, SessionHarness
from tests.support.edge_material import Kept, jpeg


def _kind(kept: Kept) -> ReportKind:
    assert kept.report is not None
    return kept.report.kind


def test_a_report_carries_the_whole_status_and_what_is_known_of_the_printer() -> None:
    harness = SessionHarness()
    harness.session.model, harness.session.is_online = "A1M", True
    harness.status(**RUNNING, wifi_signal="-40dBm")
    (kept,) = harness.reports
    report = kept.report
    assert report is not None
    assert report.status == {**RUNNING, "wifi_signal": "-40dBm"}
    assert (report.collector_id, report.printer_id, report.kind) == ("c1", P, ReportKind.STATUS)
    assert (report.model, report.is_online, report.observed_at) == ("A1M", True, 1000.0)
    assert kept.durable
    assert kept.job is not None
    assert kept.job.is_active


def test_a_held_percent_goes_out_by_itself_with_the_newest_status() -> None:
    harness = SessionHarness()
    harness.status(**RUNNING)
    harness.wait(10)
    for percent in (11, 12, 13):
        harness.status(**{**RUNNING, "mc_percent": percent})
        harness.wait(0.01)
    harness.wait(1)
    percents = [
        one.report.status["mc_percent"] for one in harness.reports if one.report and one.report.status
    ]
    assert percents == [10, 11, 13]
    harness.wait(10)
    assert len(harness.reports) == 3


def test_a_timer_that_comes_late_after_a_standstill_finds_no_silence() -> None:
    harness = SessionHarness()
    harness.status(**RUNNING)
    harness.wait(10)
    harness.status(**{**RUNNING, "mc_percent": 11})
    harness.status(**{**RUNNING, "mc_percent": 12})  # held: its timer runs
    harness.status(**{**RUNNING, "mc_percent": 12, "gcode_state": "PAUSE"})  # and has nothing to do any more
    harness.stand_still(300)
    assert [_kind(one) for one in harness.reports] == [ReportKind.STATUS] * 3


def test_a_change_of_state_keeps_a_fresh_image_and_an_old_one_is_not_taken() -> None:
    harness = SessionHarness()
    harness.status(**RUNNING, mc_remaining_time=9000)
    harness.captured(jpeg(1))
    assert len(harness.outbox.kept) == 0  # nothing waits for the disk
    harness.wait(0.5)
    harness.captured(jpeg(2))  # not yet the film's turn
    harness.wait(9)
    harness.status(**{**RUNNING, "gcode_state": "PAUSE"})
    paused = harness.reports[-1]
    assert paused.captured is not None
    assert (paused.captured.data, paused.captured.taken_at) == (jpeg(2), 1000.5)
    assert not paused.is_overwriting
    harness.captured(jpeg(3))
    harness.wait(11)
    harness.status(**RUNNING)
    assert harness.reports[-1].captured is None


def test_an_image_that_the_film_has_already_is_not_kept_twice() -> None:
    harness = SessionHarness()
    harness.status(**RUNNING)
    harness.captured(jpeg(1))
    assert len([one for one in harness.kept if one.report is None]) == 1
    harness.status(**{**RUNNING, "gcode_state": "PAUSE"})
    assert harness.reports[-1].captured is None  # the outbox names the newest kept


def test_the_end_of_a_job_carries_the_job_and_its_last_image() -> None:
    harness = SessionHarness()
    harness.status(**RUNNING, mc_remaining_time=9000)
    harness.captured(jpeg(1))
    harness.wait(0.2)
    harness.captured(jpeg(2))
    harness.status(**{**RUNNING, "gcode_state": "FINISH", "mc_percent": 100})
    end = harness.reports[-1]
    assert end.durable
    assert end.job is not None
    assert not end.job.is_active
    assert end.job.prefix == "images/A1M-1/Benchy/"
    assert end.captured is not None
    assert end.captured.data == jpeg(2)
    harness.wait(5)
    harness.status(**{**RUNNING, "gcode_state": "IDLE"})
    assert harness.reports[-1].job is None
    harness.captured(jpeg(3))
    assert [one for one in harness.kept if one.report is None and one.captured.data == jpeg(3)] == []  # type: ignore[union-attr]


def test_an_error_of_an_idle_printer_has_its_image_in_the_one_idle_place() -> None:
    harness = SessionHarness()
    harness.status(gcode_state="IDLE", print_error=0)
    harness.captured(jpeg(1))
    harness.status(gcode_state="IDLE", print_error=0x03004006)
    assert harness.reports[-1].is_overwriting
    assert harness.reports[-1].captured is not None
    harness.status(gcode_state="IDLE", print_error=0)
    assert harness.reports[-1].captured is None


def test_images_of_a_job_are_kept_for_the_film_as_often_as_it_needs_them() -> None:
    harness = SessionHarness()
    harness.status(**RUNNING, mc_remaining_time=90)  # 5400 s: one in four seconds
    for second in range(400):
        harness.captured(jpeg(second))
        harness.wait(1)
        if second % 10 == 9:
            harness.status(**RUNNING, mc_remaining_time=90 - second // 60)
    assert 92 <= len(harness.outbox.frames() or [one for one in harness.kept if one.report is None]) <= 101


def test_a_broken_image_costs_a_line_and_not_its_turn(caplog: pytest.LogCaptureFixture) -> None:
    harness = SessionHarness()
    harness.status(**RUNNING, mc_remaining_time=9000)
    with caplog.at_level(logging.WARNING):
        for broken in (jpeg(1)[:-9], b"", b"GIF89a", jpeg(2)[10:]):
            harness.captured(broken)
        harness.session.received('{"type":"jpeg_image","image":"!!!"}')
    assert len(caplog.records) == 1
    harness.captured(jpeg(3))
    assert [one.captured.data for one in harness.kept if one.report is None and one.captured] == [jpeg(3)]


@pytest.mark.parametrize(
    ("given", "fewest", "most"), [("", 94, 102), ("20", 18, 22), ("0", 600, 600), ("100000", 600, 600)]
)
def test_a_job_keeps_as_many_frames_as_is_wished(given: str, fewest: int, most: int) -> None:
    wishes = {"FRAMES_PER_FILM": given, "TIMELAPSE_TARGET_DURATION_SECONDS": "10", "TIMELAPSE_FPS_CAP": "10"}
    settings = load_settings(wishes, "collector")
    harness = SessionHarness(
        session_policy(settings, inspection_interval=None, keeps_idle_frames=False, settling=AT_ONCE)
    )
    for second in range(600):
        if second % 60 == 0:
            harness.status(**RUNNING, mc_remaining_time=10 - second // 60)
        harness.captured(jpeg(second))
        harness.wait(1)
    frames = [one for one in harness.kept if one.captured is not None and one.report is None]
    assert fewest <= len(frames) <= most


def test_idle_images_are_kept_in_the_cloud_only() -> None:
    settings = Settings(idle_frame_seconds=100.0)
    for keeps, expected in ((True, 3), (False, 0)):
        rules = session_policy(settings, inspection_interval=None, keeps_idle_frames=keeps)
        harness = SessionHarness(rules)
        for _ in range(251):
            harness.captured(jpeg(1))
            harness.status(gcode_state="IDLE")
            harness.wait(1)
        with_frame = [one for one in harness.kept if one.captured is not None]
        assert len(with_frame) == expected
        assert all(one.is_overwriting and one.job is None for one in with_frame)
        assert sum(one.durable for one in harness.reports) == 1


def test_silence_is_reported_once_begun_and_ends_with_the_next_status() -> None:
    harness = SessionHarness()
    harness.status(**RUNNING)
    for _ in range(60):
        harness.wait(5)
        harness.session.tick()
    kinds = [(_kind(one), one.durable) for one in harness.reports]
    assert kinds == [
        (ReportKind.STATUS, True),
        (ReportKind.SILENCE, True),
        (ReportKind.SILENCE, False),
        (ReportKind.SILENCE, False),
    ]
    silence = harness.reports[1]
    assert silence.report is not None
    assert silence.report.status is None
    assert silence.report.observed_at == 1030.0
    assert silence.job is not None
    harness.status(**RUNNING)
    back = harness.reports[-1]
    assert back.report is not None
    assert (back.durable, back.report.after_gap) == (True, True)
    assert back.job is not None
    assert back.job.token == silence.job.token


@pytest.mark.parametrize(("age", "is_kept"), [(119.0, True), (121.0, False)])
def test_silence_keeps_the_last_image_that_the_film_did_not_want(age: float, is_kept: bool) -> None:
    harness = SessionHarness()
    harness.status(**RUNNING, mc_remaining_time=9000)
    harness.captured(jpeg(1))
    harness.wait(0.5)
    harness.captured(jpeg(2))  # not yet the film's turn
    harness.wait(age)
    harness.session.tick()
    silence = harness.reports[-1]
    assert _kind(silence) is ReportKind.SILENCE
    assert (silence.captured.data if silence.captured else None) == (jpeg(2) if is_kept else None)


def test_a_printer_that_bambui_never_confirmed_is_not_called_silent() -> None:
    harness = SessionHarness()
    harness.session.is_confirmed = False
    harness.wait(100)
    harness.session.tick()
    assert harness.reports == []
    harness.session.opened()
    harness.session.tick()
    assert [_kind(one) for one in harness.reports] == [ReportKind.SILENCE]


def test_a_jump_of_the_wall_clock_is_no_silence() -> None:
    harness = SessionHarness()
    harness.status(**RUNNING)
    harness.clock.jump(7200)
    harness.wait(1)
    harness.session.tick()
    assert [_kind(one) for one in harness.reports] == [ReportKind.STATUS]


def test_the_watchdogs_ask_to_connect_anew() -> None:
    harness = SessionHarness()
    harness.wait(15)
    assert harness.session.tick() is Cause.NO_STATUS
    assert harness.session.tick() is None
    harness.session.closed()
    harness.session.opened()
    assert harness.session.tick() is None


def test_after_a_restart_the_job_goes_on_in_its_folder() -> None:
    first = SessionHarness()
    first.status(**RUNNING)
    assert first.reports
    recalled = first.outbox.recall_job(P)
    second = SessionHarness(job=recalled)
    second.status(**{**RUNNING, "mc_percent": 12})
    job = second.reports[0].job
    assert job is not None
    assert recalled is not None
    assert (job.token, job.prefix, job.started_at) == (recalled.token, recalled.prefix, 1000.0)
    third = SessionHarness(job=recalled)
    third.status(**{**RUNNING, "subtask_name": "Cube"})
    other = third.reports[0].job
    assert other is not None
    assert other.token != recalled.token


def test_the_newest_status_and_image_are_live() -> None:
    live = Live()
    harness = SessionHarness(live=live)
    harness.status(**RUNNING)
    harness.wait(1)
    harness.status(**{**RUNNING, "bed_temper": 60})
    harness.captured(jpeg(1))
    newest = live.status(P)
    assert newest is not None
    assert newest.data()["bed_temper"] == 60
    assert newest.received_at == 1001.0
    frame = live.frame(P)
    assert frame is not None
    assert (frame.data, frame.taken_at) == (jpeg(1), 1001.0)


def test_hostile_job_names_stay_inside_the_printers_folder() -> None:
    for name in ("../../x", "<b>&\"'", "a\nb", "\U0001f600", "n" * 300):
        harness = SessionHarness()
        harness.status(**{**RUNNING, "subtask_name": name})
        job = harness.reports[0].job
        assert job is not None
        assert job.prefix is not None
        assert job.prefix.startswith("images/A1M-1/")
        assert job.prefix.count("/") == 3
        assert len(job.prefix) < 120
