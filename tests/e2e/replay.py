"""A recording played through session, outbox, shipper, tracker and notify to a strict Bot API server.

Real parts throughout; only the clock is moved by hand, so that a print of minutes takes a second.
"""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from collector.outbox.outbox import Outbox
from collector.printer.policy import session_policy
from functions.notify import service as notify
from functions.notify.telegram import Telegram
from functions.shared.runtime.clocks import MonotonicWallClock
from functions.shared.settings import Settings
from functions.tracker import service as tracker
from infra.local.stores import open_stores
from tests.support.clock import HandClock
from tests.support.consuming import consume
from tests.support.stepped_edge import SteppedEdge
from tests.support.telegram.server import TelegramServer

BEGIN = 1_800_000_000.0


@dataclass
class Replay:
    """Feed it messages at times; `transcript` is what the chat shows, first lines with photo marks.

    `hand` is what moves the time; what `clock` says of it never goes back.
    """

    obeys_watchdog = False

    folder: Path
    telegram: TelegramServer
    printer_id: str
    settings: Settings = field(default_factory=Settings)
    hand: HandClock = field(default_factory=lambda: HandClock(BEGIN, BEGIN))

    def __post_init__(self) -> None:
        self.settings = replace(
            self.settings,
            data_dir=self.folder / "data",
            images_dir=self.folder / "images",
            telegram_chat_id="4242",
            telegram_messages_per_minute=0,
            timezone=ZoneInfo("UTC"),
        )
        self.start()

    def start(self) -> None:
        """Everything, over what the folders hold."""
        settings = self.settings
        self.clock = MonotonicWallClock(wall=self.hand.wall, monotonic=self.hand.monotonic)
        self.outbox = Outbox(
            settings.data_dir / "outbox", settings.outbox_max_bytes, self.clock, monotonic=self.hand.monotonic
        )
        self.clock.advance_to(self.outbox.last_stamp)
        self.stores = open_stores(settings, self.clock, self.hand.monotonic)
        self.tracker = tracker.build_service(self.stores, settings, checks_are_on=False)
        transport = Telegram(self.telegram.token, self.telegram.chat_id, None, self.telegram.url)
        self.notify = notify.build_service(self.stores, settings, transport, spares_writes=True)
        self.edge = SteppedEdge(
            self.outbox,
            self.hand,
            self.printer_id,
            session_policy(settings, inspection_interval=None, keeps_idle_frames=False),
            self.stores.frames,
            self.stores.reports,
            clock=self.clock,
            arrived=self._work,
            obeys=self.obeys_watchdog,
        )
        self.session, self.run_to, self.carry = self.edge.session, self.edge.run_to, self.edge.carry

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

    def _work(self) -> None:
        """All that has arrived."""
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
