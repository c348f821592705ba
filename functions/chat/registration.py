"""What Telegram is told of the bot: its commands, and where updates are pushed to (cloud)."""

import hashlib
import hmac
import logging
from dataclasses import replace

from functions.chat.bot import Bot
from functions.chat.commands import Word
from functions.chat.updates import WANTED
from functions.shared.domain.keys import token_of
from functions.shared.errors import BridgeError
from functions.shared.messages.chat_reception import ChatReception, read_reception, reception_to_json
from functions.shared.messages.codec import fields_of
from functions.shared.ports import RecordStore
from functions.shared.records import update
from functions.shared.wording.chat_answers import DESCRIPTIONS

_log = logging.getLogger(__name__)

# Of a webhook: as many updates at once, each of which is an execution that alerts may need.
CONNECTIONS = 1


def webhook_secret(token: str) -> str:
    """What Telegram sends along with each update, so that nobody else can: derived, as one more secret to
    keep and to change would be one more to lose. 64 of the characters that it takes."""
    return hmac.new(token.encode(), b"printer-bridge webhook", hashlib.sha256).hexdigest()


def register_commands(bot: Bot, records: RecordStore, key: str) -> bool:
    """Tell Telegram once of each bot which there are; whether it knows them."""
    commands = [{"command": word.value, "description": DESCRIPTIONS[word]} for word in Word]
    version = token_of(repr((bot.id, commands)))
    try:
        stored = records.get(key)
        if stored is not None and read_reception(stored.value).commands == version:
            return True
        reply = bot.call("setMyCommands", commands=commands)
        if not reply.is_ok:
            _log.warning("the commands could not be registered: %s", reply.description)
            return reply.status == 400  # it never will be

        def registered(reception: ChatReception) -> ChatReception:
            return replace(reception, commands=version)

        update(records, key, read_reception, reception_to_json, registered)
    except BridgeError as error:
        _log.warning("the commands could not be registered: %s", error)
        return False
    return True


def keep_webhook(bot: Bot, url: str, secret: str) -> bool:
    """Have updates pushed to that address, if they are not; whether they are."""
    info = bot.call("getWebhookInfo")
    if not info.is_ok:
        _log.error("Telegram does not tell of the webhook: %s", info.description)
        return False
    known = fields_of(info.result)
    if error := known.get("last_error_message"):
        _log.warning("Telegram could not push an update: %s", str(error)[:200])
    if known.get("url") == url and set(known.get("allowed_updates") or ()) == set(WANTED):
        return True
    reply = bot.call(
        "setWebhook",
        url=url,
        secret_token=secret,
        allowed_updates=list(WANTED),
        max_connections=CONNECTIONS,
    )
    if not reply.is_ok:
        _log.error("the webhook could not be set: %s", reply.description)
        return False
    _log.info("Telegram pushes what people write in the chat from now on")
    return True
