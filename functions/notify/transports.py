"""Where messages go: the port, how a try can come out, the log as a transport, and a token that may change
meanwhile.
"""

import logging
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, BinaryIO, Protocol

from functions.notify.render import Message
from functions.shared.errors import TransientError
from functions.shared.messages.effects import Film
from functions.shared.runtime.rotating_secret import ReadSecret, RotatingSecret
from functions.shared.value_class import dataclass

if TYPE_CHECKING:
    from functions.shared.messages.job_message import JobMessage

_log = logging.getLogger(__name__)


class Outcome(Enum):
    """What came of one try to send. The values are labels of the metric `notifications`."""

    SENT = "sent"
    WAIT = "wait"  # told to wait (429)
    UNAVAILABLE = "away"  # not reached, or the other side is in trouble: it may work later
    UNAUTHORIZED = "unauthorized"  # the token is refused
    BAD_MARKUP = "unreadable"  # the markup could not be read
    TOO_LARGE = "too_large"  # the file is larger than is taken
    REFUSED = "refused"  # this message or file, for good
    DOUBTFUL = "doubtful"  # a refusal of a kind that is not known: the message's, or everybody's
    SHUT_OUT = "shut_out"  # the chat or the bot is refused, so any message is: it works when that is mended
    NO_TOPIC = "no_topic"  # the topic is not there; without it the chat takes the message
    UNCHANGED = "unchanged"  # an edit, of what reads so already or cannot be edited: it stays as it is
    GONE = "gone"  # an edit, of a message that is not there or cannot be edited any more


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome, why (never with a secret), the seconds to wait if told, the id of the message if sent, the
    chat's new id if it has one, the topic if one was made; `has_photo`: it was sent with one.

    Sent without an id is taken as shown here (terminal, log), which has a line in the log for debugging only.
    """

    outcome: Outcome
    reason: str = ""
    retry_after: float | None = None
    message_id: int | None = None
    moved_to: str | None = None
    topic_id: int | None = None
    has_photo: bool = False

    @property
    def is_sent(self) -> bool:
        return self.outcome is Outcome.SENT


class Transport(Protocol):
    """Each call blocks until there is an answer, and raises nothing that a transport could foresee.

    Thread-safe: embedded, two workers share one.
    """

    def send_text(self, message: Message) -> Answer: ...

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        """A JPEG with the message as its caption."""
        ...

    def send_film(self, message: Message, film: Film, content: BinaryIO, thumbnail: bytes | None) -> Answer:
        """An MP4 of `film.size` bytes, read from the stream's start while it is sent."""
        ...

    def edit(self, message: Message, shown: "JobMessage", photo: bytes | None) -> Answer:
        """Put it in the place of what that message says; its photo stays where there is no other."""
        ...

    def make_topic(self, name: str) -> Answer:
        """A new topic in the chat."""
        ...


class LogTransport:
    """A Transport. `sent` counts what was shown."""

    def __init__(self) -> None:
        self.sent = 0

    def read_token(self) -> str:
        """It needs none."""
        return ""

    def send_text(self, message: Message) -> Answer:
        return self._show(message, "")

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        return self._show(message, f" [picture, {len(photo)} bytes]")

    def send_film(
        self,
        message: Message,
        film: Film,
        content: BinaryIO,  # noqa: ARG002  # a film cannot be shown here
        thumbnail: bytes | None,  # noqa: ARG002
    ) -> Answer:
        return self._show(message, f" [film, {film.size} bytes: {film.key}]")

    def edit(self, message: Message, shown: "JobMessage", photo: bytes | None) -> Answer:  # noqa: ARG002
        return self._show(message, "")

    def make_topic(self, name: str) -> Answer:
        return Answer(Outcome.REFUSED, f"a log has no topics, and none for {name}")

    def _show(self, message: Message, attachment: str) -> Answer:
        _log.info("message: %s%s", message.outside_telegram, attachment)
        self.sent += 1
        return Answer(Outcome.SENT)


class RotatingTokenTransport:
    """A Transport: one made with the token, made anew when that changes. `sent` counts what went through."""

    def __init__(self, read_token: ReadSecret, make: Callable[[str], Transport]) -> None:
        self.read_token = read_token
        self._token = RotatingSecret(read_token, make)
        self.sent = 0

    def send_text(self, message: Message) -> Answer:
        return self._send(lambda transport: transport.send_text(message))

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        return self._send(lambda transport: transport.send_photo(message, photo))

    def send_film(self, message: Message, film: Film, content: BinaryIO, thumbnail: bytes | None) -> Answer:
        return self._send(lambda transport: transport.send_film(message, film, content, thumbnail))

    def edit(self, message: Message, shown: "JobMessage", photo: bytes | None) -> Answer:
        return self._send(lambda transport: transport.edit(message, shown, photo))

    def make_topic(self, name: str) -> Answer:
        return self._send(lambda transport: transport.make_topic(name))

    def _send(self, send: Callable[[Transport], Answer]) -> Answer:
        try:
            transport = self._token.client()
            answer = send(transport)
            if answer.outcome is Outcome.UNAUTHORIZED:
                newer = self._token.client_after_refusal(transport)
                if newer is not None:
                    _log.info("the bot has a new token")
                    answer = send(newer)
        except TransientError as error:
            _log.error("the bot's token cannot be had: %s", error)
            return Answer(Outcome.UNAVAILABLE, "the bot's token cannot be had")
        self.sent += answer.is_sent and answer.topic_id is None
        return answer
