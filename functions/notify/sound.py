"""How loud a message is: with a sound, without, or kept back for the digest. Pure.

What is critical or asks for attention is told as ever, whatever the hour and whoever is muted.
"""

from enum import Enum, auto

from functions.shared.domain.faults import Severity
from functions.shared.messages.effects import Category, Notification

_FIGURES = frozenset({Category.PROGRESS, Category.PHOTO})
# They follow an end that is told in the digest, or are the digest.
_NOT_HELD = frozenset({Category.FILM, Category.FILM_FAILED, Category.DIGEST})


class Sound(Enum):
    AS_EVER = auto()
    NONE = auto()
    KEPT_BACK = auto()


def sound_of(notification: Notification, *, is_quiet: bool, is_edited: bool = False) -> Sound:
    """`is_edited`: it is shown in a message that is there already, which wakes nobody."""
    if not is_quiet or notification.severity is not Severity.NOTICE:
        return Sound.AS_EVER
    is_of_figures = notification.category in _FIGURES and not notification.ended
    return Sound.KEPT_BACK if is_of_figures and not is_edited else Sound.NONE


def is_told_again(notification: Notification) -> bool:
    """Whether the digest tells of it."""
    return not notification.is_edit and notification.category not in _NOT_HELD
