"""A collector's full disk, by its reports on itself: told once when it begins and once when it is over."""

from collections.abc import Sequence

from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import effect_id
from functions.shared.messages.collector_record import (
    CollectorRecord,
    CollectorStatus,
    heading_of,
    watched_words,
)
from functions.shared.messages.effects import Category, Notification
from functions.shared.wording.durations import full_duration
from functions.shared.wording.reasons import disk_was_full


def disk_full_since(before: CollectorRecord, status: CollectorStatus, observed_at: float) -> float | None:
    """By the collector's clock; None: it is not full, or the collector is too old to say so."""
    if status.outbox.get("is_disk_full") is not True:
        return None
    return observed_at if before.disk_full_since is None else before.disk_full_since


def disk_notification(
    report_id: str, before: CollectorRecord, after: CollectorRecord, names: Sequence[str], late_by: float
) -> Notification | None:
    """What is to be told of the disk, as it was and as it is now; `names` are those of its printers."""
    since, is_full = before.disk_full_since, after.disk_full_since is not None
    if is_full == (since is not None):
        return None
    observed_at = after.observed_at or 0.0
    category = Category.COLLECTOR_DISK_FULL if is_full else Category.COLLECTOR_DISK_FREE
    lasted = full_duration(max(0.0, observed_at - (since or observed_at)), days_from_hours=24)
    return Notification(
        id=effect_id(report_id, category.value),
        category=category,
        printer_id=heading_of(names),
        observed_at=observed_at,
        late_by=late_by,
        severity=Severity.ATTENTION if is_full else Severity.NOTICE,
        reason=None if is_full else disk_was_full(lasted),
        text=watched_words(names),
    )
