"""Which codes a status has, in whichever of the three places, what came anew, what is left without some."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.error_codes import (
    CANCEL_CODES,
    Causes,
    cancel_codes,
    errors_of,
    hms_codes,
    is_prompt,
    is_stop,
    notable_codes,
    without,
)
from functions.shared.domain.status import HmsEntry, PrinterStatus

CANCEL, OTHER_CANCEL = 0x0300_400C, 0x0500_400E
CLOGGED, RAN_OUT = 0x0300_4006, 0x0300_8015
CLOG = HmsEntry(0x0300_1A00, 0x0002_0002)
CANCEL_MESSAGE = HmsEntry(0x0300_0100, 0x0001_400C)


def test_fail_reason_is_a_code_like_print_error_and_each_is_told_once() -> None:
    assert errors_of(PrinterStatus(print_error=0, fail_reason=CLOGGED)) == ("0300-4006",)
    assert errors_of(PrinterStatus(print_error=RAN_OUT, fail_reason=CLOGGED)) == ("0300-8015", "0300-4006")
    assert errors_of(PrinterStatus(print_error=CLOGGED, fail_reason=CLOGGED)) == ("0300-4006",)
    assert notable_codes(PrinterStatus(fail_reason=CLOGGED, hms=(CLOG,))) == (
        "0300-4006",
        "HMS_0300_1A00_0002_0002",
    )


@pytest.mark.parametrize(
    "status",
    [
        PrinterStatus(print_error=CANCEL),
        PrinterStatus(print_error=OTHER_CANCEL),
        PrinterStatus(print_error=0, fail_reason=CANCEL),
        PrinterStatus(print_error=RAN_OUT, hms=(CLOG, CANCEL_MESSAGE)),
    ],
)
def test_a_cancel_code_is_seen_in_whichever_of_the_three_places_and_is_no_error_to_tell(
    status: PrinterStatus,
) -> None:
    (code,) = cancel_codes(status)
    assert code not in notable_codes(status)
    assert not is_stop(code)


def test_without_a_cancel_code_nothing_is_a_cancel() -> None:
    assert cancel_codes(PrinterStatus(print_error=CLOGGED, fail_reason=RAN_OUT, hms=(CLOG,))) == frozenset()


def test_a_key_that_is_missing_says_nothing_of_its_codes() -> None:
    causes = Causes().merged(PrinterStatus(print_error=CLOGGED, fail_reason=0, hms=(CLOG,)))
    assert causes.merged(PrinterStatus()) == causes
    assert causes.merged(PrinterStatus(print_error=0)) == Causes(0, 0, (CLOG,))
    assert causes.codes == {"0300-4006", "HMS_0300_1A00_0002_0002"}
    assert causes.filled_into(PrinterStatus(state="PAUSE")).print_error == CLOGGED


def test_a_code_that_comes_anew_in_one_place_is_new_though_it_stands_in_another() -> None:
    """The reason of the cancel before still stands when the next job is cancelled too."""
    before = Causes(print_error=0, fail_reason=CANCEL)
    assert before.merged(PrinterStatus(print_error=CANCEL)).since(before) == {"0300-400C"}


def test_a_code_that_stood_before_or_went_away_is_not_new() -> None:
    before = Causes(CLOGGED, CANCEL, (CLOG,))
    assert before.since(before) == frozenset()
    assert Causes(0, 0, ()).since(before) == frozenset()
    assert Causes(CLOGGED, CANCEL, (CLOG, CANCEL_MESSAGE)).since(before) == {"HMS_0300_0100_0001_400C"}


def test_without_leaves_what_is_not_of_those_codes() -> None:
    status = PrinterStatus(print_error=CANCEL, fail_reason=CLOGGED, hms=(CLOG, CANCEL_MESSAGE))
    left = without(status, frozenset({"0300-400C", "HMS_0300_1A00_0002_0002"}))
    assert left == replace(status, print_error=None, hms=(CANCEL_MESSAGE,))
    assert without(status, frozenset()) == status


codes = st.none() | st.integers(0, 0xFFFFFFFF) | st.sampled_from([CANCEL, CLOGGED, RAN_OUT])
entries = st.builds(HmsEntry, st.integers(0, 0xFFFFFFFF), st.integers(0, 0xFFFFFFFF))
statuses = st.builds(
    PrinterStatus,
    print_error=codes,
    fail_reason=codes,
    hms=st.none() | st.lists(entries | st.just(CLOG), max_size=4).map(tuple),
)


@given(st.lists(statuses, max_size=5))
def test_new_codes_are_among_those_that_stand_and_none_are_new_at_the_second_look(
    course: list[PrinterStatus],
) -> None:
    causes = Causes()
    for facts in course:
        after = causes.merged(facts)
        assert after.since(causes) <= after.codes
        assert after.since(after) == frozenset()
        assert after.codes - causes.codes <= after.since(causes)
        causes = after


@given(statuses)
def test_without_all_its_codes_a_status_has_none(facts: PrinterStatus) -> None:
    bare = without(facts, Causes().merged(facts).codes)
    assert errors_of(bare) == ()
    assert hms_codes(bare) == ()


@given(statuses)
def test_a_code_is_a_stop_or_a_prompt_or_a_cancel_and_never_two_of_them(facts: PrinterStatus) -> None:
    for code in Causes().merged(facts).codes:
        assert sum((is_stop(code), is_prompt(code), code in CANCEL_CODES)) <= 1
