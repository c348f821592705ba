"""What a person is told of a print, edge by edge:
infra/docs/architecture.md, "The rules of the tracker".
"""

from typing import Any

import pytest

from functions.shared.domain.error_codes import Severity
from functions.shared.messages.effects import Category
from functions.shared.messages.printer_record import Phase
from functions.tracker.evaluation import Rules
from tests.functions.tracker.harness import CLOG, Watch


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
