"""What a person is told of a print: section 5 of the design, edge by edge."""

from typing import Any

import pytest

from functions.bridge.contract import FrameReference, Report, ReportKind
from functions.bridge.effects import Category, Inspection, Severity
from functions.tracker.record import Phase
from functions.tracker.rules import Rules
from tests.tracker.watch import CLOG, Watch


def test_the_first_status_only_sets_the_baseline() -> None:
    assert Watch().status(gcode_state="FINISH", subtask_name="Old", mc_percent=100) == []


def test_a_job_found_running_at_first_sight_is_already_printing() -> None:
    watch = Watch()
    assert watch.status(gcode_state="RUNNING", subtask_name="Benchy", mc_percent=42) == [
        "already_printing Benchy"
    ]
    assert watch.status(gcode_state="RUNNING", mc_percent=44) == []
    assert watch.status(gcode_state="FINISH", mc_percent=100) == ["finished", "film"]
    assert watch.last(Category.FINISHED).duration_seconds is None


def test_a_whole_print_is_told_once_from_start_to_end() -> None:
    watch = Watch()
    assert watch.start() == ["started Benchy"]
    assert watch.status(mc_percent=3) == []
    assert watch.status(mc_percent=5) == ["progress 5"]
    assert watch.status(mc_percent=23) == ["progress 23"]
    assert watch.status(mc_percent=24) == []
    assert watch.status(mc_percent=100) == []
    assert watch.status(gcode_state="FINISH") == ["finished", "film"]
    finished = watch.last(Category.FINISHED)
    assert finished.duration_seconds == 70.0
    assert finished.frame is not None
    assert watch.status(gcode_state="IDLE") == []
    film = watch.films()[0]
    assert (film.prefix, film.since, film.until) == ("images/a1mini/Benchy/", 1_000_020.0, 1_000_090.0)
    assert film.frames_kept == 7  # of the nine until then, two were there when it started


def test_progress_steps_can_be_switched_off() -> None:
    watch = Watch(Rules(progress_step=0))
    watch.start()
    assert watch.status(mc_percent=50) == []


def test_the_name_that_runs_ahead_of_the_state_says_nothing() -> None:
    watch = Watch()
    watch.start("First")
    watch.status(gcode_state="FINISH")
    assert watch.status(subtask_name="Second") == []
    assert watch.status(gcode_state="IDLE") == []
    assert watch.status(gcode_state="PREPARE") == ["started Second"]


def test_two_runs_of_one_file_are_two_jobs() -> None:
    watch = Watch()
    watch.start()
    first = watch.job
    watch.status(gcode_state="FINISH")
    assert watch.status(gcode_state="PREPARE") == ["started Benchy"]
    assert watch.job.id != first.id
    assert watch.job.started_at > first.started_at


def test_a_name_that_becomes_known_or_changes_is_told() -> None:
    watch = Watch()
    watch.status()
    assert watch.status(gcode_state="RUNNING") == ["started"]
    assert watch.status(subtask_name="Benchy") == ["file_changed Benchy"]
    assert watch.status(subtask_name="Boat") == ["file_changed Boat"]


def test_vanished_keys_in_a_resume_are_unchanged_not_zero() -> None:
    watch = Watch()
    watch.start()
    watch.status(mc_percent=35, layer_num=25, mc_remaining_time=38)
    assert watch.status(gcode_state="PAUSE", stg_cur=16) == ["paused Paused by the user"]
    assert watch.last(Category.PAUSED).severity is Severity.NOTICE
    said = watch.status(
        gcode_state="RUNNING", stg_cur=0, mc_percent=None, layer_num=None, mc_remaining_time=None
    )
    assert said == ["resumed"]
    resumed = watch.last(Category.RESUMED)
    assert (resumed.percent, resumed.layer, resumed.remaining_minutes) == (35, 25, 38)
    assert watch.status(mc_percent=36) == []


def test_the_old_jobs_figures_in_preparing_are_not_the_new_ones() -> None:
    watch = Watch()
    watch.status(mc_percent=100, layer_num=80, total_layer_num=80)
    watch.status(gcode_state="PREPARE", subtask_name="New")
    started = watch.last(Category.STARTED)
    assert (started.percent, started.layer, started.total_layers) == (None, None, None)


