"""The tracker under damaged reports: its service as it runs, its records, and the messages made of it all."""

import json
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from functions.notify.render import RenderContext, render
from functions.shared.domain.keys import PRINTERS, printer_key
from functions.shared.errors import ContractError
from functions.shared.messages.effects import (
    Category,
    Effect,
    decode_inspection,
    decode_notification,
    decode_timelapse,
    encode_effect,
)
from functions.shared.messages.printer_record import record_from_json, record_to_json
from functions.shared.messages.report import Report, decode_report
from functions.shared.ports import Delivery, Outgoing
from functions.shared.telegram.markup import CAPTION_LIMIT, TEXT_LIMIT
from functions.tracker.evaluation import Rules
from functions.tracker.service import TrackerService
from tests.reliability.fuzz import material
from tests.reliability.fuzz.announced import Announced
from tests.reliability.fuzz.course import Chances
from tests.reliability.fuzz.mutations import Mutator
from tests.reliability.fuzz.reader_course import NAMES
from tests.reliability.fuzz.shown_printer import show
from tests.support.consuming import consume
from tests.support.memory_backend import MemoryQueue, MemoryRecords
from tests.support.telegram.entities import live_entities
from tests.support.telegram.markup import read_marked, utf16_units

_REPORT_NAMES = """
    version collector_id sequence printer_id model is_online kind observed_at shipped_at status frame
    frames_kept after_gap key taken_at size
""".split()  # noqa: SIM905 - a list of such length is read more easily so
_HEAD = re.compile(r'^\{"version":1,"id":"[^"]*","collector_id":"[^"]*","sequence":\d+,')
_TIMES = re.compile(r'"observed_at":[\d.]+,"shipped_at":null,')
_TAKEN = re.compile(r'"taken_at":[\d.]+')
_REPORTS_OF_ONE_COLLECTOR = 120
_RECORD_ALLOWANCE = 64 * 1024
_RECORD_FACTOR = 8  # its texts are those of the newest report, of four collectors' names, and of the job
_READ_BACK_EVERY = 4  # writing a record costs more than all the rest
_STEPS = (1.0, 1.0, 5.0, 5.0, 31.0, 121.0, 400.0)


@dataclass(frozen=True)
class _Base:
    """A report in pieces, to be put together with other numbers and times."""

    first: str
    second: str

    @classmethod
    def of(cls, text: str) -> "_Base":
        first, second = _TIMES.split(_HEAD.sub("", text), maxsplit=1)
        return cls(first, second)

    def text(self, collector: str, sequence: int, observed_at: float) -> str:
        head = f'{{"version":1,"id":"-","collector_id":"{collector}","sequence":{sequence},'
        times = f'"observed_at":{observed_at},"shipped_at":{observed_at + 0.5},'
        return head + self.first + times + _TAKEN.sub(f'"taken_at":{observed_at - 2.0}', self.second)


