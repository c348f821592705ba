"""What a consumer does with deliveries, for tests that hand them out themselves."""

from collections.abc import Iterable

from functions.shared.consumer import Consumer
from functions.shared.dispatch import ContentT, Service
from functions.shared.ports import Delivery, SettlingQueue


def consume(queue: SettlingQueue, service: Service[ContentT], deliveries: Iterable[Delivery]) -> None:
    """One batch of a FIFO queue."""
    consumer = Consumer(queue, service, is_fifo=True)
    for delivery in deliveries:
        consumer.consume(delivery)
