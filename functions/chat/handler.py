"""Lambda entry of the chat: an update that Telegram pushes to `POST /telegram`, and a schedule's word to keep
it pushing there.

Nobody needs the API's key for it: that it comes from Telegram is known by a secret in its header.
"""

import base64
import binascii
import functools
import hmac
import json
import logging
import math
from collections.abc import Mapping
from typing import Any

from functions.chat.bot import Bot
from functions.chat.building import build_service
from functions.chat.photos import CollectorPictures
from functions.chat.registration import keep_webhook, register_commands, webhook_secret
from functions.chat.service import ChatService, Later
from functions.shared.aws.bootstrap import (
    LambdaContext,
    Runtime,
    Secret,
    make_runtime,
    seconds_left,
    start_early,
)
from functions.shared.aws.observability import Metric
from functions.shared.domain.keys import reception_key
from functions.shared.errors import ConfigurationError, ContractError, TransientError
from functions.shared.messages.codec import load_object
from functions.shared.runtime.deadline import Deadline
from functions.shared.setting_types import bot_token
from functions.shared.telegram.calls import BotConnection
from functions.shared.value_class import dataclass

SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 (a header's name)
KEEP_WEBHOOK = "keep_webhook"
# Of the function's time, for what is to be said at its end.
_RESERVE_SECONDS = 2.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Chat:
    """What answers with one token of the bot."""

    bot: Bot
    service: ChatService
    secret: str


@dataclass(frozen=True, slots=True)
class Worker:
    """Made once per container."""

    runtime: Runtime
    deadline: Deadline

    def chat(self) -> _Chat:
        """Raises TransientError when the token cannot be read, ConfigurationError when there is none."""
        backends = self.runtime.backends
        settings = backends.settings
        if not (settings.chat_answers and settings.telegram_chat_id and backends.has(Secret.BOT_TOKEN)):
            raise ConfigurationError(
                ["CHAT_ANSWERS, TELEGRAM_CHAT_ID or TELEGRAM_BOT_TOKEN_PARAMETER is not set"]
            )
        return chat_with(self, secret_of(self).value())


@functools.cache
def worker() -> Worker:
    runtime = make_runtime("chat")
    return Worker(runtime, Deadline())


@functools.cache
def secret_of(made: Worker) -> Any:
    return made.runtime.backends.secret(Secret.BOT_TOKEN, bot_token, made.runtime.logs.hide)


@functools.lru_cache(maxsize=2)
def chat_with(made: Worker, token: str) -> _Chat:
    backends = made.runtime.backends
    bot = Bot(BotConnection(token, backends.settings.telegram_api_url, made.deadline.left))
    fresh = CollectorPictures(backends.commands, backends.frames, backends.clock)
    records, frames, settings = backends.records, backends.frames, backends.settings
    service = build_service(bot, records, frames, backends.samples, backends.clock, settings, fresh=fresh)
    return _Chat(bot, service, webhook_secret(token))


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One update, or one look at the webhook."""
    made = worker()
    made.runtime.logs.about({"request_id": context.aws_request_id})
    made.deadline.set(max(0.0, seconds_left(context) - _RESERVE_SECONDS))
    try:
        chat = made.chat()
    except ConfigurationError as error:
        _log.info("nothing is answered in the chat: %s", error)
        return _answer(404)
    except TransientError as error:
        _log.error("the bot's token cannot be had: %s", error)
        return _answer(503)
    if KEEP_WEBHOOK in event:
        key = reception_key(made.runtime.backends.settings.telegram_chat_id)
        register_commands(chat.bot, made.runtime.backends.records, key)
        is_kept = keep_webhook(chat.bot, str(event[KEEP_WEBHOOK]), chat.secret)
        return _answer(200 if is_kept else 503)
    if not hmac.compare_digest(_given_secret(event).encode(), chat.secret.encode()):
        _log.warning("an update without the right secret is refused")
        return _answer(403)
    try:
        body = load_object(_body(event))
    except ContractError as error:
        _log.warning("what came is no update: %s", error)
        return _answer(400)
    try:
        handled = chat.service.handle(body)
    except Exception:  # noqa: BLE001 - Telegram would push it again and again; said with its traceback
        _log.exception("an update could not be dealt with, it is passed over")
        made.runtime.metrics.add(Metric.DEFECTS, 1)
        made.runtime.metrics.write()
        return _answer(200)
    if isinstance(handled, Later):
        return _answer(503, {"Retry-After": str(math.ceil(handled.seconds))})
    return _answer(200)


def _given_secret(event: Mapping[str, Any]) -> str:
    headers = event.get("headers") or {}
    given = next((value for name, value in headers.items() if name.lower() == SECRET_HEADER), "")
    return given if isinstance(given, str) else ""


def _body(event: Mapping[str, Any]) -> str:
    """Raises ContractError."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body)
    try:
        return base64.b64decode(body, validate=True).decode()
    except (binascii.Error, ValueError):
        raise ContractError("it is not text") from None


def _answer(status: int, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "body": json.dumps({}),
        "isBase64Encoded": False,
    }


start_early(worker)
