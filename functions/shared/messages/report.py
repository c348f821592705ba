"""The report: what the collector says to the tracker. One ASCII JSON object, versioned.

Times are seconds since 1970 by the edge's clock, which never goes back. Order is `sequence` within a
`collector_id`, never a time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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

VERSION = 1
STATUS_BYTES_LIMIT = 256 * 1024


class ReportKind(StrEnum):
    STATUS = "status"
    SILENCE = "silence"
    PRESENCE = "presence"
    COLLECTOR = "collector"


@dataclass(frozen=True, slots=True)
class FrameReference:
    """Points at a stored frame: key, time taken (edge clock), size in bytes."""

    key: str
    taken_at: float
    size: int

    def to_json(self) -> dict[str, Any]:
        return {"key": self.key, "taken_at": self.taken_at, "size": self.size}


@dataclass(frozen=True, slots=True)
class Report:
    """One observation of one printer (or, of kind `collector`, of the collector itself).

    `status`: BambUI's whole merged dictionary (kind status), the collector's figures (kind collector),
    else None. `after_gap`: nothing was heard for a while before this one, so an active status may be of
    another job. `frames_kept`: frames kept of the job that this status ends, else of the running one.
    """

    collector_id: str
    sequence: int
    printer_id: str
    kind: ReportKind
    observed_at: float
    shipped_at: float | None = None
    model: str | None = None
    is_online: bool | None = None
    status: Mapping[str, Any] | None = None
    frame: FrameReference | None = None
    frames_kept: int | None = None
    after_gap: bool = False

    @property
    def id(self) -> str:
        """Stable name of the report: the same however often it is sent."""
        return f"{self.collector_id}-{digest(self.printer_id)[:12]}-{self.sequence}"

    @property
    def group(self) -> str:
        """Reports of one printer stay in order."""
        return digest("report", self.printer_id)


def encode_report(report: Report) -> str:
    """The report as ASCII JSON."""
    body = {
        "version": VERSION,
        "id": report.id,
        "collector_id": report.collector_id,
        "sequence": report.sequence,
        "printer_id": report.printer_id,
        "model": report.model,
        "is_online": report.is_online,
        "kind": report.kind.value,
        "observed_at": report.observed_at,
        "shipped_at": report.shipped_at,
        "status": report.status,
        "frame": report.frame.to_json() if report.frame else None,
        "frames_kept": report.frames_kept,
        "after_gap": report.after_gap,
    }
    return json.dumps(body, separators=(",", ":"))


def decode_report(text: str) -> Report:
    """The report of such a JSON. Raises ContractError for anything else."""
    body = load_object(text)
    if body.get("version") != VERSION:
        raise ContractError(f"report version {body.get('version')!r:.40} is not {VERSION}: update both sides")
    try:
        kind = ReportKind(text_of(body, "kind"))
    except ValueError as error:
        raise ContractError(f"{error!s:.120}") from None
    status = body.get("status")
    if status is not None and not isinstance(status, dict):
        raise ContractError("status is not an object")
    return Report(
        collector_id=text_of(body, "collector_id"),
        sequence=integer_of(body, "sequence"),
        printer_id=text_of(body, "printer_id"),
        kind=kind,
        observed_at=number_of(body, "observed_at"),
        shipped_at=optional_number_of(body, "shipped_at"),
        model=optional_text_of(body, "model"),
        is_online=flag_of(body, "is_online"),
        status=status,
        frame=frame_of(body.get("frame")),
        frames_kept=optional_integer_of(body, "frames_kept"),
        after_gap=bool(flag_of(body, "after_gap")),
    )


def frame_of(value: object) -> FrameReference | None:
    """A frame reference of untrusted JSON. Raises ContractError."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ContractError("frame is not an object")
    return FrameReference(text_of(value, "key"), number_of(value, "taken_at"), integer_of(value, "size"))
