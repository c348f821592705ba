"""A sink whose token is kept elsewhere and may be changed while this runs."""

import logging
from collections.abc import Callable
from typing import BinaryIO, Protocol

from functions.bridge.effects import Film
from functions.bridge.errors import TransientError
from functions.notify.message import Message
from functions.notify.sink import Answer, Outcome, Sink

_log = logging.getLogger(__name__)


class ReadToken(Protocol):
    def __call__(self, *, is_refused: bool = False) -> str:
        """The token; read anew if the one we have is refused. Raises TransientError."""
        ...


class FreshTokenSink:
    """A Sink: one made with the token, made anew when that changes. `sent` counts what went through."""

    def __init__(self, read_token: ReadToken, make: Callable[[str], Sink]) -> None:
        self._read_token = read_token
        self._make = make
        self._made: tuple[str, Sink] | None = None
        self.sent = 0

    def send_text(self, message: Message) -> Answer:
        return self._send(lambda sink: sink.send_text(message))

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        return self._send(lambda sink: sink.send_photo(message, photo))

    def send_film(self, message: Message, film: Film, content: BinaryIO, thumbnail: bytes | None) -> Answer:
        return self._send(lambda sink: sink.send_film(message, film, content, thumbnail))

    def _send(self, send: Callable[[Sink], Answer]) -> Answer:
        try:
            token = self._read_token()
            answer = send(self._sink(token))
            if answer.outcome is Outcome.UNAUTHORIZED:
                newer = self._read_token(is_refused=True)
                if newer != token:
                    _log.info("the bot has a new token")
                    answer = send(self._sink(newer))
        except TransientError as error:
            _log.error("the bot's token cannot be had: %s", error)
            return Answer(Outcome.AWAY, "the bot's token cannot be had")
        self.sent += answer.is_sent
        return answer

    def _sink(self, token: str) -> Sink:
        if self._made is None or self._made[0] != token:
            self._made = (token, self._make(token))
        return self._made[1]
