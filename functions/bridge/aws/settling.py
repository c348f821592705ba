"""A queue that notes how its deliveries were settled."""

from collections.abc import Sequence

from functions.bridge.ports import Delivery, Outgoing, Queue, Refusal


class Settling:
    """The Queue port over another queue. `held`: groups with a delivery that comes again."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._settled: set[str] = set()
        self.held: set[str] = set()
        self.acknowledged = 0
        self.handed_back = 0
        self.set_aside = 0

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

    def hand_back(self, delivery: Delivery, delay_seconds: float) -> None:
        self._queue.hand_back(delivery, delay_seconds)
        self._settled.add(delivery.receipt)
        self.held.add(delivery.group)
        self.handed_back += 1

    def reject(self, delivery: Delivery, reason: str) -> None:
        self._queue.reject(delivery, reason)
        self._settled.add(delivery.receipt)
        self.set_aside += 1
