"""What people do reaches the bot by one way, and presses are answered once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.support.telegram.incoming import TOO_OLD
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import TIMEOUT


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


def call(telegram: TelegramServer, method: str, **parameters: Any) -> tuple[int, Any]:
    """Status, and the result or the description."""
    url = f"{telegram.url}/bot{telegram.token}/{method}"
    answer = requests.post(url, json=parameters, timeout=TIMEOUT)
    fields = answer.json()
    return answer.status_code, fields.get("result", fields.get("description"))


def test_of_two_who_poll_the_first_is_sent_away(telegram: TelegramServer) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(call, telegram, "getUpdates", timeout=30)
        telegram.wait_for_calls(1, method="getUpdates")
        telegram.happens(chat_member={})  # of a kind that is only sent to who asks for it
        assert call(telegram, "getUpdates")[0] == 200
        assert first.result(TIMEOUT) == (409, first.result()[1])
        assert "terminated by other getUpdates request" in first.result()[1]


@pytest.mark.parametrize(
    ("method", "parameters", "description"),
    [
        ("setWebhook", {"url": "http://example.org"}, "An HTTPS URL must be provided"),
        ("setWebhook", {"url": "https://a", "secret_token": "a b"}, "unallowed characters"),
        ("setWebhook", {}, "url is required"),
        ("setMyCommands", {"commands": [{"command": "Status", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [{"command": "a", "description": ""}]}, "DESCRIPTION_INVALID"),
        ("answerCallbackQuery", {"callback_query_id": "9"}, TOO_OLD),
        ("deleteWebhook", {"colour": 1}, "unknown parameter"),
    ],
)
def test_a_bad_call_is_refused(
    telegram: TelegramServer, method: str, parameters: dict[str, Any], description: str
) -> None:
    code, said = call(telegram, method, **parameters)
    assert (code, description in said) == (400, True), said


@pytest.mark.parametrize(
    ("markup", "description"),
    [
        ({"inline_keyboard": [[{"text": "A", "callback_data": "x" * 65}]]}, "BUTTON_DATA_INVALID"),
        ({"inline_keyboard": [[{"text": " ", "callback_data": "x"}]]}, "must be non-empty"),
        ({"inline_keyboard": [[{"text": "A"}]]}, "Text buttons are unallowed"),
        ({"inline_keyboard": [[{"text": "A", "callback_data": "x"}] * 101]}, "REPLY_MARKUP_TOO_LONG"),
        ({"keyboard": []}, "can't parse"),
    ],
)
def test_buttons_are_looked_at(telegram: TelegramServer, markup: dict[str, Any], description: str) -> None:
    chat_id = int(telegram.chat_id)
    code, said = call(telegram, "sendMessage", chat_id=chat_id, text="x", reply_markup=markup)
    assert (code, description in said) == (400, True), said


def test_a_press_is_answered_once(telegram: TelegramServer) -> None:
    markup = {"inline_keyboard": [[{"text": "Photo", "callback_data": "1:photo:"}]]}
    call(telegram, "sendMessage", chat_id=int(telegram.chat_id), text="x", reply_markup=markup)
    press = telegram.presses("Photo")
    updates = call(telegram, "getUpdates")[1]
    assert updates[0]["callback_query"]["data"] == "1:photo:"
    assert call(telegram, "answerCallbackQuery", callback_query_id=press, text="Here.") == (200, True)
    assert telegram.bot.answers == {press: "Here."}
    assert call(telegram, "answerCallbackQuery", callback_query_id=press)[0] == 400


def test_with_a_webhook_nobody_polls(telegram: TelegramServer) -> None:
    assert call(telegram, "setWebhook", url="https://a", secret_token="s")[0] == 200
    assert call(telegram, "getUpdates")[0] == 409
    assert call(telegram, "deleteWebhook")[0] == 200
    assert call(telegram, "getUpdates") == (200, [])
