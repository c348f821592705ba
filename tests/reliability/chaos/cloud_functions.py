"""The cloud's functions as one process that can be killed: what Lambda does between queues and handlers.

`python -m tests.reliability.chaos.cloud_functions`: polls each queue, calls the real handler, deletes what
did not fail.
Where people ask, updates come by a webhook (CHAOS_WEBHOOK_PORT), and liveness looks whether a mute is over.
What a killed one had in hand comes again when its visibility time is over, as with Lambda; that is
half a minute at most here, as runs are of milliseconds.
"""

import logging
import os
import sys
import threading
import time

from functions.liveness import handler as liveness_handler
from functions.notify import handler as notify_handler
from functions.shared.aws import lambda_consumer
from functions.shared.aws.clients import make_client
from functions.timelapse import handler as timelapse_handler
from functions.tracker import handler as tracker_handler
from tests.reliability.chaos import cloud_webhook
from tests.support.lambda_runtime.event_source import Context, Handler, delete_done, receive_event

_FUNCTIONS: tuple[tuple[str, int, Handler], ...] = (
    ("REPORTS", 10, tracker_handler.handle),
    ("NOTIFICATIONS", 1, notify_handler.handle),
    ("TIMELAPSES", 1, timelapse_handler.handle),
)
_HOLD_SECONDS = 25.0
_LOOKED_EVERY = 2.0  # a minute is as an hour of the chat's
READY = "the functions are there"
_log = logging.getLogger(__name__)


def poll(name: str, batch: int, handle: Handler) -> None:
    """One event source mapping, for ever."""
    url, sqs = os.environ[f"{name}_QUEUE_URL"], make_client("sqs")
    while True:
        event = receive_event(sqs, url, batch, wait_seconds=1)
        if not event["Records"]:
            continue
        try:
            response = handle(event, Context())
        except Exception:  # noqa: BLE001 - Lambda brings all of them again
            _log.exception("%s: the function failed", name)
            continue
        delete_done(sqs, url, event, response)


def look() -> None:
    """Liveness by its schedule, for ever."""
    while True:
        time.sleep(_LOOKED_EVERY)
        try:
            liveness_handler.handle({}, Context())
        except Exception:  # noqa: BLE001 - the next run comes
            _log.exception("liveness failed")


def main() -> None:
    in_life = lambda_consumer.hold_seconds
    lambda_consumer.hold_seconds = lambda busy: min(_HOLD_SECONDS, in_life(busy))
    for function in _FUNCTIONS:
        threading.Thread(target=poll, args=function, daemon=True).start()
    port = cloud_webhook.port()
    if port is not None:
        threading.Thread(target=cloud_webhook.serve, args=(port,), daemon=True).start()
        threading.Thread(target=cloud_webhook.keep, args=(port,), daemon=True).start()
        threading.Thread(target=look, daemon=True).start()
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
