"""Works off the deliveries of one Lambda event, one after the other, each for itself.

A service settles its delivery by the Queue port: that is all there is of partial failures. What is left
here: the order of a group, faults nobody thought of, the end of the time, and what is told of it all.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from functions.shared.aws.bootstrap import LambdaContext, QueueName, Runtime, seconds_left
from functions.shared.aws.observability import Metric
from functions.shared.errors import ContractError, TransientError
from functions.shared.messages.codec import load_object
from functions.shared.ports import Delivery, Outgoing, Queue, Refusal

_log = logging.getLogger(__name__)


class SettlingQueue:
    """The Queue port over another queue. `held`: groups with a delivery that comes again."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._settled: set[str] = set()
        self.held: set[str] = set()
        self.acknowledged = 0
        self.retried = 0
        self.dead_lettered = 0

    def is_settled(self, delivery: Delivery) -> bool:
        return delivery.receipt in self._settled

    def send(self, entries: Sequence[Outgoing]) -> Sequence[Refusal]:
        return self._queue.send(entries)

    def receive(self, limit: int = 10, wait_seconds: float = 0.0) -> list[Delivery]:
        return self._queue.receive(limit, wait_seconds)

    def acknowledge(self, delivery: Delivery) -> None:
        self._queue.acknowledge(delivery)
        self._settled.add(delivery.receipt)
        self.acknowledged += 1

    def retry(self, delivery: Delivery, delay_seconds: float) -> None:
        self._queue.retry(delivery, delay_seconds)
        self._settled.add(delivery.receipt)
        self.held.add(delivery.group)
        self.retried += 1

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        self._queue.dead_letter(delivery, reason)
        self._settled.add(delivery.receipt)
        self.dead_lettered += 1


RETRY_SECONDS = 2.0
DEFECT_TRIES = 5
TIME_RESERVE_SECONDS = 20.0  # one call to AWS that hangs, with its retries
_SHOWN = 200

Handle = Callable[[Delivery], None]
MakeHandle = Callable[[SettlingQueue, LambdaContext], Handle]


class QueueWorker:
    """One function's container. `make_handle` gives the service's `handle` over the event's queue."""

    def __init__(self, runtime: Runtime, name: QueueName, make_handle: MakeHandle) -> None:
        self._backends = runtime.backends
        self._logs = runtime.logs
        self._metrics = runtime.metrics
        self._name = name
        self._make_handle = make_handle

    def work(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Settle every delivery of the event; the answer names those that come again.

        Raises what is wrong with the wiring or the queue: then Lambda brings all of them again.
        """
        self._logs.about({"request_id": context.aws_request_id})
        queue = self._backends.event_queue(self._name, event)
        settling = SettlingQueue(queue)
        try:
            handle = self._make_handle(settling, context)
            for delivery in queue.deliveries():
                self._settle(delivery, settling, handle, context)
        finally:
            self._count(settling)
        return queue.response()

    def _settle(
        self, delivery: Delivery, settling: SettlingQueue, handle: Handle, context: LambdaContext
    ) -> None:
        if self._name.is_fifo and delivery.group in settling.held:
            settling.retry(delivery, RETRY_SECONDS)  # its elder comes first
            return
        if seconds_left(context) < TIME_RESERVE_SECONDS:
            _log.warning("no time is left: the rest comes again")
            settling.retry(delivery, RETRY_SECONDS)
            return
        keys = _keys(delivery)
        self._logs.about(keys)
        try:
            handle(delivery)
        except TransientError:
            raise  # the queue itself is not reached: Lambda brings all of it again
        except Exception as error:  # noqa: BLE001 (one bad message must stop no other)
            self._after_defect(delivery, settling, error)
        finally:
            self._logs.about_nothing(keys)

    def _after_defect(self, delivery: Delivery, settling: SettlingQueue, error: Exception) -> None:
        """A few tries, in case it passes; then aside, so that it holds up nothing for ever."""
        _log.exception("a delivery failed by a fault of ours")
        self._metrics.add(Metric.DEFECTS, 1)
        if settling.is_settled(delivery):
            return
        if delivery.receive_count >= DEFECT_TRIES:
            settling.dead_letter(delivery, f"{type(error).__name__}: {error!s:.200}")
        else:
            settling.retry(delivery, RETRY_SECONDS**delivery.receive_count)

    def _count(self, settling: SettlingQueue) -> None:
        if settling.retried:
            self._metrics.add(Metric.RETRIED, settling.retried)
        if settling.dead_lettered:
            self._metrics.add(Metric.DEAD_LETTERED, settling.dead_lettered)
        self._metrics.write()


def _keys(delivery: Delivery) -> dict[str, Any]:
    """What log lines about a delivery carry: whose and which report or effect it is."""
    try:
        body = load_object(delivery.body)
    except ContractError:
        return {}
    keys = {"printer_id": body.get("printer_id"), "message_id": body.get("id")}
    return {name: value[:_SHOWN] for name, value in keys.items() if isinstance(value, str)}
