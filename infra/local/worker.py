"""A thread that takes deliveries off one queue and gives them to one service, until it is told to stop."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from collector.ship_outage import OutageLog, spoken
from functions.bridge.errors import BridgeError
from functions.bridge.ports import Delivery, Queue

_WAIT_SECONDS = 20.0
_PAUSE_AFTER_FAULT = 1.0
_log = logging.getLogger(__name__)


class Worker:
    """Works in `thread`, once that is started.

    `handle` settles each delivery itself; what it raises is logged and the delivery comes again.
    """

    def __init__(
        self, name: str, queue: Queue, handle: Callable[[Sequence[Delivery]], None], batch: int = 1
    ) -> None:
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._queue = queue
        self._handle = handle
        self._batch = batch
        self._outage = OutageLog(_log, time.monotonic)
        self._stopping = threading.Event()

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        is_unread = False
        while not self._stopping.is_set():
            try:
                deliveries = self._queue.receive(self._batch, _WAIT_SECONDS)
            except BridgeError as error:
                is_unread = True
                self._outage.failing(f"{self.thread.name}: the queue cannot be used: {error}", logging.ERROR)
                self._stopping.wait(_PAUSE_AFTER_FAULT)
                continue
            if self._stopping.is_set():
                return
            if deliveries:
                self._work(deliveries)
            elif is_unread:  # read again, and there is nothing to do: that may stay so for hours
                self._say_it_works()
            is_unread = False

    def _work(self, deliveries: Sequence[Delivery]) -> None:
        try:
            self._handle(deliveries)
        except BridgeError as error:  # the service settles what it can: this is the queue itself
            self._outage.failing(
                f"{self.thread.name}: a delivery comes again in a minute: {error}", logging.ERROR
            )
            for delivery in deliveries:
                self._give_back(delivery)
            self._stopping.wait(_PAUSE_AFTER_FAULT)
        except Exception:  # noqa: BLE001 - a defect of ours must not end the thread; said with its traceback
            _log.exception("%s: a delivery failed and comes again in a minute", self.thread.name)
            for delivery in deliveries:
                self._give_back(delivery)
            self._stopping.wait(_PAUSE_AFTER_FAULT)
        else:
            self._say_it_works()

    def _say_it_works(self) -> None:
        lasted = self._outage.over()
        if lasted is not None:
            _log.info("%s: works again after %s", self.thread.name, spoken(lasted))

    def _give_back(self, delivery: Delivery) -> None:
        """Tried until it works: what follows it in its group would wait for as long as it is in hand."""
        while not self._stopping.is_set():
            try:
                self._queue.hand_back(delivery, 60.0)
            except BridgeError as error:
                self._outage.failing(
                    f"{self.thread.name}: a delivery cannot be handed back yet: {error}", logging.ERROR
                )
                self._stopping.wait(_PAUSE_AFTER_FAULT)
            else:
                return


def one_by_one(handle: Callable[[Delivery], None]) -> Callable[[Sequence[Delivery]], None]:
    """A service that takes one delivery, as one that takes several."""

    def handle_all(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            handle(delivery)

    return handle_all
