"""From the outbox to the far side, in a thread: opens it as often as that takes, then ships."""

import logging
import random
import threading
import time
from collections.abc import Callable

from collector.backoff import Backoff
from collector.outbox import Outbox
from collector.ship_lane import FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS
from collector.ship_outage import OutageLog
from collector.shipper import Shipper
from functions.bridge.errors import TransientError
from functions.bridge.ports import FrameStore, Queue

FarSide = tuple[FrameStore, Queue]
_log = logging.getLogger(__name__)


def ship_to(
    open_far_side: Callable[[], FarSide],
    outbox: Outbox,
    stop: threading.Event,
    wait: Callable[[float], object] | None = None,
) -> None:
    """Until `stop` is set; `wait` stands in for waiting for that.

    What cannot be opened now (a helper program that gives no credentials yet) is tried again; meanwhile the
    outbox keeps everything.
    """
    outage = OutageLog(_log, time.monotonic)
    backoff = Backoff(FIRST_DELAY_SECONDS, LONGEST_DELAY_SECONDS)
    wait = wait or stop.wait
    while not stop.is_set():
        try:
            frames, queue = open_far_side()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing else could carry the reports away
            outbox.outlet.tally.openings_failed += 1
            delay, backoff = backoff.next(random.random)
            name = "" if isinstance(error, TransientError) else f"{type(error).__name__}: "
            outage.failing(f"nothing can be delivered: {name}{str(error)[:200]}; next try in {delay:.0f} s")
            wait(delay)
        else:
            Shipper(outbox, frames, queue).run(stop)
            return


def open_aws(queue_url: str, bucket: str, region: str) -> FarSide:
    """SQS and S3, of which nothing is asked yet. Loading the library takes a second."""
    from functions.bridge.aws.clients import make_client
    from functions.bridge.aws.s3_frames import S3FrameStore
    from functions.bridge.aws.sqs_queue import SqsQueue

    queue = SqsQueue(make_client("sqs", region), queue_url, fifo=True)
    return S3FrameStore(make_client("s3", region), bucket), queue
