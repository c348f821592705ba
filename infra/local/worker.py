"""A thread that takes deliveries off one queue and gives them to one service, until it is told to stop."""

import logging
import threading
from collections.abc import Callable, Sequence

from functions.bridge.errors import BridgeError
from functions.bridge.ports import Delivery, Queue

_WAIT_SECONDS = 20.0
_PAUSE_AFTER_FAULT = 1.0
_log = logging.getLogger(__name__)


class Worker(threading.Thread):
    """`handle` settles each delivery itself; what it raises is logged and the delivery comes again."""

    def __init__(
        self, name: str, queue: Queue, handle: Callable[[Sequence[Delivery]], None], batch: int = 1
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._queue = queue
        self._handle = handle
        self._batch = batch
        self._stopping = threading.Event()

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                deliveries = self._queue.receive(self._batch, _WAIT_SECONDS)
            except BridgeError as error:
                _log.error("%s: the queue cannot be read: %s", self.name, error)
                self._stopping.wait(_PAUSE_AFTER_FAULT)
                continue
            if deliveries and not self._stopping.is_set():
                self._work(deliveries)

    def _work(self, deliveries: Sequence[Delivery]) -> None:
        try:
            self._handle(deliveries)
        except Exception:  # noqa: BLE001 - a defect of ours must not end the thread; said with its traceback
            _log.exception("%s: a delivery failed and comes again in a minute", self.name)
            for delivery in deliveries:
                self._give_back(delivery)
            self._stopping.wait(_PAUSE_AFTER_FAULT)

    def _give_back(self, delivery: Delivery) -> None:
        try:
            self._queue.hand_back(delivery, 60.0)
        except BridgeError as error:
            _log.error("%s: a delivery could not be handed back: %s", self.name, error)


def one_by_one(handle: Callable[[Delivery], None]) -> Callable[[Sequence[Delivery]], None]:
    """A service that takes one delivery, as one that takes several."""

    def handle_all(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            handle(delivery)

    return handle_all
