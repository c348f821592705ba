"""Figures and states in the words of a message. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from functions.shared.domain.figures import (
    LAYER,
    PERCENT,
    REMAINING_MINUTES,
    TOTAL_LAYERS,
    known_remaining,
    whole_number,
)
from functions.shared.wording.durations import duration

_BAR_CELLS = 10
_STATES = {
    "PREPARE": "preparing",
    "SLICING": "slicing",
    "RUNNING": "printing",
    "PRINTING": "printing",
    "RESUME": "resuming",
    "BUSY": "busy",
    "PAUSE": "paused",
    "IDLE": "idle",
    "FINISH": "finished",
    "FAILED": "failed",
}


def clock_time(at: float, now: float, zone: tzinfo) -> str | None:
    """`18:40 CET`, `Tue 02:10 CET` on another day, with the date when a week or more away."""
    try:
        moment = datetime.fromtimestamp(round(at / 60) * 60, zone)
        days = (moment.date() - datetime.fromtimestamp(now, zone).date()) // timedelta(days=1)
    except (OverflowError, OSError, ValueError):
        return None
    day = "" if days == 0 else "%a " if abs(days) < 7 else "%a %d %b "
    return f"{moment.strftime(day + '%H:%M')} {zone_name(moment)}"


def zone_name(moment: datetime) -> str:
    """`CET`; zones that have no letters are shown as `UTC-03`."""
    name = moment.tzname() or "UTC"
    return name if name[:1].isalpha() else f"UTC{name}"


def bar(percent: int) -> str:
    """Ten cells; full only at 100."""
    filled = percent * _BAR_CELLS // 100
    return "▰" * filled + "▱" * (_BAR_CELLS - filled)


def known_percent(percent: int | None) -> int | None:
    return whole_number(percent, *PERCENT)


def known_layers(total: int | None) -> int | None:
    return whole_number(total, *TOTAL_LAYERS)


def layers(layer: int | None, total: int | None) -> str | None:
    """`layer 89/200`, as far as it makes sense."""
    layer, total = whole_number(layer, *LAYER), whole_number(total, *TOTAL_LAYERS)
    if layer is None:
        return None
    if total is None or layer > total:
        return f"layer {layer}" if layer else None
    return f"layer {layer}/{total}"


def remaining(minutes: int | None, percent: int | None) -> str | None:
    """`1 h 12 min left`; 0 early in a job means that the printer does not know."""
    minutes = known_remaining(minutes, percent)
    if minutes is None:
        return None
    return f"{duration(minutes * 60)} left" if minutes else "almost done"


def ready(minutes: int | None, now: float, lateness: float, zone: tzinfo) -> str | None:
    """`ready ~18:40 CET`, counted from the event, which was `lateness` seconds before `now`."""
    minutes = whole_number(minutes, *REMAINING_MINUTES)
    if not minutes:
        return None
    at = clock_time(now - lateness + minutes * 60, now, zone)
    return f"ready ~{at}" if at else None


def state(word: str) -> str:
    """A printer's state in words; an unknown one as it is."""
    return _STATES.get(word, word)


def size(amount: int) -> str:
    """`84 kB`, `61.0 MB` (decimal)."""
    return f"{amount / 1e6:.1f} MB" if amount >= 1_000_000 else f"{max(0, amount) / 1e3:.0f} kB"


def count(number: int, noun: str) -> str:
    """`1 frame`, `1,350 frames`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def listed(parts: Iterable[str]) -> str:
    """`45 % · ready ~18:40 CET`"""
    return " · ".join(parts)


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return capitalized(text) + ("" if text[-1:] in ("", ".", "!", "?", "…") else ".")
