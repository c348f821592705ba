"""The stack of the cloud half without AWS: queues, table, bucket and parameters in MiniStack, and what Lambda
does between a queue and a handler: poll, call, delete what did not fail.
"""

import concurrent.futures
import functools
import json
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from functions.api import handler as api_handler
from functions.chat import handler as chat_handler
from functions.inspection import handler as inspection_handler
from functions.liveness import handler as liveness_handler
from functions.notify import handler as notify_handler
from functions.shared.aws import clients
from functions.shared.aws.dynamodb import DynamoRecordStore
from functions.shared.aws.s3 import S3FrameStore
from functions.shared.aws.sqs import SqsQueue
from functions.shared.ports import Outgoing
from functions.timelapse import handler as timelapse_handler
from functions.tracker import handler as tracker_handler
from tests.support.aws.places import make_bucket, make_queue, make_table, put_forward
from tests.support.event_loop import own_event_loop
from tests.support.lambda_runtime.event_source import Context, Handler, delete_done, receive_event

BOT_TOKEN_NAME = "/printer-bridge/bot-token"
OPENROUTER_KEY_NAME = "/printer-bridge/openrouter-key"
VISIBILITY = 180.0
_FIFO = {"REPORTS": True, "NOTIFICATIONS": True, "INSPECTIONS": False, "TIMELAPSES": False, "COMMANDS": False}
_MADE_ONCE: tuple[Any, ...] = (
    tracker_handler.worker,
    chat_handler.worker,
    chat_handler.secret_of,
    chat_handler.chat_with,
    notify_handler.worker,
    inspection_handler.worker,
    timelapse_handler.worker,
    liveness_handler.worker,
    api_handler.worker,
    api_handler.application,
)


@functools.cache
def _client(service: Any, endpoint: str, make: Callable[[Any], Any]) -> Any:
    """One for each endpoint: making a client takes longer than most tests."""
    return make(service)


