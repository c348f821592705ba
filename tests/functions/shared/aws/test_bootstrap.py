"""Handlers start light, and run under the real Lambda runtime client as they do in Lambda."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from functions.shared.aws.observability import Metric
from functions.shared.domain.keys import frame_key, job_prefix, printer_key
from functions.shared.messages.codec import to_json
from functions.shared.messages.effects import Category, Notification, outgoing
from functions.shared.messages.report import FrameReference
from tests.support.lambda_runtime.container import LambdaRuntime
from tests.support.lambda_runtime.event_source import api_event
from tests.support.lambda_runtime.stack import BOT_TOKEN_NAME, LambdaStack, log_lines, metrics
from tests.support.large_jpeg import large_jpeg
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import TIMEOUT

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)

FUNCTIONS = ("tracker", "notify", "inspection", "timelapse", "liveness", "chat", "api")
WEB = {"fastapi", "starlette", "pydantic", "mangum", "anyio"}
NEVER = {"moto", "uvicorn", "websockets", "msgspec", "collector", "infra", "imageio_ffmpeg", "dotenv"}
AT_USE = {"boto3", "openai", "PIL", "requests", "httpx", "aws_xray_sdk"}


def modules_after_importing(name: str) -> set[str]:
    program = f"import sys, json, functions.{name}.handler; print(json.dumps(sorted(sys.modules)))"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=TIMEOUT, env=environment
    )
    assert ended.returncode == 0, ended.stderr
    return set(json.loads(ended.stdout))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_imports_nothing_heavy_and_nothing_of_other_functions(name: str) -> None:
    modules = modules_after_importing(name)
    assert f"functions.{name}.handler" in modules
    heavy = NEVER | AT_USE | (set() if name == "api" else WEB)
    assert {module.partition(".")[0] for module in modules} & heavy == set()
    others = {f"functions.{other}" for other in FUNCTIONS if other != name}
    assert modules & (others | {"infra.local.storage", "functions.shared.aws.clients"}) == set()


def test_there_are_at_most_ten_metrics() -> None:
    names = {measure.value[0] for measure in Metric}
    assert len(names) == len(Metric) <= 10


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


def aws_of(name: str) -> str:
    return f"functions.{name}.handler.handle"


def test_notify_runs_under_the_real_runtime(stack: LambdaStack, telegram: TelegramServer) -> None:
    stack.set(TELEGRAM_API_URL=telegram.url, TELEGRAM_CHAT_ID=telegram.chat_id)
    stack.set_secret("TELEGRAM_BOT_TOKEN_PARAMETER", BOT_TOKEN_NAME, telegram.token)
    with LambdaRuntime(aws_of("notify"), dict(os.environ)) as container:
        for number in (1, 2):
            made = Notification(f"c-{number}/started", Category.STARTED, "A1M-1", stack.now())
            stack.send("NOTIFICATIONS", outgoing(made, "4242"))
            event = stack.take("NOTIFICATIONS", 1)
            stack.settle("NOTIFICATIONS", event, container.invoke(event))
    assert len(telegram.messages) == 2
    assert metrics(container.output)["MessagesSent"] == 2
    lines = [line for line in log_lines(container.output) if "sent as message" in line["message"]]
    assert [line["message_id"] for line in lines] == ["c-1/started", "c-2/started"]
    assert container.output.count("sent as message") == 2, "each line once: no second handler of the runtime"
    assert telegram.token not in container.output


@pytest.mark.parametrize(
    ("name", "event", "expected"),
    [
        ("tracker", {"Records": []}, {"batchItemFailures": []}),
        ("liveness", {"source": "aws.events"}, None),
    ],
)
def test_small_functions_run_under_the_real_runtime(
    stack: LambdaStack, name: str, event: dict[str, Any], expected: object
) -> None:
    with LambdaRuntime(aws_of(name), dict(os.environ)) as container:
        assert container.invoke(event) == expected
        assert container.invoke(event) == expected


def test_the_api_runs_under_the_real_runtime(stack: LambdaStack) -> None:
    with LambdaRuntime(aws_of("api"), dict(os.environ)) as container:
        assert container.invoke(api_event("/api/printers"))["body"] == "[]"
        key = frame_key(job_prefix("X1C-1", "benchy"), stack.now(), 1)
        stack.put_frame(key, large_jpeg())
        frame = to_json(FrameReference(key, stack.now(), len(large_jpeg())))
        stack.records.put(printer_key("X1C-1"), {"printer_id": "X1C-1", "frame": frame}, 0)
        answer = container.invoke(api_event("/api/printer/X1C-1/image"))
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (200, "image/jpeg")


def test_a_container_that_cannot_be_wired_says_why_at_each_call(stack: LambdaStack) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TABLE_NAME"}
    stack.patch.delenv("TABLE_NAME")
    with LambdaRuntime(aws_of("tracker"), environment) as container:
        for _ in range(2):
            with pytest.raises(AssertionError, match="TABLE_NAME is not set: the template sets it"):
                container.invoke({"Records": []})