def test_progress_never_goes_back() -> None:
    watch = Watch()
    watch.start()
    watch.status(mc_percent=40)
    assert watch.status(mc_percent=20) == []
    assert watch.job.percent == 40


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"print_error": 0x03008015, "stg_cur": 6}, "Filament ran out. Load new filament, then resume"),
        ({"print_error": 0x07018011}, "AMS B: filament ran out. Load new filament, then resume"),
        ({"print_error": 0, "stg_cur": 17}, "The front cover came off"),
        ({"print_error": 0, "stg_cur": 99, "hms": [CLOG]}, "The nozzle is clogged"),
        ({"print_error": 0, "stg_cur": 0}, "The printer does not say why"),
        ({"print_error": 0x0300DEAD, "stg_cur": 16}, "Paused by the user"),
    ],
)
def test_a_pause_says_why(changed: dict[str, Any], reason: str) -> None:
    watch = Watch()
    watch.start()
    assert watch.status(gcode_state="PAUSE", **changed)[0] == f"paused {reason}"


def test_a_code_that_comes_with_the_pause_is_told_there_only() -> None:
    watch = Watch()
    watch.start()
    slot = {"attr": 0x07002000, "code": 0x00020001}
    said = watch.status(gcode_state="PAUSE", print_error=0x03008015, hms=[slot], stg_cur=6)
    assert said == ["paused Filament ran out. Load new filament, then resume"]
    codes = [fault.code for fault in watch.last(Category.PAUSED).faults]
    assert codes == ["0300-8015", "HMS_0700_2000_0002_0001"]
    assert watch.last(Category.PAUSED).faults[1].text == "AMS A, slot 1: filament ran out"
    assert watch.status() == []


def test_an_old_advice_is_not_taken_for_the_pause_reason() -> None:
    watch = Watch()
    watch.start()
    assert watch.status(print_error=0x0500C011) == ["error 0500-C011"]
    assert watch.status(gcode_state="PAUSE", stg_cur=16) == ["paused Paused by the user"]


def test_an_error_flickering_is_told_once_an_episode() -> None:
    watch = Watch()
    watch.start()
    assert watch.status(hms=[CLOG]) == ["error HMS_0300_1A00_0002_0002"]
    for _ in range(5):
        assert watch.status(after=5, hms=[]) == []
        assert watch.status(after=5, hms=[CLOG]) == []
    watch.status(hms=[])
    assert watch.status(after=31, hms=[CLOG]) == ["error HMS_0300_1A00_0002_0002"]


def test_an_error_that_was_there_at_first_sight_is_not_news() -> None:
    watch = Watch()
    assert watch.status(hms=[CLOG], print_error=0x03008003) == []
    assert watch.status() == []


def test_a_missing_error_key_does_not_end_an_episode() -> None:
    watch = Watch()
    watch.start()
    watch.status(hms=[CLOG])
    watch.status(hms=None)
    assert watch.status(after=100, hms=[CLOG]) == []


@pytest.mark.parametrize("code", [0x05008030, 0x03008012, 0x07FF8007, 0x03000001, 0x0300400C, 0x0500400E])
def test_codes_that_are_no_errors_are_not_told(code: int) -> None:
    watch = Watch()
    watch.start()
    assert watch.status(print_error=code) == []


def test_the_sd_card_advice_is_told_once_for_good() -> None:
    watch = Watch(Rules(photo_interval=0))
    watch.start()
    assert watch.status(print_error=83935249) == ["error 0500-C011"]
    assert watch.last(Category.ERROR).severity is Severity.NOTICE
    watch.status(print_error=0)
    assert watch.status(after=3600, print_error=83935249) == []


def test_an_unknown_code_is_shown_with_its_link_and_is_no_loud_alarm() -> None:
    watch = Watch()
    watch.start()
    watch.status(print_error=0x12345678)
    watch.status(print_error=0x12348678)
    fault = watch.last(Category.ERROR).faults[0]
    assert fault.code == "1234-8678"
    assert fault.text is None
    assert fault.link is not None
    assert fault.severity is Severity.NOTICE


