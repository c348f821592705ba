"""Statuses without a word, or with one that nobody knows: across silence or a gap they prove nothing."""

from typing import Any

import pytest

from tests.e2e.field_cases.conftest import Tell
from tests.e2e.field_cases.steps import (
    NEW_OUTBOX,
    RECONNECT,
    RESTART,
    alive,
    begins,
    ends,
    off,
    prints,
    resting,
    sends,
    wait,
)

NO_WORDS = pytest.mark.parametrize("word", ["", None, " "], ids=["empty", "absent", "blank"])
GAPS = pytest.mark.parametrize(
    "gap", [RECONNECT, RESTART, NEW_OUTBOX, off(60)], ids=["reconnect", "restart", "new outbox", "off"]
)
ONE_JOB = ["started", "finished", "film"]
POWER_ON = {"mc_percent": 0, "layer_num": 0, "mc_remaining_time": 0, "print_error": 0, "hms": []}


@NO_WORDS
@pytest.mark.parametrize("task_id", [None, "7700"])
def test_contact_is_restored_by_a_word_and_not_before(
    tell: Tell, word: str | None, task_id: str | None
) -> None:
    lost = [resting(), begins(task_id=task_id), prints(50), wait(90), sends(1, gcode_state=word), alive(60)]
    assert tell(*lost).course() == ["started", "contact_lost", "film"]
    back = tell(*lost, sends(1, gcode_state="RUNNING", mc_percent=51), alive(60), ends())
    assert back.course() == ["started", "contact_lost", "film", "contact_restored", "finished", "film"]
    assert len(back.job_ids) == 1


@NO_WORDS
@pytest.mark.parametrize("name", ["Dragon", ""])
@pytest.mark.parametrize("silence", [90, 7200])
def test_power_is_back_without_a_word_then_idle(
    tell: Tell, word: str | None, name: str, silence: float
) -> None:
    back = [
        sends(1, gcode_state=word, subtask_name=name, **POWER_ON),
        alive(30),
        sends(3, gcode_state="IDLE"),
    ]
    played = tell(resting(), begins(), prints(10), wait(silence), back, alive(300))
    assert played.course() == ["started", "contact_lost", "film"]
    assert "contact lost at 10 %" in played.texts
    assert played.shown["state"] == "IDLE"


@NO_WORDS
def test_with_a_grace_the_end_after_a_power_cut_is_told_by_the_word(tell: Tell, word: str | None) -> None:
    back = [sends(1, gcode_state=word, **POWER_ON), alive(30), sends(3, gcode_state="IDLE"), alive(30)]
    played = tell(resting(), begins(), prints(10), wait(90), back, silence_grace=600.0)
    assert played.course() == ["started", "contact_lost", "ended", "film"]
    assert "10 %" in played.end.text


@NO_WORDS
def test_power_is_back_without_a_word_then_failed(tell: Tell, word: str | None) -> None:
    back = [sends(1, gcode_state=word, **POWER_ON), alive(30), sends(3, gcode_state="FAILED"), alive(30)]
    played = tell(resting(), begins(task_id="7700"), prints(40), wait(300), back)
    assert played.course()[:3] == ["started", "contact_lost", "film"]
    assert played.course().count("failed") == 1
    assert "40 %" in played.end.text
    assert len(played.job_ids) == 1


@NO_WORDS
@pytest.mark.parametrize("gap", [RECONNECT, RESTART], ids=["reconnect", "restart"])
def test_a_word_that_came_after_a_gap_stands_though_the_next_status_has_none(
    tell: Tell, word: str | None, gap: Any
) -> None:
    missing = [sends(0.5, gcode_state="PAUSE"), sends(0.2, gcode_state=word), alive(60)]
    paused = tell(resting(), begins(task_id="7700"), prints(40), gap, missing)
    assert paused.course() == ["started", "paused"]
    ended = tell(
        resting(), begins(task_id="7700"), prints(40), gap, sends(0.5, gcode_state="FAILED"), missing[1:]
    )
    assert ended.course() == ["started", "failed", "film"]


