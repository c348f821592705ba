"""How what is remembered of a chat is read and changed, and how long is waited after failures."""

import functools
from collections.abc import Callable

from functions.shared.messages.chat_record import ChatState, chat_state_of
from functions.shared.messages.codec import recall, to_json
from functions.shared.ports import RecordStore
from functions.shared.records import Found, update

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
