"""The words of notifications: one row for each category's first and third line. Pure."""

from dataclasses import dataclass
from enum import Enum, auto

from functions.shared.domain.faults import Severity
from functions.shared.domain.status import PAUSED
from functions.shared.messages.effects import Category, Notification
from functions.shared.telegram.markup import clean, cut_end
from functions.shared.wording.figures import known_percent, state


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
    Category.DIGEST: Wording("🌅", "quiet hours are over", Figures.NONE),
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


TEST_MESSAGE = "Printer Realtime Bridge: this is the test message of `printer-bridge doctor`. All is well."
