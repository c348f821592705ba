"""What the answers of the Bot API mean; junk never raises."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.notify.telegram_answer import read_answer
from functions.notify.transports import Outcome

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("ok", "result", "description", "parameters", "error_code"), JSON)
)


@settings(max_examples=200, deadline=None)
@given(st.integers(100, 599), st.one_of(st.binary(max_size=60), FIELDS.map(lambda x: json.dumps(x).encode())))
def test_any_answer_has_an_outcome(status: int, body: bytes) -> None:
    parsed = read_answer(status, body)
    assert parsed.answer.is_sent is (status == 200 and parsed.answer.message_id is not None)
    assert "\n" not in parsed.answer.reason


def error(code: int, description: str, **parameters: Any) -> bytes:
    return json.dumps(
        {"ok": False, "error_code": code, "description": description, "parameters": parameters}
    ).encode()


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b'{"ok":true,"result":{"message_id":7}}', Outcome.SENT),
        (200, b'{"ok":tru', Outcome.UNAVAILABLE),
        (200, b"<html>captive portal</html>", Outcome.UNAVAILABLE),
        (302, b"", Outcome.UNAVAILABLE),
        (400, b"<html>some proxy</html>", Outcome.UNAVAILABLE),
        (400, error(400, "Bad Request: can't parse entities: ..."), Outcome.BAD_MARKUP),
        (400, error(400, "Bad Request: file is too big"), Outcome.TOO_LARGE),
        (401, error(401, "Unauthorized"), Outcome.UNAUTHORIZED),
        (404, error(404, "Not Found"), Outcome.UNAUTHORIZED),
        (413, b"<html>Request Entity Too Large</html>", Outcome.TOO_LARGE),
        (429, error(429, "Too Many Requests", retry_after=37), Outcome.WAIT),
        (500, error(500, "Internal Server Error"), Outcome.UNAVAILABLE),
        (502, b"<html>", Outcome.UNAVAILABLE),
    ],
)
def test_each_answer_is_announced_apart(status: int, body: bytes, outcome: Outcome) -> None:
    assert read_answer(status, body).answer.outcome is outcome


@pytest.mark.parametrize(
    "description",
    [
        "Bad Request: message is too long",
        "Bad Request: message text is empty",
        "Bad Request: message caption is too long",
        "Bad Request: MEDIA_CAPTION_TOO_LONG",
        "Bad Request: strings must be encoded in UTF-8",
        "Bad Request: PHOTO_INVALID_DIMENSIONS",
        "Bad Request: IMAGE_PROCESS_FAILED",
        "Bad Request: there is no photo in the request",
        "Bad Request: wrong type of the web page content",
        "Bad Request: ENTITY_BOUNDS_INVALID",
        "Bad Request: not enough rights to send photos to the chat",
        "Bad Request: not enough rights to send videos to the chat",
        "Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN",
    ],
)
def test_a_refusal_of_what_is_sent_is_the_message_s(description: str) -> None:
    assert read_answer(400, error(400, description)).answer.outcome is Outcome.REFUSED


@pytest.mark.parametrize(
    "description",
    [
        "Bad Request: chat not found",
        "Bad Request: PEER_ID_INVALID",
        "Bad Request: chat_id is empty",
        "Bad Request: TOPIC_CLOSED",
        "Bad Request: not enough rights to send text messages to the chat",
        "Bad Request: have no rights to send a message",
        "Bad Request: CHAT_WRITE_FORBIDDEN",
        "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN",
        "Bad Request: CHAT_RESTRICTED",
        "Bad Request: need administrator rights in the channel chat",
        "Bad Request: group chat was deactivated",
        "Bad Request: group chat was upgraded to a supergroup chat",
        "Forbidden: bot was kicked from the supergroup chat",
        "Forbidden: bot was kicked from the channel chat",
        "Forbidden: bot is not a member of the channel chat",
        "Forbidden: bot was blocked by the user",
        "Forbidden: user is deactivated",
        "Forbidden: bot can't initiate conversation with a user",
        "Forbidden: the group chat was deleted",
        "Forbidden: something that nobody has seen yet",
    ],
)
def test_a_refusal_of_the_chat_or_the_bot_says_nothing_of_the_message(description: str) -> None:
    status = 403 if description.startswith("Forbidden") else 400
    assert read_answer(status, error(status, description)).answer.outcome is Outcome.SHUT_OUT


@pytest.mark.parametrize(
    "description",
    ["Bad Request: message thread not found", "Bad Request: TOPIC_DELETED", "Bad Request: TOPIC_ID_INVALID"],
)
def test_a_topic_that_is_not_there_is_told_apart(description: str) -> None:
    assert read_answer(400, error(400, description)).answer.outcome is Outcome.NO_TOPIC


@pytest.mark.parametrize("description", ["Bad Request", "Bad Request: invalid request", "", "Internal"])
def test_a_refusal_of_an_unknown_kind_is_doubtful(description: str) -> None:
    assert read_answer(400, error(400, description)).answer.outcome is Outcome.DOUBTFUL


def test_the_wait_is_taken_exactly() -> None:
    assert read_answer(429, error(429, "x", retry_after=37)).answer.retry_after == 37
    assert read_answer(429, error(429, "x", retry_after="soon")).answer.retry_after is None


@pytest.mark.parametrize(
    ("description", "advice"),
    [
        ("Bad Request: chat not found", "TELEGRAM_CHAT_ID"),
        ("Bad Request: message thread not found", "TELEGRAM_THREAD_ID"),
        ("Forbidden: bot was blocked by the user", "unblock the bot"),
    ],
)
def test_a_refusal_says_what_to_do(description: str, advice: str) -> None:
    assert advice in read_answer(400, error(400, description)).answer.reason
