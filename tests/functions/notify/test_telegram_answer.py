"""What the answers of the Bot API mean; junk never raises."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.notify.telegram import read_answer
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
        (400, error(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"), Outcome.REFUSED),
        (400, error(400, "Bad Request: file is too big"), Outcome.TOO_LARGE),
        (400, error(400, "Bad Request: chat not found"), Outcome.REFUSED),
        (401, error(401, "Unauthorized"), Outcome.UNAUTHORIZED),
        (403, error(403, "Forbidden: bot was kicked"), Outcome.REFUSED),
        (404, error(404, "Not Found"), Outcome.UNAUTHORIZED),
        (413, b"<html>Request Entity Too Large</html>", Outcome.TOO_LARGE),
        (429, error(429, "Too Many Requests", retry_after=37), Outcome.WAIT),
        (500, error(500, "Internal Server Error"), Outcome.UNAVAILABLE),
        (502, b"<html>", Outcome.UNAVAILABLE),
    ],
)
def test_each_answer_is_announced_apart(status: int, body: bytes, outcome: Outcome) -> None:
    assert read_answer(status, body).answer.outcome is outcome


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
