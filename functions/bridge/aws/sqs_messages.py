"""How our messages look in SQS: attributes, what SQS never takes, and deliveries as they come back.

A standard queue has no group to give a message, so there the group travels as a message attribute.
"""

import re
from collections.abc import Mapping
from typing import Any

from functions.bridge.aws.sqs_batches import BATCH_BYTES_LIMIT
from functions.bridge.message_limits import message_fault
from functions.bridge.ports import Outgoing

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
