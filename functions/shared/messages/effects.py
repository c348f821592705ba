"""What the tracker and the workers ask of each other: notifications, inspections, timelapses.

An effect's id is `<report id>/<kind>[/<code, step or category>]`: derived, so that a repeat is a repeat.
"""

import json
from dataclasses import field
from enum import StrEnum
from typing import TypeAlias

from functions.shared.domain.faults import Fault, Severity
from functions.shared.domain.keys import digest
from functions.shared.messages.codec import (
    ALWAYS,
    SPREAD,
    from_json,
    load_object,
    named,
    to_json,
    without_empty,
)
from functions.shared.messages.report import FrameReference
from functions.shared.ports import Outgoing
from functions.shared.value_class import dataclass


class Category(StrEnum):
    """What a notification says."""

    STARTED = "started"
    ALREADY_PRINTING = "already_printing"
    FILE_CHANGED = "file_changed"
    STATE_CHANGED = "state_changed"
    PAUSED = "paused"
    RESUMED = "resumed"
    PROGRESS = "progress"
    ERROR = "error"
    PHOTO = "photo"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NEVER_BEGAN = "never_began"  # it was prepared, and is over without having run
    ENDED = "ended"  # result unknown
    CONTACT_LOST = "contact_lost"
    CONTACT_RESTORED = "contact_restored"
    OFFLINE = "offline"
    ONLINE = "online"
    FILM = "film"
    FILM_FAILED = "film_failed"
    DEFECT = "defect"
    INSPECTION_DOWN = "inspection_down"
    INSPECTION_USED_UP = "inspection_used_up"
    COLLECTOR_LOST = "collector_lost"
    COLLECTOR_BACK = "collector_back"
    COLLECTOR_DISK_FULL = "collector_disk_full"
    COLLECTOR_DISK_FREE = "collector_disk_free"
    DIGEST = "digest"  # what happened while it was quiet, and what stands now


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """How a job stood at that moment.

    `remaining_minutes` is None when it is not known when the job will be over, as of one that is paused.
    """

    name: str | None = field(default=None, metadata=named("job_name"))
    percent: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    remaining_minutes: int | None = None
    is_paused: bool = field(default=False, metadata=named("paused"))


@dataclass(frozen=True, slots=True)
class Film:
    """A finished film: its key, bytes, length and size in pixels, and how many frames are missing."""

    key: str
    size: int
    duration_seconds: float
    width: int
    height: int
    frames: int
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Timelapse:
    """Ask for the film of a job: its folder and time span, and how many frames the edge kept.

    `result` is the category of the job's end. `max_bytes` is set when a smaller film is asked for.
    """

    id: str
    printer_id: str
    job_id: str
    observed_at: float
    prefix: str
    since: float
    until: float
    frames_kept: int | None = None
    model: str | None = None
    job_name: str | None = None
    result: Category = field(default=Category.FINISHED, metadata=ALWAYS)
    duration_seconds: float | None = None
    max_bytes: int | None = None


BY_HAND = "by hand it is made with: "
"""In the reason of a film that failed: a command to copy stands behind it, and nothing else."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to a person, as facts; its words are made by notify.

    `late_by`: seconds from the event to the moment this was put on the queue. `ended`: a contact_lost or
    a later message that also ends the job; `late_end`: the end was seen only after a gap.
    `reason` is a plain sentence (pause reason, cause); `text` is free, untrusted text (AI summary).
    Of a film: `remake` is the order it was made by, so that a smaller one can be ordered once if it is
    refused as too large (an order that has `max_bytes` is that smaller one); `frame` is its thumbnail.
    `number`: the tracker's count of the printer's messages (`supersession.py`). `edit_of`: the id of
    what told it; this is to be shown in the message of its job that is edited, and is no message of its own.
    """

    id: str
    category: Category
    printer_id: str
    observed_at: float
    late_by: float = 0.0
    model: str | None = None
    job_id: str | None = None
    job: JobSnapshot = field(default=JobSnapshot(), metadata=SPREAD)
    duration_seconds: float | None = None
    from_state: str | None = None
    to_state: str | None = None
    reason: str | None = None
    text: str | None = None
    confidence: float | None = None
    faults: tuple[Fault, ...] = ()
    severity: Severity = field(default=Severity.NOTICE, metadata=ALWAYS)
    frame: FrameReference | None = None
    film: Film | None = None
    remake: Timelapse | None = None
    ended: bool = False
    late_end: bool = False
    number: int | None = None
    edit_of: str | None = None

    @property
    def is_edit(self) -> bool:
        return self.edit_of is not None


@dataclass(frozen=True, slots=True)
class Inspection:
    """Ask for one check of a running job. `prefix` is the job's folder, `since` the job's start.

    `confirms` is the effect id of the suspicious check that this one follows, None for a first one;
    `printing_since` is when the job last began to print (start or resume). `late_by`: seconds from the moment
    it was due to the moment it was put on the queue (negative: it was put there ahead of time).
    """

    id: str
    printer_id: str
    job_id: str
    observed_at: float
    prefix: str
    since: float
    frame: FrameReference | None = None
    model: str | None = None
    job: JobSnapshot = field(default=JobSnapshot(), metadata=SPREAD)
    printing_since: float = field(default=0.0, metadata=named("settled_at"))
    confirms: str | None = field(default=None, metadata=named("second_of"))
    late_by: float = 0.0


Effect: TypeAlias = Notification | Inspection | Timelapse


def encode_effect(effect: Effect) -> str:
    """An effect as ASCII JSON, without what is not set."""
    return json.dumps(without_empty(to_json(effect)), separators=(",", ":"))


def outgoing(effect: Effect, group: str, delay_seconds: float = 0.0) -> Outgoing:
    """An effect ready for its queue; the group is any text (a chat, a job)."""
    return Outgoing(encode_effect(effect), digest("group", group), digest(effect.id), delay_seconds)


def decode_notification(text: str) -> Notification:
    """Raises ContractError."""
    return from_json(Notification, load_object(text))


def decode_inspection(text: str) -> Inspection:
    """Raises ContractError."""
    return from_json(Inspection, load_object(text))


def decode_timelapse(text: str) -> Timelapse:
    """Raises ContractError."""
    return from_json(Timelapse, load_object(text))
