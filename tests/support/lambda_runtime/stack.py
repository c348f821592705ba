"""The stack of the cloud half without AWS: queues, table, bucket and parameters in MiniStack, and what Lambda
does between a queue and a handler: poll, call, delete what did not fail.
"""

import functools
import json
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from functions.api import handler as api_handler
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
from tests.support.aws.places import REGION
from tests.support.event_loop import own_event_loop

BOT_TOKEN_NAME = "/printer-bridge/bot-token"
OPENROUTER_KEY_NAME = "/printer-bridge/openrouter-key"
VISIBILITY = 180.0
_FIFO = {"REPORTS": True, "NOTIFICATIONS": True, "INSPECTIONS": False, "TIMELAPSES": False}
_MADE_ONCE: tuple[Any, ...] = (
    tracker_handler.worker,
    notify_handler.worker,
    inspection_handler.worker,
    timelapse_handler.worker,
    liveness_handler.worker,
    api_handler.worker,
    api_handler.application,
)

Handler = Callable[[Mapping[str, Any], Any], Any]


@functools.cache
def _client(service: Any, endpoint: str, make: Callable[[Any], Any]) -> Any:
    """One for each endpoint: making a client takes longer than most tests."""
    return make(service)


@dataclass
class Context:
    """What Lambda hands to a handler."""

    seconds: float = 300.0
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


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
            clients, "make_client", lambda service, session=None: _client(service, endpoint, real)
        )
        self.sqs: Any = clients.make_client("sqs")
        self.ssm: Any = clients.make_client("ssm")
        table, self.bucket = self._make_table(), self._make_bucket()
        self.records = DynamoRecordStore(clients.make_client("dynamodb"), table, self.now)
        self.frames = S3FrameStore(clients.make_client("s3"), self.bucket)
        environment = {"TABLE_NAME": table, "FRAMES_BUCKET": self.bucket}
        for name, fifo in _FIFO.items():
            self.dead_urls[name] = self._make_queue(f"{name}-dead", fifo)
            self.urls[name] = self._make_queue(name, fifo)
            environment[f"{name}_QUEUE_URL"] = self.urls[name]
            environment[f"{name}_DEAD_LETTER_URL"] = self.dead_urls[name]
        self.set(**environment)
        self.new_containers()

    def now(self) -> float:
        return time.time() + self._ahead

    def pass_time(self, seconds: float) -> None:
        self._ahead += seconds
        part = self.clock_file.with_suffix(".part")
        part.write_text(f"{self._ahead}", encoding="ascii")
        part.replace(self.clock_file)

    def set(self, **environment: str) -> None:
        for name, value in environment.items():
            self.patch.setenv(name, value)

    def set_secret(self, variable: str, name: str, value: str) -> None:
        """A SecureString, and the variable that names it."""
        self.ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
        self.patch.setenv(variable, name)

    def new_containers(self) -> None:
        """Forget everything that functions keep between two calls."""
        for made in _MADE_ONCE:
            made.cache_clear()

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
        answer = self.sqs.receive_message(
            QueueUrl=self.urls[name],
            MaxNumberOfMessages=batch,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        )
        return {"Records": [_record(message) for message in answer.get("Messages", [])]}

    def settle(self, name: str, event: Mapping[str, Any], response: Mapping[str, Any]) -> None:
        """Delete what the response does not name, as Lambda does."""
        failed = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
        assert failed <= {record["messageId"] for record in event["Records"]}
        for record in event["Records"]:
            if record["messageId"] not in failed:
                self.sqs.delete_message(QueueUrl=self.urls[name], ReceiptHandle=record["receiptHandle"])

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
        attributes = {"VisibilityTimeout": f"{VISIBILITY:.0f}"} | ({"FifoQueue": "true"} if fifo else {})
        full_name = f"{name}-{self._suffix}" + (".fifo" if fifo else "")
        return str(self.sqs.create_queue(QueueName=full_name, Attributes=attributes)["QueueUrl"])

    def _make_table(self) -> str:
        name = f"table-{self._suffix}"
        clients.make_client("dynamodb").create_table(
            TableName=name,
            AttributeDefinitions=[
                {"AttributeName": "kind", "AttributeType": "S"},
                {"AttributeName": "key", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "kind", "KeyType": "HASH"},
                {"AttributeName": "key", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        return name

    def _make_bucket(self) -> str:
        name, client = f"frames-{self._suffix}", clients.make_client("s3")
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name


@contextmanager
def lambda_stack(folder: Path, clock_file: Path) -> Iterator[LambdaStack]:
    """A fresh stack; logging and what functions keep are as before afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("functions")
    before = list(root.handlers), root.level, ours.level
    with own_event_loop(), pytest.MonkeyPatch.context() as patch:
        stack = LambdaStack(patch, folder, clock_file)
        try:
            yield stack
        finally:
            stack.new_containers()
            root.handlers[:], root.level, ours.level = before


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


def _record(message: Mapping[str, Any]) -> dict[str, Any]:
    """A record of an event. Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS"."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value.get("StringValue"), "dataType": value["DataType"]}
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:queue",
        "awsRegion": "eu-central-1",
    }
