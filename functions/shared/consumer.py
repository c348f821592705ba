"""Works off deliveries of a queue: decodes each once, has its service handle it, settles it as that says."""

import logging
import math
from collections.abc import Callable
from typing import Generic

from functions.shared.dispatch import ContentT, DeadLetter, Done, Received, Retry, Service, Settlement
from functions.shared.errors import ContractError
from functions.shared.ports import Delivery, SettlingQueue

RETRY_SECONDS = 2.0
TIME_RESERVE_SECONDS = 20.0  # one call to AWS that hangs, with its retries
_log = logging.getLogger(__name__)


def _endless() -> float:
    return math.inf


class Consumer(Generic[ContentT]):
    """One for each batch of deliveries, which are to be consumed in order.

    What is behind one that comes again in its group (of a FIFO queue) comes again too, untried.
    `seconds_left`: until this program is ended by force. `retried` and `dead_lettered` count.
    """

    def __init__(
        self,
        queue: SettlingQueue,
        service: Service[ContentT],
        *,
        is_fifo: bool,
        seconds_left: Callable[[], float] = _endless,
    ) -> None:
        self._queue = queue
        self._service = service
        self._is_fifo = is_fifo
        self._seconds_left = seconds_left
        self._held: set[str] = set()  # groups
        self.retried = 0
        self.dead_lettered = 0

    def consume(self, delivery: Delivery) -> None:
        """Raises what the service or the queue raises; then the delivery is not settled."""
        self.settle(delivery, self._handled(delivery))

    def settle(self, delivery: Delivery, settlement: Settlement) -> None:
        """Have the queue do it."""
        match settlement:
            case Done():
                self._queue.acknowledge(delivery)
            case Retry(after):
                self._queue.retry(delivery, after)
                self._held.add(delivery.group)
                self.retried += 1
            case DeadLetter(reason):
                self._queue.dead_letter(delivery, reason)
                self.dead_lettered += 1
            case _:
                raise TypeError(f"{settlement!r:.80} is no settlement")

    def _handled(self, delivery: Delivery) -> Settlement:
        if self._is_fifo and delivery.group in self._held:
            return Retry(RETRY_SECONDS)  # its elder comes first
        if self._seconds_left() < TIME_RESERVE_SECONDS:
            _log.warning("no time is left: the rest comes again")
            return Retry(RETRY_SECONDS)
        try:
            content = self._service.decode(delivery.body)
        except ContractError as error:
            return self._service.refuse(error)
        return self._service.handle(
            Received(content, delivery.sent_at, delivery.receive_count, delivery.group, delivery.sender)
        )
