"""The stages of a job in words."""

import pytest

from functions.shared.domain.faults import fault_of
from functions.shared.domain.stages import PAUSE_STAGES, activity_before, stage_words


def test_every_stage_that_bambu_studio_knows_has_words() -> None:
    assert [number for number in range(78) if not stage_words(number)] == []


@pytest.mark.parametrize("stage", [None, -1, 255, 78, 99_999])
def test_idle_and_unknown_stages_have_none(stage: int | None) -> None:
    assert stage_words(stage) is None
    assert activity_before(stage) is None


def test_all_stages_of_a_pause_say_why() -> None:
    assert set(PAUSE_STAGES) == {5, 6, 16, 17, 20, 21, 23, 26, 27, 28, 30, 32, 33, 34, 35}
    assert [stage for stage in PAUSE_STAGES if activity_before(stage) is not None] == []


@pytest.mark.parametrize(
    ("stage", "code"), [(6, "0300-8004"), (17, "0300-8005"), (34, "0C00-8001"), (35, "0300-8016")]
)
def test_a_stage_and_the_code_of_the_same_cause_say_the_same(stage: int, code: str) -> None:
    assert stage_words(stage) == fault_of(code).text


def test_printing_is_no_cause_of_a_pause_and_anything_else_is_named() -> None:
    assert activity_before(0) is None
    assert activity_before(4) == "changing filament"