@NO_WORDS
@GAPS
def test_a_word_that_is_missing_after_a_gap_says_nothing(tell: Tell, word: str | None, gap: Any) -> None:
    missing = [
        sends(1, gcode_state=word),
        alive(120),
        sends(1, gcode_state="RUNNING", mc_percent=55),
        alive(60),
    ]
    played = tell(resting(), begins(), prints(50), gap, missing, ends())
    assert played.course() == ONE_JOB
    assert len(played.job_ids) == 1


@NO_WORDS
@GAPS
def test_a_word_that_is_missing_after_a_gap_in_a_pause(tell: Tell, word: str | None, gap: Any) -> None:
    pause = [sends(1, gcode_state="PAUSE", stg_cur=16), alive(60), gap]
    missing = [sends(1, gcode_state=word), alive(60), sends(1, gcode_state="PAUSE"), alive(60)]
    played = tell(
        resting(),
        begins(),
        prints(50),
        pause,
        missing,
        sends(1, gcode_state="RUNNING", mc_percent=51),
        ends(),
    )
    assert played.course() == ["started", "paused", "resumed", "finished", "film"]


@NO_WORDS
def test_within_an_unbroken_stream_the_last_word_stands(tell: Tell, word: str | None) -> None:
    played = tell(resting(), begins(), prints(20), sends(1, gcode_state=word), prints(40, 60), ends())
    assert played.course() == ONE_JOB
    assert played.steps() == [20, 40, 60]


@NO_WORDS
def test_forced_reconnects_while_the_word_is_missing(tell: Tell, word: str | None) -> None:
    played = tell(resting(), begins(), prints(20), sends(1, gcode_state=word), prints(40, each=900), ends())
    assert played.course() == ONE_JOB
    assert len(played.job_ids) == 1


@NO_WORDS
def test_the_first_status_ever_has_no_word(tell: Tell, word: str | None) -> None:
    first = [sends(1, gcode_state=word, subtask_name="Dragon", task_id="7700", mc_percent=30), alive(60)]
    assert tell(first).told == []
    assert tell(first, sends(1, gcode_state="IDLE"), alive(60)).told == []
    running = tell(first, sends(1, gcode_state="RUNNING", mc_percent=31), alive(60), ends())
    assert running.course() == ["already_printing", "finished", "film"]
    begun = tell(first, sends(1, gcode_state="IDLE"), alive(60), begins("Vase"), ends())
    assert begun.course() == ONE_JOB


@pytest.mark.parametrize("word", ["INIT", "OFFLINE", "UNKNOWN", "初期化"])
def test_a_word_that_nobody_knows_ends_nothing(tell: Tell, word: str) -> None:
    odd = [sends(1, gcode_state=word), alive(120), sends(1, gcode_state="RUNNING", mc_percent=51), alive(60)]
    for before in ([], [RECONNECT], [RESTART], [NEW_OUTBOX]):
        played = tell(resting(), begins(), prints(50), before, odd, ends())
        assert played.categories("state_changed", "progress") == ONE_JOB
        assert len(played.job_ids) == 1
    silent = tell(resting(), begins(), prints(50), wait(90), odd, ends())
    assert silent.categories("progress", "state_changed") == [
        "started",
        "contact_lost",
        "film",
        "contact_restored",
        "finished",
        "film",
    ]


@NO_WORDS
def test_an_idle_printer_that_is_switched_off_and_on_says_nothing(tell: Tell, word: str | None) -> None:
    back = [sends(1, gcode_state=word, subtask_name="", **POWER_ON), sends(3, gcode_state="IDLE")]
    assert tell(resting(), alive(60), wait(7200), back, alive(60), wait(90), alive(30)).told == []


@NO_WORDS
def test_figures_of_a_wordless_status_after_silence_are_not_the_jobs(tell: Tell, word: str | None) -> None:
    back = [sends(1, gcode_state=word, **POWER_ON), alive(60), sends(1, gcode_state="FAILED"), alive(60)]
    played = tell(resting(), begins(task_id="7700"), prints(62), off(600), back)
    assert "62 %" in played.end.text
    assert "failed" in played.end.text
