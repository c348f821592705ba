"""One reader of figures: what it takes is what everybody shows."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.figures import PERCENT, REMAINING_MINUTES, known_remaining, number, whole_number

anything = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text(max_size=30)
    | st.from_regex(r"-?[0-9]{1,14}(\.[0-9]{1,10})?", fullmatch=True)
    | st.sampled_from(
        ["NaN", "inf", "1e999", "1_0", "٣", "0x10", "9" * 400, " 7", "7 ", "+7", "--7", b"7", [7], {}]
    )
)


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        (7, 7.0), (7.5, 7.5), ("7", 7.0), ("7.5", 7.5), ("-1", None), (15, 15.0), (16, None), ("1e1", None),
        (" 7", None), (True, None), (math.inf, None), (-math.inf, None), (math.nan, None), (10**400, None),
        ("9" * 400, None), (None, None), ([7], None), ("1_0", None), ("٣", None),
    ],
)  # fmt: skip
def test_a_number_is_a_number_in_its_range_and_nothing_else(
    given_value: object, expected: float | None
) -> None:
    assert number(given_value, 0, 15) == expected


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        (62, 62), (62.0, 62), (62.9, 62), ("62", 62), ("62.5", 62), (0, 0), (100, 100), (-0.0, 0),
        (100.4, None), (-0.5, None), (101, None), (-1, None), (True, None), (" 62", None), ("6_2", None),
    ],
)  # fmt: skip
def test_a_whole_number_has_no_fraction_and_its_bounds_are_those_of_the_value(
    given_value: object, expected: int | None
) -> None:
    assert whole_number(given_value, *PERCENT) == expected


@given(value=anything, lowest=st.integers(-(10**6), 10**6), width=st.integers(0, 10**6))
def test_both_readers_take_the_same_and_nothing_out_of_bounds(value: object, lowest: int, width: int) -> None:
    highest = lowest + width
    found, whole = number(value, lowest, highest), whole_number(value, lowest, highest)
    assert (found is None) == (whole is None)
    if found is not None and whole is not None:
        assert type(found) is float
        assert type(whole) is int
        assert lowest <= found <= highest
        assert whole == math.trunc(found)
        assert not isinstance(value, bool)


@pytest.mark.parametrize(
    ("minutes", "percent", "expected"),
    [
        (72, 62, 72), (72, None, 72), (0, 62, None), (0, None, None), (0, 89, None), (0, 90, 0), (0, 100, 0),
        (REMAINING_MINUTES[1], 1, REMAINING_MINUTES[1]), (REMAINING_MINUTES[1] + 1, 1, None), (-1, 95, None),
        (2**31 - 1, 3, None), (None, 50, None),
    ],
)  # fmt: skip
def test_no_estimate_is_not_told_as_one(
    minutes: int | None, percent: int | None, expected: int | None
) -> None:
    assert known_remaining(minutes, percent) == expected
