"""The Queue port on one SQS queue, FIFO or standard, and how our messages look in SQS.

Actions used: SendMessage (send, and on the dead-letter queue: dead_letter), ReceiveMessage, DeleteMessage,
ChangeMessageVisibility (hold: by tens). A standard queue has no group to give a message, so there the group
travels as a message attribute.
"""

import logging
import math
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.shared.aws.clients import LONGEST_POLL_SECONDS
from functions.shared.aws.errors import fault_of, translated
from functions.shared.domain.keys import digest
from functions.shared.errors import ConfigurationError, PermanentError, TransientError
from functions.shared.ports import (
    BATCH_LIMIT,
    HOLD_LIMIT_SECONDS,
    REASON_LIMIT,
    Delivery,
    Outgoing,
    Refusal,
    message_fault,
)
from functions.shared.runtime.clocks import Clock
from functions.shared.value_class import dataclass

BATCH_BYTES_LIMIT = 1024 * 1024  # of all messages of a call together; AWS, "Amazon SQS message quotas"


@dataclass(frozen=True, slots=True)
class Entry:
    """A message, its place in the caller's list, and its size as SQS counts it (with attributes)."""

    index: int
    message: Outgoing
    size: int


def next_batch(waiting: Iterable[Entry], *, fifo: bool) -> list[Entry]:
    """The entries of the next call, in order; at least one if any waits.

    A FIFO queue gets at most one message of a group in a call: SQS takes or refuses each entry by itself,
    and a message that has to be sent again must not come behind one that it preceded.
    """
    batch: list[Entry] = []
    size = 0
    closed: set[str] = set()
    for entry in waiting:
        if len(batch) == BATCH_LIMIT:
            break
        if fifo and entry.message.group in closed:
            continue
        closed.add(entry.message.group)
        if batch and size + entry.size > BATCH_BYTES_LIMIT:
            continue
        batch.append(entry)
        size += entry.size
    return batch


GROUP_ATTRIBUTE = "group"
REASON_ATTRIBUTE = "reason"

# All that SQS takes: tab, line feed, carriage return and everything from the blank on but U+FFFE and U+FFFF.
# Source: AWS, API reference of SendMessage, "MessageBody".
_NEVER_TAKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def attributes_of(message: Outgoing, *, fifo: bool) -> dict[str, str]:
    """The message attributes that go with it."""
    return {} if fifo else {GROUP_ATTRIBUTE: message.group}


def size_of(body: str, attributes: Mapping[str, str]) -> int:
    """Bytes as SQS counts them: the body, and name, type and value of each attribute."""
    return len(body.encode()) + sum(
        len(name) + len("String") + len(value.encode()) for name, value in attributes.items()
    )


def sqs_fault(message: Outgoing, *, fifo: bool) -> str | None:
    """Why SQS can never take the message, or None if it can."""
    fault = message_fault(message, fifo=fifo)
    if fault is not None:
        return fault
    if _NEVER_TAKEN.search(message.body):
        return "the body has characters that SQS does not take (control characters)"
    size = size_of(message.body, attributes_of(message, fifo=fifo))
    if size > BATCH_BYTES_LIMIT:
        return f"the message has {size} bytes with its attributes, {BATCH_BYTES_LIMIT} are allowed"
    return None


def takeable(text: str, limit: int) -> str:
    """The text as an attribute's value: cut, never empty, nothing in it that SQS does not take."""
    return _NEVER_TAKEN.sub("?", text)[:limit] or "?"


def as_attributes(values: Mapping[str, str]) -> dict[str, Any]:
    """Message attributes in the form of a request."""
    return {name: {"DataType": "String", "StringValue": value} for name, value in values.items()}


if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageRequestTypeDef

_log = logging.getLogger(__name__)


class DeadLetters:
    """Thread-safe. What is buried keeps its body and group, and says why as the attribute `reason`."""

    def __init__(self, client: "SQSClient", url: str | None, fifo: bool) -> None:
        self._client = client
        self._url = url
        self._fifo = fifo

    def put(self, delivery: Delivery, reason: str) -> None:
        """Put a copy there; in a FIFO queue twice within five minutes is once.

        Raises TransientError, and ConfigurationError if there is no such queue.
        """
        if not self._url:
            raise ConfigurationError(["a message cannot be rejected: this queue has no dead-letter queue"])
        attributes = {REASON_ATTRIBUTE: takeable(reason, REASON_LIMIT)}
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
        _log.warning("a message is given up: %s", attributes[REASON_ATTRIBUTE])


