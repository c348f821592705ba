"""A restart, a reconnect or another collector says nothing, wherever in a course it comes."""

from itertools import product

import pytest

from tests.e2e.field_cases.conftest import Tell
from tests.e2e.field_cases.given import GIVEN, given
from tests.e2e.field_cases.steps import (
    CANCEL,
    NEW_OUTBOX,
    RECONNECT,
    RESTART,
    Step,
    alive,
    at,
    begins,
    course,
    ends,
    prints,
    resting,
    sends,
    wait,
)

PAUSE = sends(5, gcode_state="PAUSE", print_error=0x0300_8009, stg_cur=0)
RESUME = sends(5, gcode_state="RUNNING", print_error=0)
RESTS = [*resting(), alive(10)]
COURSES: dict[str, list[Step]] = {
    "plates with an id": course(
        RESTS, begins(task_id="77"), prints(50, 99), at(0, layer=1), alive(90), prints(30), ends()
    ),
    "plates without": course(RESTS, begins(), prints(50, 99), at(0, layer=1), alive(90), prints(30), ends()),
    "pauses": course(
        RESTS, begins(), prints(40), PAUSE, alive(90), RESUME, prints(60), PAUSE, alive(30), RESUME, ends()
    ),
    "renamed": course(
        RESTS, begins(task_id="77"), prints(40), sends(3, subtask_name="0.2mm"), prints(70), ends()
    ),
    "cancelled": course(
        resting(fail_reason=str(CANCEL)),
        alive(10),
        begins(),
        prints(40),
        sends(5, mc_percent=0, layer_num=0),
        sends(3, gcode_state="FAILED"),
        sends(2, print_error=CANCEL),
        sends(4, print_error=0, gcode_state="IDLE"),
        alive(60),
    ),
    "failed without a cause": course(
        RESTS, begins(), prints(40), ends("FAILED"), begins("Vase"), prints(20), ends()
    ),
    "never began": course(
        RESTS, sends(5, gcode_state="PREPARE", subtask_name="Never"), alive(60), ends()
    ),
    "wordless": course(
        RESTS,
        begins(task_id="77"),
        prints(40),
        sends(1, gcode_state=None),
        alive(60),
        sends(1, gcode_state="RUNNING"),
        ends(),
    ),
    "calibration": course(
        RESTS,
        sends(5, gcode_state="RUNNING", print_type="system", subtask_name="auto_cali_for_user_param"),
        alive(90),
        sends(5, gcode_state="FINISH", print_type="idle"),
        alive(30),
        begins(),
        prints(40),
        ends(),
    ),
}  # fmt: skip
GAPS = {"reconnect": RECONNECT, "restart": RESTART, "new outbox": NEW_OUTBOX}


@pytest.mark.parametrize(
    ("name", "gap"),
    # Another collector knows of no job, so that it holds no end whose cause may still come.
    [pair for pair in product(COURSES, GAPS) if pair != ("cancelled", "new outbox")],
)
def test_nothing_else_is_told_wherever_it_comes(tell: Tell, name: str, gap: str) -> None:
    steps = COURSES[name]
    expected = tell(steps)
    for index in range(len(RESTS), len(steps) + 1):
        played = tell(steps[:index], GAPS[gap], steps[index:], alive(20))
        told = (index, played.categories("photo"), played.steps(), len(played.job_ids))
        assert told == (index, expected.categories("photo"), expected.steps(), len(expected.job_ids))


@pytest.mark.parametrize("gap", ["reconnect", "restart"])
@pytest.mark.parametrize("name", [name for name in GIVEN if "burst" not in name])
def test_nor_in_what_real_printers_sent(tell: Tell, name: str, gap: str) -> None:
    case = given(name)
    options = {key: value for key, value in case.items() if key != "steps"}
    first, *others = case["steps"]
    steps = [first, alive(10), *(shortened(step) for step in others), alive(20)]
    expected = tell(steps, name=name, **options)
    for index in range(2, len(steps)):
        played = tell(steps[:index], GAPS[gap], steps[index:], name=name, **options)
        assert (index, played.course()) == (index, expected.course())


def shortened(step: Step) -> Step:
    """Hours are of no use here."""
    return {**step, "alive": min(step["alive"], 400)} if "alive" in step else step


def test_a_restart_between_each_two_steps(tell: Tell) -> None:
    for name, gap in product(COURSES, (RECONNECT, RESTART)):
        if (name, gap) == ("cancelled", RESTART):
            continue  # killed each second in which the end waits for its cause, it never gets to tell it
        steps = COURSES[name]
        often = [*RESTS, *(part for step in steps[len(RESTS) :] for part in (step, wait(1.2), gap))]
        assert (name, tell(often).categories("photo", "progress")) == (
            name,
            tell(steps).categories("photo", "progress"),
        )
