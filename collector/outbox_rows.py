"""What the outbox writes down beside reports and frames, and its JSON."""

import dataclasses
import json
from dataclasses import dataclass, field

from collector.ship_plan import WaitingFrame, WaitingReport
from collector.spool import EdgeJob
from functions.bridge.contract import (
    FrameReference,
    flag_of,
    frame_of,
    load_object,
    number_of,
    optional_integer_of,
    optional_text_of,
    text_of,
)
from functions.bridge.errors import ContractError
from functions.bridge.job_identity import JobMarks

JobKey = tuple[str, str | None]
"""Printer and the job's token (None: a frame of no job)."""


@dataclass(slots=True)
class JobFrames:
    """How many frames of a job were kept for its film, and which one is the newest."""

    kept: int = 0
    newest: FrameReference | None = None


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
    set_aside_reports: int = 0
    set_aside_frames: int = 0
    set_aside_bytes: int = 0


def as_text(value: str | None) -> str:
    """Any text (lone surrogates too, which SQLite cannot store) or None, as ASCII."""
    return json.dumps(value)


def from_text(text: str) -> str | None:
    value = json.loads(text)
    return value if isinstance(value, str) else None


def encode_job(job: EdgeJob | None) -> str | None:
    return None if job is None else json.dumps(dataclasses.asdict(job), separators=(",", ":"))


def decode_job(text: str | None) -> EdgeJob | None:
    """The job of such a text, or None if it cannot be read (then the job is found again by its status)."""
    if text is None:
        return None
    try:
        body = load_object(text)
        marks = body.get("marks")
        if not isinstance(marks, dict):
            return None
        return EdgeJob(
            token=text_of(body, "token"),
            started_at=number_of(body, "started_at"),
            prefix=optional_text_of(body, "prefix"),
            marks=JobMarks(
                task_id=optional_text_of(marks, "task_id"),
                name=optional_text_of(marks, "name"),
                percent=optional_integer_of(marks, "percent"),
                has_run=bool(flag_of(marks, "has_run")),
            ),
            is_active=bool(flag_of(body, "is_active")),
        )
    except ContractError:
        return None


def encode_frame(frame: FrameReference | None) -> str | None:
    return None if frame is None else json.dumps(frame.to_json())


def decode_frame(text: str | None) -> FrameReference | None:
    try:
        return None if text is None else frame_of(load_object(text))
    except ContractError:
        return None
