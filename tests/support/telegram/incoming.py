"""How the local Bot API server gives its bot what people do: polled or pushed, and the answers to presses.

As strict as for messages. Descriptions as the real server words them (tdlib/telegram-bot-api, Client.cpp).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.support.telegram.calls import CallError, bad_request, read_parameters
from tests.support.timeouts import TIMEOUT

_CALLS: dict[str, dict[str, type]] = {
    "setWebhook": {
        "url": str, "ip_address": str, "max_connections": int, "allowed_updates": list,
        "drop_pending_updates": bool, "secret_token": str,
    },
    "deleteWebhook": {"drop_pending_updates": bool},
    "setMyCommands": {"commands": list, "scope": dict, "language_code": str},
    "getMyCommands": {"scope": dict, "language_code": str},
    "answerCallbackQuery": {
        "callback_query_id": str, "text": str, "show_alert": bool, "url": str, "cache_time": int,
    },
}  # fmt: skip
_NEEDED = {
    "setMyCommands": {"commands"}, "setWebhook": {"url"}, "answerCallbackQuery": {"callback_query_id"},
}  # fmt: skip
_NOT_SENT_UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
TERMINATED = CallError(
    409,
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
)
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
BUTTONS_LIMIT = 100
ADA: Mapping[str, Any] = {"id": 77, "is_bot": False, "first_name": "Ada"}


@dataclass
class Webhook:
    """Where updates are pushed to; an empty `url`: nowhere."""

    url: str = ""
    secret: str = ""
    last_error: str = ""
    pushes: list[int] = field(default_factory=list)  # the statuses that came back


@dataclass
class BotSide:
    """`commands`: by scope (its type) and language; `allowed`: the kinds that the bot wants (empty: most).

    `answers`: what was said to who pressed, by the id of the press; `is_local`: a webhook may be plain HTTP.
    """

    webhook: Webhook = field(default_factory=Webhook)
    commands: dict[tuple[str, str], list[dict[str, str]]] = field(default_factory=dict)
    allowed: Sequence[str] = ()
    answers: dict[str, str] = field(default_factory=dict)
    open_presses: set[str] = field(default_factory=set)
    polls: int = 0
    is_local: bool = False

    def wants(self, update: Mapping[str, Any]) -> bool:
        kinds = set(update) - {"update_id"}
        return not kinds & _NOT_SENT_UNASKED if not self.allowed else bool(kinds & set(self.allowed))

    def answer(self, method: str, body: bytes, forget: Callable[[], None]) -> Any:
        """Do what such a call asks. Raises CallError."""
        values = read_parameters(body, _CALLS[method], _NEEDED.get(method, ()))
        match method:
            case "setWebhook":
                self._set_webhook(values)
            case "deleteWebhook":
                self.webhook = Webhook()
            case "setMyCommands":
                scope = values.get("scope", {"type": "default"})
                self.commands[_scope(scope), values.get("language_code", "")] = _commands(values["commands"])
            case "getMyCommands":
                scope = values.get("scope", {"type": "default"})
                return self.commands.get((_scope(scope), values.get("language_code", "")), [])
            case _:
                self._answer_press(values)
        if values.get("drop_pending_updates"):
            forget()
        return True

    def push(self, updates: Sequence[Mapping[str, Any]]) -> int:
        """Push them one by one until one is not taken; how many were."""
        hook = self.webhook
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        for taken, update in enumerate(updates):
            answer = requests.post(hook.url, json=update, headers=headers, timeout=TIMEOUT)
            hook.pushes.append(answer.status_code)
            if answer.status_code >= 300:
                hook.last_error = f"Wrong response from the webhook: {answer.status_code} {answer.reason}"
                return taken
        return len(updates)

    def info(self, waiting: int) -> dict[str, Any]:
        """The WebhookInfo."""
        hook = self.webhook
        fields: dict[str, Any] = {
            "url": hook.url,
            "has_custom_certificate": False,
            "pending_update_count": waiting,
        }
        if hook.last_error:
            fields |= {"last_error_date": 1_800_000_000, "last_error_message": hook.last_error}
        if hook.url:
            fields |= {"max_connections": 40}
        return fields | ({"allowed_updates": list(self.allowed)} if self.allowed else {})

    def _set_webhook(self, values: Mapping[str, Any]) -> None:
        url, secret = values["url"], values.get("secret_token", "")
        if url == "":
            self.webhook = Webhook()
            return
        if urlsplit(url).scheme != "https" and not self.is_local:
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise bad_request("secret token contains unallowed characters")
        self.allowed = values.get("allowed_updates", self.allowed)
        self.webhook = Webhook(url, secret)

    def _answer_press(self, values: Mapping[str, Any]) -> None:
        press = values["callback_query_id"]
        if press not in self.open_presses:
            raise bad_request(TOO_OLD)
        if len(values.get("text", "")) > 200:
            raise bad_request("MESSAGE_TOO_LONG")
        self.open_presses.remove(press)
        self.answers[press] = values.get("text", "")


def is_incoming(method: str) -> bool:
    return method in _CALLS


def check_keyboard(markup: Mapping[str, Any]) -> None:
    """A reply_markup: buttons below the message, each with a text and what it does. Raises CallError."""
    if set(markup) != {"inline_keyboard"} or not isinstance(markup["inline_keyboard"], list):
        raise bad_request("can't parse reply keyboard markup JSON object")
    buttons = [button for row in markup["inline_keyboard"] for button in row]
    if len(buttons) > BUTTONS_LIMIT:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    for button in buttons:
        if not isinstance(button, dict) or set(button) - {"text", "callback_data", "url"}:
            raise bad_request("can't parse inline keyboard button")
        if not isinstance(button.get("text"), str) or not button["text"].strip():
            raise bad_request("can't parse inline keyboard button: text of the button must be non-empty")
        if ("callback_data" in button) == ("url" in button):
            raise bad_request("can't parse inline keyboard button: Text buttons are unallowed")
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
            raise bad_request("BUTTON_DATA_INVALID")


def buttons_of(parameters: Mapping[str, Any]) -> list[dict[str, str]]:
    """The buttons below a message, row by row."""
    rows = parameters.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]


def _scope(scope: Mapping[str, Any]) -> str:
    kind = scope.get("type")
    if kind in ("default", "all_private_chats", "all_group_chats", "all_chat_administrators"):
        return str(kind)
    if kind == "chat" and isinstance(scope.get("chat_id"), int):
        return f"chat {scope['chat_id']}"
    raise bad_request("can't parse BotCommandScope")


def _commands(commands: Sequence[Any]) -> list[dict[str, str]]:
    if len(commands) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for item in commands:
        if not isinstance(item, dict) or set(item) != {"command", "description"}:
            raise bad_request("can't parse BotCommand")
        if not re.fullmatch(r"[a-z0-9_]{1,32}", item["command"]):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(item["description"]) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return list(commands)
