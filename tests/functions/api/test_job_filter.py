"""What a client asks for of past jobs: dates, times, zones, and whatever else it sends."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.api.job_filter import figures_filter, job_filter, job_limit

DAY = 1_763_769_600.0  # 2025-11-22


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2025-11-22", DAY, DAY + 86_400),
        ("2025-11-22T13:00:00Z", DAY + 46_800, DAY + 46_800.001),
        ("2025-11-22T13:00:00", DAY + 46_800, DAY + 46_800.001),
        ("2025-11-22T14:00:00 01:00", DAY + 46_800, DAY + 46_800.001),
        (" 2025-11-22 ", DAY, DAY + 86_400),
        ("", -math.inf, math.inf),
        ("soon", -math.inf, math.inf),
        (None, -math.inf, math.inf),
    ],
)
def test_times(text: str | None, since: float, until: float) -> None:
    wanted = job_filter("p", "failed", text, text)
    assert (wanted.since, wanted.until) == (since, until)
    assert (wanted.printer_id, wanted.result) == ("p", "failed")


@pytest.mark.parametrize(
    ("since", "until", "first", "last"),
    [
        ("2025-11-22", "2025-11-22", DAY, DAY + 86_400),
        ("2025-11-22T00:00:00Z", "2025-11-23T00:00:00Z", DAY, DAY + 86_400),
        ("2025-11-22T13:00:00Z", "2025-11-22T13:00:01Z", DAY, DAY + 86_400),
        ("2025-11-22T00:00:00+01:00", "2025-11-23T00:00:00+01:00", DAY - 86_400, DAY + 86_400),
        (None, "soon", -math.inf, math.inf),
    ],
)
def test_figures_are_of_whole_days(since: str | None, until: str | None, first: float, last: float) -> None:
    wanted = figures_filter("p", since, until)
    assert (wanted.printer_id, wanted.since, wanted.until) == ("p", first, last)


@given(st.text(max_size=60) | st.datetimes().map(str))
def test_any_text_is_some_wish(text: str) -> None:
    wanted = job_filter(text, text, text, text)
    assert wanted.since <= wanted.until or wanted.since == -math.inf


@pytest.mark.parametrize(
    ("limit", "jobs"), [(None, 30), ("", 30), ("5", 5), ("0", 1), ("1000", 100), ("-1", 30), ("٣", 30)]
)
def test_limits(limit: str | None, jobs: int) -> None:
    assert job_limit(limit) == jobs
