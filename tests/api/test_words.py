"""Spans of time as the API says them."""

import math

import pytest

from functions.api.words import duration_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 s"),
        (119.9, "119 s"),
        (120.0, "2 min"),
        (7200.0, "2 h"),
        (172_800.0, "2 days"),
        (math.inf, "an unknown time"),
        (math.nan, "an unknown time"),
    ],
)
def test_a_span_has_words_whatever_it_is(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words
