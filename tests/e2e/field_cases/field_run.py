"""Plays a field case: what BambUI sends goes through the real session, outbox, tracker and message text.

Only BambUI (its merge), the clock and the far side of the outbox are ours. The steps of a case are those of
`README.md` beside this file.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from collector.outbox.model import NewReport, WaitingFrame
from collector.outbox.outbox import Outbox
from collector.printer.policy import SessionPolicy, session_policy
from collector.printer.session import Session
from functions.api.presenter import printer_view
from functions.notify.render import RenderContext, photo_age, render
from functions.shared.domain.limits import PHOTO_AGE_LIMIT_SECONDS
from functions.shared.live import Live
from functions.shared.messages.effects import (
    Effect,
    Inspection,
    Notification,
    Timelapse,
    decode_notification,
    encode_effect,
)
from functions.shared.messages.inspection_record import InspectionState
from functions.shared.messages.printer_record import PrinterRecord, record_from_json, record_to_json
from functions.shared.messages.report import Report, ReportKind, decode_report, encode_report
from functions.shared.read_model import ListedPrinter, PrinterData, ReceivedStatus
from functions.shared.settings import load_settings
from functions.shared.wording.figures import count
from functions.tracker.evaluation import Rules
from functions.tracker.transitions import advance
from tests.e2e.field_cases.played import Played, Told
from tests.functions.tracker.both_halves import IMAGE
from tests.support.clock import HandClock
from tests.support.direct_writer import DirectWriter

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC).timestamp()
STATUS_INTERVAL = 5.0
OUTBOX_BYTES = 10**9
MODELS = {"a1mini": "A1M", "a1": "A1", "p1s": "P1S", "p1p": "P1P", "x1": "X1C", "h2c": "H2C", "h2d": "H2D"}
CLEARED = ("mc_percent", "layer_num", "mc_remaining_time")  # by BambUI, as a print begins or goes on
Step = Mapping[str, Any]


class BambuiMerge:
    """BambUI's own status: what the printer sends is merged into it, and the whole is sent on."""

    def __init__(self, *, clears_figures: bool) -> None:
        self._status: dict[str, Any] = {}
        self._clears_figures = clears_figures

    def take(self, changed: Mapping[str, Any]) -> None:
        """A key set to None vanishes: some firmware does not send it."""
        word = changed.get("gcode_state")
        is_new_word = word != self._status.get("gcode_state")
        if self._clears_figures and is_new_word and word in ("PREPARE", "RUNNING"):
            for key in CLEARED:
                self._status.pop(key, None)
        self._status |= changed
        self._status = {key: value for key, value in self._status.items() if value is not None}

    def message(self) -> str:
        return json.dumps({"type": "printer_status", "data": self._status})


