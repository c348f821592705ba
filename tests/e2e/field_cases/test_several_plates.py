"""Several plates in one job, and other figures that fall: one job, and nothing ends by a figure."""

from typing import Any

import pytest

from tests.e2e.field_cases.conftest import Tell
from tests.e2e.field_cases.steps import (
    CANCEL,
    GAPS,
    RECONNECT,
    Step,
    alive,
    at,
    begins,
    course,
    ends,
    off,
    prints,
    resting,
    sends,
    wait,
)

ONE_JOB = ["started", "finished", "film"]
IDS = pytest.mark.parametrize("task_id", [None, "7700"])


def plate(*percents: int, each: float = 70.0) -> list[Step]:
    """One more plate: the percent begins anew."""
    return course(at(0, layer=1), alive(each), prints(*percents, each=each))


@IDS
@pytest.mark.parametrize("gap", GAPS.values(), ids=GAPS)
@pytest.mark.parametrize("pause", [0.0, 30.0, 900.0])
def test_the_percent_begins_anew_around_a_gap(
    tell: Tell, task_id: str | None, gap: Any, pause: float
) -> None:
    change = course(at(100, 120), alive(pause), gap, plate(20, 60))
    played = tell(resting(), begins(task_id=task_id), prints(50, 99), change, change, ends(), name="a1mini")
    assert played.course() == ONE_JOB
    assert [step for step in played.steps() if step != 100] == [50, 99, 20, 60, 20, 60]
    assert len(played.job_ids) == 1


@IDS
def test_ten_plates_of_a_quarter_of_an_hour_with_forced_reconnects(tell: Tell, task_id: str | None) -> None:
    plates = [plate(25, 75, 100, each=225) for _ in range(10)]
    played = tell(resting(), begins(task_id=task_id), *plates, ends(), name="a1mini")
    assert played.course() == ONE_JOB
    assert len(played.of("photo")) == 2
    assert [step for step in played.steps() if step != 100] == [25, 75] * 10


@pytest.mark.parametrize(
    ("seconds", "task_id", "left", "expected"),
    [
        (90, None, 0, "contact_restored"),  # too short for another to run
        (90, "7700", 0, "contact_restored"),
        (7200, "7700", 0, "contact_restored"),
        (7200, None, 400, "contact_restored"),  # its own time was not up
        (7200, None, 0, "already_printing"),
    ],
)
def test_silence_in_the_change_of_plates(
    tell: Tell, seconds: float, task_id: str | None, left: int, expected: str
) -> None:
    played = tell(
        resting(),
        begins(task_id=task_id),
        prints(50),
        sends(10, mc_percent=98, layer_num=119, mc_remaining_time=left),
        alive(60),
        wait(seconds),
        plate(30, 60),
        ends(),
    )
    assert played.course() == ["started", "contact_lost", "film", expected, "finished", "film"]


@pytest.mark.parametrize(
    ("left", "is_another"), [(400, False), (9, True)], ids=["could not have ended", "could have ended"]
)
def test_a_percent_that_fell_while_the_program_was_off(tell: Tell, left: int, is_another: bool) -> None:
    played = tell(
        resting(),
        begins(),
        sends(10, mc_percent=40, layer_num=48, mc_remaining_time=left),
        alive(60),
        off(900),
        sends(5, mc_percent=4, layer_num=5, mc_remaining_time=55),
        alive(120),
        prints(50),
        ends(),
    )
    assert ("already_printing" in played.course()) is is_another
    assert ("result unknown" in played.texts) is is_another
    assert len(played.job_ids) == 1 + is_another


@pytest.mark.parametrize("seconds", [5, 20, 50])
def test_a_percent_that_dips_tells_no_step_twice(tell: Tell, seconds: float) -> None:
    dip = course(at(3), alive(seconds), prints(51, 56))
    played = tell(resting(), begins(), prints(50), dip, ends())
    assert played.course() == ONE_JOB
    assert played.steps() == [50, 56]


def test_a_percent_that_falls_by_less_than_a_plate_tells_no_step_twice(tell: Tell) -> None:
    played = tell(resting(), begins(), prints(50, 36, 41, 46, 51, 56, each=120), ends())
    assert played.course() == ONE_JOB
    assert played.steps() == [50, 56]


@IDS
def test_layers_that_fall_alone_end_nothing(tell: Tell, task_id: str | None) -> None:
    fall = course(at(60, layer=2), alive(120), RECONNECT, alive(60), at(70, layer=40), alive(60))
    played = tell(resting(), begins(task_id=task_id), prints(50), fall, ends())
    assert played.course() == ONE_JOB
    assert "70 % · layer 40/120" in played.of("progress")[-1].text


@pytest.mark.parametrize("missing", ["mc_percent", "layer_num", "mc_remaining_time", "total_layer_num"])
def test_a_figure_that_is_missing_for_good_or_comes_and_goes(tell: Tell, missing: str) -> None:
    gone: dict[str, Any] = {missing: None}
    never = tell(
        resting(**gone),
        begins(**gone),
        prints(*()),
        sends(1, **gone),
        alive(700),
        off(60),
        alive(60),
        ends(**gone),
    )
    assert never.course() == ONE_JOB
    at_times = tell(
        resting(),
        begins(),
        prints(30),
        sends(1, **gone),
        alive(400),
        prints(60),
        sends(1, **gone),
        alive(60),
        ends(),
    )
    assert at_times.course() == ONE_JOB
    assert len(at_times.job_ids) == 1


@pytest.mark.parametrize("word", ["PREPARE", "SLICING"])
def test_preparing_between_two_plates_is_no_new_job(tell: Tell, word: str) -> None:
    change = [sends(5, gcode_state=word), alive(60), sends(1, gcode_state="RUNNING"), *plate(30)]
    played = tell(resting(), begins(task_id="7700"), prints(50, 99), change, ends())
    assert len(played.job_ids) == 1
    assert played.categories().count("started") == 1
    assert "ended" not in played.categories()


@IDS
@pytest.mark.parametrize("gap", GAPS.values(), ids=GAPS)
def test_a_cancel_on_the_second_plate_tells_what_was_reached_there(
    tell: Tell, gap: Any, task_id: str | None
) -> None:
    end = ends("FAILED", print_error=CANCEL, mc_percent=0, layer_num=0, total_layer_num=0)
    played = tell(
        resting(), begins(task_id=task_id), prints(50, 100), plate(30, each=90), gap, end, name="a1mini"
    )
    assert played.course() == ["started", "cancelled", "film"]
    assert "30 % · layer 36/120" in played.end.text
    assert (played.shown["job"]["percent"], played.shown["job"]["layer"]) == (30, 36)


def test_plates_that_change_in_a_pause_of_hours(tell: Tell) -> None:
    change = [sends(1, gcode_state="PAUSE", stg_cur=16), alive(3000), at(0, layer=1), alive(3000)]
    played = tell(
        resting(),
        begins(),
        prints(50, 99),
        change,
        sends(1, gcode_state="RUNNING", stg_cur=0),
        prints(30),
        ends(),
    )
    assert played.course() == ["started", "paused", "resumed", "finished", "film"]
    assert len(played.job_ids) == 1
