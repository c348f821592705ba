"""What is known of one printer, and its form in the RecordStore."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from functions.shared.errors import ContractError
from functions.shared.messages.codec import (
    flag_of,
    integer_of,
    number_of,
    optional_integer_of,
    optional_number_of,
    optional_text_of,
    text_of,
)
from functions.shared.messages.report import FrameReference, frame_of

COLLECTORS_REMEMBERED = 4
# As the records of older releases have them.
_STORED_NAMES = {
    "printing_since": "settled_at",
    "announced_once": "told_once",
    "offline_announced": "offline_said",
}


class Phase(StrEnum):
    """Where a job stands for its watcher."""

    ACTIVE = "active"
    LOST = "lost"  # silent, the grace is running
    SILENCED = "silenced"  # taken as ended by silence; may still come back
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Job:
    """One run of one print, with our own id.

    `start_is_known`: the start was seen, not only a job that was already running. `step` is the last
    progress step passed. `frames_before`: what the edge had kept of its job before this one began here,
    if the two do not agree. Times are edge seconds.
    """

    id: str
    started_at: float
    start_is_known: bool
    phase: Phase
    state: str
    printing_since: float
    next_photo_at: float
    next_inspection_at: float
    name: str | None = None
    task_id: str | None = None
    has_run: bool = False
    percent: int | None = None
    layer: int | None = None
    total_layers: int | None = None
    remaining_minutes: int | None = None
    step: int = 0
    prefix: str | None = None
    frames_kept: int | None = None
    frames_before: int = 0
    frames_filmed: int | None = None
    lost_at: float | None = None
    ended_at: float | None = None
    result: str | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """An error code that was told; it ends when the code has been gone for a while."""

    code: str
    gone_since: float | None = None


@dataclass(frozen=True, slots=True)
class PrinterRecord:
    """Everything remembered of one printer.

    `heard_state` is the last word the printer itself said; `state` is what is shown (IDLE by silence,
    then `state_inferred`). `sequences`: the last report of each of the last collectors.
    """

    printer_id: str
    model: str | None = None
    is_online: bool | None = None
    sequences: tuple[tuple[str, int], ...] = ()
    heard_state: str | None = None
    state: str | None = None
    state_inferred: bool = False
    status: Mapping[str, Any] | None = None
    received_at: float | None = None
    frame: FrameReference | None = None
    silent_since: float | None = None
    offline_announced: bool = False
    job: Job | None = None
    episodes: tuple[Episode, ...] = ()
    announced_once: tuple[str, ...] = ()
    cancel_seen_at: float | None = None

    def sequence_of(self, collector_id: str) -> int | None:
        """The last sequence taken from that collector, None if it is not remembered."""
        return dict(self.sequences).get(collector_id)

    def with_sequence(self, collector_id: str, sequence: int) -> "PrinterRecord":
        others = tuple(pair for pair in self.sequences if pair[0] != collector_id)
        return replace(self, sequences=(*others, (collector_id, sequence))[-COLLECTORS_REMEMBERED:])


def record_to_json(record: PrinterRecord) -> dict[str, Any]:
    """The record as stored."""
    body = _as_stored(asdict(replace(record, status=None)))
    body["status"] = dict(record.status) if record.status is not None else None
    if body["job"] is not None:
        body["job"] = _as_stored(body["job"])
    return body


def _as_stored(values: Mapping[str, Any]) -> dict[str, Any]:
    return {_STORED_NAMES.get(name, name): value for name, value in values.items()}


def record_from_json(body: Mapping[str, Any]) -> PrinterRecord:
    """A record read back. Raises ContractError when it cannot be one."""
    status = body.get("status")
    if status is not None and not isinstance(status, dict):
        raise ContractError("the record's status is not an object")
    return PrinterRecord(
        printer_id=text_of(body, "printer_id"),
        model=optional_text_of(body, "model"),
        is_online=flag_of(body, "is_online"),
        sequences=tuple((text_of({"id": name}, "id"), int(last)) for name, last in _list(body, "sequences")),
        heard_state=optional_text_of(body, "heard_state"),
        state=optional_text_of(body, "state"),
        state_inferred=bool(flag_of(body, "state_inferred")),
        status=status,
        received_at=optional_number_of(body, "received_at"),
        frame=frame_of(body.get("frame")),
        silent_since=optional_number_of(body, "silent_since"),
        offline_announced=bool(flag_of(body, "offline_said")),
        job=_job(body.get("job")),
        episodes=tuple(
            Episode(text_of(item, "code"), optional_number_of(item, "gone_since"))
            for item in _list(body, "episodes")
        ),
        announced_once=tuple(str(code) for code in _list(body, "told_once")),
        cancel_seen_at=optional_number_of(body, "cancel_seen_at"),
    )


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name) or []
    if not isinstance(value, list | tuple):
        raise ContractError(f"the record's {name} is not a list")
    return list(value)


def _job(body: object) -> Job | None:
    if body is None:
        return None
    if not isinstance(body, dict):
        raise ContractError("the record's job is not an object")
    try:
        phase = Phase(text_of(body, "phase"))
    except ValueError as error:
        raise ContractError(str(error)) from None
    return Job(
        id=text_of(body, "id"),
        started_at=number_of(body, "started_at"),
        start_is_known=bool(flag_of(body, "start_is_known")),
        phase=phase,
        state=text_of(body, "state"),
        printing_since=number_of(body, "settled_at"),
        next_photo_at=number_of(body, "next_photo_at"),
        next_inspection_at=number_of(body, "next_inspection_at"),
        name=optional_text_of(body, "name"),
        task_id=optional_text_of(body, "task_id"),
        has_run=bool(flag_of(body, "has_run")),
        percent=optional_integer_of(body, "percent"),
        layer=optional_integer_of(body, "layer"),
        total_layers=optional_integer_of(body, "total_layers"),
        remaining_minutes=optional_integer_of(body, "remaining_minutes"),
        step=integer_of(body, "step"),
        prefix=optional_text_of(body, "prefix"),
        frames_kept=optional_integer_of(body, "frames_kept"),
        frames_before=optional_integer_of(body, "frames_before") or 0,
        frames_filmed=optional_integer_of(body, "frames_filmed"),
        lost_at=optional_number_of(body, "lost_at"),
        ended_at=optional_number_of(body, "ended_at"),
        result=optional_text_of(body, "result"),
    )
