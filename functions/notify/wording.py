"""The words of notifications: figures in words, and one row for each category's first and third line."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import Enum, auto

from functions.notify.markup import clean, cut_end
from functions.shared.domain.faults import Severity
from functions.shared.domain.figures import (
    LAYER,
    PERCENT,
    REMAINING_MINUTES,
    TOTAL_LAYERS,
    known_remaining,
    whole_number,
)
from functions.shared.domain.status import PAUSED
from functions.shared.messages.effects import Category, Notification
from functions.shared.text import duration

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


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return capitalized(text) + ("" if text[-1:] in ("", ".", "!", "?", "…") else ".")


class Figures(Enum):
    """What of the job's figures makes sense to say."""

    NONE = auto()
    ESTIMATE = auto()  # at the start: how long it will take
    RUNNING = auto()  # with the time it will be ready
    STANDING = auto()  # as they stood; when it will be ready is not known
    RESULT = auto()  # how long it took
    STOPPED = auto()  # how far it came


@dataclass(frozen=True, slots=True)
class Wording:
    """Icon and words of the first line, the figures of the third."""

    icon: str
    words: str
    figures: Figures


_WORDINGS = {
    Category.STARTED: Wording("▶️", "print started", Figures.ESTIMATE),
    Category.ALREADY_PRINTING: Wording("🖨", "already printing", Figures.RUNNING),
    Category.FILE_CHANGED: Wording("📄", "file changed", Figures.RUNNING),
    Category.STATE_CHANGED: Wording("🔄", "state changed", Figures.RUNNING),
    Category.PAUSED: Wording("⏸️", "print paused", Figures.STANDING),
    Category.RESUMED: Wording("▶️", "print resumed", Figures.RUNNING),
    Category.PROGRESS: Wording("🖨", "printing", Figures.RUNNING),
    Category.ERROR: Wording("⚠️", "error", Figures.RUNNING),
    Category.PHOTO: Wording("📷", "photo", Figures.RUNNING),
    Category.FINISHED: Wording("✅", "print finished", Figures.RESULT),
    Category.FAILED: Wording("❌", "print failed", Figures.STOPPED),
    Category.CANCELLED: Wording("🚫", "print cancelled", Figures.STOPPED),
    Category.NEVER_BEGAN: Wording("🚫", "the print never began", Figures.NONE),
    Category.ENDED: Wording("❔", "print ended, cause unknown", Figures.STOPPED),
    Category.CONTACT_LOST: Wording("📡", "contact lost", Figures.STANDING),
    Category.CONTACT_RESTORED: Wording("📶", "contact restored", Figures.RUNNING),
    Category.OFFLINE: Wording("🔌", "offline while printing", Figures.STANDING),
    Category.ONLINE: Wording("🟢", "back online", Figures.STANDING),
    Category.FILM: Wording("🎬", "timelapse", Figures.NONE),
    Category.FILM_FAILED: Wording("🎬", "no timelapse", Figures.NONE),
    Category.DEFECT: Wording("🚨", "possible print defect", Figures.RUNNING),
    Category.INSPECTION_DOWN: Wording("🙈", "AI checks are not working", Figures.NONE),
    Category.INSPECTION_USED_UP: Wording("🙈", "AI checks are used up", Figures.NONE),
    Category.COLLECTOR_LOST: Wording("🛑", "the collector is silent", Figures.NONE),
    Category.COLLECTOR_BACK: Wording("🟢", "the collector is back", Figures.NONE),
    Category.COLLECTOR_DISK_FULL: Wording("💾", "the collector's disk is full", Figures.NONE),
    Category.COLLECTOR_DISK_FREE: Wording("💾", "the collector's disk has room again", Figures.NONE),
}
_ERRORS = {
    Severity.NOTICE: ("ℹ️", "notice from the printer"),
    Severity.ATTENTION: ("⚠️", "error"),
    Severity.CRITICAL: ("🚨", "serious error"),
}
_LATE_ENDS = {
    Category.FINISHED: "print finished while we were away",
    Category.FAILED: "print failed while we were away",
    Category.CANCELLED: "print cancelled while we were away",
    Category.ENDED: "print ended while we were away, result unknown",
}
_SAY_PAUSED = frozenset(
    {
        Category.PHOTO,
        Category.PROGRESS,
        Category.FILE_CHANGED,
        Category.ONLINE,
        Category.OFFLINE,
        Category.DEFECT,
    }
)
_SILENT = frozenset({Category.PROGRESS, Category.PHOTO})


def is_paused(notification: Notification) -> bool:
    """Whether the printer stands paused at the moment of the message."""
    return notification.job.is_paused or notification.to_state in PAUSED


def is_silent(notification: Notification) -> bool:
    """Whether the phone makes no sound: progress and interval photos ask nothing of anybody."""
    return notification.category in _SILENT


def wording_of(notification: Notification) -> Wording:
    """The words for this notification."""
    base = _WORDINGS[notification.category]
    icon, words, figures = base.icon, base.words, base.figures
    if is_paused(notification) and figures is Figures.RUNNING:
        figures = Figures.STANDING
    if is_paused(notification) and notification.category in _SAY_PAUSED:
        words = "printing is paused" if notification.category is Category.PROGRESS else f"{words}, paused"
    percent = known_percent(notification.job.percent)
    match notification.category:
        case Category.ERROR:
            icon, words = _ERRORS[notification.severity]
            words += ", paused" if is_paused(notification) else ""
        case Category.STATE_CHANGED:
            words += _change(notification)
        case Category.ALREADY_PRINTING if is_paused(notification):
            words = "a print is under way, paused now"
        case Category.CONTACT_LOST if percent is not None:
            words += f" at {percent} %"
        case Category.DEFECT if notification.reason:
            words += f" ({cut_end(clean(notification.reason), 60)})"
        case Category.FINISHED | Category.FAILED | Category.CANCELLED | Category.ENDED:
            if notification.late_end:
                words = _LATE_ENDS[notification.category]
        case _:
            pass
    return Wording(icon, words, figures)


def _change(notification: Notification) -> str:
    states = [state(word) for word in (notification.from_state, notification.to_state) if word]
    shown = " → ".join(cut_end(clean(word), 40) for word in states)
    return f" ({shown})" if shown else ""
