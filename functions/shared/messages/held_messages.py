"""What a chat was not woken for, and its form in the RecordStore: an item for each printer. Notify writes it.

Each message is written here before it is done with, kept back or sent without a sound, and taken out when it
was told of. All times are seconds since 1970 by notify's clock. Pure.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from functions.shared.domain.faults import Severity
from functions.shared.messages.codec import recall, to_json, without_empty
from functions.shared.messages.effects import Category, Notification
from functions.shared.value_class import dataclass

# Of one printer: more is not read in the morning. The item stays far below what a store takes.
MOST_HELD = 40
_TEXT_LIMIT = 300
_FAULTS_LIMIT = 2


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message, without its picture or film, and when it was its turn."""

    held_at: float
    notification: Notification


@dataclass(frozen=True, slots=True)
class HeldMessages:
    """Of one printer. `progress` and `photos` were not sent and are only counted, last at `counted_at` (the
    one of the id `counted`); of others than the newest only the number is kept, `left_out`.

    `by_hours`: not only because the printer was muted.
    """

    printer_id: str = ""
    messages: tuple[HeldMessage, ...] = ()
    progress: int = 0
    photos: int = 0
    left_out: int = 0
    counted: str = ""
    counted_at: float = 0.0
    by_hours: bool = False

    @property
    def is_empty(self) -> bool:
        return not (self.messages or self.progress or self.photos)

    @property
    def first(self) -> tuple[float, str]:
        """When the first was held and its id: the same until that was told."""
        return min(
            ((it.held_at, it.notification.id) for it in self.messages),
            default=(self.counted_at, self.printer_id),
        )


def read_held(body: Mapping[str, Any]) -> HeldMessages:
    """Total: what cannot be read was not held."""
    return recall(HeldMessages, body)


def held_to_json(held: HeldMessages) -> dict[str, Any]:
    """As stored."""
    body = to_json(held)
    body["messages"] = [{**it, "notification": without_empty(it["notification"])} for it in body["messages"]]
    return body


def with_message(
    held: HeldMessages, notification: Notification, now: float, *, is_kept_back: bool, by_hours: bool
) -> HeldMessages:
    """One more; a repeat changes nothing."""
    held = replace(held, printer_id=notification.printer_id, by_hours=held.by_hours or by_hours)
    if is_kept_back:
        if held.counted == notification.id:
            return held
        is_photo = notification.category is Category.PHOTO
        return replace(
            held,
            progress=held.progress + (not is_photo),
            photos=held.photos + is_photo,
            counted=notification.id,
            counted_at=now,
        )
    if any(it.notification.id == notification.id for it in held.messages):
        return held
    messages = (*held.messages, HeldMessage(now, _facts(notification)))
    if len(messages) <= MOST_HELD:
        return replace(held, messages=messages)
    # What matters least goes first, and of that the oldest.
    least = min(messages, key=lambda it: it.notification.severity is not Severity.NOTICE)
    kept = tuple(it for it in messages if it is not least)
    return replace(held, messages=kept, left_out=held.left_out + 1)


def until(held: HeldMessages, cut: float) -> HeldMessages:
    """Those that were held by then."""
    messages = tuple(it for it in held.messages if it.held_at <= cut)
    if held.counted_at <= cut:
        return replace(held, messages=messages)
    return replace(held, messages=messages, progress=0, photos=0)


def without_told(held: HeldMessages, cut: float) -> HeldMessages:
    """Those that were held later; all earlier ones were told."""
    messages = tuple(it for it in held.messages if it.held_at > cut)
    left = replace(held, messages=messages, left_out=0, by_hours=held.by_hours and bool(messages))
    return left if held.counted_at > cut else replace(left, progress=0, photos=0)


def _facts(notification: Notification) -> Notification:
    """What is told of it later."""
    return replace(
        notification,
        frame=None,
        film=None,
        remake=None,
        number=None,
        model=None,
        reason=notification.reason and notification.reason[:_TEXT_LIMIT],
        text=notification.text and notification.text[:_TEXT_LIMIT],
        faults=notification.faults[:_FAULTS_LIMIT],
    )
