"""BambUI's ping says less than a status: no alarm by it while statuses flow."""

from typing import Any

import pytest

from tests.e2e.field_cases.conftest import Tell
from tests.e2e.field_cases.steps import (
    NEW_OUTBOX,
    RECONNECT,
    RESTART,
    Step,
    alive,
    at,
    begins,
    course,
    ends,
    presence,
    prints,
    resting,
    sends,
    wait,
)

ONE_JOB = ["started", "finished", "film"]
LOST = presence(False)
FOUND = presence(True)
SLOW = {"settings": {"STATUS_TIMEOUT_SECONDS": "600"}}


@pytest.mark.parametrize("seconds", [1, 30, 120, 3000])
@pytest.mark.parametrize("before", [0.1, 4.9, 50])
def test_a_lost_ping_while_statuses_flow(tell: Tell, seconds: float, before: float) -> None:
    lost = course(alive(before), LOST, alive(seconds), at(41), FOUND, alive(30))
    assert tell(resting(), begins(), prints(40), lost, ends()).course() == ONE_JOB


def test_a_ping_that_is_lost_for_good(tell: Tell) -> None:
    assert tell(resting(), LOST, begins(), prints(40, 80, each=1000), ends()).course() == ONE_JOB


@pytest.mark.parametrize("each", [5, 10, 60])
def test_a_ping_that_comes_and_goes(tell: Tell, each: float) -> None:
    flaps = course(*([LOST, alive(each), FOUND, alive(each)] for _ in range(20)))
    assert tell(resting(), begins(), prints(40), flaps, ends()).course() == ONE_JOB


@pytest.mark.parametrize("gap", [RECONNECT, RESTART, NEW_OUTBOX], ids=["reconnect", "restart", "new outbox"])
def test_a_gap_while_the_ping_is_lost(tell: Tell, gap: Step) -> None:
    assert tell(resting(), begins(), prints(40), LOST, alive(60), gap, alive(120), ends()).course() == ONE_JOB


@pytest.mark.parametrize("seconds", [10, 25])
def test_a_ping_lost_in_a_stall_of_the_statuses(tell: Tell, seconds: float) -> None:
    assert tell(resting(), begins(), prints(40), LOST, wait(seconds), alive(60), ends()).course() == ONE_JOB


def test_a_lost_ping_in_a_pause(tell: Tell) -> None:
    pause = [sends(1, gcode_state="PAUSE", stg_cur=16), alive(60), LOST, alive(600), FOUND, alive(60)]
    played = tell(resting(), begins(), prints(40), pause, sends(1, gcode_state="RUNNING", stg_cur=0), ends())
    assert played.course() == ["started", "paused", "resumed", "finished", "film"]


def test_offline_and_no_status_for_a_minute_is_said_once_an_episode(tell: Tell) -> None:
    away = course(LOST, wait(200), FOUND, wait(5), alive(120))
    played = tell(resting(), begins(), prints(40), away, away, ends(), **SLOW)
    assert played.course() == ["started", "offline", "online", "offline", "online", "finished", "film"]
    assert "40 %" in played.of("offline")[0].text


def test_offline_first_and_then_the_statuses_end(tell: Tell) -> None:
    away = course(LOST, alive(300), wait(200), FOUND, wait(1), alive(120))
    played = tell(resting(), begins(), prints(40), away, ends(), **SLOW)
    assert played.course() == ["started", "offline", "online", "finished", "film"]


def test_statuses_end_first_and_then_the_ping_is_lost(tell: Tell) -> None:
    away = course(wait(200), LOST, wait(30), FOUND, wait(1), alive(120))
    played = tell(resting(), begins(), prints(40), away, ends(), **SLOW)
    assert played.course() == ["started", "offline", "online", "finished", "film"]


def test_a_status_ends_the_episode_though_the_ping_is_still_lost(tell: Tell) -> None:
    away = course(LOST, wait(200), alive(600), FOUND, alive(60))
    played = tell(resting(), begins(), prints(40), away, ends(), **SLOW)
    assert played.course() == ["started", "offline", "online", "finished", "film"]


def test_less_than_a_minute_without_a_status_is_no_episode(tell: Tell) -> None:
    away: Any = course(LOST, wait(45), alive(60), wait(45), alive(30), FOUND)
    assert tell(resting(), begins(), prints(40), away, ends(), **SLOW).course() == ONE_JOB


def test_an_idle_printer_that_goes_offline_says_nothing(tell: Tell) -> None:
    assert tell(resting(), alive(60), LOST, wait(600), FOUND, wait(60), LOST, alive(60)).told == []


def test_a_printer_that_is_switched_off_in_a_print(tell: Tell) -> None:
    """Silence tells it; the ping adds nothing."""
    played = tell(resting(), begins(), prints(40), wait(20), LOST, wait(3600))
    assert played.course() == ["started", "contact_lost", "film"]
