"""Which messages go together into one SendMessageBatch call."""

from collections.abc import Iterable
from dataclasses import dataclass

from functions.bridge.message_limits import BATCH_LIMIT
from functions.bridge.ports import Outgoing

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
