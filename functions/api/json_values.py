"""Values as the answers carry them: texts that UTF-8 can, times in UTC, JSON that every client can read."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from functions.shared.text import shown

_DEPTH_LIMIT = 64
_YEAR_10000 = 253_402_300_800.0


def shown_or_none(text: str | None) -> str | None:
    return None if text is None else shown(text)


def utc_time(seconds: float | None) -> datetime | None:
    """Seconds since 1970 as a time in UTC; None outside of the years 1970 to 9999."""
    if seconds is None or not 0 <= seconds < _YEAR_10000:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def age(now: float, seconds: float | None) -> float | None:
    """Seconds since then, to a tenth, never negative."""
    return None if seconds is None else round(max(0.0, now - seconds), 1)


def sendable(value: object, depth: int = 0) -> object:
    """The value as JSON that every client can read: no NaN, no lone surrogates, no endless nesting."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int):
        return value
    if depth >= _DEPTH_LIMIT:
        return None
    if isinstance(value, Mapping):
        return {shown(str(key)): sendable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [sendable(item, depth + 1) for item in value]
    return None
