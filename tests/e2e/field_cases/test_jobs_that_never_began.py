"""What never ran did not finish: told as never begun, with the reason, without figures of the last job."""

from typing import Any

import pytest

from tests.e2e.field_cases.conftest import Tell
from tests.e2e.field_cases.steps import (
    CANCEL,
    RECONNECT,
    RESTART,
    Step,
    alive,
    begins,
    course,
    ends,
    off,
    prints,
    resting,
    sends,
    wait,
)

HMS = {"attr": 0x0500_0300, "code": 0x0001_0003}
REASONS: dict[str, tuple[dict[str, Any], str]] = {
    "health entry": ({"hms": [HMS]}, "HMS_0500_0300_0001_0003"),
    "code": ({"print_error": 0x0500_4004}, "0500-4004"),
    "fail_reason": ({"fail_reason": str(0x0500_4004)}, "0500-4004"),
    "nothing": ({}, ""),
}


def prepares(word: str = "PREPARE", task_id: str = "0", seconds: float = 60) -> list[Step]:
    name = {"subtask_name": "Never", "gcode_file": "Never.gcode.3mf", "task_id": task_id}
    return [sends(5, gcode_state=word, **name), alive(seconds)]


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("word", ["PREPARE", "SLICING"])
@pytest.mark.parametrize("seconds", [5, 60, 900])
@pytest.mark.parametrize("figures", [{"mc_percent": 100, "layer_num": 25}, {}], ids=["old figures", "none"])
def test_a_finish_without_a_run(
    tell: Tell, reason: str, word: str, seconds: float, figures: dict[str, Any]
) -> None:
    changed, code = REASONS[reason]
    played = tell(
        resting(),
        prepares(word, seconds=seconds),
        sends(1, gcode_state="FINISH", **changed, **figures),
        alive(60),
    )
    assert played.told[0].category == "started"
    assert len(played.told) == 2
    assert "never began" in played.told[1].text
    assert code in played.told[1].text
    assert "finished" not in played.texts
    assert "%" not in played.texts
    assert played.shown["job"]["result"] == "never_began"


@pytest.mark.parametrize("gap", [RECONNECT, RESTART, off(60)], ids=["reconnect", "restart", "off"])
@pytest.mark.parametrize("task_id", ["0", "501"])
def test_a_finish_without_a_run_after_a_short_gap(tell: Tell, gap: Step, task_id: str) -> None:
    played = tell(
        resting(), prepares(task_id=task_id), gap, sends(2, gcode_state="FINISH", mc_percent=100), alive(60)
    )
    assert len(played.told) == 2
    assert "never began" in played.told[1].text


@pytest.mark.parametrize("gap", [off(7200), wait(7200)], ids=["off", "silence"])
def test_a_finish_long_after_it_was_seen_preparing_may_well_have_run(tell: Tell, gap: Step) -> None:
    end = sends(2, gcode_state="FINISH", mc_percent=100, layer_num=120)
    played = tell(resting(), prepares(task_id="501"), gap, end, alive(60))
    assert "never began" not in played.texts
    assert "finished while we were away" in played.texts


@pytest.mark.parametrize("seconds", [2, 60])
def test_a_cancel_while_it_prepares(tell: Tell, seconds: float) -> None:
    played = tell(
        resting(), prepares(seconds=seconds), sends(1, gcode_state="FAILED", print_error=CANCEL), alive(60)
    )
    assert [told.category for told in played.told] == ["started", "cancelled"]
    assert "100 %" not in played.texts
    assert "layer" not in played.texts


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("word", ["FAILED", "IDLE"])
def test_a_failure_while_it_prepares(tell: Tell, reason: str, word: str) -> None:
    changed, code = REASONS[reason]
    played = tell(resting(), prepares(), sends(1, gcode_state=word, **changed), alive(60))
    assert len(played.of("failed", "ended", "never_began")) == 1
    assert code in played.texts
    assert "100 %" not in played.texts
    assert "finished" not in played.texts


def test_a_finish_after_a_second_of_running_is_one(tell: Tell) -> None:
    ran = [sends(1, gcode_state="RUNNING", mc_percent=0), sends(1, gcode_state="FINISH", mc_percent=100)]
    played = tell(resting(), prepares(), ran, alive(60))
    assert "never began" not in played.texts
    assert played.course()[:2] == ["started", "finished"]


def test_after_one_that_never_began_the_next_is_told_as_ever(tell: Tell) -> None:
    never = course(prepares(), sends(1, gcode_state="FINISH", mc_percent=100), alive(60))
    played = tell(resting(), never, never, begins("Vase"), prints(50), ends())
    assert played.texts.count("never began") == 2
    assert played.course()[-3:] == ["started", "finished", "film"]
    assert len(played.job_ids) == 3


def test_preparing_goes_back_to_rest_and_on(tell: Tell) -> None:
    """A refused file that is sent again at once."""
    played = tell(
        resting(),
        prepares(seconds=10),
        sends(1, gcode_state="FAILED", print_error=0x0500_4004),
        sends(2, gcode_state="PREPARE", print_error=0),
        sends(20, gcode_state="RUNNING", mc_percent=0),
        prints(50),
        ends(),
    )
    assert played.course().count("started") == 2
    assert played.course()[-2:] == ["finished", "film"]
