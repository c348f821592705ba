"""What a span of time is called, in a message, in a log and as an age."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.wording.durations import duration, full_duration, rough_duration

MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.mark.parametrize(
    ("seconds", "in_a_message", "in_a_log", "as_an_age"),
    [
        (0, "0 s", "0 s", "0 s"),
        (45, "45 s", "45 s", "45 s"),
        (59.4, "59 s", "59 s", "59 s"),
        (59.6, "1 min", "1 min", "59 s"),
        (119, "2 min", "2 min", "119 s"),
        (12 * MINUTE, "12 min", "12 min", "12 min"),
        (HOUR - 1, "1 h", "1 h 0 min", "59 min"),
        (3 * HOUR, "3 h", "3 h 0 min", "3 h"),
        (3 * HOUR + 12 * MINUTE, "3 h 12 min", "3 h 12 min", "3 h"),
        (47 * HOUR, "47 h", "47 h 0 min", "47 h"),
        (2 * DAY, "2 d", "48 h 0 min", "2 days"),
        (2 * DAY + 3 * HOUR, "2 d 3 h", "51 h 0 min", "2 days"),
    ],
)
def test_a_span_of_time_in_words(seconds: float, in_a_message: str, in_a_log: str, as_an_age: str) -> None:
    assert (duration(seconds), full_duration(seconds), rough_duration(seconds)) == (
        in_a_message,
        in_a_log,
        as_an_age,
    )


def test_days_begin_where_it_is_asked_for() -> None:
    assert full_duration(DAY, days_from_hours=24) == "1 d 0 h"
    assert full_duration(DAY - MINUTE, days_from_hours=24) == "23 h 59 min"


@given(st.floats(allow_nan=False))
def test_a_message_has_words_for_any_span(seconds: float) -> None:
    assert 0 < len(duration(seconds)) < 20
    assert rough_duration(seconds)
