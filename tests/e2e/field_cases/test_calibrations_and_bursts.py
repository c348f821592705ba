"""What shows like a print and is none: the printer's own calibrations, and bursts of words at a connect."""

import itertools
from typing import Any

import pytest

from tests.e2e.field_cases.conftest import Tell
from tests.e2e.field_cases.steps import (
    NEW_OUTBOX,
    RECONNECT,
    RESTART,
    Step,
    alive,
    begins,
    ends,
    look,
    off,
    prints,
    resting,
    sends,
    wait,
)

ONE_JOB = ["started", "finished", "film"]
SIGNS: dict[str, dict[str, Any]] = {
    "all": {
        "print_type": "system",
        "subtask_name": "auto_cali_for_user_param",
        "gcode_file": "/usr/etc/print/auto_cali_for_user_param.gcode",
    },
    "type": {"print_type": "system", "subtask_name": "", "gcode_file": ""},
    "file": {
        "print_type": "",
        "subtask_name": "",
        "gcode_file": "/usr/etc/print/auto_cali_for_user_param.gcode",
    },
    "name": {"print_type": "", "subtask_name": "auto_cali_for_user_param", "gcode_file": ""},
}
WITH_SIGNS = pytest.mark.parametrize("signs", SIGNS.values(), ids=SIGNS)


def calibrates(signs: dict[str, Any], seconds: float = 180, end: str | None = "FINISH") -> list[Step]:
    figures = {"mc_percent": 0, "layer_num": 0, "total_layer_num": 0, "task_id": "0"}
    runs = [
        sends(5, gcode_state="RUNNING", stg_cur=13, **signs, **figures),
        alive(seconds / 2),
        sends(1, mc_percent=85, stg_cur=25),
        alive(seconds / 2),
    ]
    return [*runs, *([sends(5, gcode_state=end, mc_percent=100, stg_cur=255), alive(30)] if end else [])]


@WITH_SIGNS
@pytest.mark.parametrize("end", ["FINISH", "IDLE", "FAILED"])
def test_a_calibration_says_nothing_however_it_ends(tell: Tell, signs: dict[str, Any], end: str) -> None:
    played = tell(resting(), calibrates(signs, end=end))
    assert played.told == []
    assert played.shown["state"] == end


@WITH_SIGNS
@pytest.mark.parametrize("gap", [RECONNECT, RESTART, NEW_OUTBOX, off(60), wait(300)])
def test_a_gap_in_a_calibration_says_nothing(tell: Tell, signs: dict[str, Any], gap: Step) -> None:
    half = calibrates(signs, end=None)
    assert (
        tell(resting(), half, gap, look("after"), alive(60), sends(1, gcode_state="FINISH"), alive(60)).told
        == []
    )


@WITH_SIGNS
def test_a_calibration_that_is_found_running(tell: Tell, signs: dict[str, Any]) -> None:
    played = tell(
        calibrates(signs, seconds=3600, end=None), look("running"), sends(1, gcode_state="FINISH"), alive(60)
    )
    assert played.told == []
    assert played.looks["running"]["state"] == "CALIBRATING"


def test_a_calibration_of_hours_has_no_photo_progress_or_check(tell: Tell) -> None:
    assert tell(resting(), calibrates(SIGNS["all"], seconds=9000), checks=True).told == []


@WITH_SIGNS
@pytest.mark.parametrize("word", ["PREPARE", "PAUSE"])
def test_a_calibration_in_other_words(tell: Tell, signs: dict[str, Any], word: str) -> None:
    words = [sends(5, gcode_state=word, **signs), alive(30), *calibrates(signs)]
    assert tell(resting(), words).told == []


@WITH_SIGNS
@pytest.mark.parametrize("end", ["FINISH", None], ids=["ends", "runs into the print"])
def test_a_calibration_before_a_print(tell: Tell, signs: dict[str, Any], end: str | None) -> None:
    played = tell(resting(), calibrates(signs, end=end), begins("Vase", "501"), prints(40), ends())
    assert played.course() == ONE_JOB
    assert "Vase" in played.end.text
    assert len(played.films()) == 1


@pytest.mark.parametrize("task_id", ["501", None])
@pytest.mark.parametrize("end", ["FINISH", None], ids=["ends", "runs into the print"])
@pytest.mark.parametrize("lag", ["until it runs", "for good"])
def test_a_print_type_that_stood_before_hides_no_print(
    tell: Tell, task_id: str | None, end: str | None, lag: str
) -> None:
    """It stays in BambUI's status until the printer sends another: name, file and id of its own say more."""
    prepare, *others = begins("Vase", task_id)
    kept = {key: value for key, value in prepare["print"].items() if key != "print_type"}
    begun = [{**prepare, "print": kept}, *others]
    told = sends(1, print_type="local") if lag == "until it runs" else sends(1)
    played = tell(resting(), calibrates(SIGNS["all"], end=end), begun, told, prints(40), ends())
    assert played.course() == ONE_JOB
    assert "Vase" in played.end.text


@WITH_SIGNS
def test_a_calibration_after_a_print(tell: Tell, signs: dict[str, Any]) -> None:
    played = tell(
        resting(), begins("Vase", "501"), prints(40), ends(), calibrates(signs), begins("Cup"), ends()
    )
    assert played.course() == ONE_JOB * 2
    assert "auto_cali" not in played.texts


