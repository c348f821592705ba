"""The sink when no bot is named: each message is a line of the log, as the person would read it."""

import logging
from typing import BinaryIO

from functions.bridge.effects import Film
from functions.notify.message import Message
from functions.notify.sink import Answer, Outcome

_log = logging.getLogger(__name__)


class LogSink:
    """A Sink. `sent` counts what was shown."""

    def __init__(self) -> None:
        self.sent = 0

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

    def _show(self, message: Message, attachment: str) -> Answer:
        _log.info("message: %s%s", message.plain, attachment)
        self.sent += 1
        return Answer(Outcome.SENT)
