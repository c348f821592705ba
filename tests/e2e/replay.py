"""A recording played through session, outbox, shipper, tracker and notify to a strict Bot API server.

Real parts throughout; only the clock is moved by hand, so that a print of minutes takes a second.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from collector.outbox.outbox import Outbox
from collector.outbox.uploader import Uploader
from collector.printer.policy import session_policy
from collector.printer.session import Session
from functions.notify.service import NotifyRules, NotifyService
from functions.notify.telegram import Telegram
from functions.shared.runtime.clocks import MonotonicWallClock
from functions.shared.settings import Settings
from functions.tracker.evaluation import Rules
from functions.tracker.service import TrackerService
from infra.local.stores import open_stores
from tests.support.clock import HandClock
from tests.support.consuming import consume
from tests.support.direct_writer import DirectWriter
from tests.support.telegram.server import TelegramServer

BEGIN = 1_800_000_000.0
TICK = 5.0


@dataclass
class Replay:
    """Feed it messages at times; `transcript` is what the chat shows, first lines with photo marks.

    `hand` is what moves the time; what `clock` says of it never goes back.
    """

    folder: Path
    telegram: TelegramServer
    printer_id: str
    settings: Settings = field(default_factory=Settings)
    hand: HandClock = field(default_factory=lambda: HandClock(BEGIN, BEGIN))

    def __post_init__(self) -> None:
        self.settings = Settings(
            **{**vars(self.settings), "data_dir": self.folder / "data", "images_dir": self.folder / "images"}
        )
        self.start()

    def start(self) -> None:
        """Everything, over what the folders hold."""
        settings = self.settings
        self.clock = MonotonicWallClock(wall=self.hand.wall, monotonic=self.hand.monotonic)
        self._ticked_at = self.now
        self.asks_to_connect = False
        self.outbox = Outbox(
            settings.data_dir / "outbox", settings.outbox_max_bytes, self.clock, monotonic=self.hand.monotonic
        )
        self.clock.advance_to(self.outbox.last_stamp)
        self.stores = open_stores(settings, self.clock, self.hand.monotonic)
        self.uploader = Uploader(
            self.outbox,
            self.stores.frames,
            self.stores.reports,
            monotonic=self.hand.monotonic,
            jitter=lambda: 0.0,
        )
        self.tracker = TrackerService(
            records=self.stores.records,
            notifications=self.stores.notifications,
            timelapses=self.stores.timelapses,
            inspections=None,
            rules=Rules(
                settings.progress_step,
                settings.photo_interval_seconds,
                silence_grace=settings.silence_grace_seconds,
            ),
            chat="4242",
            clock=self.clock,
        )
        self.notify = NotifyService(
            self.stores.records,
            self.stores.frames,
            Telegram(self.telegram.token, self.telegram.chat_id, None, self.telegram.url),
            self.stores.timelapses,
            self.clock,
            NotifyRules("4242", 0, ZoneInfo("UTC")),
        )
        self.session = Session(
            self.printer_id,
            session_policy(settings, inspection_interval=None, keeps_idle_frames=False),
            DirectWriter(self.outbox),  # type: ignore[arg-type]  # the two methods that a session calls
            collector_id=self.outbox.collector_id,
            job=self.outbox.recall_job(self.printer_id),
            live=None,
            clock=self.clock,
            monotonic=self.hand.monotonic,
            call_later=self.hand.call_later,
        )

    def stop(self) -> None:
        """As a kill leaves it: nothing is waited for."""
        self.hand.forget_timers()
        self.outbox.close()
        self.stores.database.close()

    @property
    def now(self) -> float:
        return self.hand.monotonic()

    def play(self, entries: list[tuple[float, dict[str, Any]]]) -> None:
        begin = self.now
        for moment, message in entries:
            self.run_to(begin + moment)
            if message.get("event") == "open":
                self.session.opened()
            elif "type" in message:
                self.session.received(json.dumps(message, separators=(",", ":")))
            self.carry()

    def run_to(self, until: float) -> None:
        """Let time pass, with the ticks and timers that fall into it."""
        for _ in self.hand.stops(until, self._next_tick):
            if self.now >= self._next_tick():
                self._ticked_at = self.now
                self.asks_to_connect = self.session.tick() is not None
            self.carry()

    def carry(self) -> None:
        """Everything that waits goes on to where it belongs."""
        for _ in range(100):
            if self.uploader.upload_once() > 0:
                break
        while deliveries := self.stores.reports.receive(10):
            consume(self.stores.reports, self.tracker, deliveries)
        while messages := self.stores.notifications.receive(1):
            consume(self.stores.notifications, self.notify, messages)

    @property
    def transcript(self) -> list[str]:
        lines = []
        for message in self.telegram.messages:
            first = message.text.splitlines()[0].replace(f"{self.printer_id}: ", "")
            lines.append(first + (" [photo]" if message.photo else ""))
        return lines

    def _next_tick(self) -> float:
        return self._ticked_at + TICK
