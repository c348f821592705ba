"""What was told of a printer, kept for a day for who looks at the page. Notify writes it."""

import logging

from functions.notify.attempt import Attempt
from functions.notify.render import RenderContext, render
from functions.shared.domain.keys import told_key
from functions.shared.errors import BridgeError
from functions.shared.messages.effects import Category
from functions.shared.messages.told_messages import (
    TOLD_SECONDS,
    ToldMessage,
    told_of,
    told_to_json,
    with_told,
)
from functions.shared.ports import RecordStore
from functions.shared.records import update
from functions.shared.runtime.clocks import Clock

# How it stands is seen anyway, and the rest is no printer's.
_NOT_KEPT = frozenset(
    {
        Category.PROGRESS,
        Category.PHOTO,
        Category.DIGEST,
        Category.COLLECTOR_LOST,
        Category.COLLECTOR_BACK,
        Category.COLLECTOR_DISK_FULL,
        Category.COLLECTOR_DISK_FREE,
    }
)
_log = logging.getLogger(__name__)


def keep_told(records: RecordStore, tried: Attempt, clock: Clock) -> None:
    """That it was told counts more: a fault is only said."""
    notification = tried.notification
    if notification.category in _NOT_KEPT:
        return
    said = render(notification, RenderContext(tried.context.now, 0.0, tried.context.zone))
    told = ToldMessage(
        notification.id, notification.observed_at, said.outside_telegram, notification.severity
    )
    try:
        update(
            records,
            told_key(notification.printer_id),
            told_of,
            told_to_json,
            lambda known: with_told(known, told),
            clock() + 2 * TOLD_SECONDS,
        )
    except BridgeError as error:
        _log.warning("what was told of %s is not kept: %s", notification.printer_id, error)
