"""Where messages go (Telegram, or the terminal), and how a try can come out."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import BinaryIO, Protocol

from functions.bridge.effects import Film
from functions.notify.message import Message


class Outcome(Enum):
    """What came of one try to send."""

    SENT = auto()
    WAIT = auto()  # told to wait (429)
    AWAY = auto()  # not reached, or the other side is in trouble: it may work later
    UNAUTHORIZED = auto()  # the token is refused
    UNREADABLE = auto()  # the markup could not be read
    TOO_LARGE = auto()  # the file is larger than is taken
    REFUSED = auto()  # for good


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome, why (never with a secret), the seconds to wait if told, the id of the message if sent."""

    outcome: Outcome
    reason: str = ""
    retry_after: float | None = None
    message_id: int | None = None

    @property
    def is_sent(self) -> bool:
        return self.outcome is Outcome.SENT


class Sink(Protocol):
    """Each call blocks until there is an answer, and raises nothing that a sink could foresee."""

    def send_text(self, message: Message) -> Answer: ...

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        """A JPEG with the message as its caption."""
        ...

    def send_film(self, message: Message, film: Film, content: BinaryIO, thumbnail: bytes | None) -> Answer:
        """An MP4 of `film.size` bytes, read from the stream's start while it is sent."""
        ...
