"""Figures in words: durations, times with their zone, progress, printer states."""

from datetime import datetime, timedelta, tzinfo

_BAR_CELLS = 10
_REMAINING_LIMIT = 60 * 24 * 60  # minutes; a longer estimate is junk
_DURATION_LIMIT = 1e9
_ALMOST_DONE_FROM = 90
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


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 12 min`, `2 d 3 h`."""
    seconds = min(max(0.0, seconds), _DURATION_LIMIT)
    if seconds < 59.5:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


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
    return percent if percent is not None and 0 <= percent <= 100 else None


def layers(layer: int | None, total: int | None) -> str | None:
    """`layer 89/200`, as far as it makes sense."""
    if layer is None or not 0 <= layer <= 1_000_000:
        return None
    if total is None or not layer <= total <= 1_000_000 or total == 0:
        return f"layer {layer}" if layer else None
    return f"layer {layer}/{total}"


def remaining(minutes: int | None, percent: int | None) -> str | None:
    """`1 h 12 min left`; 0 early in a job means that the printer does not know."""
    if minutes is None or not 0 <= minutes <= _REMAINING_LIMIT:
        return None
    if minutes == 0:
        return "almost done" if percent is not None and percent >= _ALMOST_DONE_FROM else None
    return f"{duration(minutes * 60)} left"


def ready(minutes: int | None, now: float, lateness: float, zone: tzinfo) -> str | None:
    """`ready ~18:40 CET`, counted from the event, which was `lateness` seconds before `now`."""
    if minutes is None or not 0 < minutes <= _REMAINING_LIMIT:
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


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ("", ".", "!", "?", "…") else ".")
