"""How often a chat is written to, and how what is remembered of it is read and changed.

Telegram allows about 20 messages a minute to a group (core.telegram.org/bots/faq, "My bot is hitting
limits"). The window is a tuple of the times of past sends, in seconds since 1970.
"""

import functools
from collections.abc import Callable

from functions.shared.messages.chat_record import ChatState, Window, chat_state_of
from functions.shared.messages.codec import recall, to_json
from functions.shared.ports import RecordStore
from functions.shared.records import Found, update

PERIOD_SECONDS = 60.0
CLOCK_TOLERANCE = 5.0


def is_group(chat_id: str) -> bool:
    """Groups and channels have negative ids, or are named as @channel; people have positive ids."""
    return chat_id.startswith(("-", "@"))


def current(window: Window, now: float) -> Window:
    """The sends that still count; one far in the future was stamped by a clock that has been put back."""
    return tuple(at for at in window if now - PERIOD_SECONDS < at <= now + CLOCK_TOLERANCE)


def seconds_to_wait(window: Window, now: float, most: int) -> float:
    """Seconds until one more may be sent; 0 when it may be now, and always when `most` is 0."""
    counted = sorted(current(window, now))
    if most <= 0 or len(counted) < most:
        return 0.0
    return counted[-most] + PERIOD_SECONDS - now


LONGEST_BACK_OFF = 900.0


def back_off(failures: int, longest: float = LONGEST_BACK_OFF) -> float:
    """Seconds to wait after so many failures in a row: 1 s doubling to 15 minutes, or to `longest`."""
    return min(longest, 2.0 ** min(max(0, failures - 1), 20))


def read_state(records: RecordStore, key: str) -> ChatState:
    """The state of a chat; junk counts as nothing known."""
    return chat_state_of(records.get(key))


def change_state(
    records: RecordStore, key: str, change: Callable[[ChatState], ChatState], found: Found | None = None
) -> ChatState:
    """Apply a change and return the new state; nothing is written when nothing changes. `found`: what was
    read of it just now.

    Raises ConflictError only when others keep writing in between.
    """
    return update(records, key, functools.partial(recall, ChatState), to_json, change, found=found)