@WITH_SIGNS
def test_a_calibration_seen_first_after_a_print_ended_unseen(tell: Tell, signs: dict[str, Any]) -> None:
    """The print of before the gap must have ended, as the printer calibrates; the calibration is not told."""
    played = tell(resting(), begins("Vase", "501"), prints(40), off(7200), calibrates(signs))
    assert len(played.of("ended", "finished", "failed")) <= 1
    assert "already_printing" not in played.course()
    assert "auto_cali" not in played.texts
    assert not played.shown["job"]["is_active"]


def test_what_a_print_does_before_its_first_layer_is_the_print(tell: Tell) -> None:
    """Its own levelling and calibrating stages are no calibration."""
    stages = [sends(1, stg_cur=stage) for stage in (1, 13, 8, 14, 0)]
    played = tell(resting(), begins("Vase", "501"), stages, prints(40), ends())
    assert played.course() == ONE_JOB


# Bursts


def burst(*words: str, within: float = 0.011) -> list[Step]:
    return [sends(within / len(words), gcode_state=word) for word in words]


@pytest.mark.parametrize("words", [*itertools.permutations(["IDLE", "RUNNING", "PREPARE"])], ids=" ".join)
@pytest.mark.parametrize("within", [0.011, 0.3, 0.9])
@pytest.mark.parametrize("last", ["FINISH", "IDLE", "FAILED"])
def test_a_burst_at_the_first_connect_of_a_printer_at_rest(
    tell: Tell, words: tuple[str, ...], within: float, last: str
) -> None:
    played = tell(resting("IDLE")[:1], burst(*words, last, within=within), alive(60))
    assert played.told == []
    assert played.shown["state"] == last


@pytest.mark.parametrize(
    "gap", [RECONNECT, RESTART, NEW_OUTBOX, off(60)], ids=["reconnect", "restart", "new", "off"]
)
@pytest.mark.parametrize(
    "words", [("IDLE", "RUNNING", "PREPARE", "FINISH"), ("RUNNING", "IDLE"), ("PAUSE", "FINISH")]
)
def test_a_burst_after_a_gap_of_a_printer_at_rest(tell: Tell, gap: Step, words: tuple[str, ...]) -> None:
    played = tell(resting(), begins(), prints(40), ends(), gap, burst(*words), alive(60))
    assert played.course() == ONE_JOB


@pytest.mark.parametrize(
    "gap", [RECONNECT, RESTART, NEW_OUTBOX, off(60)], ids=["reconnect", "restart", "new", "off"]
)
@pytest.mark.parametrize(
    "words",
    [
        ("IDLE", "RUNNING"),
        ("FINISH", "PREPARE", "RUNNING"),
        ("FAILED", "RUNNING"),
        ("PAUSE", "IDLE", "RUNNING"),
    ],
)
@pytest.mark.parametrize("task_id", ["501", None])
def test_a_burst_in_a_running_job(tell: Tell, gap: Step, words: tuple[str, ...], task_id: str | None) -> None:
    played = tell(
        resting(), begins(task_id=task_id), prints(40), gap, burst(*words), alive(60), prints(60), ends()
    )
    assert played.course() == ONE_JOB
    assert len(played.job_ids) == 1


def test_a_burst_after_a_silence_in_a_running_job(tell: Tell) -> None:
    back = burst("IDLE", "FINISH", "PREPARE", "RUNNING")
    played = tell(resting(), begins(task_id="501"), prints(40), wait(90), back, alive(60), ends())
    assert played.course() == ["started", "contact_lost", "film", "contact_restored", "finished", "film"]


def test_a_burst_that_settles_on_a_pause(tell: Tell) -> None:
    played = tell(
        resting(), begins(), prints(40), RECONNECT, burst("IDLE", "RUNNING", "PAUSE"), alive(60),
        sends(1, gcode_state="RUNNING"), alive(30), ends(),
    )  # fmt: skip
    assert played.course() == ["started", "paused", "resumed", "finished", "film"]


@pytest.mark.parametrize("word", ["FINISH", "FAILED", "IDLE"])
def test_a_burst_that_settles_on_the_end(tell: Tell, word: str) -> None:
    played = tell(
        resting(), begins(), prints(40), RECONNECT, burst("RUNNING", "IDLE", "PREPARE", word), alive(60)
    )
    kind = {"FINISH": "finished", "FAILED": "failed", "IDLE": "ended"}[word]
    assert played.course() == ["started", kind, "film"]


def test_a_burst_at_the_very_first_connect_of_a_running_printer(tell: Tell) -> None:
    first = sends(1, gcode_state="IDLE", subtask_name="Dragon", task_id="501", mc_percent=30)
    played = tell(first, burst("FINISH", "PREPARE", "RUNNING"), alive(60), ends())
    assert played.course() == ["already_printing", "finished", "film"]


@pytest.mark.parametrize("seconds", [1.5, 5])
def test_a_print_that_begins_right_after_the_connect(tell: Tell, seconds: float) -> None:
    begun = begins()
    played = tell(
        resting()[:1], RECONNECT, sends(0.1), {**begun[0], "after": seconds}, begun[1:], prints(40), ends()
    )
    assert played.course() == ONE_JOB


@pytest.mark.parametrize("gap", [RECONNECT, RESTART], ids=["reconnect", "restart"])
def test_a_lone_word_after_a_connect_is_not_lost(tell: Tell, gap: Step) -> None:
    """Nothing more comes for long: what settled is told all the same."""
    played = tell(
        resting(), begins(), prints(40), gap, sends(0.2, gcode_state="FINISH", mc_percent=100), wait(20)
    )
    assert played.course() == ONE_JOB