if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import (
        ChangeMessageVisibilityBatchRequestEntryTypeDef,
        MessageTypeDef,
        SendMessageBatchRequestEntryTypeDef,
    )


# SQS counts its 12 hours from the moment of receiving; no worker of ours holds a message longer than this.
_HELD_SECONDS = 1200.0
_DEAD_LETTERING_SECONDS = 60
_OUTDATED = frozenset({"ReceiptHandleIsInvalid", "MessageNotInflight"})


class SqsQueue:
    """Thread-safe. Visibility time, retention and redrive are the queue's own settings.

    On a standard queue SQS drops no repeats: what reads it must bear them (our workers have done-marks).
    `clock` stands in where SQS tells no time of sending.
    """

    def __init__(
        self,
        client: "SQSClient",
        url: str,
        fifo: bool,
        dead_letter_url: str | None = None,
        clock: Clock = time.time,
    ) -> None:
        self._client = client
        self._url = url
        self._fifo = fifo
        self._clock = clock
        self._dead_letters = DeadLetters(client, dead_letter_url, fifo)

    def send(self, entries: Sequence[Outgoing]) -> Sequence[Refusal]:
        """As the port has it, in as few calls as order allows: one for each message of the fullest group.

        When a message of a FIFO group is not taken, none behind it in its group is sent; other groups go on.
        """
        if len(entries) > BATCH_LIMIT:
            raise ValueError(f"{len(entries)} messages in one send: {BATCH_LIMIT} are allowed")
        faults = [sqs_fault(entry, fifo=self._fifo) for entry in entries]
        refusals = [Refusal(index, fault) for index, fault in enumerate(faults) if fault is not None]
        waiting = [
            Entry(index, entry, size_of(entry.body, attributes_of(entry, fifo=self._fifo)))
            for index, (entry, fault) in enumerate(zip(entries, faults, strict=True))
            if fault is None
        ]
        not_taken: TransientError | None = None
        while batch := next_batch(waiting, fifo=self._fifo):
            outcome = self._send_batch(batch)
            sent = {entry.index for entry in batch}
            held = set()
            for entry in batch:
                error = outcome.get(entry.index)
                if isinstance(error, TransientError):
                    not_taken = error
                    held.add(entry.message.group)
                elif error is not None:
                    refusals.append(Refusal(entry.index, str(error)))
            waiting = [
                entry
                for entry in waiting
                if entry.index not in sent and not (self._fifo and entry.message.group in held)
            ]
        if not_taken is not None:
            raise not_taken
        return sorted(refusals, key=lambda refusal: refusal.index)

    def receive(self, limit: int = BATCH_LIMIT, wait_seconds: float = 0.0) -> list[Delivery]:
        """As the port has it; waits whole seconds, at most 20."""
        with translated():
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=max(1, min(limit, BATCH_LIMIT)),
                WaitTimeSeconds=max(0, min(int(wait_seconds), LONGEST_POLL_SECONDS)),
                MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp", "MessageGroupId"],
                MessageAttributeNames=[GROUP_ATTRIBUTE],
            )
        return [self._delivery(message) for message in answer.get("Messages", [])]

    def acknowledge(self, delivery: Delivery) -> None:
        with translated():
            try:
                self._client.delete_message(QueueUrl=self._url, ReceiptHandle=delivery.receipt)
            except ClientError as error:
                _pass_if_outdated(error)

    def retry(self, delivery: Delivery, delay_seconds: float) -> None:
        """As the port has it; whole seconds, never sooner, at most 11 h 40 min."""
        delay = max(0.0, min(delay_seconds, HOLD_LIMIT_SECONDS - _HELD_SECONDS))
        self._set_visibility(delivery, math.ceil(delay))

    def hold(self, deliveries: Sequence[Delivery], seconds: float) -> Sequence[Delivery]:
        """Have nobody else get these (ten at most) for so long from now; which ones somebody else has.

        Raises TransientError when that is not known of one.
        """
        entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
            {
                "Id": str(place),
                "ReceiptHandle": delivery.receipt,
                "VisibilityTimeout": math.ceil(min(seconds, HOLD_LIMIT_SECONDS)),
            }
            for place, delivery in enumerate(deliveries)
        ]
        if not entries:
            return []
        with translated():
            answer = self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
        failures = answer.get("Failed", [])
        for failure in failures:
            if not _is_outdated(failure["Code"], failure.get("Message", "")):
                raise TransientError(f"AWS ChangeMessageVisibilityBatch: {failure['Code']}")
        return [deliveries[int(failure["Id"])] for failure in failures]

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """As the port has it. Raises ConfigurationError if this queue was given no dead-letter queue."""
        # Asks, by the way, whether the receipt is still current: an outdated one rejects nothing.
        if self._set_visibility(delivery, _DEAD_LETTERING_SECONDS):
            self._dead_letters.put(delivery, reason)
            self.acknowledge(delivery)

    def _send_batch(self, batch: list[Entry]) -> dict[int, PermanentError | TransientError]:
        """What became of those that were not taken, by their index. Raises TransientError for them all."""
        requests = [self._request(entry) for entry in batch]
        try:
            with translated():
                answer = self._client.send_message_batch(QueueUrl=self._url, Entries=requests)
        except PermanentError as error:
            if len(batch) == 1:
                return {batch[0].index: error}
            # One of them is refused in a way that fails the whole call: find it.
            outcome = {}
            for entry in batch:
                outcome.update(self._send_batch([entry]))
            return outcome
        taken = {int(entry["Id"]) for entry in answer.get("Successful", [])}
        lost = TransientError("AWS SendMessageBatch: the answer leaves a message out")
        failed: dict[int, PermanentError | TransientError] = {
            entry.index: lost for entry in batch if entry.index not in taken
        }
        for failure in answer.get("Failed", []):
            status = 400 if failure["SenderFault"] else 500
            fault = fault_of("SendMessageBatch", failure["Code"], failure.get("Message", ""), status)
            assert isinstance(fault, PermanentError | TransientError)
            failed[int(failure["Id"])] = fault
        return failed

    def _request(self, entry: Entry) -> "SendMessageBatchRequestEntryTypeDef":
        message = entry.message
        request: SendMessageBatchRequestEntryTypeDef = {"Id": str(entry.index), "MessageBody": message.body}
        if self._fifo:
            request["MessageGroupId"] = message.group
            request["MessageDeduplicationId"] = message.deduplication_id
        else:
            request["DelaySeconds"] = math.ceil(message.delay_seconds)
            request["MessageAttributes"] = as_attributes(attributes_of(message, fifo=False))
        return request

    def _delivery(self, message: "MessageTypeDef") -> Delivery:
        known = message.get("Attributes", {})
        own: Mapping[str, Any] = message.get("MessageAttributes", {}).get(GROUP_ATTRIBUTE) or {}
        sent_at = known.get("SentTimestamp")
        return Delivery(
            body=message["Body"],
            group=known.get("MessageGroupId") or own.get("StringValue", ""),
            receipt=message["ReceiptHandle"],
            receive_count=int(known.get("ApproximateReceiveCount", "1")),
            sent_at=self._clock() if sent_at is None else int(sent_at) / 1000,
        )

    def _set_visibility(self, delivery: Delivery, seconds: int) -> bool:
        """Whether the receipt was current and the message is hidden for that long from now."""
        with translated():
            try:
                self._client.change_message_visibility(
                    QueueUrl=self._url, ReceiptHandle=delivery.receipt, VisibilityTimeout=seconds
                )
            except ClientError as error:
                _pass_if_outdated(error)
                return False
        return True


def _pass_if_outdated(error: ClientError) -> None:
    """Quiet for an outdated receipt, which SQS tells in three ways; raises the error again otherwise."""
    answer = error.response["Error"]
    if not _is_outdated(answer.get("Code", ""), answer.get("Message", "")):
        raise error
    _log.debug("an outdated receipt: %s", answer["Code"])


def _is_outdated(code: str, text: str) -> bool:
    code = code.rsplit(".", 1)[-1]
    return code in _OUTDATED or (code == "InvalidParameterValue" and "ReceiptHandle" in text)
