"""A printer being watched, for tests: feed it what happens, read what would be said."""

from dataclasses import dataclass, field
from typing import Any

from functions.shared.messages.effects import Category, Effect, Inspection, Notification, Timelapse
from functions.shared.messages.job_history import JobHistoryChange
from functions.shared.messages.printer_record import Job, PrinterRecord
from functions.shared.messages.report import FrameReference, Report, ReportKind
from functions.tracker.evaluation import Rules
from functions.tracker.transitions import advance_with_history

IDLE = {"gcode_state": "IDLE", "subtask_name": "", "task_id": "0", "print_error": 0, "hms": []}
CLOG = {"attr": 0x03001A00, "code": 0x00020002}


@dataclass
class TrackerHarness:
    """Time goes on by `after` seconds before each event (10 unless told)."""

    rules: Rules = field(default_factory=Rules)
    printer_id: str = "a1mini"
    collector_id: str = "c1"
    record: PrinterRecord | None = None
    now: float = 1_000_000.0
    sequence: int = 0
    effects: list[Effect] = field(default_factory=list)
    changes: list[JobHistoryChange] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    frames: int = 0
    _merged: dict[str, Any] = field(default_factory=lambda: dict(IDLE))

    def status(
        self, after: float = 10.0, gap: bool = False, unheard: float | None = None, **changed: Any
    ) -> list[str]:
        """BambUI's merged dictionary with some keys changed; a key set to None vanishes.

        `unheard`: the seconds that the edge says it heard nothing; it says none after its own start.
        """
        self._merged |= changed
        self._merged = {key: value for key, value in self._merged.items() if value is not None}
        return self.feed(
            ReportKind.STATUS, after, status=dict(self._merged), after_gap=gap, gap_seconds=unheard
        )

    def start(self, name: str = "Benchy", **changed: Any) -> list[str]:
        """Idle, then a job that prepares and runs."""
        said = self.status()
        said += self.status(gcode_state="PREPARE", subtask_name=name, mc_percent=None, **changed)
        return said + self.status(gcode_state="RUNNING", stg_cur=0, total_layer_num=110)

    def silence(self, after: float = 30.0) -> list[str]:
        return self.feed(ReportKind.SILENCE, after)

    def presence(self, is_online: bool, after: float = 10.0) -> list[str]:
        return self.feed(ReportKind.PRESENCE, after, is_online=is_online)

    def frame(self, folder: str = "Benchy", age: float = 1.0) -> FrameReference:
        self.frames += 1
        key = f"images/{self.printer_id}/{folder}/20260101T000000_{self.frames:06d}_{folder}.jpg"
        return FrameReference(key, self.now - age, 60_000)

    def feed(self, kind: ReportKind, after: float, **values: Any) -> list[str]:
        self.now += after
        self.sequence += 1
        values.setdefault("frame", self.frame())
        values.setdefault("frames_kept", self.frames)
        return self.take(
            Report(self.collector_id, self.sequence, self.printer_id, kind, self.now, model="A1M", **values)
        )

    def take(self, report: Report) -> list[str]:
        self.reports.append(report)
        self.record, effects, changes = advance_with_history(self.record, report, self.rules)
        self.effects += effects
        self.changes += changes
        return [short(effect) for effect in effects]

    @property
    def job(self) -> Job:
        assert self.record is not None
        assert self.record.job is not None
        return self.record.job

    def notifications(self, category: Category | None = None) -> list[Notification]:
        return [
            effect
            for effect in self.effects
            if isinstance(effect, Notification) and category in (None, effect.category)
        ]

    def last(self, category: Category) -> Notification:
        return self.notifications(category)[-1]

    def films(self) -> list[Timelapse]:
        return [effect for effect in self.effects if isinstance(effect, Timelapse)]


def short(effect: Effect) -> str:
    """An effect in a word or two: `started Benchy`, `progress 25`, `film`."""
    if isinstance(effect, Timelapse):
        return "film"
    if isinstance(effect, Inspection):
        return "look"
    detail: object = {
        Category.STARTED: effect.job.name,
        Category.ALREADY_PRINTING: effect.job.name,
        Category.FILE_CHANGED: effect.job.name,
        Category.PROGRESS: effect.job.percent,
        Category.PAUSED: effect.reason,
        Category.FAILED: effect.reason,
        Category.STATE_CHANGED: f"{effect.from_state}->{effect.to_state}",
        Category.ERROR: " ".join(fault.code for fault in effect.faults),
    }.get(effect.category)
    return f"{effect.category.value} {detail}" if detail is not None else effect.category.value
