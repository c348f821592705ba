"""What a person is told of a collector. Pure."""

from collections.abc import Sequence

from functions.bridge.effects import Category, Notification, Severity
from functions.bridge.names import digest
from functions.liveness.silence import Announcement, Collector

_NAMES_SHOWN = 10
_NOBODY = "Printer bridge"


def notification_of(collector: Collector, announcement: Announcement, now: float) -> Notification:
    """The notification; its id comes from the collector and the silence, so that a repeat is a repeat.

    A message is about a printer: it is headed by the one that is watched, or by how many there are, and
    then names them.
    """
    names = sorted(collector.printers, key=lambda name: (name.casefold(), name))
    silence = f"{digest(collector.collector_id)[:12]}-{announcement.sequence}"
    is_lost = announcement.category is Category.COLLECTOR_LOST
    lasted = _lasted(announcement.quiet_seconds)
    return Notification(
        id=f"collector-{silence}/{announcement.category.value}",
        category=announcement.category,
        printer_id=_heading(names),
        observed_at=announcement.decided_at,
        late_by=max(0.0, round(now - announcement.decided_at, 3)),
        severity=Severity.ATTENTION if is_lost else Severity.NOTICE,
        reason=f"No report for {lasted}" if is_lost else f"It was silent for {lasted}",
        text=f"It watches {_listed(names)}" if len(names) > 1 else None,
    )


def _heading(names: Sequence[str]) -> str:
    if len(names) > 1:
        return f"{len(names)} printers"
    return names[0] if names else _NOBODY


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:_NAMES_SHOWN])
    hidden = len(names) - len(shown)
    last = f"{hidden} more" if hidden else shown.pop()
    return f"{', '.join(shown)} and {last}"


def _lasted(seconds: float) -> str:
    """`17 min`, `3 h 5 min`, `2 d 4 h`."""
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    days, hours_of_day = divmod(hours, 24)
    if days:
        return f"{days} d {hours_of_day} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
