"""The local Bot API server is as strict as the real one, so that what passes here passes there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.functions.notify.harness import film_bytes, jpeg
from tests.support.clock import HandClock
from tests.support.telegram.markup import MarkupError, read_html, utf16_units
from tests.support.telegram.server import CHAT_ID, GROUP_ID, TelegramServer
from tests.support.timeouts import TIMEOUT


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


def call(telegram: TelegramServer, method: str, **parameters: Any) -> tuple[int, str]:
    """Status, and description or an empty text."""
    url = f"{telegram.url}/bot{telegram.token}/{method}"
    answer = requests.post(url, json={"chat_id": CHAT_ID, **parameters}, timeout=TIMEOUT)
    return answer.status_code, answer.json().get("description", "")


def form(telegram: TelegramServer, method: str, files: dict[str, bytes], **texts: str) -> tuple[int, str]:
    url = f"{telegram.url}/bot{telegram.token}/{method}"
    parts = {name: (f"{name}.bin", data) for name, data in files.items()}
    answer = requests.post(url, data={"chat_id": str(CHAT_ID), **texts}, files=parts, timeout=TIMEOUT)
    return answer.status_code, answer.json().get("description", "")


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        ({"text": ""}, "message text is empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "🧵" * 2049}, "message is too long"),
        ({"text": "x", "colour": "red"}, "unknown parameter colour"),
        ({"text": 5}, "must be of type str"),
        ({"text": "x", "message_thread_id": "7"}, "must be of type int"),
        ({"text": "x", "message_thread_id": True}, "must be of type int"),
        ({"text": "x", "parse_mode": "Markdown"}, "unsupported parse_mode"),
        ({"text": "x", "chat_id": 5}, "chat not found"),
        ({"text": "x", "chat_id": None}, "chat_id is empty"),
        ({"text": "<blink>x</blink>", "parse_mode": "HTML"}, "can't parse entities: Unsupported start tag"),
    ],
)
def test_a_bad_message_is_refused(
    telegram: TelegramServer, parameters: dict[str, Any], description: str
) -> None:
    code, said = call(telegram, "sendMessage", **parameters)
    assert (code, said[:13]) == (400, "Bad Request: ")
    assert description in said
    assert telegram.messages == []


def test_lengths_are_counted_after_parsing_in_utf16(telegram: TelegramServer) -> None:
    assert call(telegram, "sendMessage", text=f"<b>{'&lt;' * 4096}</b>", parse_mode="HTML")[0] == 200
    assert call(telegram, "sendMessage", text="🧵" * 2048)[0] == 200
    assert form(telegram, "sendPhoto", {"photo": jpeg()}, caption="🧵" * 512)[0] == 200
    assert form(telegram, "sendPhoto", {"photo": jpeg()}, caption="🧵" * 512 + "x") == (
        400,
        "Bad Request: message caption is too long",
    )
    assert utf16_units("🧵x") == 3


@pytest.mark.parametrize(
    "markup",
    [
        "<b>x",
        "x</b>",
        "<b><i>x</b></i>",
        "a & b",
        "a &nbsp; b",
        "a > b",
        "a < b",
        "<a onclick='x'>x</a>",
        "<p>x</p>",
    ],
)
def test_bad_markup_is_not_read(markup: str) -> None:
    with pytest.raises(MarkupError, match="can't parse entities"):
        read_html(markup)


def test_good_markup_is_read_as_a_person_sees_it() -> None:
    markup = '<b>A &amp; B</b> <a href="https://x.y/?a=1&amp;b=2">l<i>i</i>nk</a> <code>1 &lt; 2</code> &#39;'
    assert read_html(markup) == "A & B link 1 < 2 '"


@pytest.mark.parametrize(
    ("photo", "description"),
    [
        (b"no picture", "IMAGE_PROCESS_FAILED"),
        (jpeg()[:-400], "IMAGE_PROCESS_FAILED"),
        (jpeg(6000, 4100), "PHOTO_INVALID_DIMENSIONS"),
        (jpeg() + bytes(10_500_000), "too big for a photo"),
    ],
    ids=["text", "cut off", "too many pixels", "too many bytes"],
)
def test_a_bad_photo_is_refused(telegram: TelegramServer, photo: bytes, description: str) -> None:
    code, said = form(telegram, "sendPhoto", {"photo": photo})
    assert code == 400
    assert description in said


def test_a_large_film_is_refused_and_an_odd_parameter_too(telegram: TelegramServer) -> None:
    assert form(telegram, "sendVideo", {"video": film_bytes(52_428_801)})[0] == 413
    assert form(telegram, "sendVideo", {"video": film_bytes(70_000_000)})[0] == 413
    assert form(telegram, "sendVideo", {"video": b"not a film"})[0] == 400
    assert form(telegram, "sendVideo", {"video": film_bytes(1000)}, width="wide")[0] == 400
    assert form(telegram, "sendVideo", {"video": film_bytes(1000)}, width="1280")[0] == 200


def test_tokens_methods_and_topics_are_checked(telegram: TelegramServer) -> None:
    def get(path: str) -> int:
        return requests.get(telegram.url + path, timeout=TIMEOUT).status_code

    assert get(f"/bot{telegram.token}/getMe") == 200
    assert get("/bot1:wrong/getMe") == 401
    assert get("/botwrong/getMe") == 404
    assert get("/else") == 404
    assert call(telegram, "sendDice")[0] == 404
    telegram.chats[GROUP_ID] = frozenset({7})
    assert call(telegram, "sendMessage", chat_id=GROUP_ID, text="x", message_thread_id=8)[1].endswith(
        "message thread not found"
    )
    assert call(telegram, "sendMessage", chat_id=str(GROUP_ID), text="x", message_thread_id=7)[0] == 200


def test_groups_are_paced_and_people_are_not() -> None:
    clock = HandClock(0.0)
    with TelegramServer(per_minute=3, clock=clock) as telegram:
        for _ in range(3):
            assert call(telegram, "sendMessage", chat_id=GROUP_ID, text="x")[0] == 200
            assert call(telegram, "sendMessage", text="x")[0] == 200
            assert call(telegram, "sendMessage", text="x")[0] == 200
            clock.pass_time(10)
        url = f"{telegram.url}/bot{telegram.token}/sendMessage"
        answer = requests.post(url, json={"chat_id": GROUP_ID, "text": "x"}, timeout=TIMEOUT)
        assert (answer.status_code, answer.json()["parameters"]) == (429, {"retry_after": 30})
        clock.pass_time(30)
        assert call(telegram, "sendMessage", chat_id=GROUP_ID, text="x")[0] == 200


def test_waiting_for_what_does_not_come_tells_what_came(telegram: TelegramServer) -> None:
    call(telegram, "sendMessage", text="only this")
    assert telegram.wait_for(lambda messages: messages[0].text == "only this")
    with pytest.raises(TimeoutError, match="only this"):
        telegram.wait_for(2, timeout=0.01)


def test_no_length_no_answer(telegram: TelegramServer) -> None:
    url = f"{telegram.url}/bot{telegram.token}/sendMessage"
    body = json.dumps({"chat_id": CHAT_ID, "text": "x"}).encode()
    assert requests.post(url, data=iter([body]), timeout=TIMEOUT).status_code == 411


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("hi @someone, look", ["mention: @someone"]),
        ("me@evil.com", ["url: evil.com", "email: me@evil.com"]),
        ("at https://evil.example/x now", ["url: https://evil.example"]),
        ("(evil.com)", ["url: evil.com"]),
        ("t.me/x", ["url: t.me"]),
        ("tg://resolve?domain=x", ["url: tg://resolve"]),
        ("10.0.0.1", ["url: 10.0.0.1"]),
        ("press /start", ["bot_command: /start"]),
        ("#tag $BTC", ["hashtag: #tag", "cashtag: $BTC"]),
        ("call +1-212-555-0123", ["phone_number: +1-212-555-0123"]),
        ("<b>@someone</b> <i>evil.com</i>", ["mention: @someone", "url: evil.com"]),
        ('<code>@someone evil.com /start</code> <a href="https://x.example">evil.com</a>', []),
        ("layer 89/200, 0.4 mm, e.g. a@b, 18:40, 0300-8004, #1, $5, v1.2.3", []),
    ],
)
def test_what_telegram_makes_of_a_text_by_itself_is_seen(
    telegram: TelegramServer, text: str, live: list[str]
) -> None:
    assert call(telegram, "sendMessage", text=text, parse_mode="HTML")[0] == 200
    assert telegram.messages[-1].live == live
