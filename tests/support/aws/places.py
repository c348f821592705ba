"""Places for the AWS back end's tests: moto in this process, MiniStack in one of its own."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from functions.shared.aws.sqs import SqsQueue
from tests.support.contracts.queue import VISIBILITY_SECONDS, QueueHarness
from tests.support.http_server import free_port
from tests.support.timeouts import TIMEOUT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

REGION: Final = "eu-central-1"

_NUMBERS = count(1)


@contextmanager
def aws_environment(endpoint: str | None = None) -> Iterator[None]:
    """Credentials that are none, a region, and the endpoint of an emulator, as a user would set them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        if endpoint is not None:
            patch.setenv("AWS_ENDPOINT_URL", endpoint)
        yield


def listen(client: Any, event: str, hook: Callable[..., Any]) -> None:
    """Have boto3 call the hook at that point of each request of this client (boto3's event system)."""
    client.meta.events.register_first(event, hook)


def make_table(client: "DynamoDBClient") -> str:
    """A new table as `template.yaml` makes it; its name."""
    name = f"table-{next(_NUMBERS)}"
    client.create_table(
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
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
    )
    return name


def make_bucket(client: "S3Client", name: str | None = None) -> str:
    """A new bucket; its name."""
    name = name or f"bucket-{next(_NUMBERS)}"
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def make_queue(client: Any, name: str, **attributes: Any) -> str:
    """A new queue, FIFO if its name ends so; its URL."""
    attributes |= {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    return str(client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def put_forward(ahead: Path, seconds: float) -> None:
    """The clock of MiniStack's queues, by the file that `ministack` gives."""
    later = float(ahead.read_text(encoding="ascii")) + seconds
    part = ahead.with_suffix(".part")
    part.write_text(f"{later}", encoding="ascii")
    part.replace(ahead)


class SqsHarness(QueueHarness):
    """Queues of one emulator, each with a dead-letter queue; how its time passes is the emulator's affair."""

    def __init__(self, client: "SQSClient") -> None:
        self.client = client
        self.url = self.dead_letter_url = ""

    def make(self, *, fifo: bool = True, max_receive_count: int | None = None) -> SqsQueue:
        ending = ".fifo" if fifo else ""
        name = f"queue-{next(_NUMBERS)}"
        self.dead_letter_url = make_queue(self.client, f"{name}-dead{ending}")
        arn = self.client.get_queue_attributes(QueueUrl=self.dead_letter_url, AttributeNames=["QueueArn"])
        redrive = {
            "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
            "maxReceiveCount": max_receive_count or 1000,
        }
        self.url = make_queue(
            self.client,
            f"{name}{ending}",
            VisibilityTimeout=f"{VISIBILITY_SECONDS:.0f}",
            RedrivePolicy=json.dumps(redrive),
        )
        return SqsQueue(self.client, self.url, fifo, self.dead_letter_url)

    def dead_bodies(self) -> list[str]:
        return [str(letter["Body"]) for letter in self.dead_letters()]

    def dead_letters(self) -> list[dict[str, Any]]:
        answer = self.client.receive_message(
            QueueUrl=self.dead_letter_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return [dict(message) for message in answer.get("Messages", [])]


class MotoHarness(SqsHarness):
    """moto reads the time in its queues' module; there it is put forward."""

    def __init__(self, client: "SQSClient", patch: pytest.MonkeyPatch) -> None:
        super().__init__(client)
        self._ahead = 0.0
        patch.setattr("moto.sqs.models.unix_time", lambda: time.time() + self._ahead)
        patch.setattr("moto.sqs.models.unix_time_millis", lambda: (time.time() + self._ahead) * 1000)

    def pass_time(self, seconds: float) -> None:
        self._ahead += seconds


class MiniStackHarness(SqsHarness):
    def __init__(self, client: "SQSClient", ahead: Path) -> None:
        super().__init__(client)
        self._ahead = ahead

    def pass_time(self, seconds: float) -> None:
        put_forward(self._ahead, seconds)


@dataclass(frozen=True, slots=True)
class MiniStack:
    """Where it listens, and the file that moves its clock."""

    endpoint: str
    ahead: Path


@contextmanager
def ministack(folder: Path) -> Iterator[Path]:
    """MiniStack, named by AWS_ENDPOINT_URL; the file that moves its clock."""
    with running_ministack(folder) as running, aws_environment(running.endpoint):
        yield running.ahead


@contextmanager
def running_ministack(folder: Path) -> Iterator[MiniStack]:
    """MiniStack on a free port of this machine."""
    ahead = folder / "ahead"
    ahead.write_text("0", encoding="ascii")
    port = free_port()
    environment = {
        **os.environ,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_REGION": REGION,
        "TMPDIR": str(folder),
    }
    program = Path(__file__).with_name("ministack_with_clock.py")
    log = folder / "ministack.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(program), str(ahead)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
        )
        assert process.stdin is not None
        try:
            _await(f"http://127.0.0.1:{port}/_ministack/ready", process, log)
            yield MiniStack(f"http://127.0.0.1:{port}", ahead)
        finally:
            process.kill()
            process.stdin.close()
            process.wait(TIMEOUT)


def _await(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise AssertionError(f"MiniStack did not start: {log.read_text(encoding='utf-8', errors='replace')}")
