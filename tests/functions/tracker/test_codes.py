"""Error codes around the end of a job and in long lists: told where they belong, once, and not mistaken."""

from typing import Any

import pytest

from functions.shared.domain.faults import Severity
from functions.shared.messages.effects import Category
from tests.functions.tracker.harness import CLOG, TrackerHarness


def test_a_code_that_comes_with_a_cancel_is_announced_there() -> None:
    harness = TrackerHarness()
    harness.start()
    assert harness.status(gcode_state="FAILED", print_error=50348044, hms=[CLOG]) == ["cancelled", "film"]
    assert [fault.code for fault in harness.last(Category.CANCELLED).faults] == ["HMS_0300_1A00_0002_0002"]
    assert harness.status(after=60) == []


def test_a_failure_is_not_blamed_on_an_advice() -> None:
    harness = TrackerHarness()
    harness.start()
    assert harness.status(print_error=0x0500C011) == ["error 0500-C011"]
    assert harness.status(after=600, gcode_state="FAILED") == ["failed", "film"]
    failed = harness.last(Category.FAILED)
    assert (failed.reason, failed.faults) == (None, ())


def test_the_cancel_code_left_from_the_job_before_does_not_cancel_the_next() -> None:
    harness = TrackerHarness()
    harness.start("First")
    assert harness.status(gcode_state="FAILED", print_error=50348044) == ["cancelled", "film"]
    assert harness.start("Second") == ["started Second"]
    assert harness.status(gcode_state="FAILED", print_error=50348038)[0].startswith(
        "failed The nozzle is clogged."
    )


def test_a_job_refused_at_its_start_has_no_percent_of_the_one_before() -> None:
    harness = TrackerHarness()
    harness.status()
    harness.status(gcode_state="PREPARE", subtask_name="New", mc_percent=100, layer_num=80)
    assert harness.status(gcode_state="FAILED", print_error=0x05004003)[0].startswith(
        "failed The printer cannot"
    )
    failed = harness.last(Category.FAILED)
    assert (failed.job.percent, failed.job.layer) == (None, None)


@pytest.mark.parametrize(
    ("changed", "severity"),
    [
        ({"print_error": 0x03008001}, Severity.NOTICE),
        ({"print_error": 0, "stg_cur": 16}, Severity.NOTICE),
        ({"print_error": 0x03008001, "hms": [CLOG]}, Severity.ATTENTION),
        ({"print_error": 0x03008015}, Severity.ATTENTION),
    ],
)
def test_a_pause_by_the_user_is_a_notice_whatever_tells_it(
    changed: dict[str, Any], severity: Severity
) -> None:
    harness = TrackerHarness()
    harness.start()
    harness.status(gcode_state="PAUSE", **changed)
    assert harness.last(Category.PAUSED).severity is severity


def test_an_empty_health_entry_is_no_reason_for_a_pause() -> None:
    harness = TrackerHarness()
    harness.start()
    said = harness.status(gcode_state="PAUSE", hms=[{"attr": 0, "code": 0}])
    assert said == ["paused The printer does not say why"]


def test_more_codes_than_anybody_has_are_still_announced_once() -> None:
    harness = TrackerHarness()
    harness.start()
    entries = [{"attr": 0x07002000, "code": 0x00020000 + number} for number in range(64)]
    assert harness.status(print_error=0x03008003, hms=entries)[0].startswith("error ")
    for _ in range(10):
        assert harness.status(after=1) == []
    assert harness.record is not None
    assert len(harness.record.episodes) == 65
    for number in range(100):
        harness.status(after=1, hms=[{"attr": 0x05002000, "code": 0x00020000 + number}])
    assert len(harness.record.episodes) <= 100
