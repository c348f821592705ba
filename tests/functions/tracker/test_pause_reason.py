"""Why a printer pauses: the first of code, stage and health message that has words, as exactly as any."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.error_codes import hms_code, notable_codes, print_error_code
from functions.shared.domain.stages import PAUSE_STAGES
from functions.shared.domain.status import HmsEntry, PrinterStatus
from functions.tracker.pause_reason import PAUSES_BY_USER, pause_reason

CLOG = HmsEntry(0x03001A00, 0x00020002)
LITE_SLOT_3 = HmsEntry(0x12002200, 0x00020001)
DOOR_OPEN = HmsEntry(0x03009600, 0x00030001)
UNKNOWN = HmsEntry(0x0300FF00, 0x00020001)
NO_CAUSE = "The printer does not say why"


def reason(
    error: int = 0, stage: int | None = 0, *hms: HmsEntry, stood: tuple[int | HmsEntry, ...] = ()
) -> str:
    """Everything came with the pause but what stood."""
    facts = PrinterStatus(state="PAUSE", print_error=error, stage=stage, hms=hms)
    old = {print_error_code(code) if isinstance(code, int) else hms_code(code) for code in stood}
    return pause_reason(facts, tuple(code for code in notable_codes(facts) if code not in old))


def test_the_slot_is_named_if_any_of_the_three_knows_it() -> None:
    said = "Filament ran out (AMS lite, slot 3). Load new filament, then resume"
    assert reason(0x12008011, 6, LITE_SLOT_3) == said
    assert reason(0x12008011, None, LITE_SLOT_3) == said
    assert reason(0, 6, LITE_SLOT_3) == said
    assert reason(0x12008011, 6, LITE_SLOT_3, stood=(0x12008011, LITE_SLOT_3)) == said
    assert reason(0x12008011, 6) == "Filament ran out (AMS lite). Load new filament, then resume"
    assert reason(0, 6) == "Filament ran out. Load new filament, then resume"
    assert reason(0x12008011, 6, HmsEntry(0x12002200, 0x00020002)) == said


@pytest.mark.parametrize("stage", PAUSE_STAGES)
def test_an_unknown_code_hides_no_stage(stage: int) -> None:
    assert reason(0x0300_8ABC, stage) == PAUSE_STAGES[stage]


def test_an_unknown_code_hides_no_health_message() -> None:
    assert reason(0x0300_8ABC, 0, UNKNOWN, CLOG) == "The nozzle is clogged. Clean it"


@pytest.mark.parametrize("error", [0x0300_8001, 0x0300_8013])
def test_the_two_codes_of_a_pause_on_purpose_leave_the_word_to_the_stage(error: int) -> None:
    assert reason(error, 16) == "Paused by the user"
    assert reason(error, 30) == "Paused by the print file"
    assert reason(error, 0) == "Paused by the user, or by a pause in the print file"
    assert reason(error, 0, CLOG) == reason(error, 0)
    assert {reason(error, stage) for stage in (0, 5, 16, 30)} <= PAUSES_BY_USER


def test_a_code_without_a_cause_gives_way_to_whatever_has_one() -> None:
    assert reason(0x0300_8000, 35) == PAUSE_STAGES[35]
    assert reason(0x0300_8000, 0, CLOG) == "The nozzle is clogged. Clean it"
    assert reason(0x0300_8000, 0, DOOR_OPEN, stood=(DOOR_OPEN,)).startswith("Paused by the printer")


def test_a_code_that_stood_before_gives_way_to_a_stage_but_not_to_silence() -> None:
    assert reason(0x0300_8009, 17, stood=(0x0300_8009,)) == PAUSE_STAGES[17]
    assert reason(0x0300_8009, 0, stood=(0x0300_8009,)).startswith("Bed temperature is off")
    assert reason(0x0300_8009, 17).startswith("Bed temperature is off")


@pytest.mark.parametrize("error", [0x0300_400C, 0x0500_400E, 0x0300_4006, 0x0300_4ABC])
def test_what_is_left_of_a_job_that_was_stopped_is_no_reason_of_a_pause(error: int) -> None:
    assert reason(error, 0, stood=(error,)) == NO_CAUSE
    assert reason(error, 0, CLOG, stood=(error,)) == "The nozzle is clogged. Clean it"


def test_a_prompt_that_came_with_the_pause_is_told_last_and_an_old_one_never() -> None:
    assert reason(0x07FF_C006, 0) == (
        "Push filament into the tube until it stops (external spool). Confirm at the printer"
    )
    assert reason(0x07FF_C006, 6).startswith("Filament ran out")
    assert reason(0x07FF_C006, 0, stood=(0x07FF_C006,)) == NO_CAUSE
    assert reason(0x0500_C011, 0) == NO_CAUSE


def test_a_remark_that_stood_before_is_no_reason() -> None:
    assert reason(0, 0, DOOR_OPEN, stood=(DOOR_OPEN,)) == NO_CAUSE
    assert reason(0, 0, DOOR_OPEN) == "The front door stands open"
    assert reason(0, 0, DOOR_OPEN, CLOG, stood=(DOOR_OPEN,)) == "The nozzle is clogged. Clean it"


def test_the_most_serious_of_the_new_health_messages_speaks() -> None:
    worse = HmsEntry(0x05000300, 0x00010003)
    assert reason(0, 0, DOOR_OPEN, CLOG, worse).startswith("The AMS does not answer")


def test_without_any_words_the_code_stands_for_them() -> None:
    assert reason(0x0300_8ABC, 0) == "Error 0300-8ABC"
    assert reason(0, 0, UNKNOWN) == "HMS_0300_FF00_0002_0001"


def test_without_any_code_it_is_said_what_the_printer_was_at() -> None:
    assert reason(0, 4) == "Paused while changing filament, the printer does not say why"
    assert reason(0, 0) == reason(0, -1) == reason(0, None) == NO_CAUSE


ENTRIES = st.builds(
    HmsEntry,
    st.one_of(st.sampled_from([0x03001A00, 0x12002200, 0x07002100, 0x0300FF00]), st.integers(0, 0xFFFFFFFF)),
    st.one_of(st.sampled_from([0x00020001, 0x00020002, 0x00030001]), st.integers(0, 0xFFFFFFFF)),
)
ERRORS = st.one_of(
    st.sampled_from([0, 0x03008000, 0x03008001, 0x12008011, 0x07FFC006, 0x03008ABC]),
    st.integers(0, 0xFFFFFFFF),
)


@given(ERRORS, st.one_of(st.none(), st.integers(-1, 300)), st.lists(ENTRIES, max_size=5), st.booleans())
def test_a_stage_that_says_why_is_never_hidden_behind_a_bare_code(
    error: int, stage: int | None, hms: list[HmsEntry], are_new: bool
) -> None:
    facts = PrinterStatus(state="PAUSE", print_error=error, stage=stage, hms=tuple(hms))
    said = pause_reason(facts, notable_codes(facts) if are_new else ())
    assert said
    if stage in PAUSE_STAGES:
        assert not said.startswith(("Error ", "HMS_", NO_CAUSE))
