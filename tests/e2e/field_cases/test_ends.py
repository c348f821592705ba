"""An end tells what was reached, and why: figures that firmware clears, codes early, late, or that stood."""

from typing import Any

import pytest

from tests.e2e.field_cases.conftest import Tell
from tests.e2e.field_cases.steps import (
    CANCEL,
    CANCEL_BY_APP,
    GAPS,
    NEW_OUTBOX,
    RECONNECT,
    RESTART,
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

CLEARED: list[dict[str, Any]] = [
    {"mc_percent": 0, "layer_num": 0},
    {"mc_percent": 0, "layer_num": 0, "total_layer_num": 0, "mc_remaining_time": 0},
    {"mc_percent": None, "layer_num": None, "mc_remaining_time": None},
    {"layer_num": 0},
]
CLEARINGS = pytest.mark.parametrize("cleared", CLEARED, ids=["figures", "total too", "keys gone", "layer"])
REACHED = "62 % · layer 74/120"
JOB: list[Step] = course(resting(), begins(task_id="7700"), prints(62))
NAMELESS: list[Step] = course(resting(), begins(), prints(62))
ENDINGS: dict[str, dict[str, Any]] = {
    "cancelled": {"gcode_state": "FAILED", "print_error": CANCEL},
    "failed": {"gcode_state": "FAILED", "print_error": 0x0300_8003},
    "failed without a cause": {"gcode_state": "FAILED"},
    "ended": {"gcode_state": "IDLE"},
}


def category(ending: str) -> str:
    return ending.split()[0]


@CLEARINGS
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("when", [-50, -20, -4, -1, 0, 1, 3])
def test_figures_cleared_around_the_end(
    tell: Tell, cleared: dict[str, Any], ending: str, when: float
) -> None:
    end = ENDINGS[ending]
    if when == 0:
        closing = [sends(5, **end, **cleared)]
    elif when < 0:
        closing = [sends(5, **cleared), alive(-when - 1), sends(1, **end)]
    else:
        closing = [sends(5, **end), sends(when, **cleared)]
    played = tell(JOB, closing, alive(60))
    assert played.course() == ["started", category(ending), "film"]
    assert REACHED in played.end.text
    job = played.shown["job"]
    assert (job["percent"], job["layer"]) == (62, 74)


@pytest.mark.parametrize(
    "gap", [RECONNECT, RESTART, NEW_OUTBOX, off(60)], ids=["reconnect", "restart", "new", "off"]
)
@pytest.mark.parametrize("job", [JOB, NAMELESS], ids=["with an id", "without"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_figures_cleared_then_a_gap_then_the_end(tell: Tell, gap: Step, job: list[Step], ending: str) -> None:
    played = tell(job, sends(2, **CLEARED[1]), gap, sends(3, **ENDINGS[ending]), alive(60))
    assert played.course() == ["started", category(ending), "film"]
    assert REACHED in played.end.text


@CLEARINGS
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("away", [600, 7200])
def test_the_end_while_away_tells_what_was_reached(
    tell: Tell, cleared: dict[str, Any], ending: str, away: float
) -> None:
    played = tell(JOB, off(away), sends(1, **ENDINGS[ending], **cleared), alive(60))
    assert played.course() == ["started", category(ending), "film"]
    assert "while we were away" in played.end.text
    assert REACHED in played.end.text


@CLEARINGS
def test_contact_lost_tells_what_was_reached(tell: Tell, cleared: dict[str, Any]) -> None:
    played = tell(JOB, sends(2, **cleared), alive(5), wait(90))
    assert "contact lost at 62 %" in played.texts


def test_a_finish_whose_figures_were_cleared(tell: Tell) -> None:
    played = tell(JOB, prints(99), ends(mc_percent=0, layer_num=0))
    assert played.course() == ["started", "finished", "film"]
    assert played.shown["job"]["percent"] >= 99


def test_failed_then_idle_is_one_end(tell: Tell) -> None:
    for seconds in (0.5, 3, 30):
        played = tell(JOB, sends(5, gcode_state="FAILED"), sends(seconds, gcode_state="IDLE"), alive(60))
        assert played.course() == ["started", "failed", "film"]


# Cancels

PLACES: dict[str, dict[str, Any]] = {
    "print_error": {"print_error": CANCEL},
    "by the app": {"print_error": CANCEL_BY_APP},
    "fail_reason": {"fail_reason": str(CANCEL)},
    "fail_reason, a number": {"fail_reason": CANCEL_BY_APP},
    "health entry": {"hms": [{"attr": 0x0300_0100, "code": 0x0001_400C}]},
}
IN_PLACES = pytest.mark.parametrize("code", PLACES.values(), ids=PLACES)


@IN_PLACES
@pytest.mark.parametrize("word", ["FAILED", "IDLE"])
@pytest.mark.parametrize("when", [-20, -5, -0.5, 0, 0.5, 2, 4.5])
def test_a_cancel_code_around_the_word(tell: Tell, code: dict[str, Any], word: str, when: float) -> None:
    if when == 0:
        closing = [sends(5, gcode_state=word, **code)]
    elif when < 0:
        closing = [sends(5, **code), sends(-when, gcode_state=word)]
    else:
        closing = [sends(5, gcode_state=word), sends(when, **code)]
    played = tell(JOB, closing, alive(60), sends(1, print_error=0), alive(60))
    assert played.course() == ["started", "cancelled", "film"]
    assert REACHED in played.end.text


@IN_PLACES
@pytest.mark.parametrize("gap", GAPS.values(), ids=GAPS)
def test_a_cancel_code_that_stood_before_the_job_explains_nothing(
    tell: Tell, code: dict[str, Any], gap: Any
) -> None:
    played = tell(resting("FAILED", **code), alive(30), begins(), prints(30), gap, alive(30), ends("FAILED"))
    assert played.course() == ["started", "failed", "film"]
    assert "400" not in played.texts


@IN_PLACES
def test_a_cancel_code_from_two_jobs_ago(tell: Tell, code: dict[str, Any]) -> None:
    cancelled = course(begins("First"), prints(30), ends("FAILED", **code))
    finished = course(begins("Second"), prints(30), ends())
    failed = course(begins("Third"), prints(30), ends("FAILED"))
    played = tell(resting(), cancelled, finished, failed)
    kinds = [kind for kind in played.course() if kind not in ("started", "film")]
    assert kinds == ["cancelled", "finished", "failed"]


def test_a_second_cancel_is_known_though_the_first_ones_reason_still_stands(tell: Tell) -> None:
    standing: Any = {"fail_reason": str(CANCEL)}
    first = course(begins("First"), prints(30), ends("FAILED", print_error=CANCEL, **standing))
    second = course(sends(5, print_error=0), begins("Second"), prints(30), ends("FAILED", print_error=CANCEL))
    played = tell(resting(), first, second)
    assert played.course() == ["started", "cancelled", "film"] * 2


def test_a_cancel_code_long_before_the_end_is_not_its_cause(tell: Tell) -> None:
    early = [sends(1, print_error=CANCEL), sends(2, print_error=0), alive(300)]
    played = tell(JOB, early, ends("FAILED"))
    assert played.course() == ["started", "failed", "film"]


def test_a_cancel_code_that_comes_too_late_is_told_no_more(tell: Tell) -> None:
    played = tell(JOB, sends(5, gcode_state="FAILED"), alive(20), sends(1, print_error=CANCEL), alive(60))
    assert played.course() == ["started", "failed", "film"]


@IN_PLACES
@pytest.mark.parametrize("gap", [off(7200), wait(7200)], ids=["off", "silence"])
@pytest.mark.parametrize("word", ["FAILED", "IDLE"])
def test_a_cancel_while_away(tell: Tell, code: dict[str, Any], gap: Step, word: str) -> None:
    played = tell(JOB, gap, sends(1, gcode_state=word, mc_percent=0, layer_num=0, **code), alive(60))
    assert [kind for kind in played.course() if kind != "film"][-1] == "cancelled"
    assert REACHED in played.end.text


@pytest.mark.parametrize(
    "then",
    [
        [alive(60)],
        [RECONNECT, alive(60)],
        [RESTART, alive(60)],
        [off(60), alive(60)],
        [wait(120)],
        [off(3600), alive(30)],
    ],
    ids=["goes on", "reconnect", "restart", "off", "silence", "off an hour"],
)
@pytest.mark.parametrize("wait_before", [0, 1.5])
def test_a_failure_without_a_cause_is_told_whatever_follows(
    tell: Tell, then: list[Step], wait_before: float
) -> None:
    """It is held for a few seconds, as its code may come: it must not be lost."""
    played = tell(JOB, sends(5, gcode_state="FAILED"), wait(wait_before), then)
    assert played.course() == ["started", "failed", "film"]
    assert REACHED in played.end.text


def test_a_failure_without_a_cause_is_told_soon(tell: Tell) -> None:
    played = tell(JOB, sends(5, gcode_state="FAILED"), wait(20))
    failed_at = 5 + sum(step.get("after", 0) + step.get("alive", 0) + step.get("picture", 0) for step in JOB)
    assert played.end.at - failed_at <= 6
    assert played.end.has_photo


def test_a_failure_with_its_code_is_told_at_once(tell: Tell) -> None:
    played = tell(JOB, sends(5, gcode_state="FAILED", print_error=0x0300_8003), wait(20))
    failed_at = 5 + sum(step.get("after", 0) + step.get("alive", 0) + step.get("picture", 0) for step in JOB)
    assert played.end.at - failed_at <= 1


@pytest.mark.parametrize("seconds", [0.5, 2, 4])
@pytest.mark.parametrize("word", ["FAILED", "IDLE"])
def test_the_next_job_begins_while_a_failure_is_held(tell: Tell, seconds: float, word: str) -> None:
    following = begins("Vase", "7701")
    following = [{**following[0], "after": seconds}, *following[1:]]
    played = tell(JOB, sends(5, gcode_state=word), following, prints(20), ends())
    first = "failed" if word == "FAILED" else "ended"
    assert played.course() == ["started", first, "film", "started", "finished", "film"]
    assert "Dragon" in played.of(first)[0].text
    assert "Vase" in played.of("started")[1].text


def test_a_reason_of_failure_is_told_with_its_code(tell: Tell) -> None:
    played = tell(JOB, ends("FAILED", fail_reason=str(0x0300_8003)))
    assert played.course() == ["started", "failed", "film"]
    assert "0300-8003" in played.end.text


def test_a_failure_by_its_health_entry_is_told_there_only(tell: Tell) -> None:
    entry = {"attr": 0x0300_1A00, "code": 0x0002_0002}
    played = tell(JOB, ends("FAILED", hms=[entry]))
    assert played.course() == ["started", "failed", "film"]
    assert "HMS_0300_1A00_0002_0002" in played.end.text


@pytest.mark.parametrize("word", ["FAILED", "FINISH", "IDLE"])
def test_the_end_during_an_outage_of_the_far_side(tell: Tell, word: str) -> None:
    away = [{"cloud": False}, at(70), alive(600), *ends(word), alive(600), {"cloud": True}]
    played = tell(JOB, away)
    assert len(played.of("finished", "failed", "ended")) == 1
    assert played.course()[-1] == "film"
    assert "delayed" in played.end.text


@pytest.mark.parametrize("word", ["FINISH", "FAILED", "IDLE"])
def test_an_end_in_a_pause_of_hours(tell: Tell, word: str) -> None:
    pause = [sends(1, gcode_state="PAUSE", stg_cur=16), alive(7200)]
    played = tell(JOB, pause, ends(word))
    kind = {"FINISH": "finished", "FAILED": "failed", "IDLE": "ended"}[word]
    assert played.course() == ["started", "paused", kind, "film"]
