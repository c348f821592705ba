"""What the functions of the stack are wired to: variables of the template become queues, table, bucket.

Everything is made once per container and at first use. `template.yaml` sets the variables.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from functions.bridge.errors import ConfigurationError
from functions.bridge.ports import FrameStore, Queue, RecordStore
from functions.bridge.settings import Settings, load_settings
from functions.bridge.steady_clock import Clock

if TYPE_CHECKING:
    from functions.bridge.aws.event_queue import EventQueue
    from functions.bridge.aws.secret_parameter import SecretParameter

MadeT = TypeVar("MadeT")

NO_CHAT = "log"


class QueueName(StrEnum):
    """A queue of the stack; its variables are `<name>_QUEUE_URL` and `<name>_DEAD_LETTER_URL`."""

    REPORTS = "REPORTS"
    NOTIFICATIONS = "NOTIFICATIONS"
    INSPECTIONS = "INSPECTIONS"
    TIMELAPSES = "TIMELAPSES"

    @property
    def is_fifo(self) -> bool:
        return self in (QueueName.REPORTS, QueueName.NOTIFICATIONS)


class Secret(StrEnum):
    """A secret by the variable that holds the NAME of its SSM parameter; no name: that part is off."""

    BOT_TOKEN = "TELEGRAM_BOT_TOKEN_PARAMETER"  # noqa: S105 (a variable's name)
    OPENROUTER_KEY = "OPENROUTER_API_KEY_PARAMETER"


class Wiring:
    """One function's settings and stores. Raises ConfigurationError naming every fault of the settings."""

    def __init__(self, environment: Mapping[str, str], program: str, clock: Clock) -> None:
        self.program = program
        self.clock = clock
        self.environment = environment
        self.settings: Settings = load_settings(environment, program)
        self._made: dict[str, Any] = {}

    @property
    def chat(self) -> str:
        """The group of all notifications; every function must name the same."""
        return self.settings.telegram_chat_id or NO_CHAT

    @property
    def bucket(self) -> str:
        return self._variable("FRAMES_BUCKET")

    def has(self, secret: Secret) -> bool:
        """Whether a parameter is named, so that the part which needs it is on."""
        return bool(self.environment.get(secret, "").strip())

    def records(self) -> RecordStore:
        def make() -> RecordStore:
            from functions.bridge.aws.dynamodb_records import DynamoRecordStore

            return DynamoRecordStore(self._client("dynamodb"), self._variable("TABLE_NAME"), self.clock)

        return self._once("records", make)

    def frames(self) -> FrameStore:
        def make() -> FrameStore:
            from functions.bridge.aws.s3_frames import S3FrameStore

            return S3FrameStore(self._client("s3"), self.bucket)

        return self._once("frames", make)

    def queue(self, name: QueueName) -> Queue:
        """A queue to send to."""

        def make() -> Queue:
            from functions.bridge.aws.sqs_queue import SqsQueue

            return SqsQueue(self._client("sqs"), self._variable(f"{name}_QUEUE_URL"), name.is_fifo)

        return self._once(f"queue {name}", make)

    def event_queue(self, name: QueueName, event: Mapping[str, Any]) -> "EventQueue":
        """The deliveries of one Lambda event as a queue."""
        from functions.bridge.aws.event_queue import EventQueue

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
        from functions.bridge.aws.secret_parameter import SecretParameter

        return SecretParameter(lambda: self._client("ssm"), self._variable(secret), secret, parse, told)

    def _client(self, service: str) -> Any:
        """All of one session: what botocore reads from its files is read once."""

        def make() -> Any:
            from boto3.session import Session

            from functions.bridge.aws.clients import make_client

            return make_client(service, session=self._once("session", Session))

        return self._once(f"client {service}", make)

    def _variable(self, name: str) -> str:
        value = self.environment.get(name, "").strip()
        if not value:
            raise ConfigurationError([f"{name} is not set: the template sets it, deploy the stack again"])
        return value

    def _once(self, name: str, make: Callable[[], MadeT]) -> MadeT:
        if name not in self._made:
            self._made[name] = make()
        made: MadeT = self._made[name]
        return made
