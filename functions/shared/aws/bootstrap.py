"""What a function starts with: the template's variables become queues, table, bucket, secrets, logs, metrics.

Everything is made once per Lambda container and at first use. `template.yaml` sets the variables.
"""

import contextlib
import gc
import os
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from time import time as wall_clock
from typing import TYPE_CHECKING, Any, Protocol

from functions.shared.aws.observability import LambdaLogs, Metrics
from functions.shared.errors import ConfigurationError
from functions.shared.ports import FrameStore, Queue
from functions.shared.runtime.clocks import Clock
from functions.shared.settings import Settings, load_settings
from functions.shared.value_class import dataclass


class LambdaContext(Protocol):
    """Source: AWS Lambda Developer Guide, "Using the Lambda context object to retrieve ... information"."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended by force."""
        ...


def seconds_left(context: LambdaContext) -> float:
    return context.get_remaining_time_in_millis() / 1000.0


if TYPE_CHECKING:
    from concurrent.futures import Executor

    from botocore.session import Session

    from functions.shared.aws.partition_move import PartitionMove
    from functions.shared.aws.presigned import PresignedObjects
    from functions.shared.aws.read_ahead import ReadAhead
    from functions.shared.aws.secrets import SecretParameter
    from functions.shared.aws.sqs_event import EventQueue
    from functions.shared.samples import Samples

NO_CHAT = "log"
_THREADS = 4  # as many reads as a message begins with; clients.py allows so many connections
_AWAITED = "api"  # of all functions the one for whose answer somebody waits


class QueueName(StrEnum):
    """A queue of the stack; its variables are `<name>_QUEUE_URL` and `<name>_DEAD_LETTER_URL`."""

    REPORTS = "REPORTS"
    NOTIFICATIONS = "NOTIFICATIONS"
    INSPECTIONS = "INSPECTIONS"
    TIMELAPSES = "TIMELAPSES"
    COMMANDS = "COMMANDS"  # to the collectors; nobody sets aside what they did not take

    @property
    def is_fifo(self) -> bool:
        return self in (QueueName.REPORTS, QueueName.NOTIFICATIONS)


class Secret(StrEnum):
    """A secret by the variable that holds the NAME of its SSM parameter; no name: that part is off."""

    BOT_TOKEN = "TELEGRAM_BOT_TOKEN_PARAMETER"  # noqa: S105 (a variable's name)
    OPENROUTER_KEY = "OPENROUTER_API_KEY_PARAMETER"