@dataclass
class FieldRun:
    """`play` a case once. The rules are those of the settings' defaults, but for what the case says."""

    folder: Path
    name: str = "a1mini"
    silence_grace: float = 0.0
    are_checks_on: bool = False
    clears_figures: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first = self.name.split("-")[0]
        self.printer_id = first if first in MODELS else "p1s"
        self.model = MODELS[self.printer_id]
        settings = load_settings(
            {
                "SILENCE_GRACE_SECONDS": str(self.silence_grace),
                "PRINTER_ID": self.printer_id,
                **self.variables,
            },
            "local",
        )
        self._tick = settings.watchdog_tick_seconds
        self._rules = Rules.from_settings(settings, self.are_checks_on)
        self._policy: SessionPolicy = session_policy(
            settings,
            inspection_interval=settings.ai_check_interval_seconds if self.are_checks_on else None,
            keeps_idle_frames=False,
        )
        self.clock = HandClock(BEGIN, 1000.0)
        self.bambui = BambuiMerge(clears_figures=self.clears_figures)
        self.played = Played()
        self.reports: list[Report] = []
        self._frames: dict[str, WaitingFrame] = {}
        self._record: PrinterRecord | None = None
        self._is_online = True
        self._is_cloud_there = True
        self._outboxes = 0
        self._outbox: Outbox
        self._session: Session
        self._ticked_at: float
        self._open()

    # The steps

    def play(self, steps: Sequence[Step]) -> Played:
        """All of them; then what waits is delivered and the API is asked."""
        try:
            for step in steps:
                self.step(step)
            self._is_cloud_there = True
            self._carry()
            self.played.record = self._record
            self.played.shown = self.shown()
        finally:
            self._outbox.close()
        return self.played

    def step(self, step: Step) -> None:
        self._pass(step.get("after", 0.0))
        match step:
            case {"print": changed}:
                self._status(changed)
            case {"alive": seconds}:
                self._alive(seconds, has_pictures=step.get("pictures", True))
            case {"wait": seconds}:
                self._pass(seconds)
            case {"picture": seconds}:
                self._pass(seconds)
                self._picture()
            case {"reconnect": _}:
                self._reconnect()
            case {"restart": how}:
                self._restart(is_outbox_lost=how == "new outbox")
            case {"off": seconds}:
                self._end()
                self.clock.skip(seconds)
                self._open()
            case {"presence": bool(is_online)}:
                self._is_online = is_online
                self._listed()
            case {"cloud": bool(is_there)}:
                self._is_cloud_there = is_there
                self._carry()
            case {"look": str(label)}:
                self.played.looks[label] = self.shown()
            case {"note": _}:
                pass
            case _:
                raise AssertionError(f"no such step: {step}")

    def _status(self, changed: Mapping[str, Any]) -> None:
        self.bambui.take(changed)
        self._session.received(self.bambui.message())
        self._carry()

    def _picture(self) -> None:
        self._session.received(IMAGE)
        self._carry()

    def _alive(self, seconds: float, *, has_pictures: bool) -> None:
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() + STATUS_INTERVAL <= until:
            self._pass(STATUS_INTERVAL)
            if has_pictures:
                self._picture()
            self._status({})
        self._pass(until - self.clock.monotonic())

    def _pass(self, seconds: float) -> None:
        """Time goes by, with the session's ticks and timers."""
        for _ in self.clock.stops(self.clock.monotonic() + seconds, self._next_tick):
            if self.clock.monotonic() >= self._ticked_at + self._tick:
                self._ticked_at = self.clock.monotonic()
                if self._session.tick() is not None:
                    self._reconnect()
                if not self._is_online:
                    self._listed()
            self._carry()

    def _next_tick(self) -> float:
        return self._ticked_at + self._tick

    # The program

    def _open(self) -> None:
        self._outbox = Outbox(
            self.folder / f"outbox{self._outboxes}", OUTBOX_BYTES, self.clock, monotonic=self.clock.monotonic
        )
        self.clock.forget_timers()
        self._ticked_at = self.clock.monotonic()
        self._live = Live()
        self._presence: tuple[str | None, bool | None] | None = None
        self._session = Session(
            self.printer_id,
            self._policy,
            DirectWriter(self._outbox),  # type: ignore[arg-type]  # the two methods that a session calls
            collector_id=self._outbox.collector_id,
            job=self._outbox.recall_job(self.printer_id),
            live=self._live,
            clock=self.clock,
            monotonic=self.clock.monotonic,
            call_later=self.clock.call_later,
        )
        self._listed()
        self._session.opened()

    def _end(self) -> None:
        self._session.closed()
        self._outbox.close()

    def _restart(self, *, is_outbox_lost: bool) -> None:
        self._end()
        self._outboxes += is_outbox_lost
        self._open()

    def _reconnect(self) -> None:
        self._session.closed()
        self._session.opened()
        self._carry()

    def _listed(self) -> None:
        """What BambUI's list says, as the collector takes it: at the start, when it changes, and at each tick
        while it calls the printer offline."""
        session = self._session
        weigh = getattr(session, "presence", None)  # against the statuses that come
        is_online = weigh(self._is_online) if weigh is not None else self._is_online
        session.model, session.is_online, session.is_confirmed = self.model, is_online, True
        if (self.model, is_online) == self._presence:
            return
        self._presence = (self.model, is_online)
        report = Report(
            self._outbox.collector_id,
            0,
            self.printer_id,
            ReportKind.PRESENCE,
            self.clock(),
            model=self.model,
            is_online=is_online,
        )
        self._outbox.add_report(NewReport(report, durable=True))
        self._carry()

    # The far side

    def _carry(self) -> None:
        """All that waits in the outbox is delivered in its order, and tracked."""
        if not self._is_cloud_there:
            return
        reader = self._outbox.reader
        while frame := reader.take_frame(is_old_allowed=True):
            self._frames[frame.key] = frame
            reader.frame_uploaded(frame)
        while batch := reader.take_batch()[0]:
            for item in batch:
                self._track(decode_report(encode_report(item.report)))
            reader.acknowledge(batch)

    def _track(self, report: Report) -> None:
        self.reports.append(report)
        record, effects = advance(self._record, report, self._rules)
        self._record = record_from_json(json.loads(json.dumps(record_to_json(record))))
        job = record.job
        if job is not None and job.id not in self.played.job_ids:
            self.played.job_ids.append(job.id)
        shipped_at = report.observed_at if report.shipped_at is None else report.shipped_at
        late_by = max(0.0, shipped_at - report.observed_at)
        for effect in effects:
            self.played.told.append(self._told(effect, late_by))

    def _told(self, effect: Effect, late_by: float) -> Told:
        at = self.clock() - BEGIN
        if isinstance(effect, Timelapse):
            frames = sum(self._is_in_film(frame, effect) for frame in self._frames.values())
            name = effect.job_name or "a job without a name"
            return Told(at, f"(film of {name}, {effect.result.value}: {count(frames, 'frame')})", film=effect)
        if isinstance(effect, Inspection):
            return Told(at, f"(check of {effect.job.name or 'a job without a name'})")
        notification = decode_notification(encode_effect(replace(effect, late_by=late_by)))
        has_photo = self._has_photo(notification)
        context = RenderContext(self.clock(), late_by, UTC)
        message = render(notification, context, has_photo=has_photo)
        word = None if self._record is None else self._record.heard_state
        return Told(at, message.plain, notification, has_photo=has_photo, job_state=word)

    def _has_photo(self, notification: Notification) -> bool:
        frame, age = notification.frame, photo_age(notification)
        if frame is None or age is None or age > PHOTO_AGE_LIMIT_SECONDS:
            return False
        return frame.key in self._frames

    @staticmethod
    def _is_in_film(frame: WaitingFrame, film: Timelapse) -> bool:
        """What the film's worker finds: a key has whole seconds."""
        taken_at = math.floor(frame.taken_at)
        return frame.key.startswith(film.prefix) and math.floor(film.since) <= taken_at <= film.until

    def shown(self) -> dict[str, Any]:
        """What the API tells of the printer now: its state, its job, its errors."""
        received = self._live.status(self.printer_id)
        record = self._record or PrinterRecord(self.printer_id)
        live = None if received is None else ReceivedStatus(received.data(), received.received_at)
        recorded = ReceivedStatus(record.status or {}, record.received_at)
        data = PrinterData(
            printer_id=self.printer_id,
            live=live,
            record=record,
            inspection=InspectionState(),
            image_taken_at=None,
            listed=ListedPrinter(
                self.printer_id, self.model, self._is_online, has_status=True, is_connected=True
            ),
        )
        view = printer_view(data, live or recorded, self.clock(), None).model_dump(mode="json")
        job = view["job"] or {}
        shown = ("name", "is_active", "result", "percent", "layer", "total_layers", "remaining_minutes")
        return {
            "state": view["state"],
            "state_inferred": view["state_inferred"],
            "problem": view["problem"],
            "job": {key: job.get(key) for key in shown} if job else None,
            "errors": [error["code"] for error in view["errors"]],
        }


def play(folder: Path, case: Mapping[str, Any], name: str) -> Played:
    """A case as its file has it: `steps`, and perhaps `bambui`, `silence_grace`, `checks`, `settings`."""
    run = FieldRun(
        folder,
        name,
        silence_grace=case.get("silence_grace", 0.0),
        are_checks_on=case.get("checks", False),
        clears_figures=case.get("bambui", True),
        variables=case.get("settings", {}),
    )
    return run.play(case["steps"])
