"""Hours of the day in which nobody wants to be woken, by the clock on the wall of a time zone. Pure.

They may reach over midnight. Where clocks change, they begin when the wall's clock first shows the begin or
has jumped over it, and end when it last shows the end: an hour that comes twice is quiet twice.
"""

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from functions.shared.value_class import dataclass

_SPAN = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])\s*[-–]\s*([01]?[0-9]|2[0-3]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` to `end` on the wall's clock, the end not included; never the same."""

    begin: time
    end: time

    def __str__(self) -> str:
        return f"{self.begin:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class QuietSpan:
    """One night, in seconds since 1970; the end is not included."""

    begins_at: float
    ends_at: float


def parse_quiet_hours(text: str) -> QuietHours | None:
    """`22:00-07:00`; None for an empty text. Raises ValueError."""
    if text == "":
        return None
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError("must be two times of the day such as 22:00-07:00")
    begin_hour, begin_minute, end_hour, end_minute = (int(part) for part in found.groups())
    begin, end = time(begin_hour, begin_minute), time(end_hour, end_minute)
    if begin == end:
        raise ValueError("must not begin and end at the same time")
    return QuietHours(begin, end)


def quiet_span(hours: QuietHours, zone: tzinfo, now: float) -> QuietSpan | None:
    """The quiet hours that `now` lies in, or None. Total: a time beyond all calendars is not quiet."""
    try:
        today = datetime.fromtimestamp(now, zone).date()
        for day in (today - timedelta(days=1), today):
            begin = datetime.combine(day, hours.begin, zone)
            last = day if hours.begin < hours.end else day + timedelta(days=1)
            span = QuietSpan(_first(begin), _last(datetime.combine(last, hours.end, zone)))
            if span.begins_at <= now < span.ends_at:
                return span
    except (OverflowError, OSError, ValueError):
        pass
    return None


def _first(wall: datetime) -> float:
    """When a clock on the wall first shows that, or the first moment after a jump over it."""
    return min(_moments(wall))


def _last(wall: datetime) -> float:
    """When it shows that for the last time, or the moment of a jump over it."""
    return max(_moments(wall))


def _moments(wall: datetime) -> tuple[float, ...]:
    """Both moments of an hour that comes twice; of one that is jumped over, the jump."""
    zone = wall.tzinfo
    moments = [wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    shown = [moment.astimezone(zone).replace(tzinfo=None) for moment in moments]
    if wall.replace(tzinfo=None) in shown:
        return tuple(moment.timestamp() for moment in moments)
    return (_jump(moments, zone),)


def _jump(around: list[datetime], zone: tzinfo | None) -> float:
    """The change of clocks between two moments, to the second."""
    low, high = (int(moment.timestamp()) for moment in sorted(around))
    before = datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return float(high)
