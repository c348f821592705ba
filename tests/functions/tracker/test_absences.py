"""What a person is told when the printer, BambUI or we were away:
infra/docs/architecture.md, "The rules of the tracker".
"""

from typing import Any

import pytest

from functions.shared.messages.effects import Category
from functions.shared.messages.report import ReportKind
from functions.tracker.evaluation import Rules
from tests.functions.tracker.harness import TrackerHarness


class TestSilence:
    def test_without_grace_contact_lost_ends_the_job_in_one_message(self) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.status(mc_percent=62)
        assert harness.silence() == ["contact_lost", "film"]
        lost = harness.last(Category.CONTACT_LOST)
        assert (lost.ended, lost.job.percent) == (True, 62)
        assert lost.frame is not None
        assert harness.silence(120) == []

    def test_the_same_job_back_is_contact_restored_and_goes_on(self) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.status(mc_percent=62)
        job = harness.job
        harness.silence()
        assert harness.status(after=600, gap=True) == ["contact_restored"]
        assert harness.job.id == job.id
        assert harness.status(mc_percent=63) == []
        assert harness.status(mc_percent=65) == ["progress 65"]
        assert harness.status(gcode_state="FINISH", mc_percent=100) == ["finished", "film"]
        assert harness.films()[-1].since == job.started_at

    def test_one_that_comes_back_and_ends_without_another_frame_gets_no_second_film_of_the_same(self) -> None:
        harness = TrackerHarness()
        harness.start()
        assert harness.silence() == ["contact_lost", "film"]
        same = {"frame": None, "frames_kept": harness.frames}
        running = dict(harness.reports[-2].status or {})
        assert harness.feed(ReportKind.STATUS, 60, status=running, **same) == ["contact_restored"]
        finished = {**running, "gcode_state": "FINISH"}
        assert harness.feed(ReportKind.STATUS, 1, status=finished, **same) == ["finished"]

    @pytest.mark.parametrize("grace", [0, 300])
    def test_contact_lost_again_and_again_without_another_frame_sends_the_film_once(self, grace: int) -> None:
        harness = TrackerHarness(Rules(silence_grace=grace))
        harness.start()
        same = {"frame": None, "frames_kept": harness.frames}
        running = dict(harness.reports[-1].status or {})
        for _ in range(3):
            harness.feed(ReportKind.SILENCE, 30, **same)
            harness.feed(ReportKind.SILENCE, 400, **same)
            assert harness.feed(ReportKind.STATUS, 60, status=running, **same) == ["contact_restored"]
        assert len(harness.films()) == 1
        another = {**running, "subtask_name": "Vase", "mc_percent": 3}
        said = harness.feed(ReportKind.STATUS, 60, status=another, after_gap=True, **same)
        assert said == ["ended", "already_printing Vase"]

    def test_contact_lost_again_after_more_frames_sends_the_longer_film(self) -> None:
        harness = TrackerHarness()
        harness.start()
        assert harness.silence() == ["contact_lost", "film"]
        assert harness.status(60) == ["contact_restored"]
        assert harness.silence() == ["contact_lost", "film"]

    def test_back_in_a_pause_after_a_power_cut_says_both_at_once(self) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.silence()
        said = harness.status(after=200, gap=True, gcode_state="PAUSE", print_error=50364423)
        assert said == ["contact_restored"]
        restored = harness.last(Category.CONTACT_RESTORED)
        assert restored.reason == "Power was lost. The print can be resumed at the printer"
        assert [fault.code for fault in restored.faults] == ["0300-8007"]
        assert harness.status(gcode_state="RUNNING", print_error=0) == ["resumed"]

    def test_with_grace_the_end_is_a_second_message(self) -> None:
        harness = TrackerHarness(Rules(silence_grace=300))
        harness.start()
        assert harness.silence() == ["contact_lost"]
        assert harness.last(Category.CONTACT_LOST).ended is False
        assert harness.silence(120) == []
        assert harness.silence(200) == ["ended", "film"]
        assert harness.silence(300) == []

    def test_an_entry_in_the_list_is_no_sign_of_lasting_silence(self) -> None:
        """A collector that was away itself reads the list before it hears the printer."""
        harness = TrackerHarness(Rules(silence_grace=300))
        harness.start()
        assert harness.silence() == ["contact_lost"]
        assert harness.presence(True, after=400) == []
        assert harness.status(after=1, gap=True) == ["contact_restored"]
        harness.silence()
        assert harness.presence(False, after=400) == []
        assert harness.silence() == ["ended", "film"]

    def test_with_grace_a_job_back_in_time_was_never_ended(self) -> None:
        harness = TrackerHarness(Rules(silence_grace=300))
        harness.start()
        harness.silence()
        assert harness.status(gap=True) == ["contact_restored"]
        assert harness.films() == []

    def test_finished_meanwhile_is_announced_late(self) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.silence()
        assert harness.status(after=3000, gap=True, gcode_state="FINISH", mc_percent=100) == ["finished"]
        finished = harness.last(Category.FINISHED)
        assert finished.late_end is True
        assert finished.duration_seconds is None

    def test_another_job_meanwhile(self) -> None:
        harness = TrackerHarness(Rules(silence_grace=6000))
        harness.start("First")
        harness.silence()
        said = harness.status(after=3000, gap=True, subtask_name="Second", mc_percent=12)
        assert said == ["ended", "film", "already_printing Second"]
        assert harness.last(Category.ENDED).job.name == "First"
        assert harness.last(Category.ENDED).late_end is True

    def test_another_job_after_an_end_that_was_told_already(self) -> None:
        harness = TrackerHarness()
        harness.start("First")
        harness.silence()
        said = harness.status(after=3000, gap=True, subtask_name="Second", mc_percent=12)
        assert said == ["already_printing Second"]

    def test_nothing_is_lost_when_no_job_runs(self) -> None:
        harness = TrackerHarness()
        harness.status()
        assert harness.silence() == []


