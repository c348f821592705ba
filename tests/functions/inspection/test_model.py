"""The adapter against a real server on a real socket: every answer and every fault."""

import logging
import socket
import traceback
from collections.abc import Iterator
from itertools import count

import pytest

from functions.inspection.frames import FramePair, prepare
from functions.inspection.model import AccessProblemError, Answer, OpenAiModel
from functions.inspection.prompt import Question, question
from functions.shared.errors import TransientError
from functions.shared.messages.effects import Inspection, JobSnapshot
from functions.shared.messages.report import FrameReference
from tests.e2e.image_numbers import number_of
from tests.functions.inspection.frame_images import jpeg_image
from tests.support.openai import replies as fake
from tests.support.openai.server import OpenAiServer

KEY = "sk-or-v1-0123456789abcdef"
FRAME = FrameReference("images/p/j/x.jpg", 1.0, 1)


@pytest.fixture
def server() -> Iterator[OpenAiServer]:
    with OpenAiServer(api_key=KEY) as running:
        yield running
    assert running.faults == []


@pytest.fixture(scope="module")
def asked() -> Question:
    inspection = Inspection("i", "p", "j", 1.0, "images/p/j/", 0.0, job=JobSnapshot(percent=5))
    return question(inspection, FramePair(FRAME, prepare(jpeg_image(2)), prepare(jpeg_image(1)), 600.0))


def model(
    server: OpenAiServer, key: str = KEY, name: str = "fake/vision", seconds: float = 5.0
) -> OpenAiModel:
    return OpenAiModel(server.base_url, key, name, seconds)


def test_a_strict_server_takes_the_question_and_its_images(server: OpenAiServer, asked: Question) -> None:
    answer = model(server).ask(asked)
    assert answer == Answer(fake.verdict_text(), "stop")
    (request,) = server.requests
    assert [number_of(seen.data) for seen in request.images] == [1, 2]
    assert request.has_schema
    assert request.body["model"] == "fake/vision"


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (fake.fenced("{}"), Answer("```json\n{}\n```", "stop")),
        (fake.empty(), Answer("", "stop")),
        (fake.refuses(), Answer(None, "stop", "I cannot help with that picture.")),
        (fake.cut_off(), Answer(fake.verdict_text(True, 0.95, "spaghetti")[:40], "length")),
        (
            fake.Reply(
                body='{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"text":"b"}]}}]}'
            ),
            Answer("ab"),
        ),
        (fake.Reply(body=' \n \n{"choices":[{"message":{"content":7}}]}'), Answer(None)),
    ],
)
def test_answers_are_handed_on_as_they_come(
    server: OpenAiServer, asked: Question, reply: fake.Reply, answer: Answer
) -> None:
    server.script(reply)
    assert model(server).ask(asked) == answer


@pytest.mark.parametrize(
    ("reply", "words", "retry_after"),
    [
        (fake.failure(429, retry_after="37"), "429", 37.0),
        (fake.failure(429, retry_after="1.5"), "429", 1.5),
        (fake.failure(429, retry_after="Wed, 21 Oct 2026 07:28:00 GMT"), "429", None),
        (fake.failure(429), "429", None),
        (fake.failure(402, retry_after="5"), "402", 5.0),
        (fake.failure(500), "500", None),
        (fake.failure(503, retry_after="10"), "503", 10.0),
        (fake.failure(408), "408", None),
        (fake.failure_in_body(429), "429: upstream is down", None),
        (fake.failure_in_body(502), "502: upstream is down", None),
        (fake.Reply(body='{"choices":[{"error":{"code":502,"message":"x"},"message":{}}]}'), "502: x", None),
        (fake.Reply(body='{"error":"odd"}'), "502: odd", None),
        (fake.html(), "no JSON", None),
        (fake.Reply(body="[1]"), "no completion", None),
        (fake.Reply(body='{"choices":[]}'), "no completion", None),
        (fake.Reply(body='{"choices":[{"message":null}]}'), "no completion", None),
        (fake.Reply(body='{"a":' * 100_000), "no JSON", None),
        (fake.Reply(body=" " * 2_000_000), "too large", None),
        (fake.Reply(500, "<h1>Bad gateway</h1>", "text/html"), "500", None),
        (fake.breaks(), "connection broke", None),
    ],
)
def test_what_may_pass_is_tried_again(
    server: OpenAiServer, asked: Question, reply: fake.Reply, words: str, retry_after: float | None
) -> None:
    server.script(reply)
    with pytest.raises(TransientError, match=words) as caught:
        model(server).ask(asked)
    assert caught.value.retry_after == retry_after
    assert len(server.requests) == 1, "the queue tries again, not the client"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (fake.failure(402), "no credits"),
        (fake.failure(403), "refuses access"),
        (fake.failure(413, "too many pictures"), "413.*too many pictures"),
        (fake.failure_in_body(402), "no credits"),
    ],
)
def test_what_a_person_must_mend_is_said(
    server: OpenAiServer, asked: Question, reply: fake.Reply, words: str
) -> None:
    server.script(reply)
    with pytest.raises(AccessProblemError, match=words):
        model(server).ask(asked)


def test_a_wrong_key_is_said_and_shown_nowhere(
    server: OpenAiServer, asked: Question, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    wrong = "sk-or-v1-wrong-and-secret"
    with pytest.raises(AccessProblemError, match="OPENROUTER_API_KEY") as caught:
        model(server, key=wrong).ask(asked)
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "***" in shown, "the server repeats the key in its message"
    assert wrong not in shown


def test_an_unknown_model_is_said(server: OpenAiServer, asked: Question) -> None:
    with pytest.raises(AccessProblemError, match=r"fake/none is not a valid model ID.*AI_MODEL"):
        model(server, name="fake/none").ask(asked)


def test_a_wrong_address_is_said(server: OpenAiServer, asked: Question) -> None:
    with pytest.raises(AccessProblemError, match="OPENROUTER_BASE_URL"):
        OpenAiModel(server.base_url + "/x", KEY, "fake/vision", 5.0).ask(asked)


def test_a_model_that_knows_no_schema_is_asked_without_and_that_is_remembered(
    server: OpenAiServer, asked: Question
) -> None:
    server.takes_schema = False
    one = model(server)
    assert one.ask(asked).text == fake.verdict_text()
    assert [request.has_schema for request in server.requests] == [True, False]
    one.ask(asked)
    assert [request.has_schema for request in server.requests] == [True, False, False]


def test_a_server_that_hangs_is_left_after_the_limit(server: OpenAiServer, asked: Question) -> None:
    server.script(fake.hangs())
    with pytest.raises(TransientError, match=r"no answer within 0\.2 s"):
        model(server, seconds=0.2).ask(asked)


def test_a_server_that_only_keeps_alive_is_left_after_the_limit(
    server: OpenAiServer, asked: Question
) -> None:
    server.script(fake.drips())
    ticks = count(0.0, 2.0)
    slow = OpenAiModel(server.base_url, KEY, "fake/vision", 5.0, stopwatch=lambda: next(ticks))
    with pytest.raises(TransientError, match="no answer within 5 s"):
        slow.ask(asked)


def test_nobody_there_is_tried_again(asked: Question) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(TransientError, match="no connection"):
            OpenAiModel(f"http://127.0.0.1:{port}/v1", KEY, "m", 2.0).ask(asked)
    with pytest.raises(TransientError, match="no connection"):
        OpenAiModel("http://no-such-host.invalid/v1", KEY, "m", 2.0).ask(asked)
