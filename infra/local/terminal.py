"""The transport when there is no Telegram: messages as the person would read them, on a text stream."""

import shutil
import textwrap
import threading
from datetime import datetime, tzinfo
from typing import BinaryIO, TextIO

from functions.notify.render import Message
from functions.notify.transports import Answer, Outcome
from functions.shared.messages.effects import Film
from functions.shared.messages.job_message import JobMessage
from functions.shared.runtime.clocks import Clock
from functions.shared.wording.durations import duration
from functions.shared.wording.figures import size, zone_name

_WIDTHS = (40, 100)


class Terminal:
    """A Transport. Thread-safe: a box is written at once and never mixed with another."""

    def __init__(self, stream: TextIO, clock: Clock, zone: tzinfo) -> None:
        self._stream = stream
        self._clock = clock
        self._zone = zone
        self._lock = threading.Lock()

    def send_text(self, message: Message) -> Answer:
        return self._show(message, None)

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        return self._show(message, f"📷 picture, {size(len(photo))}")

    def send_film(
        self,
        message: Message,
        film: Film,
        content: BinaryIO,  # noqa: ARG002  # a film cannot be shown here
        thumbnail: bytes | None,  # noqa: ARG002
    ) -> Answer:
        return self._show(message, f"🎞 {duration(film.duration_seconds)}, {size(film.size)}: {film.key}")

    def edit(self, message: Message, shown: JobMessage, photo: bytes | None) -> Answer:  # noqa: ARG002
        return self._show(message, None)

    def make_topic(self, name: str) -> Answer:
        return Answer(Outcome.REFUSED, f"a terminal has no topics, and none for {name}")

    def _show(self, message: Message, attachment: str | None) -> Answer:
        lowest, highest = _WIDTHS
        width = max(lowest, min(highest, shutil.get_terminal_size().columns)) - 4
        moment = datetime.fromtimestamp(self._clock(), self._zone)
        title = f" {moment:%H:%M:%S} {zone_name(moment)} "
        rows = [
            row
            for line in [*message.outside_telegram.split("\n"), *([attachment] if attachment else [])]
            for row in textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]
        ]
        box = [
            f"╭─{title}" + "─" * (width - len(title)),
            *(f"│ {row}" for row in rows),
            "╰" + "─" * (width + 1),
        ]
        with self._lock:
            self._write("\n".join(box) + "\n")
            return Answer(Outcome.SENT)

    def _write(self, text: str) -> None:
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        try:
            self._stream.write(text.encode(encoding, "replace").decode(encoding))
            self._stream.flush()
        except (OSError, ValueError):
            pass  # the terminal was closed: nobody is there to read
