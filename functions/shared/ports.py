"""The three ports between the programs and what stores their things: Queue, RecordStore, FrameStore.

Every back end passes the same contract tests. All calls block; times are seconds since 1970. What every
queue refuses for good is the same whichever back end, with the limits of SQS (AWS, "Amazon SQS message
quotas": batch of 10, 1 MiB, delay of 15 minutes, visibility of 12 hours).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import field
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from functions.shared.value_class import dataclass


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be put on a queue. `group` and `deduplication_id` are hex digests.

    `delay_seconds` (0..900) is for standard queues only; a FIFO queue refuses it.
    """

    body: str
    group: str
    deduplication_id: str
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry of a send that was refused for good: its place in the batch, and why."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message handed out. `sent_at` is when the queue took it; `receive_count` begins at 1.

    `sender`: the id of who put it there, where the queue tells it.
    """

    body: str
    group: str
    receipt: str
    receive_count: int
    sent_at: float
    sender: str = field(default="", compare=False)


class SettlingQueue(Protocol):
    """Where the three ends of a delivery are said."""

    def acknowledge(self, delivery: Delivery) -> None:
        """Done with it: never delivered again. An outdated receipt changes nothing."""
        ...

    def retry(self, delivery: Delivery, delay_seconds: float) -> None:
        """Deliver it again after the delay, before anything behind it in its group."""
        ...

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """It can never succeed: to the dead-letter place, with the reason."""
        ...


class Queue(SettlingQueue, Protocol):
    """FIFO per group (a standard queue: any order), deduplicated by id for at least five minutes."""

    def send(self, entries: Sequence[Outgoing]) -> Sequence[Refusal]:
        """Put up to ten messages in order; returns those refused for good.

        Raises TransientError when any other was not taken: send the same again, repeats are dropped.
        """
        ...

    def receive(self, limit: int = 10, wait_seconds: float = 0.0) -> list[Delivery]:
        """Hand out up to `limit` messages, waiting up to `wait_seconds` for the first.

        A group with a message in flight or to be retried after a delay gives no other message: who
        retries one of a batch retries the rest of its group too.
        """
        ...


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as stored: the value is JSON, the version counts its writes from 1."""

    key: str
    value: dict[str, Any]
    version: int


class RecordStore(Protocol):
    """JSON values by key, each with a version."""

    def get(self, key: str) -> Stored | None:
        """The record, or None if there is none or its time is over. Reads its own last write."""
        ...

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        """Write if the stored version is the expected one (0: nothing is stored); the new version.

        It lasts until it `expires_at` (None: for ever). Raises ConflictError if another version is stored.
        """
        ...

    def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[Stored]:
        """The records whose key begins so, sorted by key; a page: the first `limit` of those behind `after`.

        `after` is empty or a key of that prefix; nothing has to be stored there.
        """
        ...

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        """Set a mark that lasts until then; False if it was set already."""
        ...


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """One stored frame or film: its key, size in bytes, and time by its name (of `latest/`: by its file)."""

    key: str
    size: int
    taken_at: float


class FrameStore(Protocol):
    """JPEGs and films by key (see `functions/shared/domain/keys.py`)."""

    def put(self, key: str, source: Path) -> None:
        """Take the file as that key, by rename where it can; the source is gone afterwards.

        Quiet if the source is gone already and the key is stored (a repeat after a crash).
        """
        ...

    def get(self, key: str) -> bytes:
        """The whole content. Raises NotFoundError."""
        ...

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """The content as a binary stream that can seek. Raises NotFoundError on entry or at the call."""
        ...

    def list(
        self, prefix: str, since: float | None = None, until: float | None = None
    ) -> Iterator[StoredFrame]:
        """Frames (not films) under the prefix, sorted by key, both ends of the time included.

        Names carry whole seconds: the second in which `since` lies is included.
        """
        ...

    def films(self, prefix: str) -> Iterator[StoredFrame]:
        """The films in that job's folder, sorted by key, with the times of their names."""
        ...


class Backends(Protocol):
    """What a service is built from. Each part is opened at its first use, if it is not open already."""

    @property
    def records(self) -> RecordStore: ...
    @property
    def frames(self) -> FrameStore: ...
    @property
    def notifications(self) -> Queue: ...
    @property
    def timelapses(self) -> Queue: ...
    @property
    def inspections(self) -> Queue: ...
    @property
    def clock(self) -> Callable[[], float]: ...
    @property
    def chat(self) -> str:
        """The group of all notifications; every program must name the same."""
        ...


BATCH_LIMIT = 10
BODY_BYTES_LIMIT = 1024 * 1024
DELAY_LIMIT_SECONDS = 900.0  # of a message sent with a delay
HOLD_LIMIT_SECONDS = 12 * 3600.0  # of a hand-back
REASON_LIMIT = 1000  # characters kept of why a message is a dead letter

_ID = re.compile(r"[!-~]{1,128}")


def message_fault(entry: Outgoing, *, fifo: bool) -> str | None:
    """Why a queue of that kind can never take the message, or None if it can."""
    if not (_ID.fullmatch(entry.group) and _ID.fullmatch(entry.deduplication_id)):
        return "group and deduplication id must be 1 to 128 printable ASCII characters"
    if fifo and entry.delay_seconds != 0:
        return "a FIFO queue takes no delay for one message"
    if not 0 <= entry.delay_seconds <= DELAY_LIMIT_SECONDS:
        return f"the delay must be between 0 and {DELAY_LIMIT_SECONDS:g} seconds"
    try:
        size = len(entry.body.encode())
    except UnicodeEncodeError:
        return "the body cannot be encoded as UTF-8"
    if not 0 < size <= BODY_BYTES_LIMIT:
        return f"the body has {size} bytes, 1 to {BODY_BYTES_LIMIT} are allowed"
    return None
