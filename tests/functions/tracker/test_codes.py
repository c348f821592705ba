"""Error codes around the end of a job and in long lists: told where they belong, once, and not mistaken."""

from typing import Any

import pytest

from functions.shared.domain.error_codes import Severity
from functions.shared.messages.effects import Category
from tests.functions.tracker.harness import CLOG, Watch


def test_a_code_that_comes_with_a_cancel_is_told_there() -> None:
    watch = Watch()
    watch.start()
    assert watch.status(gcode_state="FAILED", print_error=50348044, hms=[CLOG]) == ["cancelled", "film"]
    assert [fault.code for fault in watch.last(Category.CANCELLED).faults] == ["HMS_0300_1A00_0002_0002"]
    assert watch.status(after=60) == []


def test_a_failure_is_not_blamed_on_an_advice() -> None:
    watch = Watch()
    watch.start()
    assert watch.status(print_error=0x0500C011) == ["error 0500-C011"]
    assert watch.status(after=600, gcode_state="FAILED") == ["failed", "film"]
    failed = watch.last(Category.FAILED)
    assert (failed.reason, failed.faults) == (None, ())


def test_the_cancel_code_left_from_the_job_before_does_not_cancel_the_next() -> None:
    watch = Watch()
    watch.start("First")
    assert watch.status(gcode_state="FAILED", print_error=50348044) == ["cancelled", "film"]
    assert watch.start("Second") == ["started Second"]
    assert watch.status(gcode_state="FAILED", print_error=50348038)[0] == "failed The nozzle is clogged"


def test_a_job_refused_at_its_start_has_no_percent_of_the_one_before() -> None:
    watch = Watch()
    watch.status()
    watch.status(gcode_state="PREPARE", subtask_name="New", mc_percent=100, layer_num=80)
    assert watch.status(gcode_state="FAILED", print_error=0x05004003)[0].startswith(
        "failed The printer cannot"
    )
    failed = watch.last(Category.FAILED)
    assert (failed.percent, failed.layer) == (None, None)


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
    watch = Watch()
    watch.start()
    watch.status(gcode_state="PAUSE", **changed)
    assert watch.last(Category.PAUSED).severity is severity


def test_an_empty_health_entry_is_no_reason_for_a_pause() -> None:
    watch = Watch()
    watch.start()
    said = watch.status(gcode_state="PAUSE", hms=[{"attr": 0, "code": 0}])
    assert said == ["paused The printer does not say why"]


def test_more_codes_than_anybody_has_are_still_told_once() -> None:
    watch = Watch()
    watch.start()
    entries = [{"attr": 0x07002000, "code": 0x00020000 + number} for number in range(64)]
    assert watch.status(print_error=0x03008003, hms=entries)[0].startswith("error ")
    for _ in range(10):
        assert watch.status(after=1) == []
    assert watch.record is not None
    assert len(watch.record.episodes) == 65
    for number in range(100):
        watch.status(after=1, hms=[{"attr": 0x05002000, "code": 0x00020000 + number}])
    assert len(watch.record.episodes) <= 100
