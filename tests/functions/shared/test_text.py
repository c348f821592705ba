"""Text for people and logs: what a span of time is called, and that nothing secret or unprintable is left."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.text import (
    HIDDEN,
    Redactor,
    aws_secrets_of,
    duration,
    full_duration,
    one_line,
    printable,
    rough_duration,
)

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


@given(st.text(st.characters()))
def test_nothing_is_left_that_steers_a_terminal_or_cannot_be_printed(text: str) -> None:
    assert not set("\x00\n\r\x1b\x9b\u2028\u202e\u2066") & set(one_line(text))
    assert printable(text).isprintable()
    assert len(printable(text, " ")) == len(text)


def test_a_secret_is_hidden_in_every_form_and_a_longer_one_before_a_shorter_one() -> None:
    secret = 'pass/word "ü"'
    forms = (secret, quote(secret), quote(secret, safe=""), repr(secret)[1:-1], json.dumps(secret)[1:-1])
    redact = Redactor([secret, "pass", ""])
    for form in forms:
        assert redact(f"<{form}>") == f"<{HIDDEN}>"
    token = "123456789:" + "A" * 35
    assert redact(f"/bot{token}/x") == f"/bot{HIDDEN}/x"


def test_the_secrets_of_aws_are_those_of_its_variables() -> None:
    assert aws_secrets_of({"AWS_SECRET_ACCESS_KEY": " k ", "AWS_ACCESS_KEY_ID": "public"}) == ["k", "", ""]
