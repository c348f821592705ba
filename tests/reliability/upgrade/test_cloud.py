"""Queues, table and bucket of a former release, worked off by today's Lambda handlers."""

import base64
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from functions.inspection import handler as inspection
from functions.liveness import handler as liveness
from functions.notify import handler as notify
from functions.shared.aws import clients
from functions.shared.domain.keys import inspection_key, printer_key
from functions.shared.messages.inspection_record import CheckState, inspection_from_json
from functions.shared.messages.printer_record import Phase, record_from_json
from functions.timelapse import handler as timelapse
from functions.tracker import handler as tracker
from tests.reliability.upgrade.former_chat import SETTINGS, as_told_before, as_told_now, find_trouble
from tests.support.lambda_runtime.event_source import Context
from tests.support.lambda_runtime.stack import BOT_TOKEN_NAME, OPENROUTER_KEY_NAME, LambdaStack
from tests.support.openai.server import OpenAiServer
from tests.support.samples import CHAT_ID, FORMER, NOW, SILENCED, WATCHED, WATCHED_JOB, lines
from tests.support.telegram.faults import answers
from tests.support.telegram.server import TelegramServer

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)

LAST_FRAME = "images/A1-mini/Wurfel_Turm~3c09c8a4c87b/20900504T115959_000012_Wurfel_Turm~3c09c8a4c87b.jpg"
HANDLERS: Mapping[str, tuple[Callable[[Mapping[str, Any], Any], Any], int]] = {
    "REPORTS": (tracker.handle, 10),
    "INSPECTIONS": (inspection.handle, 1),
    "TIMELAPSES": (timelapse.handle, 1),
    "NOTIFICATIONS": (notify.handle, 1),
}


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer(chats={CHAT_ID: None}) as server:
        server.script(answers(413, "Request Entity Too Large"), method="sendVideo")
        yield server
        assert server.refusals == []


@pytest.fixture
def model() -> Iterator[OpenAiServer]:
    with OpenAiServer() as server:
        server.judge = find_trouble
        yield server
        assert server.faults == []


@pytest.fixture
def upgraded(stack: LambdaStack, telegram: TelegramServer, model: OpenAiServer) -> LambdaStack:
    """A stack that holds what the former release left, at the moment at which it left it."""
    stack.set(**SETTINGS, TELEGRAM_API_URL=telegram.url, OPENROUTER_BASE_URL=model.base_url)
    stack.set_secret("TELEGRAM_BOT_TOKEN_PARAMETER", BOT_TOKEN_NAME, telegram.token)
    stack.set_secret("OPENROUTER_API_KEY_PARAMETER", OPENROUTER_KEY_NAME, model.api_key)
    stack.patch.setattr(timelapse, "WORK_FOLDER", stack.folder / "films")
    put_items(stack)
    put_files(stack, FORMER / "embedded" / "images_dir", "images")
    put_files(stack, FORMER / "embedded" / "data_dir" / "outbox" / "frames", "")
    for queue in HANDLERS:
        put_messages(stack, queue)
    go_to(stack, NOW)
    return stack


def go_to(stack: LambdaStack, at: float) -> None:
    stack.pass_time(at - stack.now())


def put_items(stack: LambdaStack) -> None:
    client: Any = clients.make_client("dynamodb")
    for item in lines("cloud/table.jsonl"):
        if "packed" in item:
            item["packed"] = {"B": base64.b64decode(item["packed"]["B"])}
        client.put_item(TableName=os.environ["TABLE_NAME"], Item=item)


def put_files(stack: LambdaStack, folder: Path, prefix: str) -> None:
    """Frames and films; the frame that the embedded run had not moved yet lies in the bucket."""
    for path in sorted(folder.rglob("*.*")):
        key = f"{prefix}/{path.relative_to(folder).as_posix()}" if prefix else LAST_FRAME
        stack.put_frame(key, path.read_bytes())


def put_messages(stack: LambdaStack, queue: str) -> None:
    """As they lay in SQS, each sent at the time at which it was sent."""
    for line in lines(f"cloud/{queue.lower()}.jsonl"):
        known = line["Attributes"]
        go_to(stack, int(known["SentTimestamp"]) / 1000)
        fifo = {name: known[name] for name in ("MessageGroupId", "MessageDeduplicationId") if name in known}
        stack.sqs.send_message(
            QueueUrl=stack.urls[queue],
            MessageBody=line["Body"],
            MessageAttributes={
                name: {part: value[part] for part in ("DataType", "StringValue")}
                for name, value in line["MessageAttributes"].items()
            },
            **fifo,
        )


def work_off(stack: LambdaStack) -> None:
    """Until nothing is visible any more, also after what was handed back for some seconds."""
    for _ in range(2):
        while sum(stack.turn(queue, handle, batch) for queue, (handle, batch) in HANDLERS.items()):
            pass
        stack.pass_time(5)


def test_all_that_waited_is_told_once_as_the_former_release_would_have(
    upgraded: LambdaStack, telegram: TelegramServer
) -> None:
    work_off(upgraded)
    assert as_told_now(telegram.messages) == as_told_before()
    for queue in HANDLERS:
        assert upgraded.dead(queue) == []
    stored = upgraded.records.get(printer_key(WATCHED))
    assert stored is not None
    job = record_from_json(stored.value).job
    assert job is not None
    assert (job.id, job.percent, job.started_at, job.phase) == (WATCHED_JOB, 60, NOW - 3700, Phase.ACTIVE)
    stored = upgraded.records.get(printer_key(SILENCED))
    assert stored is not None
    assert stored.value["job"]["phase"] == "active"
    stored = upgraded.records.get(inspection_key(WATCHED))
    assert stored is not None
    state = inspection_from_json(stored.value)
    assert (state.verdict, state.checks, state.pending_confirmation) == (CheckState.DEFECT, 3, None)


def test_what_liveness_had_decided_is_said_once_and_what_it_had_said_is_not(
    upgraded: LambdaStack, telegram: TelegramServer
) -> None:
    work_off(upgraded)
    before = len(telegram.messages)
    for _ in range(3):
        liveness.handle({}, Context())
        work_off(upgraded)
    (told,) = telegram.messages[before:]
    told_lines = told.text.splitlines()[:2]  # on a slow machine a third says that it comes late
    assert told_lines == ["🟢 P1S-away: the collector is back", "It was silent for 1 h 7 min."]
