"""What a person is told of a print, edge by edge:
infra/docs/architecture.md, "The rules of the tracker".
"""

from typing import Any

import pytest

from functions.shared.domain.faults import Severity
from functions.shared.messages.effects import Category
from functions.shared.messages.printer_record import Phase
from functions.tracker.evaluation import Rules
from tests.functions.tracker.harness import CLOG, TrackerHarness


def test_the_first_status_only_sets_the_baseline() -> None:
    assert TrackerHarness().status(gcode_state="FINISH", subtask_name="Old", mc_percent=100) == []


def test_a_job_found_running_at_first_sight_is_already_printing() -> None:
    harness = TrackerHarness()
    assert harness.status(gcode_state="RUNNING", subtask_name="Benchy", mc_percent=42) == [
        "already_printing Benchy"
    ]
    assert harness.status(gcode_state="RUNNING", mc_percent=44) == []
    assert harness.status(gcode_state="FINISH", mc_percent=100) == ["finished", "film"]
    assert harness.last(Category.FINISHED).duration_seconds is None


def test_a_whole_print_is_announced_once_from_start_to_end() -> None:
    harness = TrackerHarness()
    assert harness.start() == ["started Benchy"]
    assert harness.status(mc_percent=3) == []
    assert harness.status(mc_percent=5) == ["progress 5"]
    assert harness.status(mc_percent=23) == ["progress 23"]
    assert harness.status(mc_percent=24) == []
    assert harness.status(mc_percent=100) == []
    assert harness.status(gcode_state="FINISH") == ["finished", "film"]
    finished = harness.last(Category.FINISHED)
    assert finished.duration_seconds == 70.0
    assert finished.frame is not None
    assert harness.status(gcode_state="IDLE") == []
    film = harness.films()[0]
    assert (film.prefix, film.since, film.until) == ("images/a1mini/Benchy/", 1_000_020.0, 1_000_090.0)
    assert film.frames_kept == 7  # of the nine until then, two were there when it started


def test_progress_steps_can_be_switched_off() -> None:
    harness = TrackerHarness(Rules(progress_step=0))
    harness.start()
    assert harness.status(mc_percent=50) == []


def test_the_name_that_runs_ahead_of_the_state_says_nothing() -> None:
    harness = TrackerHarness()
    harness.start("First")
    harness.status(gcode_state="FINISH")
    assert harness.status(subtask_name="Second") == []
    assert harness.status(gcode_state="IDLE") == []
    assert harness.status(gcode_state="PREPARE") == ["started Second"]


def test_two_runs_of_one_file_are_two_jobs() -> None:
    harness = TrackerHarness()
    harness.start()
    first = harness.job
    harness.status(gcode_state="FINISH")
    assert harness.status(gcode_state="PREPARE") == ["started Benchy"]
    assert harness.job.id != first.id
    assert harness.job.started_at > first.started_at


def test_a_name_that_becomes_known_or_changes_is_announced() -> None:
    harness = TrackerHarness()
    harness.status()
    assert harness.status(gcode_state="RUNNING") == ["started"]
    assert harness.status(subtask_name="Benchy") == ["file_changed Benchy"]
    assert harness.status(subtask_name="Boat") == ["file_changed Boat"]


def test_vanished_keys_in_a_resume_are_unchanged_not_zero() -> None:
    harness = TrackerHarness()
    harness.start()
    harness.status(mc_percent=35, layer_num=25, mc_remaining_time=38)
    assert harness.status(gcode_state="PAUSE", stg_cur=16) == ["paused Paused by the user"]
    assert harness.last(Category.PAUSED).severity is Severity.NOTICE
    said = harness.status(
        gcode_state="RUNNING", stg_cur=0, mc_percent=None, layer_num=None, mc_remaining_time=None
    )
    assert said == ["resumed"]
    resumed = harness.last(Category.RESUMED)
    assert (resumed.job.percent, resumed.job.layer, resumed.job.remaining_minutes) == (35, 25, 38)
    assert harness.status(mc_percent=36) == []


def test_the_old_jobs_figures_in_preparing_are_not_the_new_ones() -> None:
    harness = TrackerHarness()
    harness.status(mc_percent=100, layer_num=80, total_layer_num=80)
    harness.status(gcode_state="PREPARE", subtask_name="New")
    started = harness.last(Category.STARTED)
    assert (started.job.percent, started.job.layer, started.job.total_layers) == (None, None, None)


def test_a_percent_that_falls_is_shown_and_told_anew_only_when_it_stays_down() -> None:
    harness = TrackerHarness()
    harness.start()
    harness.status(mc_percent=40)
    assert harness.status(mc_percent=20) == []
    assert harness.job.percent == 20
    assert harness.status(after=59, mc_percent=30) == []
    assert harness.status(after=10, mc_percent=45) == ["progress 45"]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"print_error": 0x03008015, "stg_cur": 6}, "Filament ran out. Load new filament, then resume"),
        ({"print_error": 0x07018011}, "Filament ran out (AMS B). Load new filament, then resume"),
        (
            {"print_error": 0, "stg_cur": 17},
            "The front cover came off the tool head. Put it back, then resume",
        ),
        ({"print_error": 0, "stg_cur": 99, "hms": [CLOG]}, "The nozzle is clogged. Clean it"),
        ({"print_error": 0, "stg_cur": 0}, "The printer does not say why"),
        ({"print_error": 0x0300DEAD, "stg_cur": 16}, "Paused by the user"),
    ],
)
def test_a_pause_says_why(changed: dict[str, Any], reason: str) -> None:
    harness = TrackerHarness()
    harness.start()
    assert harness.status(gcode_state="PAUSE", **changed)[0] == f"paused {reason}"


