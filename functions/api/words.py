"""Spans of time in words."""

import math

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def duration_words(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h`, `5 days`: the largest unit that says at least two of it, rounded down."""
    if not math.isfinite(seconds):
        return "an unknown time"
    if seconds < 2 * _MINUTE:
        return f"{int(seconds)} s"
    if seconds < 2 * _HOUR:
        return f"{int(seconds // _MINUTE)} min"
    if seconds < 2 * _DAY:
        return f"{int(seconds // _HOUR)} h"
    return f"{int(seconds // _DAY)} days"