class TrackerCourse:
    """A tracker with empty stores. `frame` makes the body of a number, `feed` has it tracked."""

    def __init__(self, chances: Chances, number: int) -> None:
        chance = chances.of_course(number)
        self._chances = chances
        self._mutator = Mutator((*NAMES, *_REPORT_NAMES))
        self._bases = [
            _Base.of(text) for _ in range(3) for text in material.reports(chance.choice(material.ALL))
        ]
        self._start = chance.randrange(len(self._bases))
        self._step = chance.choice(_STEPS)
        self._now = 1_700_000_000.0
        self._longest = 0
        self._history: deque[str] = deque(maxlen=50)
        self._effects: list[Effect] = []
        self._told: dict[str, Announced] = {}
        self._taken: set[str] = set()
        self._written: list[str] = []
        self._records = MemoryRecords(look=self._look_at)
        self._reports = MemoryQueue()
        self._handled = 0
        self._service = TrackerService(
            records=self._records,
            notifications=MemoryQueue(look=self._take_notification),
            timelapses=MemoryQueue(look=self._take_timelapse),
            inspections=MemoryQueue(look=self._take_inspection),
            rules=Rules(
                progress_step=chance.choice((0, 1, 5, 25)),
                photo_interval=chance.choice((0.0, 60.0, 3600.0)),
                inspection_interval=chance.choice((None, 60.0, 3600.0)),
                silence_grace=chance.choice((0.0, 0.0, 60.0, 600.0)),
            ),
            chat="chat",
            clock=lambda: self._now,
        )

    def frame(self, number: int) -> str:
        """The body of that number; the same whatever came before it."""
        chance = self._chances.of(number)
        observed_at = 1_700_000_000.0 + (number % 100_000) * self._step
        if chance.randrange(100) == 0:
            observed_at += chance.choice((-4000.0, -40.0, 4000.0))
        collector = f"c{number // _REPORTS_OF_ONE_COLLECTOR}"
        base = self._bases[(self._start + number) % len(self._bases)]
        other = chance.choice(self._bases).text("c1", number, observed_at)
        return self._mutator.mutate(base.text(collector, number, observed_at), chance, other)

    def feed(self, number: int, frame: str | bytes) -> None:
        """Raises whatever is wrong."""
        assert isinstance(frame, str)
        chance = self._chances.of(-1 - number)
        self._now = 1_700_000_000.0 + (number % 100_000) * self._step
        self._longest = max(self._longest, len(frame))
        self._track(frame)
        self._history.append(frame)
        if chance.randrange(30) == 0:
            before = dict(self._records.texts)
            again = chance.choice(self._history)
            if self._track(again):
                assert self._records.texts == before, "a report taken before has changed something"
        if number % 50 == 0:
            self._show()

    def end(self) -> None:
        """What is left is bounded by the longest report, for each printer that was named."""
        records = sum(map(len, self._records.texts.values()))
        allowed = (_RECORD_FACTOR * self._longest + _RECORD_ALLOWANCE) * max(1, len(self._records.texts))
        assert records <= allowed, f"the records have {records} characters, {allowed} are allowed"
        assert self._reports.retried == 0

    def close(self) -> None:
        """Nothing is held."""

    def _track(self, body: str) -> bool:
        """Whether it was a repeat of one that is still remembered: then nothing may have happened."""
        self._effects, self._written = [], []
        try:
            report: Report | None = decode_report(body)
        except ContractError:
            report = None
        is_known, is_remembered = False, False
        if report is not None:
            is_known = report.id in self._taken
            is_remembered = is_known and self._is_remembered(report)
        done = self._reports.acknowledged, self._reports.dead_lettered
        consume(self._reports, self._service, [Delivery(body, "group", str(self._handled), 1, self._now)])
        self._handled += 1
        if report is None:
            assert (self._reports.acknowledged, self._reports.dead_lettered) == (done[0], done[1] + 1)
            assert not self._effects
            assert not self._written
            return False
        assert (self._reports.acknowledged, self._reports.dead_lettered) == (done[0] + 1, done[1])
        self._taken.add(report.id)
        if is_remembered:
            assert not self._effects, "a repeat says something"
        told = self._told.setdefault(report.printer_id, Announced())
        if is_known and not is_remembered:
            told.lose_track()  # of a collector that was forgotten since: taken as new, with the same ids
        else:
            told.hear(self._effects)
        return is_remembered

    def _is_remembered(self, report: Report) -> bool:
        stored = self._records.get(printer_key(report.printer_id))
        return (
            stored is not None and record_from_json(stored.value).sequence_of(report.collector_id) is not None
        )

    def _look_at(self, key: str, text: str) -> None:
        """Every record written is read back as itself."""
        self._written.append(key)
        if key.startswith(PRINTERS):
            record = record_from_json(json.loads(text))
            if self._handled % _READ_BACK_EVERY == 0:
                again = json.dumps(record_to_json(record), separators=(",", ":"), allow_nan=False)
                assert again == text, f"the record of {key!r} is not read back as it was written"
            allowed = _RECORD_FACTOR * self._longest + _RECORD_ALLOWANCE
            assert len(text) <= allowed, f"the record of {key!r} has {len(text)} characters"

    def _take_notification(self, entries: Sequence[Outgoing]) -> None:
        (entry,) = entries
        said = decode_notification(entry.body)
        assert encode_effect(said) == entry.body
        self._effects.append(said)
        has_photo = said.frame is not None
        is_film = said.category is Category.FILM
        message = render(said, RenderContext(self._now, said.late_by, UTC), has_photo=has_photo)
        limit = CAPTION_LIMIT if has_photo or is_film else TEXT_LIMIT
        assert message.html is not None
        text, marked = read_marked(message.html)
        assert utf16_units(text) <= limit
        assert live_entities(text, marked) == []
        assert utf16_units(message.plain) <= limit
        message.plain.encode()

    def _take_timelapse(self, entries: Sequence[Outgoing]) -> None:
        (entry,) = entries
        wanted = decode_timelapse(entry.body)
        assert encode_effect(wanted) == entry.body
        self._effects.append(wanted)

    def _take_inspection(self, entries: Sequence[Outgoing]) -> None:
        (entry,) = entries
        wanted = decode_inspection(entry.body)
        assert encode_effect(wanted) == entry.body
        self._effects.append(wanted)

    def _show(self) -> None:
        for key in list(self._records.texts)[-2:]:
            if key.startswith(PRINTERS):
                show(key.removeprefix(PRINTERS), {key: self._records.texts[key]}, None, self._now)