class TestAfterAGap:
    def test_a_restart_in_mid_print_says_nothing(self) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.status(mc_percent=42)
        assert harness.status(gap=True) == []
        harness.collector_id, harness.sequence = "c2", 0
        assert harness.status() == []

    def test_what_changed_meanwhile_is_announced_in_the_usual_words(self) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.status(mc_percent=42)
        assert harness.status(gap=True, mc_percent=50) == ["progress 50"]

    @pytest.mark.parametrize("unheard", [2.0, 900.0, None])
    @pytest.mark.parametrize(
        ("changed", "is_another"),
        [
            ({"task_id": "77"}, True),
            ({"subtask_name": "Other"}, False),
            ({"subtask_name": None}, False),
            ({"mc_percent": 3, "layer_num": 0}, False),
            ({"gcode_state": "PREPARE"}, False),
            ({"subtask_name": "Other", "mc_percent": 3, "gcode_state": "PREPARE"}, False),
        ],
    )
    def test_a_cloud_jobs_id_says_which_it_is_whatever_else_is_said(
        self, changed: dict[str, Any], is_another: bool, unheard: float | None
    ) -> None:
        harness = TrackerHarness()
        harness.start(task_id="55")
        harness.status(mc_percent=42)
        job = harness.job
        said = harness.status(after=unheard or 900.0, gap=True, unheard=unheard, **changed)
        assert (harness.job.id != job.id) is is_another
        assert ("ended" in said) is is_another

    @pytest.mark.parametrize(
        ("unheard", "changed", "is_another"),
        [
            (2.0, {}, False),
            (2.0, {"task_id": "77"}, False),
            (2.0, {"subtask_name": "Other"}, True),
            (2.0, {"subtask_name": "Benchy_plate_2"}, False),
            (2.0, {"subtask_name": "0.2mm layer, 2 walls, 15% infill"}, False),
            (2.0, {"gcode_state": "PREPARE"}, True),
            (120.0, {"mc_percent": 3}, False),  # too short for an end and another run
            (121.0, {"mc_percent": 41}, False),  # rounding
            (121.0, {"mc_percent": 40}, True),
            (121.0, {"mc_percent": None}, False),
            (1600.0, {"mc_percent": 3, "mc_remaining_time": 200}, False),  # it had half an hour to go
            (1700.0, {"mc_percent": 3, "mc_remaining_time": 200}, True),
        ],
    )
    def test_without_ids_time_and_names_and_figures_say_which_it_is(
        self, unheard: float, changed: dict[str, Any], is_another: bool
    ) -> None:
        harness = TrackerHarness()
        harness.start(task_id="0")
        has_estimate = "mc_remaining_time" in changed
        harness.status(mc_percent=42, mc_remaining_time=30 if has_estimate else None)
        job = harness.job
        said = harness.status(after=unheard, gap=True, unheard=unheard, **changed)
        assert (harness.job.id != job.id) is is_another
        assert ("ended" in said) is is_another

    @pytest.mark.parametrize(("after", "is_another"), [(239.0, False), (241.0, True)])
    def test_after_a_restart_so_much_may_be_no_gap_as_the_edge_lets_pass_between_reports(
        self, after: float, is_another: bool
    ) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.status(mc_percent=42)
        said = harness.status(after=after, gap=True, mc_percent=3)
        assert ("ended" in said) is is_another

    def test_finish_of_another_name_ends_the_old_one_and_says_nothing_of_the_other(self) -> None:
        harness = TrackerHarness()
        harness.start("First")
        said = harness.status(gap=True, gcode_state="FINISH", subtask_name="Second", mc_percent=100)
        assert said == ["ended", "film"]
        assert harness.last(Category.ENDED).job.name == "First"

    def test_finish_of_the_same_name_ends_it_as_such(self) -> None:
        harness = TrackerHarness()
        harness.start()
        assert harness.status(after=900, gap=True, gcode_state="FINISH") == ["finished", "film"]
        assert harness.last(Category.FINISHED).late_end is True

    def test_a_short_reconnect_does_not_make_the_end_late(self) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.status(after=2, gap=True, gcode_state="FINISH")
        finished = harness.last(Category.FINISHED)
        assert finished.late_end is False
        assert finished.duration_seconds is not None

    def test_the_film_of_a_replaced_job_ends_where_it_was_last_heard_of(self) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.status(mc_percent=42)
        last_heard = harness.now
        harness.status(after=5000, gap=True, mc_percent=3)
        assert harness.films()[0].until == last_heard


class TestPresence:
    def test_offline_and_back_is_said_once_while_a_job_runs(self) -> None:
        harness = TrackerHarness()
        harness.start()
        assert harness.presence(False) == ["offline"]
        assert harness.presence(False) == []
        assert harness.presence(True) == ["online"]

    def test_silence_speaks_for_it(self) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.silence()
        assert harness.presence(False) == []
        assert harness.presence(True) == []
