"""What a message answers to and the buttons under it, judged as the real server does."""

import json
from collections.abc import Mapping
from typing import Any

DATA_BYTES = 64
_KINDS = ("callback_data", "url", "switch_inline_query", "web_app", "pay", "copy_text", "login_url")


class KeyboardError(Exception):
    """Why it is refused, in Telegram's words."""


def buttons_of(values: Mapping[str, Any]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """Rows of (text, callback data) of an inline keyboard; empty without one. Raises KeyboardError."""
    markup = values.get("reply_markup")
    if markup is None:
        return ()
    rows = markup.get("inline_keyboard")
    if not isinstance(rows, list) or set(markup) != {"inline_keyboard"}:
        raise KeyboardError("can't parse reply keyboard markup JSON object")
    return tuple(tuple(_button(button) for button in row) for row in rows)


def _button(button: Any) -> tuple[str, str]:
    if not isinstance(button, dict):
        raise KeyboardError("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str) or not text.strip():
        raise KeyboardError('can\'t parse inline keyboard button: Field "text" must be non-empty')
    kinds = [kind for kind in _KINDS if kind in button]
    if len(kinds) != 1 or set(button) - {"text", "style", "icon_custom_emoji_id"} != set(kinds):
        raise KeyboardError(
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"
        )
    data = str(button[kinds[0]])
    if kinds[0] == "callback_data" and not 1 <= len(data.encode()) <= DATA_BYTES:
        raise KeyboardError("BUTTON_DATA_INVALID")
    return text, data


def reply_to(values: Mapping[str, Any], known: Mapping[int, int | str], chat_id: int | str) -> int | None:
    """The message that it answers to, if it is there: `known` are the chats of messages, by id.

    Raises KeyboardError.
    """
    wanted = values.get("reply_parameters")
    if wanted is None:
        return None
    allowed = {"message_id", "chat_id", "allow_sending_without_reply", "quote"}
    message_id = wanted.get("message_id")
    if set(wanted) - allowed or not isinstance(message_id, int) or isinstance(message_id, bool):
        raise KeyboardError(f"can't parse reply parameters: {json.dumps(wanted)[:80]}")
    if known.get(message_id) == chat_id:
        return message_id
    if wanted.get("allow_sending_without_reply") is True:
        return None
    raise KeyboardError("message to be replied not found")