def test_failed_says_why_and_is_not_called_finished() -> None:
    watch = Watch()
    watch.start()
    watch.status(mc_percent=55, hms=[CLOG])
    said = watch.status(gcode_state="FAILED", print_error=50348038)
    assert said == ["failed The nozzle is clogged", "film"]
    failed = watch.last(Category.FAILED)
    assert failed.severity is Severity.CRITICAL
    assert [fault.code for fault in failed.faults] == ["0300-4006"]


@pytest.mark.parametrize("state", ["FAILED", "IDLE"])
def test_the_cancel_code_makes_it_cancelled(state: str) -> None:
    watch = Watch()
    watch.start()
    assert watch.status(gcode_state=state, print_error=50348044) == ["cancelled", "film"]


def test_a_cancel_code_shortly_before_the_end_counts() -> None:
    watch = Watch()
    watch.start()
    watch.status(print_error=0x0500400E)
    assert watch.status(after=20, gcode_state="FAILED", print_error=0) == ["cancelled", "film"]


def test_idle_without_a_code_is_an_end_with_unknown_cause_never_finished() -> None:
    watch = Watch()
    watch.start()
    assert watch.status(gcode_state="IDLE") == ["ended", "film"]


def test_an_unknown_word_is_shown_and_ends_nothing() -> None:
    watch = Watch()
    watch.start()
    assert watch.status(gcode_state="FOO") == ["state_changed RUNNING->FOO"]
    assert watch.job.phase is Phase.ACTIVE
    assert watch.status(gcode_state="RUNNING") == ["state_changed FOO->RUNNING"]


def test_a_finished_printer_switched_off_and_on_says_nothing() -> None:
    watch = Watch()
    watch.start()
    watch.status(gcode_state="FINISH")
    assert watch.silence() == []
    assert watch.record is not None
    assert (watch.record.state, watch.record.state_inferred) == ("IDLE", True)
    assert watch.presence(False) == []
    assert watch.presence(True) == []
    assert watch.status(gcode_state="IDLE", gap=True) == []
    assert watch.status(gcode_state="FINISH", gap=True) == []


class TestSilence:
    def test_without_grace_contact_lost_ends_the_job_in_one_message(self) -> None:
        watch = Watch()
        watch.start()
        watch.status(mc_percent=62)
        assert watch.silence() == ["contact_lost", "film"]
        lost = watch.last(Category.CONTACT_LOST)
        assert (lost.ended, lost.percent) == (True, 62)
        assert lost.frame is not None
        assert watch.silence(120) == []

    def test_the_same_job_back_is_contact_restored_and_goes_on(self) -> None:
        watch = Watch()
        watch.start()
        watch.status(mc_percent=62)
        job = watch.job
        watch.silence()
        assert watch.status(after=600, gap=True) == ["contact_restored"]
        assert watch.job.id == job.id
        assert watch.status(mc_percent=63) == []
        assert watch.status(mc_percent=65) == ["progress 65"]
        assert watch.status(gcode_state="FINISH", mc_percent=100) == ["finished", "film"]
        assert watch.films()[-1].since == job.started_at

    def test_back_in_a_pause_after_a_power_cut_says_both_at_once(self) -> None:
        watch = Watch()
        watch.start()
        watch.silence()
        said = watch.status(after=200, gap=True, gcode_state="PAUSE", print_error=50364423)
        assert said == ["contact_restored"]
        restored = watch.last(Category.CONTACT_RESTORED)
        assert restored.reason == "Power was lost. The print can be resumed at the printer"
        assert [fault.code for fault in restored.faults] == ["0300-8007"]
        assert watch.status(gcode_state="RUNNING", print_error=0) == ["resumed"]

    def test_with_grace_the_end_is_a_second_message(self) -> None:
        watch = Watch(Rules(silence_grace=300))
        watch.start()
        assert watch.silence() == ["contact_lost"]
        assert watch.last(Category.CONTACT_LOST).ended is False
        assert watch.silence(120) == []
        assert watch.silence(200) == ["ended", "film"]
        assert watch.silence(300) == []

    def test_an_entry_in_the_list_is_no_sign_of_lasting_silence(self) -> None:
        """A collector that was away itself reads the list before it hears the printer."""
        watch = Watch(Rules(silence_grace=300))
        watch.start()
        assert watch.silence() == ["contact_lost"]
        assert watch.presence(True, after=400) == []
        assert watch.status(after=1, gap=True) == ["contact_restored"]
        watch.silence()
        assert watch.presence(False, after=400) == []
        assert watch.silence() == ["ended", "film"]

    def test_with_grace_a_job_back_in_time_was_never_ended(self) -> None:
        watch = Watch(Rules(silence_grace=300))
        watch.start()
        watch.silence()
        assert watch.status(gap=True) == ["contact_restored"]
        assert watch.films() == []

    def test_finished_meanwhile_is_told_late(self) -> None:
        watch = Watch()
        watch.start()
        watch.silence()
        assert watch.status(after=3000, gap=True, gcode_state="FINISH", mc_percent=100) == ["finished"]
        finished = watch.last(Category.FINISHED)
        assert finished.late_end is True
        assert finished.duration_seconds is None

    def test_another_job_meanwhile(self) -> None:
        watch = Watch(Rules(silence_grace=6000))
        watch.start("First")
        watch.silence()
        said = watch.status(after=3000, gap=True, subtask_name="Second", mc_percent=12)
        assert said == ["ended", "film", "already_printing Second"]
        assert watch.last(Category.ENDED).job_name == "First"
        assert watch.last(Category.ENDED).late_end is True

    def test_another_job_after_an_end_that_was_told_already(self) -> None:
        watch = Watch()
        watch.start("First")
        watch.silence()
        said = watch.status(after=3000, gap=True, subtask_name="Second", mc_percent=12)
        assert said == ["already_printing Second"]

    def test_nothing_is_lost_when_no_job_runs(self) -> None:
        watch = Watch()
        watch.status()
        assert watch.silence() == []


