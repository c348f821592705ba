"""Strong evidence outranks weak, and what is missing proves nothing."""

from typing import Any

import pytest

from functions.shared.domain.status_view import CALIBRATING
from functions.shared.messages.effects import Category, JobSnapshot
from functions.tracker.evaluation import Rules
from tests.functions.tracker.harness import TrackerHarness

CALIBRATION: dict[str, Any] = {
    "gcode_state": "RUNNING",
    "subtask_name": "auto_cali_for_user_param",
    "gcode_file": "/usr/etc/print/auto_cali_for_user_param.gcode",
    "print_type": "system",
}


class TestNoWord:
    @pytest.mark.parametrize("word", [None, "", 7])
    def test_in_an_unbroken_stream_the_last_word_stands(self, word: Any) -> None:
        harness = TrackerHarness()
        harness.start()
        assert harness.status(gcode_state=word, mc_percent=25) == ["progress 25"]
        assert harness.status(gcode_state="RUNNING") == []
        assert harness.record is not None
        assert harness.record.state == "RUNNING"

    @pytest.mark.parametrize("word", [None, ""])
    def test_after_silence_nothing_is_known_until_a_word_comes(self, word: Any) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.status(mc_percent=40)
        assert harness.silence() == ["contact_lost", "film"]
        assert harness.status(after=600, gap=True, gcode_state=word, mc_percent=0) == []
        assert harness.status(after=5, gap=True) == []
        assert harness.status(after=5, gap=True, gcode_state="RUNNING", mc_percent=41) == ["contact_restored"]

    def test_nor_after_a_gap_in_which_the_printer_finished(self) -> None:
        harness = TrackerHarness()
        harness.start()
        assert harness.status(gap=True, unheard=900.0, gcode_state=None) == []
        assert harness.status(gap=True, unheard=905.0, gcode_state="FINISH") == ["finished", "film"]
        assert harness.last(Category.FINISHED).late_end is True

    def test_without_any_word_ever_there_is_no_job(self) -> None:
        harness = TrackerHarness()
        assert harness.status(gcode_state=None, mc_percent=40) == []
        assert harness.record is not None
        assert harness.record.job is None


class TestOneId:
    def test_the_name_first_told_stays_and_a_change_of_it_is_not_told(self) -> None:
        harness = TrackerHarness()
        harness.start(task_id="55")
        assert harness.status(subtask_name="0.2mm layer, 2 walls, 15% infill") == []
        assert harness.job.name == "Benchy"
        assert harness.status(gcode_state="FINISH") == ["finished", "film"]
        assert harness.last(Category.FINISHED).job.name == "Benchy"

    def test_without_an_id_the_change_is_told(self) -> None:
        harness = TrackerHarness()
        harness.start(task_id="0")
        assert harness.status(subtask_name="Vase") == ["file_changed Vase"]

    @pytest.mark.parametrize("is_silent", [True, False])
    def test_its_end_while_we_were_away_is_its_end_under_whatever_name(self, is_silent: bool) -> None:
        harness = TrackerHarness(Rules(silence_grace=6000))
        harness.start(task_id="55")
        harness.status(mc_percent=40)
        if is_silent:
            harness.silence()
        said = harness.status(
            after=900, gap=True, unheard=900.0, gcode_state="FINISH", subtask_name="profile"
        )
        assert said == ["finished", "film"]
        finished = harness.last(Category.FINISHED)
        assert (finished.late_end, finished.job.name) == (True, "Benchy")

    def test_another_ids_end_is_not(self) -> None:
        harness = TrackerHarness()
        harness.start(task_id="55")
        said = harness.status(after=900, gap=True, unheard=900.0, gcode_state="FINISH", task_id="56")
        assert said == ["ended", "film"]


class TestCalibrations:
    def test_one_is_no_print_and_the_api_says_calibrating(self) -> None:
        harness = TrackerHarness()
        harness.status()
        assert harness.status(**CALIBRATION, mc_percent=40) == []
        assert harness.record is not None
        assert (harness.record.state, harness.record.job) == (CALIBRATING, None)
        assert harness.status(gcode_state="FINISH") == []
        assert harness.films() == []

    def test_the_print_after_it_is_told_though_the_type_of_the_calibration_still_stands(self) -> None:
        harness = TrackerHarness()
        harness.status()
        harness.status(**CALIBRATION)
        harness.status(gcode_state="FINISH")
        assert harness.status(gcode_state="PREPARE", subtask_name="Hook", gcode_file="Hook.gcode.3mf") == [
            "started Hook"
        ]

    def test_within_a_job_the_printer_may_calibrate_and_the_job_goes_on(self) -> None:
        harness = TrackerHarness()
        harness.start()
        job = harness.job.id
        harness.status(**CALIBRATION)
        assert harness.job.id == job
        assert harness.status(gcode_state="FINISH")[0] == "finished"

    def test_found_after_a_gap_it_is_nobodys_job(self) -> None:
        harness = TrackerHarness()
        harness.start()
        said = harness.status(after=900, gap=True, unheard=900.0, **CALIBRATION)
        assert said == ["ended", "film"]


class TestPauses:
    def paused(self, rules: Rules) -> TrackerHarness:
        harness = TrackerHarness(rules)
        harness.start()
        harness.status(mc_percent=40, mc_remaining_time=50)
        harness.status(gcode_state="PAUSE", stg_cur=16)
        return harness

    def test_no_message_of_one_knows_a_time_and_all_know_of_it(self) -> None:
        harness = self.paused(Rules(photo_interval=3600))
        harness.status(after=3600)
        harness.status(mc_percent=45)
        harness.presence(False)
        harness.presence(True)
        told = harness.notifications()[1:]
        categories = {one.category for one in told}
        assert categories >= {Category.PAUSED, Category.PHOTO, Category.PROGRESS, Category.OFFLINE}
        since_pause = told[[one.category for one in told].index(Category.PAUSED) :]
        assert all(one.job.is_paused for one in since_pause)
        assert {one.job.remaining_minutes for one in since_pause} == {None}

    def test_after_it_the_time_is_known_again(self) -> None:
        harness = self.paused(Rules())
        harness.status(gcode_state="RUNNING", stg_cur=0)
        assert harness.last(Category.RESUMED).job == JobSnapshot("Benchy", 40, None, 110, 50)

    def test_what_is_lost_or_over_promises_no_time(self) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.status(mc_percent=40, mc_remaining_time=50)
        harness.silence()
        assert harness.last(Category.CONTACT_LOST).job.remaining_minutes is None
        harness.status(after=60, gap=True)
        harness.status(gcode_state="FAILED")
        assert harness.last(Category.FAILED).job.remaining_minutes is None


@pytest.mark.parametrize(
    ("said", "is_sent"),
    [
        ({"mc_percent": 96, "mc_remaining_time": 6}, True),
        ({"mc_percent": 97, "mc_remaining_time": 60}, False),
        ({"mc_percent": 50, "mc_remaining_time": 5}, False),
        ({"mc_percent": 96, "mc_remaining_time": None}, True),
        ({"mc_percent": 98, "mc_remaining_time": 2, "gcode_state": "PAUSE", "stg_cur": 16}, True),
    ],
)
def test_the_interval_photo_gives_way_to_the_one_of_the_end_unless_it_is_paused(
    said: dict[str, Any], is_sent: bool
) -> None:
    harness = TrackerHarness(Rules(progress_step=0, photo_interval=100))
    harness.start()
    harness.status(after=20, **said)
    assert ("photo" in harness.status(after=100)) is is_sent
