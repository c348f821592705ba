"""Keys of the history: sorted by key is the newest end first, and nothing has no place."""

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.job_keys import (
    is_job_id,
    is_line_name,
    is_month,
    line_keys,
    line_name,
    line_prefix,
    month_of,
)

_TIMES = st.floats(0, 9_999_999_999, allow_nan=False)


@given(_TIMES, _TIMES)
def test_the_newer_end_sorts_first(one: float, other: float) -> None:
    names = sorted([line_name(one, "a"), line_name(other, "b")])
    if abs(one - other) > 0.002:
        assert names[0].endswith("a" if one > other else "b")
    assert sorted([month_of(one), month_of(other)]) == [month_of(min(one, other)), month_of(max(one, other))]


@given(st.floats(allow_nan=False))
def test_a_clock_that_is_wrong_has_a_place_all_the_same(at: float) -> None:
    assert is_month(month_of(at))
    assert is_line_name(line_name(at, "0f3a-12-77"))
    for key in line_keys("p/1", at, "a"):
        assert key.count("/") == 1, "what stands before the slash is a partition"


def test_a_name_without_an_id_sorts_before_those_of_its_time() -> None:
    assert line_name(5.0) < line_name(5.0, "0")
    assert line_name(5.001) < line_name(5.0)


def test_lists_are_apart() -> None:
    prefixes = [line_prefix("2026-11"), line_prefix("2026-11", "a"), line_prefix("2026-11", "b")]
    for prefix in prefixes:
        assert [other for other in prefixes if other.startswith(prefix)] == [prefix]


def test_what_is_no_id_is_none() -> None:
    assert is_job_id("5d0c1b2a3f4e5d6c7b8a")
    assert is_job_id("0f3a-12-77")
    for text in ("", "a/b", "a#b", "ä", "a" * 65, "..", "a\n"):
        assert not is_job_id(text)
