"""What an answer of the Bot API means. Pure.

Source: core.telegram.org/bots/api, "Making requests" and `ResponseParameters`.
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from functions.notify.markup import clean
from functions.notify.sink import Answer, Outcome

_REASON_LIMIT = 200
_ADVICE = (
    ("chat not found", "check TELEGRAM_CHAT_ID, and that the bot is a member of the chat"),
    ("thread not found", "check TELEGRAM_THREAD_ID: the topic is gone"),
    ("thread identifier", "check TELEGRAM_THREAD_ID"),
    ("blocked by the user", "unblock the bot in Telegram"),
    ("kicked", "add the bot to the chat again"),
    ("not enough rights", "let the bot post in the chat"),
    ("have no rights", "let the bot post in the chat"),
)
_TOO_LARGE = ("too big", "too large")


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer, and the chat's new id if its group became a supergroup."""

    answer: Answer
    new_chat_id: int | None = None


def read_answer(status: int, body: bytes) -> Reading:
    """The meaning of an HTTP status and body. Total: junk counts as trouble on the other side."""
    fields = _object(body)
    if status == 200 and fields.get("ok") is True:
        result = fields.get("result")
        message_id = result.get("message_id") if isinstance(result, dict) else None
        if isinstance(message_id, int):
            return Reading(Answer(Outcome.SENT, message_id=message_id))
        return Reading(Answer(Outcome.AWAY, "an answer without a message id"))
    reason = f"HTTP {status}: {_description(fields)}"
    found = fields.get("parameters")
    parameters: dict[str, Any] = found if isinstance(found, dict) else {}
    if status == 429:
        return Reading(Answer(Outcome.WAIT, reason, _seconds(parameters.get("retry_after"))))
    if status == 401 or (status == 404 and "method" not in reason):
        advice = "check TELEGRAM_BOT_TOKEN" + (" and TELEGRAM_API_URL" if status == 404 else "")
        return Reading(Answer(Outcome.UNAUTHORIZED, f"{reason}; {advice}"))
    if status == 413:
        return Reading(Answer(Outcome.TOO_LARGE, reason))
    if status in (400, 403) and fields:
        new_chat_id = parameters.get("migrate_to_chat_id")
        return Reading(
            Answer(_outcome(reason.lower()), _advised(reason)),
            new_chat_id if isinstance(new_chat_id, int) and not isinstance(new_chat_id, bool) else None,
        )
    return Reading(Answer(Outcome.AWAY, reason))


def _outcome(reason: str) -> Outcome:
    if "can't parse entities" in reason:
        return Outcome.UNREADABLE
    return Outcome.TOO_LARGE if any(words in reason for words in _TOO_LARGE) else Outcome.REFUSED


def _advised(reason: str) -> str:
    for words, advice in _ADVICE:
        if words in reason.lower():
            return f"{reason}; {advice}"
    return reason


def _object(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _description(fields: dict[str, Any]) -> str:
    description = fields.get("description")
    if not isinstance(description, str) or not description:
        return "no description"
    return clean(description)[:_REASON_LIMIT]


def _seconds(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0:
        return float(value)
    return None
