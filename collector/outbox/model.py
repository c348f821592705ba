"""What the outbox takes, holds and writes down: its port for sessions, and its rows with their JSON."""

import json
from dataclasses import dataclass, field
from typing import Protocol

from functions.shared.domain.job_identity import JobFingerprint
from functions.shared.errors import ContractError
from functions.shared.messages.codec import from_json, load_object, named, to_json
from functions.shared.messages.report import FrameReference, Report


@dataclass(frozen=True, slots=True)
class CapturedFrame:
    """A whole JPEG that is to be kept, and when it came (edge clock)."""

    data: bytes
    taken_at: float


@dataclass(frozen=True, slots=True)
class EdgeJob:
    """What the edge remembers of a printer's running or last job, over restarts too.

    `token` tells runs apart (two runs of one name too); `prefix` is the folder of its frames, None until
    it is fixed; `fingerprint` are what it is recognised by after a gap.
    """

    token: str
    started_at: float
    prefix: str | None
    is_active: bool = field(kw_only=True)
    fingerprint: JobFingerprint = field(metadata=named("marks"))


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report to be kept, whose `sequence`, `frame` and `frames_kept` the outbox fills in.

    A durable one (a change) is on disk with fsync, with `job`, before it counts as kept; another (a
    heartbeat) is only in memory. `captured`, if given, is kept first and named by the report; otherwise the
    newest kept frame of that printer is named, if it is of the same job. `is_overwriting`: the frame goes to
    `latest/<printer>.jpg` (an idle printer in the cloud). `is_told`: somebody may be told of it or
    look at it, and see the frame that it names.
    """

    report: Report
    durable: bool
    job: EdgeJob | None = None
    captured: CapturedFrame | None = None
    is_overwriting: bool = False
    is_told: bool = True


class OutboxPort(Protocol):
    """The outbox as a session sees it. Every call may block on the disk: never call it in the event loop."""

    @property
    def collector_id(self) -> str: ...

    def add_report(self, new: NewReport) -> Report:
        """Keep a report and return it as it is filled in."""
        ...

    def keep_frame(self, printer_id: str, job: EdgeJob, captured: CapturedFrame) -> None:
        """Keep a frame of a job for its film."""
        ...

    def recall_job(self, printer_id: str) -> EdgeJob | None:
        """The job last given with a durable report, after a restart too."""
        ...

    def busy_printers(self) -> list[str]:
        """Printers whose job, so recalled, has not ended."""
        ...


@dataclass(frozen=True, slots=True)
class WaitingReport:
    """A report that waits to be shipped. `number` is its place in the order of adding, over restarts too.

    `added_at` is by the monotonic clock, None if it was read back after a restart. `size` is in bytes.
    `token` is that of its job. A change is kept until it is shipped; a heartbeat only until a later report.
    """

    number: int
    printer_id: str
    observed_at: float
    added_at: float | None
    size: int
    token: str | None
    frame_key: str | None
    is_change: bool


@dataclass(frozen=True, slots=True)
class WaitingFrame:
    """A frame that waits to be shipped: its key, and the file it lies in until then.

    `is_film`: it belongs to the film of the job `token`; otherwise it overwrites the printer's latest frame.
    `is_saved`: it has a row in the database, so that a restart finds it.
    """

    key: str
    file: str
    printer_id: str
    token: str | None
    taken_at: float
    size: int
    is_film: bool
    is_saved: bool


JobKey = tuple[str, str | None]
"""Printer and the job's token (None: a frame of no job)."""


@dataclass(slots=True)
class JobFrames:
    """How many frames of a job were kept for its film, and which one is the newest. Where frames travel in
    packs, and since the start: which one was named last, and when the last that went alone was taken."""

    kept: int = 0
    newest: FrameReference | None = None
    named: FrameReference | None = None
    alone_at: float = 0.0


@dataclass(slots=True)
class SavedPrinter:
    """A printer's reserved numbers (of reports, of frames), last stamp, and last job."""

    sequences: int = 0
    frames: int = 0
    last_stamp: float = 0.0
    job: EdgeJob | None = None


@dataclass(slots=True)
class Contents:
    """All that is read at start but the bodies of reports."""

    collector_id: str
    printers: dict[str, SavedPrinter] = field(default_factory=dict)
    jobs: dict[JobKey, JobFrames] = field(default_factory=dict)
    reports: list[WaitingReport] = field(default_factory=list)
    frames: list[WaitingFrame] = field(default_factory=list)
    quarantined_reports: int = 0
    quarantined_frames: int = 0
    quarantined_bytes: int = 0


def as_text(value: str | None) -> str:
    """Any text (lone surrogates too, which SQLite cannot store) or None, as ASCII."""
    return json.dumps(value)


def from_text(text: str) -> str | None:
    value = json.loads(text)
    return value if isinstance(value, str) else None


def encode_job(job: EdgeJob | None) -> str | None:
    return None if job is None else json.dumps(to_json(job), separators=(",", ":"))


def decode_job(text: str | None) -> EdgeJob | None:
    """The job of such a text, or None if it cannot be read (then the job is found again by its status)."""
    try:
        return None if text is None else from_json(EdgeJob, load_object(text))
    except ContractError:
        return None


def encode_frame(frame: FrameReference | None) -> str | None:
    return None if frame is None else json.dumps(to_json(frame))


def decode_frame(text: str | None) -> FrameReference | None:
    try:
        return None if text is None else from_json(FrameReference, load_object(text))
    except ContractError:
        return None
