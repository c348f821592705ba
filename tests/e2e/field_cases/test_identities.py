"""Which job is it? The same `task_id` is the same job whatever its name; names and figures say less."""

from typing import Any

import pytest

from tests.e2e.field_cases.conftest import Tell
from tests.e2e.field_cases.played import Played
from tests.e2e.field_cases.steps import (
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

ONE_JOB = ["started", "finished", "film"]
PROFILE = "0.2mm layer, 3 walls, 5% infill"
TWO_JOBS_UNSEEN = ["started", "ended", "film", "already_printing", "finished", "film"]
ALL_GAPS = {**GAPS, "off a day": (off(86400),), "reconnects": (RECONNECT, RECONNECT, RECONNECT)}
NO_IDS = ["0", "", None, "2147483647", 0, 2147483647, "-1"]


def is_one_job(played: Played, name: str = "Dragon") -> bool:
    """Whether it was told as one under its first name, silence apart."""
    is_begun_once = len(played.of("started")) == 1 and not played.of("already_printing", "file_changed")
    is_one = is_begun_once and len(played.job_ids) == 1
    return is_one and played.end.category == "finished" and name in played.end.text


@pytest.mark.parametrize("gap", ALL_GAPS.values(), ids=ALL_GAPS)
@pytest.mark.parametrize("when", [0.5, 6, 600])
@pytest.mark.parametrize("other", [PROFILE, "plate_1", "Vase"])
def test_one_id_renamed_around_a_gap(tell: Tell, gap: Any, when: float, other: str) -> None:
    renamed = course(gap, sends(when, subtask_name=other, gcode_file=f"/data/{other}.gcode"))
    played = tell(resting(), begins(task_id="501"), renamed, prints(20, 60), ends(), name="a1")
    assert is_one_job(played)
    assert other not in played.texts
    assert played.shown["job"]["name"] == "Dragon"


@pytest.mark.parametrize("seconds", [40, 90, 3600, 100_000])
@pytest.mark.parametrize("percent", [5, 50, 70])
@pytest.mark.parametrize("grace", [0.0, 600.0])
def test_one_id_renamed_in_a_silence(tell: Tell, seconds: float, percent: int, grace: float) -> None:
    back = [at(percent, subtask_name=PROFILE), alive(120)]
    played = tell(
        resting(), begins(task_id="501"), prints(50), wait(seconds), back, ends(), silence_grace=grace
    )
    assert is_one_job(played)
    assert played.categories().count("contact_restored") == 1
    assert "infill" not in played.texts


@pytest.mark.parametrize(
    "gap", [[off(3600)], [wait(3600)], [RESTART, wait(3600)]], ids=["off", "silence", "restart and silence"]
)
@pytest.mark.parametrize("word", ["FINISH", "FAILED"])
@pytest.mark.parametrize("name", ["Dragon", PROFILE, ""])
@pytest.mark.parametrize("grace", [0.0, 600.0, 7200.0])
def test_the_end_under_one_id_while_away(
    tell: Tell, gap: list[Step], word: str, name: str, grace: float
) -> None:
    end = ends(word, subtask_name=name, layer_num=120)
    played = tell(resting(), begins(task_id="501"), prints(50), gap, end, silence_grace=grace)
    assert played.end.category == {"FINISH": "finished", "FAILED": "failed"}[word]
    assert "while we were away" in played.end.text
    assert "Dragon" in played.end.text
    assert "infill" not in played.texts
    assert len(played.job_ids) == 1
    assert "result unknown" not in played.texts


@pytest.mark.parametrize("gap", [RECONNECT, RESTART, NEW_OUTBOX, off(60), off(7200)])
def test_two_ids_after_a_gap_are_two_jobs_of_one_name(tell: Tell, gap: Step) -> None:
    other = [at(60, task_id="502"), alive(120)]
    played = tell(resting(), begins(task_id="501"), prints(50), gap, other, ends())
    assert played.course() == TWO_JOBS_UNSEEN
    assert len(played.job_ids) == 2
    assert "ended while we were away, result unknown" in played.texts


def test_two_ids_over_a_silence_are_two_jobs(tell: Tell) -> None:
    played = tell(
        resting(), begins(task_id="501"), prints(50), wait(600), [at(60, task_id="502"), alive(120)], ends()
    )
    assert played.course() == ["started", "contact_lost", "film", "already_printing", "finished", "film"]
    assert len(played.job_ids) == 2


@pytest.mark.parametrize("gap", [off(7200), RECONNECT, RESTART])
@pytest.mark.parametrize("word", ["FINISH", "FAILED", "IDLE"])
def test_the_end_of_another_id_tells_nothing_of_its_result(tell: Tell, gap: Step, word: str) -> None:
    played = tell(resting(), begins(task_id="501"), prints(50), gap, ends(word, task_id="502"))
    assert played.course() == ["started", "ended", "film"]
    assert "result unknown" in played.end.text
    assert "50 %" in played.end.text


@pytest.mark.parametrize("none", NO_IDS, ids=repr)
@pytest.mark.parametrize(
    "gap", [[RECONNECT], [RESTART], [off(60)], []], ids=["reconnect", "restart", "off", "none"]
)
def test_an_id_that_is_none_is_no_evidence(tell: Tell, none: Any, gap: list[Step]) -> None:
    lost = tell(resting(), begins(task_id="501"), prints(50), gap, at(55, task_id=none), alive(60), ends())
    assert is_one_job(lost)
    late = tell(
        resting(), begins(), sends(1, task_id=none), prints(50), gap, at(55, task_id="501"), alive(60), ends()
    )
    assert is_one_job(late)


@pytest.mark.parametrize("gap", [[RECONNECT], [RESTART], [off(60)], [wait(90)], []], ids=repr)
@pytest.mark.parametrize("task_id", ["501", None])
def test_a_name_that_is_missing_is_no_evidence(tell: Tell, gap: list[Step], task_id: str | None) -> None:
    nameless = [at(55, subtask_name="", gcode_file=""), alive(60)]
    played = tell(resting(), begins(task_id=task_id), prints(50), gap, nameless, ends())
    assert is_one_job(played)


def test_one_id_printed_twice_is_two_jobs(tell: Tell) -> None:
    once = course(begins(task_id="501"), prints(50), ends())
    played = tell(resting(), once, once)
    assert played.course() == ONE_JOB * 2
    assert len(played.job_ids) == 2


def test_one_id_begun_again_while_away_after_its_end(tell: Tell) -> None:
    once = course(begins(task_id="501"), prints(50), ends())
    again = [sends(5, gcode_state="RUNNING", mc_percent=5, layer_num=6, mc_remaining_time=57), alive(60)]
    played = tell(resting(), once, off(3600), again, ends())
    assert played.course() == [*ONE_JOB, "already_printing", "finished", "film"]
    assert len(played.job_ids) == 2


# Without ids

OF_ONE_FILE: list[dict[str, Any]] = [
    {"subtask_name": "", "gcode_file": "/data/Metadata/plate_1.gcode"},
    {"subtask_name": "plate_1", "gcode_file": "Dragon.gcode.3mf"},
    {"subtask_name": PROFILE, "gcode_file": "Dragon.gcode.3mf"},
    {"subtask_name": "Dragon", "gcode_file": "/data/Metadata/plate_1.gcode"},
    {"subtask_name": "", "gcode_file": "Dragon.gcode.3mf"},
    {"subtask_name": "", "gcode_file": "/cache/Dragon.gcode.3mf"},
]


@pytest.mark.parametrize("names", OF_ONE_FILE, ids=str)
@pytest.mark.parametrize("gap", [RECONNECT, RESTART, off(60)], ids=["reconnect", "restart", "off"])
def test_names_of_one_file_without_ids(tell: Tell, names: dict[str, Any], gap: Step) -> None:
    """A plate's name or the profile's may stand for the file's: no end by it."""
    played = tell(resting(), begins(), prints(50), gap, at(55, **names), alive(60), ends())
    assert len(played.job_ids) == 1
    assert played.categories("file_changed", "progress") == ONE_JOB


@pytest.mark.parametrize("names", OF_ONE_FILE[1:3], ids=str)
def test_a_name_that_changes_in_an_unbroken_stream_without_ids(tell: Tell, names: dict[str, Any]) -> None:
    played = tell(resting(), begins(), prints(50), at(55, **names), alive(60), ends())
    assert len(played.job_ids) == 1
    assert played.categories("file_changed", "progress") == ONE_JOB


def test_a_change_of_file_in_an_unbroken_stream_is_told(tell: Tell) -> None:
    played = tell(
        resting(), begins(), prints(50), at(55, subtask_name="Vase", gcode_file="Vase.gcode.3mf"), ends()
    )
    assert played.course() == ["started", "file_changed", "finished", "film"]


@pytest.mark.parametrize("gap", [RECONNECT, RESTART, NEW_OUTBOX, off(60), off(7200)])
def test_two_names_after_a_gap_without_ids_are_two_jobs(tell: Tell, gap: Step) -> None:
    other = [at(60, subtask_name="Vase", gcode_file="Vase.gcode.3mf"), alive(60)]
    played = tell(resting(), begins(), prints(50), gap, other, ends())
    assert played.course() == TWO_JOBS_UNSEEN
    assert "Vase" in played.of("already_printing")[0].text


@pytest.mark.parametrize("percent", [50, 51, 99])
@pytest.mark.parametrize("seconds", [200, 7200])
def test_the_same_name_and_a_percent_that_did_not_fall(tell: Tell, percent: int, seconds: float) -> None:
    played = tell(resting(), begins(), prints(50), off(seconds), at(percent), alive(60), ends())
    assert is_one_job(played)


@pytest.mark.parametrize("gap", [off(600), wait(600)], ids=["off", "silence"])
def test_preparing_after_a_long_gap_is_another_job_of_the_same_name(tell: Tell, gap: Step) -> None:
    played = tell(resting(), begins(), prints(50), gap, begins(), prints(20), ends())
    assert len(played.job_ids) == 2
    assert played.course()[-3:] == ["already_printing", "finished", "film"] or played.course()[-3:] == ONE_JOB


@pytest.mark.parametrize("gap", [RECONNECT, RESTART, off(60)], ids=["reconnect", "restart", "off"])
def test_a_short_gap_in_a_job_that_began_anew_by_its_figures(tell: Tell, gap: Step) -> None:
    """Too short for one to end and another to run: figures alone do not make another of it."""
    played = tell(resting(), begins(), prints(90), gap, at(1, layer=1), alive(120), prints(30), ends())
    assert is_one_job(played)
