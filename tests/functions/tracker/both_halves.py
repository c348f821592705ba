"""Edge and tracker together, for tests: a real session and outbox, what they ship is tracked at once.

Only the clock is moved by hand, and the writer's thread is left out.
"""

import base64
import io
import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from collector.outbox.model import EdgeJob, NewReport, WaitingFrame
from collector.outbox.outbox import Outbox
from collector.printer.policy import SessionPolicy
from collector.printer.reporting import ReportRules
from collector.printer.session import Session
from collector.printer.settling import SettlingRules
from collector.printer.watchdog import WatchdogRules
from functions.shared.messages.effects import Effect, Timelapse
from functions.shared.messages.printer_record import Job, PrinterRecord
from functions.shared.messages.report import Report, ReportKind, decode_report, encode_report
from functions.tracker.evaluation import Rules
from functions.tracker.transitions import advance
from tests.functions.tracker.harness import IDLE, short
from tests.support.clock import HandClock
from tests.support.direct_writer import DirectWriter

P = "a1mini"
BEGIN = 1_000_000.4
TICK = 5.0
SESSION_RULES = SessionPolicy(
    WatchdogRules(image_timeout=60, forced_interval=0, status_timeout=30),
    ReportRules(),
    film_budget=1350,
    settling=SettlingRules(0, 0),  # what is seen counts at once
)


def _image_text() -> str:
    out = io.BytesIO()
    Image.new("L", (32, 32), 100).save(out, "JPEG")
    return '{"type":"jpeg_image","image":"' + base64.b64encode(out.getvalue()).decode() + '"}'


IMAGE = _image_text()


@dataclass
class BothHalves:
    """`said` is what the tracker wants done, in short words; `frames` are those that were shipped."""

    folder: Path
    rules: Rules = field(default_factory=Rules)
    session_policy: SessionPolicy = SESSION_RULES
    clock: HandClock = field(default_factory=lambda: HandClock(BEGIN, BEGIN))
    record: PrinterRecord | None = None
    effects: list[Effect] = field(default_factory=list)
    frames: list[WaitingFrame] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    _merged: dict[str, Any] = field(default_factory=lambda: dict(IDLE))

    def __post_init__(self) -> None:
        self._outboxes = 0
        self._open()
        self._connect()

    def _open(self) -> None:
        self.outbox = Outbox(
            self.folder / f"outbox{self._outboxes}", 10**8, self.clock, monotonic=self.clock.monotonic
        )

    def _connect(self) -> None:
        self.clock.forget_timers()
        self.session = Session(
            P,
            self.session_policy,
            DirectWriter(self.outbox),  # type: ignore[arg-type]  # the two methods that a session calls
            collector_id=self.outbox.collector_id,
            job=self.outbox.recall_job(P),
            live=None,
            clock=self.clock,
            monotonic=self.clock.monotonic,
            call_later=self.clock.call_later,
        )
        self.session.opened()

    def status(self, after: float = 1.0, **changed: Any) -> list[str]:
        """BambUI's merged dictionary with some keys changed; a key set to None vanishes."""
        said = self.wait(after)
        self._merged |= changed
        self._merged = {key: value for key, value in self._merged.items() if value is not None}
        self.session.received(json.dumps({"type": "printer_status", "data": self._merged}))
        return said + self._carry()

    def image(self, after: float = 0.0) -> list[str]:
        said = self.wait(after)
        self.session.received(IMAGE)
        return said + self._carry()

    def wait(self, seconds: float) -> list[str]:
        """Time goes by, with the session's ticks and timers."""
        said: list[str] = []
        for _ in self.clock.stops(self.now + seconds, self._next_tick):
            if self.session.tick() is not None:
                self.reconnect()
            said += self._carry()
        return said

    @property
    def now(self) -> float:
        return self.clock()

    def _next_tick(self) -> float:
        return (math.floor(self.now / TICK) + 1) * TICK

    def reconnect(self) -> None:
        self.session.closed()
        self.session.opened()

    def restart(self, *, is_outbox_lost: bool = False) -> None:
        """The collector begins anew, with what it wrote down or as another collector."""
        self.outbox.close()
        self._outboxes += is_outbox_lost
        self._open()
        self._connect()

    def presence(self, is_online: bool) -> list[str]:
        report = Report(self.outbox.collector_id, 0, P, ReportKind.PRESENCE, self.now, is_online=is_online)
        self.outbox.add_report(NewReport(report, durable=True))
        return self._carry()

    def _carry(self) -> list[str]:
        reader, said = self.outbox.reader, []
        while frame := reader.take_frame(is_old_allowed=True):
            self.frames.append(frame)
            reader.frame_uploaded(frame)
        while batch := reader.take_batch()[0]:
            for item in batch:
                report = decode_report(encode_report(item.report))
                self.reports.append(report)
                self.record, effects = advance(self.record, report, self.rules)
                self.effects += effects
                said += [short(effect) for effect in effects]
            reader.acknowledge(batch)
        return said

    @property
    def job(self) -> Job:
        assert self.record is not None
        assert self.record.job is not None
        return self.record.job

    @property
    def edge_job(self) -> EdgeJob | None:
        return self.outbox.recall_job(P)

    def films(self) -> list[Timelapse]:
        return [effect for effect in self.effects if isinstance(effect, Timelapse)]

    def frames_of(self, film: Timelapse) -> list[WaitingFrame]:
        """What the film's worker finds: a key has whole seconds."""
        return [
            frame
            for frame in self.frames
            if frame.key.startswith(film.prefix)
            and math.floor(film.since) <= math.floor(frame.taken_at) <= film.until
        ]
