"""What a consumer does with deliveries, for tests that hand them out themselves."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from functions.shared.consumer import Consumer
from functions.shared.dispatch import ContentT, Service
from functions.shared.ports import Delivery, Queue, SettlingQueue

MessageT = TypeVar("MessageT")


def consume(queue: SettlingQueue, service: Service[ContentT], deliveries: Iterable[Delivery]) -> None:
    """One batch of a FIFO queue."""
    consumer = Consumer(queue, service, is_fifo=True)
    for delivery in deliveries:
        consumer.consume(delivery)


def taken(queue: Queue, decode: Callable[[str], MessageT]) -> list[MessageT]:
    """What waits there, taken off it in order."""
    messages = []
    while deliveries := queue.receive(1):
        for delivery in deliveries:
            messages.append(decode(delivery.body))
            queue.acknowledge(delivery)
    return messages
