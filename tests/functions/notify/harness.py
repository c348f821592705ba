"""What the tests of notify share: real queue, records and frames, a real Bot API server, a clock."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image

from functions.notify.chat_state import read_state
from functions.notify.render import Message
from functions.notify.rules import NotifyRules
from functions.notify.service import NotifyService
from functions.notify.telegram import Telegram
from functions.notify.transports import Transport
from functions.shared.digest_schedule import DigestSchedule
from functions.shared.domain.keys import (
    chat_key,
    films_chat,
    frame_key,
    job_prefix,
    printer_chat,
    printer_key,
)
from functions.shared.effect_sender import EffectSender
from functions.shared.messages.chat_record import ChatState
from functions.shared.messages.effects import Category, Film, JobSnapshot, Notification, Timelapse, outgoing
from functions.shared.messages.printer_record import PrinterRecord, printer_record_of, record_to_json
from functions.shared.messages.quiet_times import QuietTimes
from functions.shared.messages.report import FrameReference
from functions.shared.messages.supersession import numbered
from functions.shared.ports import Delivery, RecordStore
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.frames import FileFrameStore
from infra.local.storage.queue import SqliteQueue
from infra.local.storage.records import SqliteRecordStore
from tests.support.clock import HandClock
from tests.support.consuming import consume
from tests.support.open_databases import closed_at_the_end
from tests.support.telegram.server import GROUP_ID, TelegramServer

NOW = 1_764_000_000.0  # Monday 24 November 2025, 16:00 UTC
BERLIN = ZoneInfo("Europe/Berlin")
PRINTER = "A1M-1"
JOB = "benchy.gcode.3mf"
TEXT = Message("<b>hello</b>", "hello")


def notification(category: Category = Category.STARTED, number: int = 1, **said: Any) -> Notification:
    """A notification of the usual printer, observed now."""
    base = Notification(f"c0-{number}/{category.value}", category, PRINTER, NOW, job=JobSnapshot(JOB))
    return saying(base, **said)


def saying(base: Notification, **said: Any) -> Notification:
    """With other facts; those of the job by their names in JSON."""
    job = {
        name.removeprefix("job_"): said.pop(name)
        for name in ("job_name", "percent", "layer", "total_layers", "remaining_minutes", "is_paused")
        if name in said
    }
    return replace(base, job=replace(base.job, **job), **said)


def jpeg(width: int = 640, height: int = 360, colour: str = "teal") -> bytes:
    """A real JPEG."""
    stream = BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, "JPEG")
    return stream.getvalue()


def film_bytes(size: int) -> bytes:
    """Begins like an MP4; the rest is counted, not played."""
    return b"\x00\x00\x00\x18ftypisom" + bytes(size - 12)


class Counting(BytesIO):
    """Remembers the largest piece that was asked for."""

    largest = 0

    def read(self, size: int | None = -1) -> bytes:
        self.largest = max(self.largest, size if size is not None and size >= 0 else 1 << 60)
        return super().read(size)


@dataclass
class Harness:
    """Everything around one NotifyService."""

    folder: Path
    telegram: TelegramServer
    chat_id: str
    per_minute: int = 20
    thread_id: int | None = None
    transport: Transport | None = None
    clock: HandClock = field(default_factory=lambda: HandClock(NOW))
    spares_writes: bool = False
    pool: Executor | None = None
    rules: dict[str, Any] = field(default_factory=dict)  # others of NotifyRules

    def __post_init__(self) -> None:
        self.database = closed_at_the_end(SqliteDatabase(self.folder / "state.sqlite3"))
        self.queue = SqliteQueue(self.database, "notifications", True, 600, None, self.clock)
        self.timelapses = SqliteQueue(self.database, "timelapses", False, 600, None, self.clock)
        self.records: RecordStore = SqliteRecordStore(self.database, self.clock)
        self.frames = FileFrameStore(self.folder / "images")
        self.films_are_made = True
        self.restart()

    def restart(self, transport: Transport | None = None) -> None:
        """A new service, as after a restart of the program."""
        self.transport = (
            transport
            or self.transport
            or Telegram(self.telegram.token, self.chat_id, self.thread_id, self.telegram.url)
        )
        self.service = NotifyService(
            self.records,
            self.frames,
            self.transport,
            self.timelapses if self.films_are_made else None,
            self.clock,
            NotifyRules(
                *(self.chat_id, self.per_minute, BERLIN, self.thread_id),
                spares_writes=self.spares_writes,
                **self.rules,
            ),
            self.queue,
            self.pool,
        )
        times = QuietTimes(self.rules.get("quiet_hours"), BERLIN, self.rules.get("chat_answers", False))
        self.digests = DigestSchedule(self.records, self.queue, self.chat_id, times, self.clock)

    def put(self, *notifications: Notification) -> None:
        """A film as it lies in the line of films, where it comes to by `ask`."""
        for each in notifications:
            group = films_chat(self.chat_id) if each.film else printer_chat(self.chat_id, each.printer_id)
            assert not self.queue.send([outgoing(each, group)])

    def ask(self, *notifications: Notification) -> None:
        """As tracker and timelapse do it: numbered, in the line of its printer."""
        sender = EffectSender(self.chat_id, self.queue)
        for each in notifications:
            key = printer_key(each.printer_id)
            stored = self.records.get(key)
            record = printer_record_of(stored) if stored else PrinterRecord(each.printer_id)
            asked, effect = record.asked, each
            if each.film is None:
                asked, effect = numbered(asked, each)
            sender.send(effect)
            version = stored.version if stored else 0
            self.records.put(key, record_to_json(replace(record, asked=asked)), version)

    def state(self) -> ChatState:
        return read_state(self.records, chat_key(self.chat_id))

    def handle(self, delivery: Delivery) -> None:
        consume(self.queue, self.service, [delivery])

    def turn(self) -> int:
        """Handle what is visible now, one message at a time; how many there were."""
        deliveries = []
        while delivery := self.queue.receive(1):
            self.handle(delivery[0])
            deliveries += delivery
        return len(deliveries)

    def run(self, seconds: float, step: float = 0.25) -> list[float]:
        """Let so many seconds pass; the times at which something was handled, from the start."""
        began, handled = self.clock(), []
        while self.clock() <= began + seconds:
            handled += [self.clock() - began] * self.turn()
            self.clock.pass_time(step)
        return handled

    def run_until(self, condition: Callable[[], bool], step: float = 0.25, most: float = 100_000) -> None:
        """Let time pass until the condition holds."""
        began = self.clock()
        while not condition():
            assert self.clock() - began < most, self.telegram.texts
            if not self.turn():
                self.clock.pass_time(step)

    def frame(self, age: float = 0.0, printer: str = PRINTER, data: bytes | None = None) -> FrameReference:
        """A stored photo, taken so many seconds before NOW."""
        key = frame_key(job_prefix(printer, JOB), NOW - age, 1)
        size = self._store(key, jpeg() if data is None else data)
        return FrameReference(key, NOW - age, size)

    def film(self, size: int = 300_000, printer: str = PRINTER) -> Film:
        key = f"{job_prefix(printer, JOB)}timelapse_20251124T160000.mp4"
        self._store(key, film_bytes(size))
        return Film(key, size, 45.0, 1280, 720, 1350)

    def _store(self, key: str, data: bytes) -> int:
        source = self.folder / "incoming"
        source.write_bytes(data)
        self.frames.put(key, source)
        return len(data)


def film_order(**said: Any) -> Timelapse:
    base = Timelapse("c0-1/timelapse", PRINTER, "job-1", NOW, job_prefix(PRINTER, JOB), NOW - 9000, NOW)
    return replace(base, **said)


def group_harness(
    folder: Path, telegram: TelegramServer, per_minute: int = 20, clock: HandClock | None = None
) -> Harness:
    """A scene whose chat is a group."""
    return Harness(folder, telegram, str(GROUP_ID), per_minute, clock=clock or HandClock(NOW))
