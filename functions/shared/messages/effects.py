"""What the tracker and the workers ask of each other: notifications, inspections, timelapses.

An effect's id is `<report id>/<kind>[/<code, step or category>]`: derived, so that a repeat is a repeat.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from functions.shared.domain.error_codes import Fault, Severity
from functions.shared.domain.keys import digest
from functions.shared.errors import ContractError
from functions.shared.messages.codec import (
    flag_of,
    integer_of,
    load_object,
    number_of,
    optional_integer_of,
    optional_number_of,
    optional_text_of,
    text_of,
)
from functions.shared.messages.report import FrameReference, frame_of
from functions.shared.ports import Outgoing

WordT = TypeVar("WordT", bound=StrEnum)


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
    ENDED = "ended"  # result unknown
    CONTACT_LOST = "contact_lost"
    CONTACT_RESTORED = "contact_restored"
    OFFLINE = "offline"
    ONLINE = "online"
    FILM = "film"
    FILM_FAILED = "film_failed"
    DEFECT = "defect"
    INSPECTION_DOWN = "inspection_down"
    COLLECTOR_LOST = "collector_lost"
    COLLECTOR_BACK = "collector_back"


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
    result: Category = Category.FINISHED
    duration_seconds: float | None = None
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to a person, as facts; its words are made by notify.

    `late_by`: seconds from the event to the moment this was put on the queue. `ended`: a contact_lost or
    a later message that also ends the job; `late_end`: the end was seen only after a gap.
    `reason` is a plain sentence (pause reason, cause); `text` is free, untrusted text (AI summary).
    Of a film: `remake` is the order it was made by, so that a smaller one can be ordered once if it is
    refused as too large (an order that has `max_bytes` is that smaller one); `frame` is its thumbnail.
    """

    id: str
    category: Category
    printer_id: str
    observed_at: float
    late_by: float = 0.0
    model: str | None = None
    job_id: str | None = None
    job_name: str | None = None
    percent: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    remaining_minutes: int | None = None
    duration_seconds: float | None = None
    from_state: str | None = None
    to_state: str | None = None
    reason: str | None = None
    text: str | None = None
    confidence: float | None = None
    faults: tuple[Fault, ...] = ()
    severity: Severity = Severity.NOTICE
    frame: FrameReference | None = None
    film: Film | None = None
    remake: Timelapse | None = None
    ended: bool = False
    late_end: bool = False


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
    job_name: str | None = None
    percent: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    remaining_minutes: int | None = None
    printing_since: float = 0.0
    confirms: str | None = None
    late_by: float = 0.0


Effect: TypeAlias = Notification | Inspection | Timelapse

_WIRE_NAMES = {
    "printing_since": "settled_at",
    "confirms": "second_of",
}  # as older releases have them


def encode_effect(effect: Effect) -> str:
    """An effect as ASCII JSON, without what is not set."""
    body = {
        _WIRE_NAMES.get(name, name): value
        for name, value in dataclasses.asdict(effect).items()
        if value not in (None, (), [], "")
    }
    return json.dumps(body, separators=(",", ":"))


def outgoing(effect: Effect, group: str, delay_seconds: float = 0.0) -> Outgoing:
    """An effect ready for its queue; the group is any text (a chat, a job)."""
    return Outgoing(encode_effect(effect), digest("group", group), digest(effect.id), delay_seconds)


def decode_notification(text: str) -> Notification:
    """Raises ContractError."""
    body = load_object(text)
    return Notification(
        id=text_of(body, "id"),
        category=_word(Category, body, "category"),
        printer_id=text_of(body, "printer_id"),
        observed_at=number_of(body, "observed_at"),
        late_by=optional_number_of(body, "late_by") or 0.0,
        model=optional_text_of(body, "model"),
        job_id=optional_text_of(body, "job_id"),
        job_name=optional_text_of(body, "job_name"),
        percent=optional_integer_of(body, "percent"),
        layer=optional_integer_of(body, "layer"),
        total_layers=optional_integer_of(body, "total_layers"),
        remaining_minutes=optional_integer_of(body, "remaining_minutes"),
        duration_seconds=optional_number_of(body, "duration_seconds"),
        from_state=optional_text_of(body, "from_state"),
        to_state=optional_text_of(body, "to_state"),
        reason=optional_text_of(body, "reason"),
        text=optional_text_of(body, "text"),
        confidence=optional_number_of(body, "confidence"),
        faults=tuple(_fault(item) for item in _items(body, "faults")),
        severity=_word(Severity, body, "severity"),
        frame=frame_of(body.get("frame")),
        film=_film(body.get("film")),
        remake=_remake(body.get("remake")),
        ended=bool(flag_of(body, "ended")),
        late_end=bool(flag_of(body, "late_end")),
    )


def decode_inspection(text: str) -> Inspection:
    """Raises ContractError."""
    body = load_object(text)
    return Inspection(
        id=text_of(body, "id"),
        printer_id=text_of(body, "printer_id"),
        job_id=text_of(body, "job_id"),
        observed_at=number_of(body, "observed_at"),
        prefix=text_of(body, "prefix"),
        since=number_of(body, "since"),
        frame=frame_of(body.get("frame")),
        model=optional_text_of(body, "model"),
        job_name=optional_text_of(body, "job_name"),
        percent=optional_integer_of(body, "percent"),
        layer=optional_integer_of(body, "layer"),
        total_layers=optional_integer_of(body, "total_layers"),
        remaining_minutes=optional_integer_of(body, "remaining_minutes"),
        printing_since=optional_number_of(body, "settled_at") or 0.0,
        confirms=optional_text_of(body, "second_of"),
        late_by=optional_number_of(body, "late_by") or 0.0,
    )


def decode_timelapse(text: str) -> Timelapse:
    """Raises ContractError."""
    return _timelapse(load_object(text))


def _timelapse(body: Mapping[str, Any]) -> Timelapse:
    return Timelapse(
        id=text_of(body, "id"),
        printer_id=text_of(body, "printer_id"),
        job_id=text_of(body, "job_id"),
        observed_at=number_of(body, "observed_at"),
        prefix=text_of(body, "prefix"),
        since=number_of(body, "since"),
        until=number_of(body, "until"),
        frames_kept=optional_integer_of(body, "frames_kept"),
        model=optional_text_of(body, "model"),
        job_name=optional_text_of(body, "job_name"),
        result=_word(Category, body, "result"),
        duration_seconds=optional_number_of(body, "duration_seconds"),
        max_bytes=optional_integer_of(body, "max_bytes"),
    )


def _word(kind: type[WordT], body: Mapping[str, Any], name: str) -> WordT:
    try:
        return kind(text_of(body, name))
    except ValueError as error:
        raise ContractError(f"{error!s:.120}") from None


def _items(body: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = body.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ContractError(f"{name} is not a list of objects")
    return value


def _fault(item: Mapping[str, Any]) -> Fault:
    return Fault(
        text_of(item, "code"),
        optional_text_of(item, "text"),
        optional_text_of(item, "link"),
        _word(Severity, item, "severity"),
    )


def _film(value: object) -> Film | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ContractError("film is not an object")
    return Film(
        text_of(value, "key"),
        integer_of(value, "size"),
        number_of(value, "duration_seconds"),
        integer_of(value, "width"),
        integer_of(value, "height"),
        integer_of(value, "frames"),
        optional_integer_of(value, "missing") or 0,
    )


def _remake(value: object) -> Timelapse | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ContractError("remake is not an object")
    return _timelapse(value)
