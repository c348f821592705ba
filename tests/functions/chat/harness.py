"""What the tests of the chat share: real records, frames and queue, a real Bot API server, a clock."""

from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image

from functions.chat.bot import Bot
from functions.chat.building import build_service
from functions.chat.service import ChatService, Handled, Later
from functions.shared.domain.keys import printer_key
from functions.shared.live import Live
from functions.shared.messages.chat_preferences import ChatPreferences, read_preferences
from functions.shared.messages.printer_record import Job, Phase, PrinterRecord, record_to_json
from functions.shared.settings import Settings
from functions.shared.telegram.calls import BotConnection
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.frames import FileFrameStore
from infra.local.storage.records import SqliteRecordStore
from infra.local.storage.samples import FileSamples
from tests.support.clock import HandClock
from tests.support.open_databases import closed_at_the_end
from tests.support.telegram.server import TelegramServer

NOW = 1_764_000_000.0  # Monday 24 November 2025, 16:00 UTC
BERLIN = ZoneInfo("Europe/Berlin")


def jpeg(colour: str = "teal") -> bytes:
    stream = BytesIO()
    Image.new("RGB", (320, 180), colour).save(stream, "JPEG")
    return stream.getvalue()


def running(name: str, percent: int = 50, minutes: int | None = 60, **more: Any) -> PrinterRecord:
    """A printer that prints; `more` are words of its status."""
    status = {
        "gcode_state": "RUNNING",
        "subtask_name": f"{name} part.3mf",
        "mc_percent": percent,
        "mc_remaining_time": minutes,
        "layer_num": percent,
        "total_layer_num": 200,
    } | more
    job = Job(
        id=f"job-{name}",
        started_at=NOW - 3600,
        start_is_known=True,
        state=str(status["gcode_state"]),
        printing_since=NOW - 3600,
        next_photo_at=0.0,
        next_inspection_at=0.0,
        name=f"{name} part.3mf",
        has_run=True,
        percent=percent,
        layer=percent,
        total_layers=200,
        remaining_minutes=minutes,
        phase=Phase.ACTIVE,
    )
    return PrinterRecord(
        name, "P1S", True, heard_state=str(status["gcode_state"]), state=str(status["gcode_state"]),
        status=status, received_at=NOW - 30, job=job,
    )  # fmt: skip


def resting(name: str, result: str = "finished", state: str = "FINISH") -> PrinterRecord:
    """A printer whose last print is over."""
    job = Job(
        id=f"job-{name}",
        started_at=NOW - 9000,
        start_is_known=True,
        state=state,
        printing_since=NOW - 9000,
        next_photo_at=0.0,
        next_inspection_at=0.0,
        name=f"{name} part.3mf",
        has_run=True,
        phase=Phase.ENDED,
        ended_at=NOW - 1800,
        result=result,
    )
    return PrinterRecord(
        name, "A1 mini", True, heard_state=state, state=state, status={"gcode_state": state},
        received_at=NOW - 60, job=job,
    )  # fmt: skip


@dataclass
class Harness:
    """Everything around one ChatService."""

    folder: Path
    telegram: TelegramServer
    live: Live | None = None
    changed: dict[str, Any] = field(default_factory=dict)
    clock: HandClock = field(default_factory=lambda: HandClock(NOW))

    def __post_init__(self) -> None:
        self.database = closed_at_the_end(SqliteDatabase(self.folder / "state.sqlite3"))
        self.records = SqliteRecordStore(self.database, self.clock)
        self.frames = FileFrameStore(self.folder / "images")
        self.samples = FileSamples(self.folder, 3)
        self.restart()

    def restart(self) -> None:
        """A new service, as after a restart of the program."""
        fields: dict[str, Any] = {
            "telegram_bot_token": self.telegram.token,
            "telegram_chat_id": self.telegram.chat_id,
            "telegram_api_url": self.telegram.url,
            "timezone": BERLIN,
        }
        settings = Settings(**fields | self.changed)
        self.connection = BotConnection(self.telegram.token, self.telegram.url)
        self.bot = Bot(self.connection)
        self.service: ChatService = build_service(
            self.bot, self.records, self.frames, self.samples, self.clock, settings, self.live
        )
        self.chat_id = settings.telegram_chat_id

    def knows(self, *records: PrinterRecord) -> None:
        for record in records:
            stored = self.records.get(printer_key(record.printer_id))
            version = stored.version if stored else 0
            self.records.put(printer_key(record.printer_id), record_to_json(record), version)

    def says(self, text: str, **more: Any) -> Handled | Later:
        """A person writes it now, by this clock; what came of the last update."""
        self.telegram.says(text, **{"date": int(self.clock())} | more)
        return self.deal()

    def presses(self, button: str, **more: Any) -> str:
        """A person presses it; what they saw on their screen."""
        press = self.telegram.presses(button, **more)
        self.deal()
        return self.telegram.bot.answers[press]

    def deal(self) -> Handled | Later:
        """Take what waits at Telegram, as who polls does."""
        handled: Handled | Later = Handled()
        for update in list(self.telegram.updates.waiting):
            handled = self.service.handle(update)
            if not isinstance(handled, Later):
                self.telegram.updates.waiting.remove(update)
        return handled

    @property
    def preferences(self) -> ChatPreferences:
        from functions.shared.domain.keys import preferences_key

        stored = self.records.get(preferences_key(self.chat_id))
        return read_preferences(stored.value if stored else {})

    @property
    def last(self) -> str:
        return self.telegram.texts[-1] if self.telegram.texts else ""
