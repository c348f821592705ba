"""Handlers start light, and run under the real Lambda runtime client as they do in Lambda."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
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


def modules_after_importing(name: str, environment: Mapping[str, str]) -> set[str]:
    program = f"import sys, json, functions.{name}.handler; print(json.dumps(sorted(sys.modules)))"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=TIMEOUT, env=environment
    )
    assert ended.returncode == 0, ended.stderr
    return set(json.loads(ended.stdout))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_imports_nothing_heavy_and_nothing_of_other_functions(name: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    modules = modules_after_importing(name, environment)
    assert f"functions.{name}.handler" in modules
    heavy = NEVER | AT_USE | (set() if name == "api" else WEB)
    assert {module.partition(".")[0] for module in modules} & heavy == set()
    others = {f"functions.{other}" for other in FUNCTIONS if other != name}
    assert modules & (others | {"infra.local.storage", "functions.shared.aws.clients"}) == set()


# Of what each has, what nobody needs by the default settings, or not before somebody asks for it. Names of
# other libraries' own insides stand for all that they load.
NOT_AT_START = {
    "notify": {
        "functions.notify.buttons",
        "functions.notify.digest",
        "functions.notify.held_back",
        "functions.notify.job_messages",
        "functions.notify.printer_topics",
        "functions.shared.digest_schedule",
        "functions.shared.messages.chat_preferences",
        "functions.shared.messages.held_messages",
        "functions.shared.messages.job_history",
        "functions.shared.messages.printer_record",
        "functions.shared.samples",
    },
    "api": {
        "fastapi.telemetry._runtime",
        "functions.api.film_sending",
        "functions.api.history",
        "functions.api.job_presenter",
        "functions.api.job_schemas",
        "functions.api.job_table",
        "functions.api.key_tries",
        "functions.api.pages",
        "functions.api.pictures",
        "functions.api.rendition",
        "functions.api.samples",
        "functions.api.web_files",
        "functions.shared.job_listing",
        "functions.shared.latest_pictures",
        "functions.shared.live",
        "functions.shared.messages.job_figures",
        "opentelemetry.metrics._internal",
        "opentelemetry.trace.span",
        "pydantic.v1.main",
    },
    "tracker": {
        "functions.shared.aws.s3",
        "functions.shared.chat_upgrade",
        "functions.shared.messages.chat_record",
        "functions.shared.read_model",
        "functions.shared.samples",
        "functions.shared.telegram.markup",
    },
}
# Of all of them.
NEVER_AT_START = {"boto3", "botocore.docs.client", "botocore.docs.service", "html.parser", "requests"}


@pytest.mark.parametrize("name", NOT_AT_START)
def test_a_container_starts_with_no_more_than_its_settings_ask_for(name: str) -> None:
    """Each module costs every start a millisecond or more; `make bench` has the whole of it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= STARTING | {
        f"{queue}_{kind}": f"http://127.0.0.1:1/1/{queue}"
        for queue in ("REPORTS", "NOTIFICATIONS", "INSPECTIONS", "TIMELAPSES", "COMMANDS")
        for kind in ("QUEUE_URL", "DEAD_LETTER_URL")
    }
    modules = modules_after_importing(name, environment)
    assert {"botocore.client", f"functions.{name}.handler"} <= modules, "it has started"
    assert modules & (NOT_AT_START[name] | NEVER_AT_START) == set()
    for module in NOT_AT_START[name]:
        assert importlib.util.find_spec(module) is not None, "the name is still right"


STARTING = {
    "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "TABLE_NAME": "table",
    "FRAMES_BUCKET": "frames",
    "TELEGRAM_CHAT_ID": "4242",
    "TELEGRAM_BOT_TOKEN_PARAMETER": BOT_TOKEN_NAME,
}


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