@dataclass
class LambdaStack:
    """Everything that `template.yaml` makes, as far as handlers meet it. Its time passes by `pass_time`.

    `clock_file`: how many seconds the queues of MiniStack are ahead of this machine.
    """

    patch: pytest.MonkeyPatch
    folder: Path
    clock_file: Path
    urls: dict[str, str] = field(default_factory=dict)
    dead_urls: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._suffix = uuid.uuid4().hex[:8]
        self._ahead = float(self.clock_file.read_text(encoding="ascii"))
        self.patch.setattr("functions.shared.aws.bootstrap.wall_clock", self.now)
        real, endpoint = clients.make_client, os.environ["AWS_ENDPOINT_URL"]
        self.patch.setattr(
            clients,
            "make_client",
            lambda service, session=None, is_awaited=False: _client(service, endpoint, real),
        )
        self.sqs: Any = clients.make_client("sqs")
        self.ssm: Any = clients.make_client("ssm")
        dynamodb, s3 = clients.make_client("dynamodb"), clients.make_client("s3")
        table, self.bucket = make_table(dynamodb), make_bucket(s3)
        self.records = DynamoRecordStore(dynamodb, table, self.now)
        self.frames = S3FrameStore(s3, self.bucket)
        environment = {"TABLE_NAME": table, "FRAMES_BUCKET": self.bucket}
        for name, fifo in _FIFO.items():
            self.dead_urls[name] = self._make_queue(f"{name}-dead", fifo)
            self.urls[name] = self._make_queue(name, fifo)
            environment[f"{name}_QUEUE_URL"] = self.urls[name]
            environment[f"{name}_DEAD_LETTER_URL"] = self.dead_urls[name]
        self.set(**environment)

    def now(self) -> float:
        return time.time() + self._ahead

    def pass_time(self, seconds: float) -> None:
        self._ahead += seconds
        put_forward(self.clock_file, seconds)

    def set(self, **environment: str) -> None:
        for name, value in environment.items():
            self.patch.setenv(name, value)

    def set_secret(self, variable: str, name: str, value: str) -> None:
        """A SecureString, and the variable that names it."""
        self.ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
        self.patch.setenv(variable, name)

    def queue(self, name: str) -> SqsQueue:
        return SqsQueue(self.sqs, self.urls[name], _FIFO[name])

    def send(self, name: str, *messages: Outgoing) -> None:
        assert list(self.queue(name).send(messages)) == []

    def put_frame(self, key: str, data: bytes) -> None:
        source = self.folder / f"{uuid.uuid4()}.jpg"
        source.write_bytes(data)
        self.frames.put(key, source)

    def take(self, name: str, batch: int = 10) -> dict[str, Any]:
        """The event that Lambda would make of what is visible now."""
        return receive_event(self.sqs, self.urls[name], batch)

    def settle(self, name: str, event: Mapping[str, Any], response: Mapping[str, Any]) -> None:
        """Delete what the response does not name, as Lambda does."""
        delete_done(self.sqs, self.urls[name], event, response)

    def turn(self, name: str, handler: Handler, batch: int = 10, context: Context | None = None) -> int:
        """One call of the handler; the number of messages in it, 0 if there was nothing to do."""
        event = self.take(name, batch)
        if event["Records"]:
            self.settle(name, event, handler(event, context or Context()))
        return len(event["Records"])

    def bodies(self, name: str) -> list[dict[str, Any]]:
        """What waits in that queue; it is taken out of it."""
        found: list[dict[str, Any]] = []
        while messages := self.sqs.receive_message(QueueUrl=self.urls[name], MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=self.urls[name], ReceiptHandle=message["ReceiptHandle"])
        return found

    def dead(self, name: str) -> list[tuple[str, str]]:
        """Body and reason of each message in the dead-letter queue."""
        answer = self.sqs.receive_message(
            QueueUrl=self.dead_urls[name], MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [
            (message["Body"], message["MessageAttributes"]["reason"]["StringValue"])
            for message in answer.get("Messages", [])
        ]

    def _make_queue(self, name: str, fifo: bool) -> str:
        full_name = f"{name}-{self._suffix}" + (".fifo" if fifo else "")
        return make_queue(self.sqs, full_name, VisibilityTimeout=f"{VISIBILITY:.0f}")


@contextmanager
def lambda_stack(folder: Path, clock_file: Path) -> Iterator[LambdaStack]:
    """A fresh stack; logging and what functions keep are as before afterwards."""
    with own_event_loop(), pytest.MonkeyPatch.context() as patch, new_containers():
        yield LambdaStack(patch, folder, clock_file)


def forget_containers() -> None:
    """Everything that functions keep between two calls."""
    for made in _MADE_ONCE:
        made.cache_clear()


@contextmanager
def new_containers() -> Iterator[None]:
    """Functions that read their environment anew; nothing of them or their logging is left afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("functions")
    handlers, level, our_level = root.handlers[:], root.level, ours.level
    pools: list[ThreadPoolExecutor] = []

    def made(*arguments: Any, **named: Any) -> ThreadPoolExecutor:
        pools.append(ThreadPoolExecutor(*arguments, **named))
        return pools[-1]

    forget_containers()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(concurrent.futures, "ThreadPoolExecutor", made)
            yield
    finally:
        forget_containers()
        for pool in pools:  # what a container still asks of AWS ends with it, and not in another test
            pool.shutdown(cancel_futures=True)
        root.handlers[:] = handlers
        root.setLevel(level)
        ours.setLevel(our_level)


def metrics(output: str) -> dict[str, float]:
    """The sum of each metric in what a function has printed (embedded metric format)."""
    sums: dict[str, float] = {}
    for body in printed(output):
        for directive in body.get("_aws", {}).get("CloudWatchMetrics", []):
            for metric in directive["Metrics"]:
                values = body[metric["Name"]]
                sums[metric["Name"]] = sums.get(metric["Name"], 0.0) + sum(values)
    return sums


def log_lines(output: str) -> list[dict[str, Any]]:
    return [body for body in printed(output) if "_aws" not in body]


def printed(output: str) -> Sequence[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]
