"""Works off the deliveries of one Lambda event, one after the other, each for itself.

The queue's own visibility is long, as SQS counts it while Lambda still looks for a free execution. From the
begin of a run it is as long as that run can live: one that is killed holds up its group for no longer.

Over the consumer, what only a function has: the end of its time, faults that nobody thought of, and what is
told of it all.
"""

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic

from functions.shared.aws.bootstrap import LambdaContext, QueueName, Runtime, seconds_left
from functions.shared.aws.observability import LambdaLogs, Metric
from functions.shared.consumer import RETRY_SECONDS, TIME_RESERVE_SECONDS, Consumer
from functions.shared.dispatch import ContentT, DeadLetter, Received, Retry, Service, Settlement
from functions.shared.errors import ContractError, TransientError
from functions.shared.messages.codec import load_object
from functions.shared.ports import Delivery
from functions.shared.runtime.deadline import Deadline

if TYPE_CHECKING:
    from functions.shared.aws.sqs_event import EventQueue

DEFECT_TRIES = 5
HOLD_MARGIN_SECONDS = 5.0  # a run ends first, and then it is somebody else's turn
_SHOWN = 200
_KEYS = ("printer_id", "message_id")
_log = logging.getLogger(__name__)

Handle = Callable[[Received[ContentT]], Settlement]
FirstReads = Callable[[ContentT, Delivery], Iterable[str]]


def _endless(_: Delivery) -> float:
    return math.inf


def _none(_content: object, _delivery: Delivery) -> Iterable[str]:
    return ()


class LambdaConsumer(Generic[ContentT]):
    """Of one queue. `handle`: the service's, or what counts figures around it.

    `longest`: the seconds after which a run with that delivery begins nothing more, if its function has more;
    `deadline` is set to them, for who calls others. `first_reads`: the keys of the records that the service
    asks for first, which are read while the queue is told that its deliveries are in hand.
    """

    def __init__(
        self,
        runtime: Runtime,
        name: QueueName,
        service: Service[ContentT],
        handle: Handle[ContentT] | None = None,
        longest: Callable[[Delivery], float] = _endless,
        deadline: Deadline | None = None,
        first_reads: FirstReads[ContentT] = _none,
    ) -> None:
        self._backends = runtime.backends
        self._logs = runtime.logs
        self._metrics = runtime.metrics
        self._name = name
        self._longest = longest
        self._deadline = deadline or Deadline()
        self._first_reads = first_reads
        self._service = _KeyedService(service, handle or service.handle, runtime.logs)

    def consume(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Settle every delivery of the event; the answer names those that come again.

        Raises what is wrong with the wiring or the queue: then Lambda brings all of them again.
        """
        self._logs.about({"request_id": context.aws_request_id})
        queue = self._backends.event_queue(self._name, event)
        self._read_ahead(queue.deliveries())
        self._hold(queue, seconds_left(context))
        consumer = Consumer(
            queue, self._service, is_fifo=self._name.is_fifo, seconds_left=lambda: seconds_left(context)
        )
        try:
            for delivery in queue.deliveries():
                self._consume(delivery, consumer)
        finally:
            self._write_metrics(consumer)
            self._service.forget()
            self._backends.records.end()
        return queue.response()

    def _read_ahead(self, deliveries: Sequence[Delivery]) -> None:
        """What is wrong with one is said when it is its turn."""
        if self._first_reads is _none:
            return
        for delivery in deliveries:
            with suppress(Exception):
                content = self._service.decode_ahead(delivery.body)
                self._backends.records.begin(self._first_reads(content, delivery))

    def _hold(self, queue: "EventQueue", left: float) -> None:
        """Set the end of this run, and have nobody else get its deliveries until then."""
        longest = min((self._longest(delivery) for delivery in queue.deliveries()), default=math.inf)
        busy = min(left - TIME_RESERVE_SECONDS, longest)
        self._deadline.set(busy)
        queue.hold(hold_seconds(busy))

    def _consume(self, delivery: Delivery, consumer: Consumer[ContentT]) -> None:
        try:
            consumer.consume(delivery)
        except TransientError:
            raise  # the queue itself is not reached: Lambda brings all of it again
        except Exception as error:  # noqa: BLE001 (one bad message must stop no other)
            _log.exception("a delivery failed by a fault of ours")
            self._metrics.add(Metric.DEFECTS, 1)
            consumer.settle(delivery, _after_defect(delivery, error))
        finally:
            self._logs.about_nothing(_KEYS)

    def _write_metrics(self, consumer: Consumer[ContentT]) -> None:
        if consumer.retried:
            self._metrics.add(Metric.RETRIED, consumer.retried)
        if consumer.dead_lettered:
            self._metrics.add(Metric.DEAD_LETTERED, consumer.dead_lettered)
        self._metrics.write()


def hold_seconds(busy: float) -> float:
    """From its begin on, of a run that begins nothing more after `busy` seconds."""
    return max(0.0, busy) + TIME_RESERVE_SECONDS + HOLD_MARGIN_SECONDS


def _after_defect(delivery: Delivery, error: Exception) -> Settlement:
    """A few tries, in case it passes; then aside, so that it holds up nothing for ever."""
    if delivery.receive_count >= DEFECT_TRIES:
        return DeadLetter(f"{type(error).__name__}: {error!s:.200}")
    return Retry(RETRY_SECONDS**delivery.receive_count)


class _KeyedService(Generic[ContentT]):
    """A service whose log lines say whose report or effect they are about, and which."""

    def __init__(self, service: Service[ContentT], handle: Handle[ContentT], logs: LambdaLogs) -> None:
        self._service = service
        self._logs = logs
        self._decoded: dict[str, ContentT] = {}
        self.handle = handle
        self.refuse = service.refuse

    def decode_ahead(self, body: str) -> ContentT:
        """The same, before it is its turn; it is not decoded again then."""
        content = self._decoded[body] = self._service.decode(body)
        return content

    def forget(self) -> None:
        self._decoded.clear()

    def decode(self, body: str) -> ContentT:
        try:
            content = self._decoded.pop(body, None) or self._service.decode(body)
        except ContractError:
            self._logs.about(_keys_of_undecodable(body))
            raise
        self._logs.about(_keys(content.printer_id, content.id))
        return content


def _keys(*values: object) -> dict[str, str]:
    named = zip(_KEYS, values, strict=True)
    return {name: value[:_SHOWN] for name, value in named if isinstance(value, str)}


def _keys_of_undecodable(body: str) -> dict[str, str]:
    try:
        said = load_object(body)
    except ContractError:
        return {}
    return _keys(said.get("printer_id"), said.get("id"))
