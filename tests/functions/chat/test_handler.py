"""Updates through the Lambda handler: pushed by Telegram with its secret, and a picture asked of the Pi."""

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from collector.commands import CommandReceiver
from functions.chat.handler import KEEP_WEBHOOK, handle
from functions.chat.registration import webhook_secret
from functions.chat.updates import WANTED
from functions.shared.domain.keys import preferences_key, printer_key
from functions.shared.latest_pictures import LatestPictures
from functions.shared.messages.chat_preferences import read_preferences
from functions.shared.messages.printer_record import record_to_json
from tests.functions.chat.harness import jpeg, running
from tests.support.lambda_runtime.event_source import Context
from tests.support.lambda_runtime.stack import BOT_TOKEN_NAME, LambdaStack, forget_containers
from tests.support.telegram.faults import SERVER_ERROR, too_many_requests
from tests.support.telegram.server import TelegramServer

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)

HOOK = "https://abc123.execute-api.eu-central-1.amazonaws.com/prod/telegram"


@pytest.fixture
def telegram(stack: LambdaStack) -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        stack.set(
            TELEGRAM_API_URL=server.url,
            TELEGRAM_CHAT_ID=server.chat_id,
            CHAT_ANSWERS="1",
            TIMEZONE="Europe/Berlin",
        )
        stack.set_secret("TELEGRAM_BOT_TOKEN_PARAMETER", BOT_TOKEN_NAME, server.token)
        yield server


def posted(update: Mapping[str, Any], secret: str) -> dict[str, Any]:
    """The event of API Gateway, which sends bodies as base64 (BinaryMediaTypes)."""
    body = base64.b64encode(json.dumps(update).encode()).decode()
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret, "Content-Type": "application/json"}
    return {
        "httpMethod": "POST", "path": "/telegram", "headers": headers, "body": body, "isBase64Encoded": True
    }  # fmt: skip


def push(telegram: TelegramServer) -> list[int]:
    """Telegram pushes what waits; the statuses that come back. What is taken does not wait any longer."""
    statuses = []
    for update in list(telegram.updates.waiting):
        status = handle(posted(update, webhook_secret(telegram.token)), Context(26.0))["statusCode"]
        statuses.append(status)
        if status == 200:
            telegram.updates.waiting.remove(update)
    return statuses


def knows(stack: LambdaStack, name: str) -> None:
    stack.records.put(printer_key(name), record_to_json(running(name)), 0)


