"""The cloud half on AWS in memory, without what boto3 does to a request: it would be most of the work.

The handlers, the services and the adapters are those of the product; the counting is that of `make cost`.
"""

import contextlib
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest
from botocore.exceptions import ClientError

from functions.api import handler as api_handler
from functions.liveness import handler as liveness_handler
from functions.notify import handler as notify_handler
from functions.notify.render import Message
from functions.notify.transports import Answer, Outcome
from functions.shared.aws import clients
from functions.shared.aws.sqs import SqsQueue
from functions.shared.domain.keys import digest
from functions.shared.messages.effects import Film
from functions.shared.messages.job_message import JobMessage
from functions.shared.messages.report import Report, encode_report
from functions.shared.ports import Outgoing
from tests.performance.cost.counting import AwsFaultError, CountingAws
from tests.performance.cost.figures import Figures
from tests.performance.cost.lambdas import Lambdas
from tests.support.aws.places import aws_environment
from tests.support.clock import HandClock
from tests.support.edge_material import jpeg
from tests.support.event_loop import own_event_loop
from tests.support.lambda_runtime.event_source import api_event
from tests.support.lambda_runtime.stack import new_containers

BEGIN = 1_764_000_000.0
_URL = "https://sqs.example/"
_QUEUES = {"REPORTS": "reports.fifo", "NOTIFICATIONS": "notifications.fifo", "TIMELAPSES": "timelapses"}


class _ConditionalCheckFailedError(ClientError):
    pass


class _TransactionCanceledError(ClientError):
    pass


class _Exceptions:
    ConditionalCheckFailedException = _ConditionalCheckFailedError
    TransactionCanceledException = _TransactionCanceledError


class BareClient:
    """A client of any service: `get_item` and so on, answered by the counting stand-in."""

    exceptions = _Exceptions
    meta = SimpleNamespace(region_name="eu-central-1", endpoint_url="https://s3.example")

    def __init__(self, aws: "MeasuringAws") -> None:
        self._aws = aws

    def generate_presigned_url(self, _operation: str, asked: dict[str, str]) -> str:
        return f"{self.meta.endpoint_url}/{asked['Bucket']}/{asked['Key']}"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = "".join(part.capitalize() for part in name.split("_"))

        def call(**asked: Any) -> Any:
            try:
                return self._aws.answer(operation, asked)
            except AwsFaultError as fault:
                raise _ConditionalCheckFailedError(fault.answer, operation) from None  # type: ignore[arg-type]

        return call


class _AnyFrame(dict[str, bytes]):
    """Every frame that is asked for."""

    _jpeg = jpeg(120)

    def get(self, key: str, default: Any = None) -> Any:
        return self._jpeg


