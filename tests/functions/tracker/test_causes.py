"""Why a job ended: only a code that came new, near the end, and not one that stood there before."""

from dataclasses import replace
from typing import Any

import pytest

from functions.shared.messages.effects import Category
from tests.functions.tracker.harness import CLOG, TrackerHarness

CANCEL, OTHER_CANCEL, CLOGGED = 0x0300_400C, 0x0500_400E, 0x0300_4006
CANCEL_MESSAGE = {"attr": 0x0300_0100, "code": 0x0001_400C}
PLACES = [{"print_error": CANCEL}, {"fail_reason": OTHER_CANCEL}, {"hms": [CANCEL_MESSAGE]}]
GONE: dict[str, Any] = {"print_error": 0, "fail_reason": "0", "hms": []}


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize("state", ["FAILED", "IDLE"])
def test_a_cancel_code_counts_in_whichever_place_it_comes(place: dict[str, Any], state: str) -> None:
    harness = TrackerHarness()
    harness.start()
    assert harness.status(gcode_state=state, **place) == ["cancelled", "film"]


@pytest.mark.parametrize("place", PLACES, ids=str)
@pytest.mark.parametrize(("before", "told"), [(29.0, "cancelled"), (31.0, "failed")])
def test_it_counts_for_half_a_minute_though_it_goes_away(
    place: dict[str, Any], before: float, told: str
) -> None:
    harness = TrackerHarness()
    harness.start()
    assert harness.status(**place) == []
    assert harness.status(after=before, gcode_state="FAILED", **GONE)[0].startswith(told)


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_one_that_stood_while_idle_and_through_the_job_cancels_nothing(place: dict[str, Any]) -> None:
    harness = TrackerHarness()
    harness.status(**place)
    harness.start()
    assert harness.status(after=600, gcode_state="FAILED") == ["failed", "film"]


def test_the_second_cancel_counts_though_the_reason_of_the_first_stands_for_good() -> None:
    harness = TrackerHarness()
    harness.start("First")
    assert harness.status(gcode_state="FAILED", print_error=CANCEL, fail_reason=CANCEL)[0] == "cancelled"
    harness.status(print_error=0)
    harness.start("Second")
    assert harness.status(after=600, gcode_state="FAILED", print_error=CANCEL)[0] == "cancelled"


def test_one_in_the_record_of_a_release_that_kept_no_codes_stood_before() -> None:
    harness = TrackerHarness()
    harness.start()
    harness.status(print_error=CANCEL)
    assert harness.record is not None
    harness.record = replace(harness.record, causes=None, cancel_seen_at=None)
    assert harness.status(after=600, gcode_state="FAILED") == ["failed", "film"]


def test_fail_reason_tells_why_it_failed() -> None:
    harness = TrackerHarness()
    harness.start()
    assert harness.status(gcode_state="FAILED", fail_reason=str(CLOGGED))[0] == "failed The nozzle is clogged"
    assert [fault.code for fault in harness.last(Category.FAILED).faults] == ["0300-4006"]


def test_a_failure_is_not_explained_by_a_code_from_before_the_job() -> None:
    harness = TrackerHarness()
    harness.status(print_error=CLOGGED)
    harness.start()
    assert harness.status(after=600, gcode_state="FAILED") == ["failed", "film"]
    assert harness.last(Category.FAILED).faults == ()


def test_it_is_explained_by_one_that_went_and_came_again_within_the_job() -> None:
    harness = TrackerHarness()
    harness.status(print_error=CLOGGED)
    harness.start()
    harness.status(print_error=0)
    assert harness.status(after=60, gcode_state="FAILED", print_error=CLOGGED)[0] == (
        "failed The nozzle is clogged"
    )


def test_an_end_found_after_a_gap_with_the_code_beside_it_is_a_cancel() -> None:
    harness = TrackerHarness()
    harness.start(task_id="55")
    harness.status(mc_percent=62)
    said = harness.status(
        after=3000, gap=True, unheard=3000, gcode_state="FAILED", fail_reason=CANCEL, mc_percent=0
    )
    assert said == ["cancelled", "film"]
    cancelled = harness.last(Category.CANCELLED)
    assert (cancelled.late_end, cancelled.job.percent) == (True, 62)


class TestNeverBegan:
    @pytest.mark.parametrize("word", ["FINISH", "COMPLETED"])
    def test_a_job_that_only_prepared_did_not_finish(self, word: str) -> None:
        harness = TrackerHarness()
        harness.status()
        harness.status(gcode_state="PREPARE", subtask_name="Hook", mc_percent=100)
        assert harness.status(gcode_state=word, hms=[CLOG]) == ["never_began"]
        told = harness.last(Category.NEVER_BEGAN)
        assert told.reason == "The nozzle is clogged"
        assert (told.job.percent, told.duration_seconds) == (None, None)
        assert harness.films() == []

    @pytest.mark.parametrize(("unheard", "told"), [(60.0, ["never_began"]), (900.0, ["finished", "film"])])
    def test_in_a_gap_it_may_have_run_if_the_time_was_enough(self, unheard: float, told: list[str]) -> None:
        harness = TrackerHarness()
        harness.status()
        harness.status(gcode_state="PREPARE", subtask_name="Hook")
        assert harness.status(after=unheard, gap=True, unheard=unheard, gcode_state="FINISH") == told

    def test_one_that_failed_before_it_ran_failed(self) -> None:
        harness = TrackerHarness()
        harness.status()
        harness.status(gcode_state="PREPARE", subtask_name="Hook")
        assert harness.status(gcode_state="FAILED")[0] == "failed"
