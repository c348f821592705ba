"""Spans of time in words, for people and logs. Pure."""

import math

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_LONGEST = 1e9  # seconds in a message: more is junk


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 12 min`, `2 d 3 h`: for a person who is told of it."""
    return _spoken(min(max(0.0, seconds), _LONGEST), 48, with_zeros=False)


def full_duration(seconds: float, days_from_hours: float = math.inf) -> str:
    """`45 s`, `12 min`, `3 h 0 min`, `75 h 12 min`: for lines that are compared; days only if asked for."""
    return _spoken(seconds, days_from_hours, with_zeros=True)


def _spoken(seconds: float, days_from_hours: float, *, with_zeros: bool) -> str:
    if seconds < 59.5:
        return f"{round(seconds)} s"
    hours, minutes = divmod(round(seconds / _MINUTE), 60)
    if hours == 0:
        return f"{minutes} min"
    if hours < days_from_hours:
        return f"{hours} h {minutes} min" if minutes or with_zeros else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours or with_zeros else f"{days} d"


def rough_duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h`, `5 days`: an age, in the largest unit that says at least two, rounded down."""
    if not math.isfinite(seconds):
        return "an unknown time"
    if seconds < 2 * _MINUTE:
        return f"{int(seconds)} s"
    if seconds < 2 * _HOUR:
        return f"{int(seconds // _MINUTE)} min"
    if seconds < 2 * _DAY:
        return f"{int(seconds // _HOUR)} h"
    return f"{int(seconds // _DAY)} days"


# Line breaks, what steers a terminal (C0, C1) and what turns the reading direction.
