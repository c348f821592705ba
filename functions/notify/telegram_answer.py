"""What an answer of the Bot API means: sent, wait, and whose refusal it is. Pure.

Sources: core.telegram.org/bots/api, "Making requests" and "ResponseParameters"; how refusals read:
tdlib/telegram-bot-api (Client.cpp), and tdlib/td, which passes on errors in capitals as Telegram has them
(core.telegram.org/api/errors).
"""

import math
import re
from collections.abc import Sequence
from typing import Any

from functions.notify.transports import Answer, Outcome
from functions.shared.messages.codec import fields_in, fields_of
from functions.shared.telegram.markup import clean
from functions.shared.value_class import dataclass

_REASON_LIMIT = 200
_ADVICE = (
    ("chat not found", "check TELEGRAM_CHAT_ID, and that the bot is a member of the chat"),
    ("thread not found", "check TELEGRAM_THREAD_ID: the topic is gone"),
    ("thread identifier", "check TELEGRAM_THREAD_ID"),
    ("topic_deleted", "check TELEGRAM_THREAD_ID: the topic is gone"),
    ("topic_id_invalid", "check TELEGRAM_THREAD_ID"),
    ("topic_closed", "open the topic again, or set TELEGRAM_THREAD_ID to another"),
    ("blocked by the user", "unblock the bot in Telegram"),
    ("can't initiate", "press Start in the bot's chat"),
    ("deactivated", "check TELEGRAM_CHAT_ID: the account or the group is gone"),
    ("chat was deleted", "check TELEGRAM_CHAT_ID: the group is gone"),
    ("kicked", "add the bot to the chat again"),
    ("not a member", "add the bot to the chat again"),
    ("rights to create a topic", "make it an administrator that may manage topics"),
    ("not a forum", "switch topics on in the group's settings"),
    ("not enough rights", "let the bot post in the chat"),
    ("have no rights", "let the bot post in the chat"),
    ("need administrator rights", "let the bot post in the channel"),
    ("chat_write_forbidden", "let the bot post in the chat"),
    ("chat_send_plain_forbidden", "let the bot post in the chat"),
    ("chat_restricted", "let the bot post in the chat"),
)
_TOO_LARGE = ("too big", "too large")

# Which photo or film may not be posted is a fault of that message: its text may.
_MEDIA_RIGHTS = re.compile(r"rights to send (?!text|a message)|chat_send_(?!plain)\w+_forbidden")
_NO_TOPIC = (
    "thread not found",
    "invalid message thread",
    "thread identifier",
    "topic_deleted",
    "topic_id_invalid",
)
_SHUT_OUT = (
    "chat not found",
    "chat_id is empty",
    "peer_id_invalid",
    "chat_id_invalid",
    "channel_private",
    "channel_invalid",
    "group chat was",  # upgraded, deactivated, deleted
    "rights to send",  # "not enough rights to send text messages", "have no rights to send a message"
    "no write access",
    "need administrator rights",
    "chat_write_forbidden",
    "chat_admin_required",
    "chat_restricted",
    "chat_send_plain_forbidden",
    "user_is_blocked",
    "input_user_deactivated",
    "topic_closed",
    "bot was kicked",
    "not a member",
)
# Of an edit: it was deleted, is too old, or is of another kind than was remembered.
_NOT_EDITABLE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message_edit_time_expired",
    "in the message to edit",  # there is no text, no caption, no media
)
# Of these the next message is no worse off. What is in neither list is doubtful.
_CONTENT = (
    "too long",
    "must be non-empty",
    "is empty",
    "encoded in utf-8",
    "photo_",
    "image_process_failed",
    "video_",
    "media_",
    "entit",  # ENTITY_..., "entities"
    "web page content",
    "file identifier",
    "file_",
    "there is no photo",
    "there is no video",
    "unsupported parse_mode",
    "button_",
)


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """The answer, and the chat's new id if its group became a supergroup."""

    answer: Answer
    new_chat_id: int | None = None


def read_answer(status: int, body: bytes) -> ParsedAnswer:
    """The meaning of an HTTP status and body. Total: junk counts as trouble on the other side."""
    fields = fields_in(body)
    if status == 200 and fields.get("ok") is True:
        result = fields_of(fields.get("result"))
        message_id, topic_id = result.get("message_id"), result.get("message_thread_id")
        if isinstance(message_id, int):
            return ParsedAnswer(Answer(Outcome.SENT, message_id=message_id))
        if isinstance(topic_id, int):
            return ParsedAnswer(Answer(Outcome.SENT, topic_id=topic_id))
        return ParsedAnswer(Answer(Outcome.UNAVAILABLE, "an answer without a message id"))
    reason = f"HTTP {status}: {_description(fields)}"
    parameters = fields_of(fields.get("parameters"))
    if status == 429:
        return ParsedAnswer(Answer(Outcome.WAIT, reason, _seconds(parameters.get("retry_after"))))
    if status == 401 or (status == 404 and "method" not in reason):
        advice = "check TELEGRAM_BOT_TOKEN" + (" and TELEGRAM_API_URL" if status == 404 else "")
        return ParsedAnswer(Answer(Outcome.UNAUTHORIZED, f"{reason}; {advice}"))
    if status == 413:
        return ParsedAnswer(Answer(Outcome.TOO_LARGE, reason))
    if status in (400, 403) and fields:
        new_chat_id = parameters.get("migrate_to_chat_id")
        return ParsedAnswer(
            Answer(_outcome(status, reason.lower()), _advised(reason)),
            new_chat_id if isinstance(new_chat_id, int) and not isinstance(new_chat_id, bool) else None,
        )
    return ParsedAnswer(Answer(Outcome.UNAVAILABLE, reason))


def _outcome(status: int, reason: str) -> Outcome:
    """Whose refusal it is: this message's, the topic's, or the chat's and the bot's."""

    def is_one_of(words: Sequence[str]) -> bool:
        return any(word in reason for word in words)

    if "message is not modified" in reason:
        return Outcome.UNCHANGED
    if is_one_of(_NOT_EDITABLE):
        return Outcome.GONE
    if "can't parse entities" in reason:
        return Outcome.BAD_MARKUP
    if _MEDIA_RIGHTS.search(reason):
        return Outcome.REFUSED
    if is_one_of(_NO_TOPIC):
        return Outcome.NO_TOPIC
    if status == 403 or is_one_of(_SHUT_OUT):
        return Outcome.SHUT_OUT
    if is_one_of(_TOO_LARGE):
        return Outcome.TOO_LARGE
    return Outcome.REFUSED if is_one_of(_CONTENT) else Outcome.DOUBTFUL


def _advised(reason: str) -> str:
    for words, advice in _ADVICE:
        if words in reason.lower():
            return f"{reason}; {advice}"
    return reason


def _description(fields: dict[str, Any]) -> str:
    description = fields.get("description")
    if not isinstance(description, str) or not description:
        return "no description"
    return clean(description)[:_REASON_LIMIT]


def _seconds(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return float(value)
    return None
