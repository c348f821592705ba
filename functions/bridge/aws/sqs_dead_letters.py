"""The dead-letter place of a queue: a second SQS queue of the same kind."""

import logging
from typing import TYPE_CHECKING

from functions.bridge.aws.faults import translated
from functions.bridge.aws.sqs_batches import BATCH_BYTES_LIMIT
from functions.bridge.aws.sqs_messages import (
    GROUP_ATTRIBUTE,
    REASON_ATTRIBUTE,
    as_attributes,
    size_of,
    takeable,
)
from functions.bridge.errors import ConfigurationError
from functions.bridge.names import digest
from functions.bridge.ports import Delivery

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageRequestTypeDef

logger = logging.getLogger(__name__)

_REASON_LIMIT = 1000


class DeadLetters:
    """Thread-safe. What is buried keeps its body and group, and says why as the attribute `reason`."""

    def __init__(self, client: "SQSClient", url: str | None, fifo: bool) -> None:
        self._client = client
        self._url = url
        self._fifo = fifo

    def bury(self, delivery: Delivery, reason: str) -> None:
        """Put a copy there; in a FIFO queue twice within five minutes is once.

        Raises TransientError, and ConfigurationError if there is no such queue.
        """
        if not self._url:
            raise ConfigurationError(["a message cannot be rejected: this queue has no dead-letter queue"])
        attributes = {REASON_ATTRIBUTE: takeable(reason, _REASON_LIMIT)}
        if not self._fifo and delivery.group:
            attributes[GROUP_ATTRIBUTE] = delivery.group
        request: SendMessageRequestTypeDef = {"QueueUrl": self._url, "MessageBody": delivery.body}
        if size_of(delivery.body, attributes) <= BATCH_BYTES_LIMIT:
            request["MessageAttributes"] = as_attributes(attributes)
        if self._fifo:
            request["MessageGroupId"] = delivery.group
            # Made of the message and not of the delivery: after a crash the next delivery is the same letter.
            request["MessageDeduplicationId"] = digest(delivery.group, delivery.body, str(delivery.sent_at))
        with translated():
            self._client.send_message(**request)
        logger.warning("a message is given up: %s", attributes[REASON_ATTRIBUTE])
