"""The cloud's functions as one process that can be killed: what Lambda does between queues and handlers.

`python -m tests.reliability.chaos.cloud_functions`: polls each queue, calls the real handler, deletes what
did not fail.
What a killed one had in hand comes again when its visibility time is over, as with Lambda.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from functions.notify import handler as notify_handler
from functions.shared.aws.clients import make_client
from functions.timelapse import handler as timelapse_handler
from functions.tracker import handler as tracker_handler
from tests.support.lambda_runtime.stack import Context

Handler = Callable[[Mapping[str, Any], Any], Mapping[str, Any]]
_FUNCTIONS: tuple[tuple[str, int, Handler], ...] = (
    ("REPORTS", 10, tracker_handler.handle),
    ("NOTIFICATIONS", 1, notify_handler.handle),
    ("TIMELAPSES", 1, timelapse_handler.handle),
)
READY = "the functions are there"
_log = logging.getLogger(__name__)


def poll(name: str, batch: int, handle: Handler) -> None:
    """One event source mapping, for ever."""
    url, sqs = os.environ[f"{name}_QUEUE_URL"], make_client("sqs")
    while True:
        answer = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=batch,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = answer.get("Messages", [])
        if not messages:
            continue
        try:
            failed = handle({"Records": [_record(message) for message in messages]}, Context())
        except Exception:  # noqa: BLE001 - Lambda brings all of them again
            _log.exception("%s: the function failed", name)
            continue
        again = {item["itemIdentifier"] for item in failed["batchItemFailures"]}
        for message in messages:
            if message["MessageId"] not in again:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _record(message: Mapping[str, Any]) -> dict[str, Any]:
    """Source: Lambda Developer Guide, "Using Lambda with Amazon SQS", the event."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
            for name, value in message.get("MessageAttributes", {}).items()
        },
        "eventSource": "aws:sqs",
    }


def main() -> None:
    for function in _FUNCTIONS:
        threading.Thread(target=poll, args=function, daemon=True).start()
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