class TestAfterAGap:
    def test_a_restart_in_mid_print_says_nothing(self) -> None:
        watch = Watch()
        watch.start()
        watch.status(mc_percent=42)
        assert watch.status(gap=True) == []
        watch.collector_id, watch.sequence = "c2", 0
        assert watch.status() == []

    def test_what_changed_meanwhile_is_told_in_the_usual_words(self) -> None:
        watch = Watch()
        watch.start()
        watch.status(mc_percent=42)
        assert watch.status(gap=True, mc_percent=50) == ["progress 50"]

    @pytest.mark.parametrize(
        ("changed", "is_another"),
        [
            ({"task_id": "77"}, True),
            ({"task_id": "0"}, False),
            ({"task_id": ""}, False),
            ({"task_id": None}, False),
            ({"subtask_name": "Other"}, True),
            ({"subtask_name": None}, False),
            ({"mc_percent": 41}, False),
            ({"mc_percent": 40}, True),
            ({"mc_percent": None}, False),
            ({"gcode_state": "PREPARE"}, True),
        ],
    )
    def test_which_job_it_is(self, changed: dict[str, Any], is_another: bool) -> None:
        watch = Watch()
        watch.start(task_id="55")
        watch.status(mc_percent=42)
        job = watch.job
        said = watch.status(gap=True, **changed)
        assert (watch.job.id != job.id) is is_another
        assert ("ended" in said) is is_another

    def test_finish_of_another_name_ends_the_old_one_and_says_nothing_of_the_other(self) -> None:
        watch = Watch()
        watch.start("First")
        said = watch.status(gap=True, gcode_state="FINISH", subtask_name="Second", mc_percent=100)
        assert said == ["ended", "film"]
        assert watch.last(Category.ENDED).job_name == "First"

    def test_finish_of_the_same_name_ends_it_as_such(self) -> None:
        watch = Watch()
        watch.start()
        assert watch.status(after=900, gap=True, gcode_state="FINISH") == ["finished", "film"]
        assert watch.last(Category.FINISHED).late_end is True

    def test_a_short_reconnect_does_not_make_the_end_late(self) -> None:
        watch = Watch()
        watch.start()
        watch.status(after=2, gap=True, gcode_state="FINISH")
        finished = watch.last(Category.FINISHED)
        assert finished.late_end is False
        assert finished.duration_seconds is not None

    def test_the_film_of_a_replaced_job_ends_where_it_was_last_heard_of(self) -> None:
        watch = Watch()
        watch.start()
        watch.status(mc_percent=42)
        last_heard = watch.now
        watch.status(after=5000, gap=True, mc_percent=3)
        assert watch.films()[0].until == last_heard