def test_a_code_that_comes_with_the_pause_is_announced_there_only() -> None:
    harness = TrackerHarness()
    harness.start()
    slot = {"attr": 0x07002000, "code": 0x00020001}
    said = harness.status(gcode_state="PAUSE", print_error=0x03008015, hms=[slot], stg_cur=6)
    ran_out = "Filament ran out (AMS A, slot 1). Load new filament, then resume"
    assert said == [f"paused {ran_out}"]
    codes = [fault.code for fault in harness.last(Category.PAUSED).faults]
    assert codes == ["0300-8015", "HMS_0700_2000_0002_0001"]
    assert {fault.text for fault in harness.last(Category.PAUSED).faults} == {ran_out}
    assert harness.status() == []


def test_an_old_advice_is_not_taken_for_the_pause_reason() -> None:
    harness = TrackerHarness()
    harness.start()
    assert harness.status(print_error=0x0500C011) == ["error 0500-C011"]
    assert harness.status(gcode_state="PAUSE", stg_cur=16) == ["paused Paused by the user"]


def test_an_error_flickering_is_announced_once_an_episode() -> None:
    harness = TrackerHarness()
    harness.start()
    assert harness.status(hms=[CLOG]) == ["error HMS_0300_1A00_0002_0002"]
    for _ in range(5):
        assert harness.status(after=5, hms=[]) == []
        assert harness.status(after=5, hms=[CLOG]) == []
    harness.status(hms=[])
    assert harness.status(after=31, hms=[CLOG]) == ["error HMS_0300_1A00_0002_0002"]


def test_an_error_that_was_there_at_first_sight_is_not_news() -> None:
    harness = TrackerHarness()
    assert harness.status(hms=[CLOG], print_error=0x03008003) == []
    assert harness.status() == []


def test_a_missing_error_key_does_not_end_an_episode() -> None:
    harness = TrackerHarness()
    harness.start()
    harness.status(hms=[CLOG])
    harness.status(hms=None)
    assert harness.status(after=100, hms=[CLOG]) == []


@pytest.mark.parametrize("code", [0x05008030, 0x03008012, 0x07FF8007, 0x03000001, 0x0300400C, 0x0500400E])
def test_codes_that_are_no_errors_are_not_told(code: int) -> None:
    harness = TrackerHarness()
    harness.start()
    assert harness.status(print_error=code) == []


def test_the_sd_card_advice_is_announced_once_for_good() -> None:
    harness = TrackerHarness(Rules(photo_interval=0))
    harness.start()
    assert harness.status(print_error=83935249) == ["error 0500-C011"]
    assert harness.last(Category.ERROR).severity is Severity.NOTICE
    harness.status(print_error=0)
    assert harness.status(after=3600, print_error=83935249) == []


def test_an_unknown_code_is_shown_with_its_link_and_is_no_loud_alarm() -> None:
    harness = TrackerHarness()
    harness.start()
    harness.status(print_error=0x12345678)
    harness.status(print_error=0x12348678)
    fault = harness.last(Category.ERROR).faults[0]
    assert fault.code == "1234-8678"
    assert fault.text is None
    assert fault.link is not None
    assert fault.severity is Severity.NOTICE


def test_failed_says_why_and_is_not_called_finished() -> None:
    harness = TrackerHarness()
    harness.start()
    harness.status(mc_percent=55, hms=[CLOG])
    said = harness.status(gcode_state="FAILED", print_error=50348038)
    assert said == ["failed The nozzle is clogged. Clean it before you print again", "film"]
    failed = harness.last(Category.FAILED)
    assert failed.severity is Severity.CRITICAL
    assert [fault.code for fault in failed.faults] == ["0300-4006"]


@pytest.mark.parametrize("state", ["FAILED", "IDLE"])
def test_the_cancel_code_makes_it_cancelled(state: str) -> None:
    harness = TrackerHarness()
    harness.start()
    assert harness.status(gcode_state=state, print_error=50348044) == ["cancelled", "film"]


def test_a_cancel_code_shortly_before_the_end_counts() -> None:
    harness = TrackerHarness()
    harness.start()
    harness.status(print_error=0x0500400E)
    assert harness.status(after=20, gcode_state="FAILED", print_error=0) == ["cancelled", "film"]


def test_idle_without_a_code_is_an_end_with_unknown_cause_never_finished() -> None:
    harness = TrackerHarness()
    harness.start()
    assert harness.status(gcode_state="IDLE") == ["ended", "film"]


def test_an_unknown_word_is_shown_and_ends_nothing() -> None:
    harness = TrackerHarness()
    harness.start()
    assert harness.status(gcode_state="FOO") == ["state_changed RUNNING->FOO"]
    assert harness.job.phase is Phase.ACTIVE
    assert harness.status(gcode_state="RUNNING") == ["state_changed FOO->RUNNING"]


def test_a_finished_printer_switched_off_and_on_says_nothing() -> None:
    harness = TrackerHarness()
    harness.start()
    harness.status(gcode_state="FINISH")
    assert harness.silence() == []
    assert harness.record is not None
    assert (harness.record.state, harness.record.state_inferred) == ("IDLE", True)
    assert harness.presence(False) == []
    assert harness.presence(True) == []
    assert harness.status(gcode_state="IDLE", gap=True) == []
    assert harness.status(gcode_state="FINISH", gap=True) == []