class AwsBackends:
    """One function's settings and back ends. Raises ConfigurationError naming every fault of the settings."""

    def __init__(self, environment: Mapping[str, str], program: str, clock: Clock) -> None:
        self.program = program
        self.clock = clock
        self.environment = environment
        self.settings: Settings = load_settings(environment, program)
        self._clients: dict[str, Any] = {}

    @property
    def chat(self) -> str:
        return self.settings.telegram_chat_id or NO_CHAT

    @property
    def bucket(self) -> str:
        return self._variable("FRAMES_BUCKET")

    def has(self, secret: Secret) -> bool:
        """Whether a parameter is named, so that the part which needs it is on."""
        return bool(self.environment.get(secret, "").strip())

    @cached_property
    def records(self) -> "ReadAhead":
        from functions.shared.aws.dynamodb import DynamoRecordStore
        from functions.shared.aws.read_ahead import ReadAhead

        store = DynamoRecordStore(
            self._client("dynamodb"),
            self._variable("TABLE_NAME"),
            self.clock,
            is_consistent=self.program != _AWAITED,  # the API only shows: half the price for what stands now
        )
        return ReadAhead(store, self.pool)

    @cached_property
    def pool(self) -> "Executor":
        """Threads for calls that need not wait for one another; each is made at its first use."""
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(_THREADS, "beside")

    @cached_property
    def partition_move(self) -> "PartitionMove":
        """What is left of 0.1 in the table, to be moved a part at a time."""
        from functions.shared.aws.partition_move import PartitionMove

        table = self._variable("TABLE_NAME")
        return PartitionMove(self._client("dynamodb"), table, self.records, self.clock)

    @cached_property
    def frames(self) -> FrameStore:
        from functions.shared.aws.s3 import S3FrameStore

        return S3FrameStore(self._client("s3"), self.bucket)

    def presigned(self) -> "PresignedObjects":
        """Who signs addresses of what is in the bucket."""
        from functions.shared.aws.presigned import PresignedObjects

        return PresignedObjects(self._client("s3"), self._session.get_credentials, self.bucket)

    @cached_property
    def notifications(self) -> Queue:
        return self._queue(QueueName.NOTIFICATIONS)

    @cached_property
    def timelapses(self) -> Queue:
        return self._queue(QueueName.TIMELAPSES)

    @cached_property
    def inspections(self) -> Queue:
        return self._queue(QueueName.INSPECTIONS)

    @cached_property
    def commands(self) -> Queue:
        return self._queue(QueueName.COMMANDS)

    @cached_property
    def samples(self) -> "Samples | None":
        """Where samples are kept; None: none are."""
        from functions.shared.aws.samples import S3Samples

        most = self.settings.keep_samples
        return S3Samples(self._client("s3"), self.bucket, most) if most else None

    def event_queue(self, name: QueueName, event: Mapping[str, Any]) -> "EventQueue":
        """The deliveries of one Lambda event, to be settled."""
        from functions.shared.aws.sqs_event import EventQueue

        return EventQueue(
            self._client("sqs"),
            event,
            self._variable(f"{name}_QUEUE_URL"),
            self._variable(f"{name}_DEAD_LETTER_URL"),
            name.is_fifo,
        )

    def secret(
        self, secret: Secret, parse: Callable[[str], str], told: Callable[[str], None]
    ) -> "SecretParameter":
        """The parameter that the variable names; its value is not read yet (see SecretParameter)."""
        from functions.shared.aws.secrets import SecretParameter

        return SecretParameter(lambda: self._client("ssm"), self._variable(secret), secret, parse, told)

    def _queue(self, name: QueueName) -> Queue:
        from functions.shared.aws.sqs import SqsQueue

        return SqsQueue(self._client("sqs"), self._variable(f"{name}_QUEUE_URL"), name.is_fifo)

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            from functions.shared.aws.clients import make_client

            self._clients[service] = make_client(
                service, session=self._session, is_awaited=self.program == _AWAITED
            )
        return self._clients[service]

    @cached_property
    def _session(self) -> "Session":
        """One for all clients: what botocore reads from its files is read once."""
        from functions.shared.aws.service_data import lean_session, leave_out_documentation

        if is_lambda():
            leave_out_documentation()
        return lean_session()

    def _variable(self, name: str) -> str:
        value = self.environment.get(name, "").strip()
        if not value:
            raise ConfigurationError([f"{name} is not set: the template sets it, deploy the stack again"])
        return value


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts that every function has."""

    backends: AwsBackends
    logs: LambdaLogs
    metrics: Metrics


def make_runtime(program: str) -> Runtime:
    """From the environment as it is now. Raises ConfigurationError."""
    backends = AwsBackends(os.environ, program, wall_clock)
    return Runtime(backends, LambdaLogs(program, backends.settings.log_level), Metrics())


def is_lambda() -> bool:
    """Whether this process is a function's container, and nothing else."""
    return "AWS_LAMBDA_RUNTIME_API" in os.environ


def start_early(make: Callable[[], object]) -> None:
    """In Lambda, make it while the handler is imported; what fails then fails again when it is called.

    A container's start has a whole processor for up to ten seconds, whatever the function's memory; the
    first call of a small function has a seventh of one. Until here nothing looks for garbage (see
    `functions/__init__.py`); what there is now stays, and is never looked through again.
    """
    if is_lambda():
        with contextlib.suppress(Exception):
            make()
        gc.freeze()
        gc.enable()
