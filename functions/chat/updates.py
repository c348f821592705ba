"""What Telegram gives the bot, as far as it matters here. Pure and total: the rest is None.

Source: core.telegram.org/bots/api (Update, Message, CallbackQuery, ChatMemberUpdated).
"""

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from functions.shared.messages.codec import fields_of
from functions.shared.value_class import dataclass

# What is asked for: of all else Telegram need not tell us.
WANTED = ("message", "callback_query", "my_chat_member")
ARGUMENT_LIMIT = 200
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]{1,64}))?(?:\s+(.*))?", re.DOTALL)
_GONE = frozenset({"left", "kicked"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an update comes from. `at`: when a message was written, None where Telegram does not tell.

    `user`: None for who writes in a group's or a channel's own name. `topic`: the thread of a topic.
    """

    update_id: int
    chat: int
    user: int | None
    at: float | None
    message_id: int | None = None
    topic: int | None = None
    chat_name: str = ""
    user_name: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """`/word argument`; `bot` is whom it is for (`/word@bot`), empty: whoever knows it."""

    origin: Origin
    word: str
    argument: str = ""
    bot: str = ""


@dataclass(frozen=True, slots=True)
class Press:
    """Of a button that carries `data`; `id` is by what it is answered."""

    origin: Origin
    id: str
    data: str


@dataclass(frozen=True, slots=True)
class Migration:
    """A group became a supergroup, which has another id."""

    origin: Origin
    new_chat: int


@dataclass(frozen=True, slots=True)
class Membership:
    """The bot was added to the chat, or is no member any more."""

    origin: Origin
    is_member: bool


Update: TypeAlias = Command | Press | Migration | Membership


def update_id_of(body: Mapping[str, Any]) -> int | None:
    return _whole(body.get("update_id"))


def read_update(body: Mapping[str, Any]) -> Update | None:
    """None for what asks nothing of us, and for junk."""
    update_id = update_id_of(body)
    if update_id is None:
        return None
    if message := fields_of(body.get("message")):
        return _of_message(update_id, message)
    if query := fields_of(body.get("callback_query")):
        origin = _origin(update_id, fields_of(query.get("message")), fields_of(query.get("from")), at=None)
        press, data = query.get("id"), query.get("data")
        if origin is None or not isinstance(press, str) or not isinstance(data, str):
            return None
        return Press(origin, press, data)
    if change := fields_of(body.get("my_chat_member")):
        origin = _origin(update_id, change, fields_of(change.get("from")), _time(change.get("date")))
        status = fields_of(change.get("new_chat_member")).get("status")
        return None if origin is None else Membership(origin, status not in _GONE)
    return None


def _of_message(update_id: int, message: Mapping[str, Any]) -> Update | None:
    origin = _origin(update_id, message, fields_of(message.get("from")), _time(message.get("date")))
    if origin is None:
        return None
    new_chat = _whole(message.get("migrate_to_chat_id"))
    if new_chat is not None:
        return Migration(origin, new_chat)
    text = message.get("text")
    found = _COMMAND.fullmatch(text.strip()) if isinstance(text, str) else None
    # A command that somebody forwards was meant for another moment.
    if found is None or message.get("forward_origin") or message.get("via_bot"):
        return None
    word, bot, argument = found.groups(default="")
    return Command(origin, word.lower(), " ".join(argument.split())[:ARGUMENT_LIMIT], bot.lower())


def _origin(
    update_id: int, place: Mapping[str, Any], sender: Mapping[str, Any], at: float | None
) -> Origin | None:
    chat = fields_of(place.get("chat"))
    chat_id = _whole(chat.get("id"))
    if chat_id is None:
        return None
    is_topic = place.get("is_topic_message") is True
    return Origin(
        update_id,
        chat_id,
        _whole(sender.get("id")),
        at,
        _whole(place.get("message_id")),
        _whole(place.get("message_thread_id")) if is_topic else None,
        _text(chat.get("username")),
        _text(sender.get("first_name")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _time(value: object) -> float | None:
    number = _whole(value)
    return None if number is None else float(number)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else None
