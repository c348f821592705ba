"""One printer's session under damaged messages: everything that a frame of the socket goes through."""

import contextlib
import tempfile
from dataclasses import asdict
from pathlib import Path
from random import Random

from collector.bambui.messages import (
    ImageError,
    ImageMessage,
    StatusMessage,
    decode_image,
    read_leniently,
    read_message,
)
from collector.outbox.outbox import Outbox
from functions.shared.domain.jpeg import read_jpeg
from functions.shared.live import Live
from functions.shared.messages.report import decode_report, encode_report
from tests.reliability.fuzz import material
from tests.reliability.fuzz.checking_writer import CheckingWriter
from tests.reliability.fuzz.course import Chances, size_of
from tests.reliability.fuzz.mutations import Mutator
from tests.reliability.fuzz.shown_printer import show
from tests.support.clock import HandClock
from tests.support.direct_writer import DirectWriter
from tests.support.stepped_edge import stepped_session

NAMES = """
    gcode_state subtask_name gcode_file task_id mc_percent layer_num total_layer_num mc_remaining_time stg_cur
    print_error hms type data image message attr code
""".split()  # noqa: SIM905 - a list of such length is read more easily so
PRINTERS = ("A1M-1", "p/../x", "Ümläut 🧵", "x" * 300)
_COURSES_WITH_OUTBOX = 40  # one in so many writes to a real outbox
_BIGGEST_EVERY = 20_000
_STATE_ALLOWANCE = 256 * 1024


class ReaderCourse:
    """A life of one session. `frame` makes the message of a number, `feed` gives it to the session."""

    def __init__(self, chances: Chances, number: int) -> None:
        chance = chances.of_course(number)
        self._chances = chances
        self._clock = HandClock()
        self._mutator = Mutator(NAMES)
        self._texts = [text for _ in range(3) for text in material.messages(chance.choice(material.ALL))]
        self._printer = chance.choice(PRINTERS)
        self._live = Live()
        self._longest = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._outbox: Outbox | None = None
        self._writer: CheckingWriter | DirectWriter = CheckingWriter(self._printer)
        if number % _COURSES_WITH_OUTBOX == 1:
            self._folder = tempfile.TemporaryDirectory()
            self._outbox = Outbox(
                Path(self._folder.name), 4 * 1024 * 1024, self._clock, monotonic=self._clock.monotonic
            )
            self._writer = DirectWriter(self._outbox)
        self._session = stepped_session(
            self._clock, self._printer, material.RULES, self._writer, live=self._live
        )
        self._session.opened()

    def frame(self, number: int) -> str | bytes:
        """The message of that number; the same whatever came before it."""
        chance = self._chances.of(number)
        place = number % len(self._texts)
        text = self._mutator.mutate(self._texts[place], chance, chance.choice(self._texts))
        if number % _BIGGEST_EVERY == _BIGGEST_EVERY - 1:
            text = text[:40] + text[40:80] * (15 * 1024 * 1024 // 40) + text[80:]  # what the socket may bring
        if chance.randrange(300) == 0:
            return text.encode("utf-8", "replace")
        return text

    def feed(self, number: int, frame: str | bytes) -> None:
        """Raises whatever is wrong."""
        chance = self._chances.of(-1 - number)
        self._pass_time(chance)
        self._longest = max(self._longest, len(frame))
        self._session.received(frame)
        if number % 8 == 0 and isinstance(frame, str):
            self._read_twice(frame)
        if number % 16 == 0:
            jpeg_image = self._live.frame(self._printer)
            assert jpeg_image is None or read_jpeg(jpeg_image.data).fault is None
        if number % 50 == 0:
            show(self._printer, {}, self._live, self._clock())
        if self._outbox is not None and number % 20 == 0:
            _ship(self._outbox)

    def end(self) -> None:
        """What is left of all that must be no more than the newest messages and a little."""
        size = size_of(self._session, self._live, without=[self._writer])
        allowed = 24 * self._longest + _STATE_ALLOWANCE
        assert size <= allowed, f"the session holds {size} bytes, {allowed} are allowed"
        if self._outbox is not None:
            _ship(self._outbox)
            figures = self._outbox.figures()
            assert (figures.reports_waiting, figures.frames_waiting) == (0, 0)
            assert (figures.reports_set_aside, figures.frames_set_aside) == (0, 0)

    def close(self) -> None:
        if self._outbox is not None:
            self._outbox.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _pass_time(self, chance: Random) -> None:
        self._clock.skip(chance.choice((0.0, 0.2, 1.0, 1.0, 1.0, 5.0, 11.0, 40.0)))
        self._clock.pass_time(0)  # timers may be late
        cause = self._session.tick() if chance.random() < 0.3 else None
        if cause is not None or chance.randrange(300) == 0:
            self._session.closed()
            self._session.opened()

    @staticmethod
    def _read_twice(frame: str) -> None:
        """The quick parser and the standard one say the same; an image is whole or refused."""
        quick, lenient = read_message(frame), read_leniently(frame)
        if isinstance(quick, StatusMessage) and isinstance(lenient, StatusMessage):
            assert asdict(quick.facts) == asdict(lenient.facts)
        if isinstance(lenient, StatusMessage):
            assert isinstance(quick, StatusMessage)
        if isinstance(quick, ImageMessage):
            with contextlib.suppress(ImageError):
                assert read_jpeg(decode_image(quick)).fault is None


def _ship(outbox: Outbox) -> None:
    """Take all that waits, as the uploader does."""
    reader = outbox.reader
    while frame := reader.take_frame(is_old_allowed=True):
        reader.path(frame).unlink()
        reader.frame_uploaded(frame)
    while batch := reader.take_batch()[0]:
        for item in batch:
            assert decode_report(encode_report(item.report)) == item.report
        reader.acknowledge(batch)
