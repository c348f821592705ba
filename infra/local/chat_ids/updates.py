"""The chats and topics in Telegram's updates. Pure.

Source: core.telegram.org/bots/api (Update, Message, ChatMemberUpdated). Updates are untrusted: anything odd
in one is passed over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from functions.shared.messages.codec import fields_of
from infra.local.probes.telegram_api import chat_name, chat_words, text_of

_MESSAGES = ("message", "edited_message", "channel_post", "edited_channel_post", "business_message")
_MEMBERS = ("my_chat_member", "chat_member", "chat_join_request")
_GONE = frozenset({"left", "kicked"})
_TOPIC_EVENTS = ("forum_topic_created", "forum_topic_edited")


@dataclass(frozen=True, slots=True)
class SeenChat:
    """A chat: its id, kind by Telegram's word, kind and name in words, its name, its topics (id -> name)."""

    chat_id: int
    type: str
    words: str
    title: str = ""
    topics: Mapping[int, str] = field(default_factory=dict)


def chats_of(updates: Iterable[object]) -> list[SeenChat]:
    """Every chat that the bot can still write to, the last seen first."""
    chats: dict[int, SeenChat] = {}
    for update in updates:
        fields = fields_of(update)
        for name in _MEMBERS:
            event = fields_of(fields.get(name))
            if name == "my_chat_member" and fields_of(event.get("new_chat_member")).get("status") in _GONE:
                chats.pop(_id(fields_of(event.get("chat"))) or 0, None)
            else:
                _see(chats, fields_of(event.get("chat")))
        for name in _MESSAGES:
            _read_message(chats, fields_of(fields.get(name)))
        _read_message(chats, fields_of(fields_of(fields.get("callback_query")).get("message")))
    return list(reversed(chats.values()))


def _read_message(chats: dict[int, SeenChat], message: Mapping[str, Any]) -> None:
    chat = fields_of(message.get("chat"))
    moved_to = message.get("migrate_to_chat_id")
    if isinstance(moved_to, int) and not isinstance(moved_to, bool):
        chats.pop(_id(chat) or 0, None)
        _see(chats, {**chat, "id": moved_to, "type": "supergroup"})
        return
    seen = _see(chats, chat)
    thread_id = message.get("message_thread_id")
    if seen is None or message.get("is_topic_message") is not True or not isinstance(thread_id, int):
        return  # in a group without topics a thread is only a chain of replies
    name = _topic_name(message) or seen.topics.get(thread_id, "")
    chats[seen.chat_id] = replace(seen, topics={**seen.topics, thread_id: name})


def _topic_name(message: Mapping[str, Any]) -> str:
    """Of the message that made or renamed the topic; every first-level answer carries the former."""
    for place in (message, fields_of(message.get("reply_to_message"))):
        for event in _TOPIC_EVENTS:
            if name := text_of(fields_of(place.get(event)).get("name")):
                return name
    return ""


def _see(chats: dict[int, SeenChat], chat: Mapping[str, Any]) -> SeenChat | None:
    """Remember the chat as the last seen."""
    chat_id = _id(chat)
    if chat_id is None:
        return None
    before = chats.pop(chat_id, None)
    topics = before.topics if before else {}
    kind = text_of(chat.get("type")) or "unknown"
    seen = SeenChat(chat_id, kind, chat_words(chat), chat_name(chat), topics)
    chats[chat_id] = seen
    return seen


def _id(chat: Mapping[str, Any]) -> int | None:
    value = chat.get("id")
    return value if isinstance(value, int) and not isinstance(value, bool) and value != 0 else None