def test_an_update_is_answered_once_though_it_is_pushed_twice(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    knows(stack, "P1S")
    telegram.says("/status", date=int(stack.now()))
    update = telegram.updates.waiting[0]
    assert push(telegram) == [200]
    telegram.updates.waiting.append(update)
    assert push(telegram) == [200]
    assert len(telegram.messages) == 1
    assert "P1S" in telegram.texts[0]


def test_a_farm_that_asks_gets_the_same_from_another_container_and_nothing_twice(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    for number in range(1, 51):
        knows(stack, f"Farm {number:02}")
    telegram.says("/status", date=int(stack.now()))
    (update,) = telegram.updates.waiting
    assert push(telegram) == [200]
    forget_containers()
    telegram.updates.waiting.append(update)  # the first one was ended before Telegram had its answer
    telegram.says("/status", date=int(stack.now()))
    assert push(telegram) == [200, 200]
    first, second = telegram.texts
    assert first == second
    assert first.startswith("50 printers, 50 printing\n")
    assert first.count("🖨 Farm") == 50


def test_two_people_press_one_button_and_both_updates_are_dealt_with_at_once(
    stack: LambdaStack, telegram: TelegramServer
) -> None:
    knows(stack, "P1S")
    telegram.says("/status", date=int(stack.now()))
    assert push(telegram) == [200]
    people = [{"id": 77 + number, "is_bot": False, "first_name": "Ada"} for number in range(2)]
    presses = [telegram.presses("🔕 Mute 1 h", sender=person) for person in people]
    secret = webhook_secret(telegram.token)
    with ThreadPoolExecutor(len(people)) as containers:
        list(containers.map(lambda it: handle(posted(it, secret), Context(26.0)), telegram.updates.waiting))
    assert push(telegram) == [200, 200], "what had to give way is done now, the rest says nothing again"
    assert [telegram.bot.answers[press] for press in presses] == ["Muted.", "Muted."]
    assert [text.split(" until ")[0] for text in telegram.texts[1:]] == ["🔕 P1S is muted"] * 2
    stored = stack.records.get(preferences_key(telegram.chat_id))
    (mute,) = read_preferences(stored.value if stored else {}).mutes
    assert 3600 <= mute.until - mute.since < 7200, "one mute, that of whoever was later"


@pytest.mark.parametrize("secret", ["", "guessed", "ü"])
def test_who_has_not_the_secret_gets_nothing(
    stack: LambdaStack, telegram: TelegramServer, secret: str
) -> None:
    telegram.says("/help", date=int(stack.now()))
    assert handle(posted(telegram.updates.waiting[0], secret), Context())["statusCode"] == 403
    assert telegram.calls == 0


def test_what_cannot_be_sent_now_is_pushed_again(stack: LambdaStack, telegram: TelegramServer) -> None:
    telegram.says("/help", date=int(stack.now()))
    telegram.script(SERVER_ERROR, too_many_requests(3))
    assert push(telegram) == [503]
    assert push(telegram) == [503]
    stack.pass_time(4)
    assert push(telegram) == [200]
    assert len(telegram.messages) == 1


def test_junk_is_no_update(stack: LambdaStack, telegram: TelegramServer) -> None:
    event = posted({}, webhook_secret(telegram.token))
    assert handle(event | {"body": "%"}, Context())["statusCode"] == 400
    assert handle(event | {"body": "[]", "isBase64Encoded": False}, Context())["statusCode"] == 400
    assert handle(event, Context())["statusCode"] == 200


def test_it_is_off_by_default(stack: LambdaStack, telegram: TelegramServer) -> None:
    stack.set(CHAT_ANSWERS="0")
    assert handle(posted({}, webhook_secret(telegram.token)), Context())["statusCode"] == 404
    assert handle({KEEP_WEBHOOK: HOOK}, Context())["statusCode"] == 404
    assert telegram.calls == 0


def test_the_schedule_sets_the_webhook_and_keeps_it(stack: LambdaStack, telegram: TelegramServer) -> None:
    assert handle({KEEP_WEBHOOK: HOOK}, Context())["statusCode"] == 200
    hook = telegram.bot.webhook
    assert (hook.url, hook.secret) == (HOOK, webhook_secret(telegram.token))
    assert tuple(telegram.bot.allowed) == WANTED
    assert "status" in {it["command"] for it in telegram.bot.commands["default", ""]}
    handle({KEEP_WEBHOOK: HOOK}, Context())
    assert telegram.calls_of["setWebhook"] == telegram.calls_of["setMyCommands"] == 1
    telegram.webhook = "https://elsewhere.example.org"
    handle({KEEP_WEBHOOK: HOOK}, Context())
    assert telegram.webhook == HOOK


def test_a_fresh_picture_is_asked_of_the_collector(stack: LambdaStack, telegram: TelegramServer) -> None:
    knows(stack, "P1S")
    pictures = LatestPictures()
    pictures.put("P1S", jpeg(), stack.now() - 1)
    receiver = CommandReceiver(
        lambda: (stack.frames, stack.queue("COMMANDS")), pictures, lambda name: name == "P1S", 5.0
    )
    receiving = threading.Thread(target=receiver.receive_once)
    receiving.start()
    telegram.says("/photo", date=int(stack.now()))
    assert push(telegram) == [200]
    receiving.join()
    assert telegram.messages[0].photo == jpeg()
    assert "picture" not in telegram.texts[0], "it is fresh: its age would be noise"
