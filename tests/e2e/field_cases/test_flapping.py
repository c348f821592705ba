"""A printer that changes many times a second: little is stored or told of it, and no end is lost."""

from pathlib import Path

import pytest

from tests.e2e.field_cases.field_run import FieldRun
from tests.e2e.field_cases.steps import Step, alive, begins, course, ends, prints, resting, sends

PER_SECOND = 165


def flaps(seconds: int) -> list[Step]:
    words = ["PAUSE", "RUNNING"]
    return [
        sends(1 / PER_SECOND, gcode_state=words[number % 2], mc_percent=40 + number % 3)
        for number in range(seconds * PER_SECOND)
    ]


@pytest.mark.parametrize(
    "ending", [{"gcode_state": "FINISH"}, {"gcode_state": "FAILED", "print_error": 0x0300_8003}]
)
def test_changes_by_the_hundred_are_few_reports_and_messages(
    tmp_path: Path, ending: dict[str, object]
) -> None:
    run = FieldRun(tmp_path, "p1s")
    steps = course(resting(), begins(), prints(40), flaps(20), alive(120), sends(1, **ending), alive(120))
    played = run.play(steps)
    assert len(run.reports) < 200
    assert len(played.told) < 100
    assert played.faults() == []
    assert [told.category for told in played.told if told.is_end] == [
        "finished" if ending["gcode_state"] == "FINISH" else "failed"
    ]
    assert len(played.job_ids) == 1


def test_the_last_state_of_them_wins(tmp_path: Path) -> None:
    played = FieldRun(tmp_path, "p1s").play(
        course(
            resting(),
            begins(),
            prints(40),
            flaps(10),
            sends(0.01, gcode_state="PAUSE", stg_cur=16),
            alive(120),
        )
    )
    assert played.shown["state"] == "PAUSE"
    assert played.of("paused", "resumed")[-1].category == "paused"


def test_an_end_amid_them_is_told(tmp_path: Path) -> None:
    steps = course(
        resting(), begins(), prints(40), flaps(10), ends(after=0.005), begins("Vase"), prints(10), ends()
    )
    played = FieldRun(tmp_path, "p1s").play(steps)
    assert [told.category for told in played.told if told.is_end] == ["finished", "finished"]
    assert len(played.films()) == 2
