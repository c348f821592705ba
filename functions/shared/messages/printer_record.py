"""What is known of one printer, and its form in the RecordStore."""

from collections.abc import Mapping
from dataclasses import field, replace
from enum import StrEnum
from typing import Any

from functions.shared.domain.error_codes import Causes
from functions.shared.domain.keys import PRINTERS
from functions.shared.messages.codec import ALWAYS, from_json, named, recall, to_json
from functions.shared.messages.job_history import JobCourse
from functions.shared.messages.report import FrameReference
from functions.shared.messages.supersession import Asked
from functions.shared.ports import Stored
from functions.shared.value_class import dataclass

COLLECTORS_REMEMBERED = 4


class Phase(StrEnum):
    """Where a job stands for its watcher."""

    ACTIVE = "active"
    LOST = "lost"  # silent, the grace is running
    SILENCED = "silenced"  # taken as ended by silence; may still come back
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a job has come on its plate."""

    percent: int | None = None
    layer: int | None = None
    total_layers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of one print, with our own id.

    `start_is_known`: the start was seen, not only a job that was already running. `step` is the last
    progress step passed. `percent`, `layer` and `total_layers` are the newest; `reached` are the highest,
    until a fall since `percent_fell_at` or `layer_fell_at` is believed. `codes_before` stood there before
    it began, and still do. `frames_before`: what the edge had kept of its job before this one began here, if
    the two do not agree. `course`: what of its history is not in a part of its own yet; `point_at`: the last
    point of its curve (seconds since its start). Times are edge seconds.
    """

    id: str
    started_at: float
    start_is_known: bool
    phase: Phase = field(default=Phase.ACTIVE, metadata=ALWAYS)  # a word unknown to a reader ends nothing
    state: str
    printing_since: float = field(metadata=named("settled_at"))
    next_photo_at: float
    next_inspection_at: float
    name: str | None = None
    task_id: str | None = None
    has_run: bool = False
    percent: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    remaining_minutes: int | None = None
    reached: Reached | None = None
    percent_fell_at: float | None = None
    layer_fell_at: float | None = None
    step: int = field(default=0, metadata=ALWAYS)
    codes_before: tuple[str, ...] = ()
    prefix: str | None = None
    frames_kept: int | None = None
    frames_before: int = 0
    frames_filmed: int | None = None
    lost_at: float | None = None
    ended_at: float | None = None
    result: str | None = None
    course: JobCourse = field(default=JobCourse())
    paused_seconds: float = 0.0
    point_at: int | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """An error code that was told; it ends when the code has been gone for a while."""

    code: str
    gone_since: float | None = None


@dataclass(frozen=True, slots=True)
class PrinterRecord:
    """Everything remembered of one printer.

    `heard_state` is the last word the printer itself said, at `heard_at`; `state` is what is shown (IDLE by
    silence, then `state_inferred`; CALIBRATING). `sequences`: the last report of each of the last collectors.
    `causes` are the codes that it last showed; `asked`: what notify was asked to tell.
    """

    printer_id: str = field(default="", metadata=ALWAYS)
    model: str | None = None
    is_online: bool | None = None
    sequences: tuple[tuple[str, int], ...] = ()
    heard_state: str | None = None
    heard_at: float | None = None
    state: str | None = None
    state_inferred: bool = False
    status: Mapping[str, Any] | None = None
    received_at: float | None = None
    frame: FrameReference | None = None
    silent_since: float | None = None
    offline_announced: bool = field(default=False, metadata=named("offline_said"))
    job: Job | None = None
    episodes: tuple[Episode, ...] = ()
    announced_once: tuple[str, ...] = field(default=(), metadata=named("told_once"))
    cancel_seen_at: float | None = None
    causes: Causes | None = None
    asked: Asked = field(default=Asked())

    def sequence_of(self, collector_id: str) -> int | None:
        """The last sequence taken from that collector, None if it is not remembered."""
        return dict(self.sequences).get(collector_id)

    def with_sequence(self, collector_id: str, sequence: int) -> "PrinterRecord":
        others = tuple(pair for pair in self.sequences if pair[0] != collector_id)
        return replace(self, sequences=(*others, (collector_id, sequence))[-COLLECTORS_REMEMBERED:])


def record_to_json(record: PrinterRecord) -> dict[str, Any]:
    """The record as stored."""
    return to_json(record)


def record_from_json(body: Mapping[str, Any]) -> PrinterRecord:
    """A record read back by its owner, the tracker. Raises ContractError when it cannot be one."""
    return from_json(PrinterRecord, body)


def printer_record_of(stored: Stored) -> PrinterRecord:
    """A record as the others read it. Total: what cannot be read is not known."""
    return recall(PrinterRecord, stored.value | {"printer_id": stored.key.removeprefix(PRINTERS)})
