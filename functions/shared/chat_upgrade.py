"""A group that became a supergroup has a new id: what is remembered of it goes on once that id is set.

Until then all of it stands under the id that is set, and its own record says where the group went.
"""

import logging
from contextlib import suppress
from dataclasses import replace
from typing import Any

from functions.shared.domain.keys import CHATS, chat_key, kept_of_chat
from functions.shared.domain.limits import DONE_MARK_SECONDS
from functions.shared.errors import BridgeError, ConflictError
from functions.shared.messages.chat_record import ChatState, chat_state_of
from functions.shared.messages.codec import to_json
from functions.shared.ports import RecordStore, Stored
from functions.shared.runtime.clocks import Clock

_SUPERGROUP = (
    "-100"  # so begin the ids of supergroups (Telegram, "Bot API dialog IDs"): no other chat was one
)
_log = logging.getLogger(__name__)


def carry_over(records: RecordStore, chat_id: str, clock: Clock) -> None:
    """To be called at a program's start. What the chat has under its new id already stays; raises nothing.

    The old chat's record goes last: a run that is killed in between, or fails, leaves the rest to the next.
    """
    if not chat_id.startswith(_SUPERGROUP):
        return
    try:
        for stored in records.list(CHATS):
            state = chat_state_of(stored)
            if state.moved_to == chat_id and stored.key != chat_key(chat_id):
                _carry(records, stored, state, chat_id, clock())
    except BridgeError as error:
        _log.warning("what is known of the group by its old id is left for the next start: %s", error)


def _carry(records: RecordStore, old: Stored, state: ChatState, chat_id: str, now: float) -> None:
    old_token = old.key.removeprefix(CHATS)
    for before, after, is_for_ever in kept_of_chat(old_token, chat_id):
        expires_at = None if is_for_ever else now + DONE_MARK_SECONDS
        for stored in records.list(before):
            _put(records, after + stored.key.removeprefix(before), stored.value, expires_at)
    # Whatever was refused, or counted in lines that are named after the chat, was the old one's.
    kept = ChatState(state.window, asked_from=state.asked_from, asked_until=state.asked_until)
    kept = replace(kept, topics_from=state.topics_from, topics_until=state.topics_until)
    _put(records, chat_key(chat_id), to_json(kept), None)
    with suppress(ConflictError):  # somebody writes to the old one: it is looked at again at the next start
        records.put(old.key, to_json(replace(state, moved_to=None)), old.version, now)
    _log.info("what people wished and what is known of the group goes on under its new id")


def _put(records: RecordStore, key: str, value: dict[str, Any], expires_at: float | None) -> None:
    with suppress(ConflictError):
        records.put(key, value, 0, expires_at)
