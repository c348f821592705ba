"""The records of one Lambda event of SQS, to be settled (`ReportBatchItemFailures` must be on).

Lambda deletes what the response does not name; what it names comes again when its visibility time is over.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from functions.shared.aws.sqs import GROUP_ATTRIBUTE, DeadLetters, SqsQueue
from functions.shared.errors import BridgeError, ContractError
from functions.shared.ports import Delivery

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_log = logging.getLogger(__name__)

_DEAD_LETTER_AGAIN_SECONDS = 60.0


class EventQueue:
    """One for each invocation. What is neither acknowledged nor dead-lettered by `response()` comes again."""

    def __init__(
        self,
        sqs_client: "SQSClient",
        event: Mapping[str, Any],
        url: str,
        dead_letter_url: str | None,
        fifo: bool,
    ) -> None:
        """`url` is the queue that the event comes from. Raises ContractError if it is no event of SQS."""
        self._queue = SqsQueue(sqs_client, url, fifo)
        self._dead_letters = DeadLetters(sqs_client, dead_letter_url, fifo)
        self._deliveries: dict[str, Delivery] = {}  # by message id, in order
        for record in _records(event):
            self._deliveries[record["messageId"]] = _delivery(record)
        self._settled: set[str] = set()  # receipts
        self._gone: set[str] = set()

    def deliveries(self) -> list[Delivery]:
        """All messages of the event that are not somebody else's by now, in order."""
        return [it for it in self._deliveries.values() if it.receipt not in self._gone]

    def hold(self, seconds: float) -> None:
        """Have SQS give none of them to anybody else for so long from now; what it has given on is left out.

        What that cannot be said of is held for the queue's own time.
        """
        try:
            gone = self._queue.hold(list(self._deliveries.values()), seconds)
        except BridgeError as error:
            _log.warning("the messages in hand are held for the queue's own time: %s", error)
            return
        if gone:
            _log.warning("%d messages have been handed out again meanwhile", len(gone))
        self._gone = {delivery.receipt for delivery in gone}

    def acknowledge(self, delivery: Delivery) -> None:
        self._settled.add(delivery.receipt)

    def retry(self, delivery: Delivery, delay_seconds: float) -> None:
        """As the port has it. If SQS does not take the delay the message comes after the queue's own time."""
        try:
            self._queue.retry(delivery, delay_seconds)
        except BridgeError as error:
            _log.warning("a message comes again after the queue's own time: %s", error)

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """As the port has it. If the dead-letter queue does not take it the message comes again."""
        try:
            self._dead_letters.put(delivery, reason)
        except BridgeError as error:
            _log.error("a message to be given up (%s) comes again: %s", reason, error)
            self.retry(delivery, _DEAD_LETTER_AGAIN_SECONDS)
        else:
            self.acknowledge(delivery)

    def response(self) -> dict[str, list[dict[str, str]]]:
        """What the handler returns: the messages that come again."""
        failures = [
            {"itemIdentifier": message_id}
            for message_id, delivery in self._deliveries.items()
            if delivery.receipt not in self._settled
        ]
        return {"batchItemFailures": failures}


def _records(event: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    records = event.get("Records")
    if not isinstance(records, list) or any(record.get("eventSource") != "aws:sqs" for record in records):
        raise ContractError("this is no event of an SQS queue: check the event source of the function")
    return records


def _delivery(record: Mapping[str, Any]) -> Delivery:
    known = record["attributes"]
    own = record.get("messageAttributes", {}).get(GROUP_ATTRIBUTE, {})
    return Delivery(
        body=record["body"],
        group=known.get("MessageGroupId") or own.get("stringValue", ""),
        receipt=record["receiptHandle"],
        receive_count=int(known["ApproximateReceiveCount"]),
        sent_at=int(known["SentTimestamp"]) / 1000,
        sender=known.get("SenderId", ""),
    )
