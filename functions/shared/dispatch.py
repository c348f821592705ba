"""What a service is given and what it answers: a decoded message, and what becomes of its delivery.

The consumer (`functions/shared/consumer.py`) stands between a service and the queue that it works off.
"""

from dataclasses import field
from typing import Generic, Protocol, TypeAlias, TypeVar

from functions.shared.value_class import dataclass


class Content(Protocol):
    """What a message says, decoded: a report or an effect."""

    @property
    def id(self) -> str: ...
    @property
    def printer_id(self) -> str: ...


ContentT = TypeVar("ContentT", bound=Content)


@dataclass(frozen=True, slots=True)
class Received(Generic[ContentT]):
    """A delivery as its service sees it; times, group and sender are those of `Delivery`."""

    content: ContentT
    sent_at: float
    receive_count: int
    group: str = field(default="", compare=False)
    sender: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Done:
    """Never again."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Again after so many seconds, and before anything behind it in its group."""

    after: float


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """It can never succeed, for that reason."""

    reason: str


Settlement: TypeAlias = Done | Retry | DeadLetter


class Service(Protocol[ContentT]):
    """Handles one kind of message. It puts effects on queues, and never touches the one that it works off."""

    def decode(self, body: str) -> ContentT:
        """Raises ContractError."""
        ...

    def refuse(self, error: Exception) -> Settlement:
        """Say that a message could not be decoded, and what becomes of it."""
        ...

    def handle(self, message: Received[ContentT]) -> Settlement:
        """Do what it asks for, and say what becomes of it: the queue is told after that, and may fail.

        What it raises is a fault of ours that nobody thought of: each consumer has its own answer to that.
        """
        ...