class TestPresence:
    def test_offline_and_back_is_said_once_while_a_job_runs(self) -> None:
        watch = Watch()
        watch.start()
        assert watch.presence(False) == ["offline"]
        assert watch.presence(False) == []
        assert watch.presence(True) == ["online"]

    def test_silence_speaks_for_it(self) -> None:
        watch = Watch()
        watch.start()
        watch.silence()
        assert watch.presence(False) == []
        assert watch.presence(True) == []


class TestTimers:
    def test_a_photo_every_interval_of_the_job(self) -> None:
        watch = Watch(Rules(photo_interval=100))
        watch.start()
        assert [watch.status(after=50)[:1] for _ in range(5)] == [[], ["photo"], [], ["photo"], []]
        assert watch.last(Category.PHOTO).frame is not None

    def test_no_photo_from_a_camera_that_stands_still(self) -> None:
        watch = Watch(Rules(photo_interval=100))
        watch.start()
        said = watch.feed(
            ReportKind.STATUS, 200, status={"gcode_state": "RUNNING"}, frame=watch.frame(age=-50)
        )
        assert said == []

    def test_a_photo_that_was_due_without_a_fresh_picture_comes_with_the_next_one(self) -> None:
        watch = Watch(Rules(photo_interval=100))
        watch.start()
        stale = watch.frame(age=30)
        running = {"gcode_state": "RUNNING"}
        assert watch.feed(ReportKind.STATUS, 200, status=running, frame=stale) == []
        assert watch.status(after=30) == ["photo"]
        assert watch.status(after=50) == []

    def test_photos_can_be_switched_off(self) -> None:
        watch = Watch(Rules(photo_interval=0))
        watch.start()
        assert watch.status(after=99_999) == []

    def test_the_first_look_comes_five_minutes_in_and_only_while_it_prints(self) -> None:
        watch = Watch(Rules(inspection_interval=3600, photo_interval=0))
        watch.start()
        assert watch.status(after=200) == []
        assert watch.status(after=100, stg_cur=4) == []
        assert watch.status(after=10, stg_cur=0) == ["look"]
        assert watch.status(after=3500) == []
        assert watch.status(after=101) == ["look"]
        look = watch.effects[-1]
        assert isinstance(look, Inspection)
        assert look.prefix == "images/a1mini/Benchy/"

    def test_after_a_pause_the_looks_begin_afresh(self) -> None:
        watch = Watch(Rules(inspection_interval=3600, photo_interval=0))
        watch.start()
        watch.status(gcode_state="PAUSE", stg_cur=16)
        watch.status(after=1000, gcode_state="RUNNING", stg_cur=0)
        settled = watch.now
        assert watch.job.settled_at == settled
        assert watch.status(after=299) == []
        assert watch.status(after=2) == ["look"]


class TestReports:
    def test_a_report_seen_before_changes_nothing_and_says_nothing(self) -> None:
        watch = Watch()
        watch.start()
        before = watch.record
        for report in list(watch.reports):
            assert watch.take(report) == []
        assert watch.record == before

    def test_the_last_four_collectors_are_remembered(self) -> None:
        watch = Watch()
        for number in range(6):
            watch.collector_id = f"c{number}"
            watch.status()
        assert watch.record is not None
        assert [name for name, _ in watch.record.sequences] == ["c2", "c3", "c4", "c5"]

    def test_a_frame_of_another_printer_is_never_shown(self) -> None:
        watch = Watch()
        watch.status()
        foreign = FrameReference("images/other/Benchy/20260101T000000_000001_x.jpg", watch.now, 1)
        report = Report("c1", 50, "a1mini", ReportKind.STATUS, watch.now, status={}, frame=foreign)
        watch.take(report)
        assert watch.record is not None
        assert watch.record.frame != foreign

    def test_one_message_says_several_things_at_once(self) -> None:
        watch = Watch()
        watch.start()
        said = watch.status(mc_percent=50, gcode_state="PAUSE", stg_cur=16)
        assert said == ["paused Paused by the user"]
        assert watch.status(gcode_state="RUNNING", stg_cur=0) == ["resumed"]
        assert watch.status(mc_percent=51) == []
