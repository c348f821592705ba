"""Looks from SQS through the inspection's Lambda handler to a strict OpenAI-compatible server."""

from collections.abc import Iterator
from typing import Any

import pytest

from functions.inspection.handler import handle
from functions.shared.aws.lambda_consumer import HOLD_MARGIN_SECONDS
from functions.shared.domain.keys import done_key, frame_key, inspection_key, job_prefix
from functions.shared.messages.effects import Inspection, outgoing
from functions.shared.messages.report import FrameReference
from tests.functions.inspection.frame_images import jpeg_image
from tests.support.lambda_runtime.event_source import Context
from tests.support.lambda_runtime.stack import OPENROUTER_KEY_NAME, LambdaStack, log_lines, metrics
from tests.support.openai.replies import defect, failure
from tests.support.openai.server import OpenAiServer

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)

FUNCTION_SECONDS = 120.0  # its time-out in template.yaml

VARIABLE = "OPENROUTER_API_KEY_PARAMETER"
PRINTER = "A1M-1"
PREFIX = job_prefix(PRINTER, "benchy")


@pytest.fixture
def server(stack: LambdaStack) -> Iterator[OpenAiServer]:
    with OpenAiServer() as made:
        stack.set(OPENROUTER_BASE_URL=made.base_url, AI_MODEL="fake/vision")
        stack.set_secret(VARIABLE, OPENROUTER_KEY_NAME, made.api_key)
        yield made
    assert made.faults == []


def ask(stack: LambdaStack, number: int = 1, **said: Any) -> Inspection:
    """A new image in the bucket, and a check of it asked for."""
    now = stack.now()
    key = frame_key(PREFIX, now, number)
    stack.put_frame(key, jpeg_image(number))
    request = Inspection(
        id=f"c1-{number}/inspection",
        printer_id=PRINTER,
        job_id="job-1",
        observed_at=now,
        prefix=PREFIX,
        since=now - 3600,
        frame=FrameReference(key, now, 1),
        printing_since=now - 3600,
        **said,
    )
    stack.send("INSPECTIONS", outgoing(request, request.job_id))
    return request


def turn(stack: LambdaStack) -> int:
    return stack.turn("INSPECTIONS", handle, batch=1, context=Context(FUNCTION_SECONDS))


def test_a_check_is_made_once(
    stack: LambdaStack, server: OpenAiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    request = ask(stack)
    event = stack.take("INSPECTIONS", 1)
    assert handle(event, Context()) == {"batchItemFailures": []}
    assert handle(event, Context()) == {"batchItemFailures": []}  # delivered twice
    assert len(server.requests) == 1
    assert stack.records.get(done_key(request.id)) is not None
    assert stack.bodies("NOTIFICATIONS") == []
    output = capsys.readouterr().out
    assert metrics(output)["LooksMade"] == 1
    (line,) = [line for line in log_lines(output) if "last look: fine" in line["message"]]
    assert (line["printer_id"], line["message_id"]) == (PRINTER, request.id)


def test_a_confirmation_a_minute_later_confirms_and_the_alert_shows_its_image(
    stack: LambdaStack, server: OpenAiServer
) -> None:
    server.script(defect(), defect())
    ask(stack)
    assert turn(stack) == 1
    assert stack.bodies("NOTIFICATIONS") == []
    assert turn(stack) == 0, "the second look waits in the queue"
    stack.pass_time(61)
    key = frame_key(PREFIX, stack.now(), 2)
    stack.put_frame(key, jpeg_image(2))
    assert turn(stack) == 1
    (alert,) = stack.bodies("NOTIFICATIONS")
    assert (alert["category"], alert["reason"]) == ("defect", "loose filament (spaghetti)")
    assert alert["frame"]["key"] == key


def test_a_server_in_trouble_is_asked_again_by_visibility(stack: LambdaStack, server: OpenAiServer) -> None:
    server.script(failure(503), failure(429, retry_after="40"))
    ask(stack)
    assert turn(stack) == 1
    assert turn(stack) == 0
    stack.pass_time(16)
    assert turn(stack) == 1
    stack.pass_time(35)
    assert turn(stack) == 0
    stack.pass_time(6)
    assert turn(stack) == 1
    remembered = stack.records.get(inspection_key(PRINTER))
    assert remembered is not None
    assert remembered.value["decided"] == "c1-1/inspection"
    assert len(server.requests) == 3


def test_a_key_that_was_changed_is_read_again(
    stack: LambdaStack, server: OpenAiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(stack)
    turn(stack)
    old, server.api_key = server.api_key, "sk-or-v1-the-new-one"
    stack.set_secret(VARIABLE, OPENROUTER_KEY_NAME, server.api_key)
    stack.pass_time(3600)
    ask(stack, 2)
    turn(stack)
    assert len(server.requests) == 2
    assert stack.bodies("NOTIFICATIONS") == []
    output = capsys.readouterr().out
    assert old not in output
    assert server.api_key not in output


def test_a_key_that_is_wrong_is_announced_once(
    stack: LambdaStack, server: OpenAiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.set_secret(VARIABLE, OPENROUTER_KEY_NAME, "sk-or-v1-wrong")
    for number in (1, 2):
        ask(stack, number)
        turn(stack)
        stack.pass_time(3600)
    (announced,) = stack.bodies("NOTIFICATIONS")
    assert announced["category"] == "inspection_down"
    assert "sk-or-v1-wrong" not in capsys.readouterr().out


def test_a_parameter_that_is_missing_is_named_and_the_check_comes_again(
    stack: LambdaStack, server: OpenAiServer, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.ssm.delete_parameter(Name=OPENROUTER_KEY_NAME)
    ask(stack)
    turn(stack)
    assert f"the parameter '{OPENROUTER_KEY_NAME}' cannot be read" in capsys.readouterr().out
    stack.set_secret(VARIABLE, OPENROUTER_KEY_NAME, server.api_key)
    stack.pass_time(16)
    assert turn(stack) == 1
    assert len(server.requests) == 1


def test_checks_that_wait_when_ai_is_switched_off_are_let_go(stack: LambdaStack) -> None:
    ask(stack)
    assert turn(stack) == 1
    stack.pass_time(1000)
    assert turn(stack) == 0


def test_an_unreadable_check_is_dead_lettered(stack: LambdaStack, server: OpenAiServer) -> None:
    stack.queue("INSPECTIONS").send([outgoing(ask(stack), "job", 0.0)])
    event = stack.take("INSPECTIONS", 1)
    event["Records"][0]["body"] = "[]"
    stack.settle("INSPECTIONS", event, handle(event, Context()))
    ((body, _),) = stack.dead("INSPECTIONS")
    assert body == "[]"


def test_killed_after_the_answer_the_model_is_not_asked_again_and_the_alert_is_not_lost(
    stack: LambdaStack, server: OpenAiServer
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> bool:
        raise Killed

    server.script(defect(), defect())
    ask(stack)
    turn(stack)
    stack.pass_time(61)
    stack.put_frame(frame_key(PREFIX, stack.now(), 2), jpeg_image(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(stack.records), "put_if_absent", killed)  # the done-mark is never set
        with pytest.raises(Killed):
            turn(stack)
    stack.pass_time(FUNCTION_SECONDS + HOLD_MARGIN_SECONDS)  # nobody else gets it before its run is over
    assert turn(stack) == 1
    assert len(server.requests) == 2
    assert [body["category"] for body in stack.bodies("NOTIFICATIONS")] == ["defect"]
