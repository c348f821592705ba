"""The buttons under a message: what somebody who reads it may want next. Pure.

What they carry is read by the chat's own part (`functions/shared/messages/callback_data.py`).
"""

from functions.shared.domain.keys import token_of
from functions.shared.messages.callback_data import Action, CallbackData, encode_callback
from functions.shared.messages.effects import Category, Notification
from functions.shared.wording import buttons as words

Button = tuple[str, str]
Buttons = tuple[tuple[Button, ...], ...]

_MUTE_SECONDS = 3600
_ALERTS = frozenset(
    {Category.PAUSED, Category.ERROR, Category.CONTACT_LOST, Category.OFFLINE, Category.DEFECT}
)
_ENDS = frozenset({Category.FINISHED, Category.FAILED, Category.CANCELLED, Category.ENDED})


def buttons_of(notification: Notification) -> Buttons:
    """Rows of text and callback data; empty for what nothing can be done about."""
    printer = token_of(notification.printer_id)
    photo = _button(words.PHOTO, CallbackData(Action.PHOTO, printer))
    if notification.is_edit:
        return ()
    if notification.job_id and (notification.category in _ENDS or notification.ended):
        film = CallbackData(Action.FILM, printer, token_of(notification.job_id))
        return ((_button(words.FILM, film), photo),)
    if notification.category not in _ALERTS:
        return ()
    mute = _button(words.MUTE_AN_HOUR, CallbackData(Action.MUTE, printer, seconds=_MUTE_SECONDS))
    if notification.category is not Category.DEFECT:
        return ((photo, mute),)
    fine = _looks_fine(notification, printer)
    return ((photo, mute), (fine,)) if fine is not None else ((photo, mute),)


def _looks_fine(notification: Notification, printer: str) -> Button | None:
    """Of which kind the defect is, is the last part of the alert's id."""
    if not notification.job_id:
        return None
    kind = notification.id.rpartition("/")[2]
    data = CallbackData(Action.LOOKS_FINE, printer, token_of(notification.job_id), kind)
    try:
        return _button(words.LOOKS_FINE, data)
    except ValueError:  # the id was not made by our inspection
        return None


def _button(text: str, data: CallbackData) -> Button:
    return text, encode_callback(data)
