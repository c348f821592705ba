"""Which messages of one printer a newer one replaces when hundreds wait, and how that is seen.

The tracker numbers what it asks for, and keeps in the printer's record how many there were and which number
each kind had last. So whoever has one message in hand knows what waits behind it, whatever the queue is.
"""

from collections.abc import Sequence
from dataclasses import replace

from functions.shared.domain.faults import Severity
from functions.shared.errors import ContractError
from functions.shared.messages.effects import Category, Notification, decode_notification
from functions.shared.value_class import dataclass

# Each tells how something stands, so the newest of its kind is enough. What is not in here (ends, pauses,
# errors, defects, films) happened, and is told however many there are.
_KINDS = {
    Category.STARTED: "job",
    Category.ALREADY_PRINTING: "job",
    Category.FILE_CHANGED: "file",
    Category.STATE_CHANGED: "state",
    Category.RESUMED: "state",
    Category.PROGRESS: "progress",
    Category.PHOTO: "photo",
    Category.ONLINE: "presence",
    Category.CONTACT_RESTORED: "contact",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """`count`: how many messages of a printer were ever asked for; `newest`: each kind's last number."""

    count: int = 0
    newest: tuple[tuple[str, int], ...] = ()


def kind_of(notification: Notification) -> str | None:
    """The kind within which a newer one replaces it, or None: it is always told."""
    if notification.severity is not Severity.NOTICE or notification.ended:
        return None
    return _KINDS.get(notification.category)


def numbered(asked: Asked, notification: Notification) -> tuple[Asked, Notification]:
    """One more is asked for."""
    kind, number = kind_of(notification), asked.count
    newest = asked.newest
    if kind is not None:
        newest = (*((name, last) for name, last in newest if name != kind), (kind, number))
    return Asked(number + 1, newest), replace(notification, number=number)


def is_superseded(notification: Notification, asked: Asked) -> bool:
    """Whether a newer one of its kind is on its way."""
    kind = kind_of(notification)
    if kind is None or notification.number is None or notification.number >= asked.count:
        return False  # the last: a record that began anew has counted less
    return dict(asked.newest).get(kind, -1) > notification.number


def waiting_behind(notification: Notification, asked: Asked) -> int:
    """How many were asked for after it."""
    return 0 if notification.number is None else max(0, asked.count - 1 - notification.number)


def superseded_among(bodies: Sequence[str]) -> list[int]:
    """The places of those that a later one replaces: messages of one printer as they wait, in order.

    What cannot be read stays.
    """
    superseded, seen = [], set[str]()
    for place in reversed(range(len(bodies))):
        try:
            kind = kind_of(decode_notification(bodies[place]))
        except ContractError:
            continue
        if kind in seen:
            superseded.append(place)
        elif kind is not None:
            seen.add(kind)
    return superseded[::-1]