class MeasuringAws(CountingAws):
    """`largest`: of each kind of call the most items and bytes that one had, asked and answered.

    `cpu`: seconds that it took itself.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        self.objects = _AnyFrame()
        self.largest: dict[str, tuple[int, int]] = {}
        self.cpu = 0.0

    def answer(self, operation: str, asked: dict[str, Any]) -> Any:
        with self._lock:  # a function makes some of its calls at the same time
            begun = time.process_time()
            try:
                return self._measured(operation, asked)
            finally:
                self.cpu += time.process_time() - begun

    def _measured(self, operation: str, asked: dict[str, Any]) -> Any:
        answer = getattr(self, f"_{operation}")(asked)
        name = f"{operation} of {self.caller}"
        self.figures[name] += 1
        items, size = _weight(operation, asked, answer)
        self.figures[f"bytes of {name}"] += size
        most_items, most_bytes = self.largest.get(name, (0, 0))
        self.largest[name] = (max(items, most_items), max(size, most_bytes))
        return answer


def _weight(operation: str, asked: dict[str, Any], answer: dict[str, Any]) -> tuple[int, int]:
    """Items and bytes of what is large in a call."""
    match operation:
        case "SendMessageBatch":
            return len(asked["Entries"]), sum(len(entry["MessageBody"]) for entry in asked["Entries"])
        case "Query":
            return len(answer["Items"]), sum(map(_item_bytes, answer["Items"]))
        case "GetItem":
            return len(answer), _item_bytes(answer.get("Item", {}))
        case "PutItem":
            return 1, _item_bytes(asked["Item"])
        case _:
            return 1, 0


def _item_bytes(item: dict[str, Any]) -> int:
    return sum(len(name) + len(next(iter(value.values()))) for name, value in item.items())


class Telegram:
    """A Transport that takes everything at once."""

    def __init__(self) -> None:
        self.sent = 0

    def read_token(self) -> str:
        return ""

    def send_text(self, message: Message) -> Answer:
        self.sent += 1
        return Answer(Outcome.SENT, message_id=self.sent)

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        return self.send_text(message)

    def send_film(self, message: Message, film: Film, content: BinaryIO, thumbnail: bytes | None) -> Answer:
        return self.send_text(message)

    def edit(self, message: Message, shown: JobMessage, photo: bytes | None) -> Answer:
        return self.send_text(message)

    def make_topic(self, name: str) -> Answer:
        return Answer(Outcome.SENT, topic_id=1)


class ScaledStack:
    """`report` what collectors say at `set_time`; `aws.figures` and `cpu` are what was used.

    `cpu`: seconds, without those of the stand-in.
    """

    def __init__(self) -> None:
        self.clock = HandClock(BEGIN - 7200, 0.0)
        self.aws = MeasuringAws(self.clock, {})
        self.telegram = Telegram()
        self.urls = {name: _URL + path for name, path in _QUEUES.items()}
        self.lambdas = Lambdas(self.aws, self.urls)
        self.cpu = Figures()
        call = self.lambdas.call

        def timed(name: str, handle: Callable[[Any, Any], Any], event: Any) -> Any:
            gc.disable()  # a collection goes through all that the stand-in keeps, which no function holds
            begun = time.process_time() - self.aws.cpu
            try:
                return call(name, handle, event)
            finally:
                self.cpu[name] += time.process_time() - self.aws.cpu - begun
                gc.enable()

        self.lambdas.call = timed  # type: ignore[method-assign]
        self._reports = SqsQueue(BareClient(self.aws), self.urls["REPORTS"], fifo=True)  # type: ignore[arg-type]

    def set_time(self, at: float) -> None:
        self.clock.skip(at - self.clock())

    def report(self, reports: Sequence[Report]) -> None:
        """Shipped by tens, as an uploader does, and worked off with all that follows but films."""
        for start in range(0, len(reports), 10):
            self._reports.send(
                [Outgoing(encode_report(it), it.group, digest(it.id)) for it in reports[start : start + 10]]
            )
        self.lambdas.turn()

    @property
    def films_ordered(self) -> int:
        return len(self.aws.mailbox(self.urls["TIMELAPSES"]).letters)

    def look_for_collectors(self) -> None:
        self.lambdas.call("liveness", liveness_handler.handle, {})
        self.lambdas.turn()

    def ask(self, path: str, **query: str) -> dict[str, Any]:
        event = api_event(path)
        event["queryStringParameters"] = query or None
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in query.items()} or None
        answer: dict[str, Any] = self.lambdas.call("api", api_handler.handle, event)
        return answer


@contextlib.contextmanager
def scaled_stack() -> Iterator[ScaledStack]:
    """A stack in which nothing has happened yet."""
    with own_event_loop(), aws_environment(), pytest.MonkeyPatch.context() as patch, new_containers():
        made = ScaledStack()
        patch.setattr(clients, "make_client", lambda *_, **__: BareClient(made.aws))
        patch.setattr("functions.shared.aws.bootstrap.wall_clock", made.clock)
        patch.setattr(notify_handler, "_transport", lambda *_: made.telegram)
        # Films are another matter: one takes as long whoever else has printers.
        patch.setattr(
            "tests.performance.cost.lambdas.MAPPINGS",
            tuple(it for it in _mappings() if it.name != "timelapse"),
        )
        for name, url in made.urls.items():
            patch.setenv(f"{name}_QUEUE_URL", url)
            patch.setenv(f"{name}_DEAD_LETTER_URL", f"{url}-dead")
        for name, value in {
            "TABLE_NAME": "table",
            "FRAMES_BUCKET": "frames",
            "TELEGRAM_CHAT_ID": "4242",
            "OPENROUTER_API_KEY_PARAMETER": "",
            "LOG_LEVEL": "WARNING",
        }.items():
            patch.setenv(name, value)
        yield made


def _mappings() -> Any:
    from tests.performance.cost import lambdas

    return lambdas.MAPPINGS
