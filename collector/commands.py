"""What the chat asks of the collector while nobody waits: the newest picture of a printer, at once.

A queue of its own is polled for long (20 s a call), which is cheap and finds a wish within a second. What
nobody took within a minute is gone: SQS itself forgets it, so that no clock has to be right.
"""

import logging
import random
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from functions.shared.aws.clients import LONGEST_POLL_SECONDS
from functions.shared.domain.keys import asked_frame_key, asked_frame_prefix
from functions.shared.errors import ContractError, PermanentError, TransientError
from functions.shared.latest_pictures import LatestPicture, LatestPictures
from functions.shared.messages.edge_command import EdgeCommand, decode_command
from functions.shared.ports import BATCH_LIMIT, Delivery, FrameStore, Queue
from functions.shared.runtime.backoff import Backoff
from functions.shared.runtime.throttled_log import ThrottledLogger
from functions.shared.wording.durations import full_duration

_log = logging.getLogger(__name__)

FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS = 5.0, 300.0
# Longer than the queue hides what was received (2 s, template.yaml): it is others who find it next.
OTHERS_TURN_SECONDS = 2.5

CommandBackend = tuple[FrameStore, Queue]


class CommandReceiver:
    """`opens` gives the store for pictures and the queue of commands; `watches` says which printers are ours:
    of those that are not, another collector of the stack is asked, as the command stays in the queue and is
    left to the others for a while.
    """

    def __init__(
        self,
        opens: Callable[[], CommandBackend],
        pictures: LatestPictures,
        watches: Callable[[str], bool],
        poll_seconds: float = LONGEST_POLL_SECONDS,
    ) -> None:
        self._opens = opens
        self._pictures = pictures
        self._watches = watches
        self._poll_seconds = poll_seconds
        self._backend: CommandBackend | None = None
        self._is_others_turn = False
        self._outage = ThrottledLogger(_log, time.monotonic)

    def start(self, stop: threading.Event) -> threading.Thread:
        thread = threading.Thread(target=self._run, args=(stop,), name="commands", daemon=True)
        thread.start()
        return thread

    def _run(self, stop: threading.Event) -> None:
        backoff = Backoff(FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS)
        while not stop.is_set():
            try:
                self.receive_once()
            except Exception as error:  # noqa: BLE001 - alerts do not need it; it is tried again, and said
                delay, backoff = backoff.next(random.random)
                name = "" if isinstance(error, TransientError) else f"{type(error).__name__}: "
                self._outage.failing(f"the chat cannot ask for pictures: {name}{str(error)[:200]}")
                stop.wait(delay)
            else:
                backoff = backoff.reset()
                lasted = self._outage.over()
                if lasted is not None:
                    _log.info("the chat can ask for pictures again after %s", full_duration(lasted))
                if self._is_others_turn:
                    stop.wait(OTHERS_TURN_SECONDS)

    def receive_once(self) -> int:
        """Wait for commands and do them; how many were done. Raises what queue and store raise."""
        if self._backend is None:
            self._backend = self._opens()
        frames, queue = self._backend
        self._is_others_turn = False
        deliveries = queue.receive(BATCH_LIMIT, self._poll_seconds)
        return sum(self._do(delivery, frames, queue) for delivery in deliveries)

    def _do(self, delivery: Delivery, frames: FrameStore, queue: Queue) -> bool:
        try:
            command = decode_command(delivery.body)
        except ContractError as error:
            _log.warning("a command cannot be read: %s", error)
            queue.acknowledge(delivery)
            return False
        if not self._watches(command.printer_id):
            self._is_others_turn = True
            return False
        picture = self._picture(command)
        if picture is not None:
            _put(frames, command, picture)
        queue.acknowledge(delivery)
        return picture is not None

    def _picture(self, command: EdgeCommand) -> LatestPicture | None:
        # Whoever may write to the queue may have a picture put beside its printer's own, and nowhere else.
        if command.answer != asked_frame_prefix(command.printer_id, command.id):
            _log.warning("a command names a place that is not its printer's: refused")
            return None
        try:
            return self._pictures.get(command.printer_id)
        except PermanentError:
            return None


def _put(frames: FrameStore, command: EdgeCommand, picture: LatestPicture) -> None:
    with tempfile.TemporaryDirectory(prefix="printer-") as folder:
        source = Path(folder) / "asked.jpg"
        source.write_bytes(picture.data)
        frames.put(asked_frame_key(command.answer, picture.taken_at), source)


def open_commands(queue_url: str, bucket: str, region: str) -> CommandBackend:
    """SQS and S3, of which nothing is asked yet."""
    from functions.shared.aws.clients import make_client
    from functions.shared.aws.s3 import S3FrameStore
    from functions.shared.aws.sqs import SqsQueue

    queue = SqsQueue(make_client("sqs", region), queue_url, fifo=False)
    return S3FrameStore(make_client("s3", region), bucket), queue
