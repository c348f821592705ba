"""The report: what the collector says to the tracker. One ASCII JSON object, versioned.

Times are seconds since 1970 by the edge's clock, which never goes back. Order is `sequence` within a
`collector_id`, never a time.
"""

import json
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from functions.shared.domain.keys import digest
from functions.shared.errors import ContractError
from functions.shared.messages.codec import from_json, load_object, to_json
from functions.shared.value_class import dataclass

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


@dataclass(frozen=True, slots=True)
class Report:
    """One observation of one printer (or, of kind `collector`, of the collector itself).

    `status`: BambUI's whole merged dictionary (kind status), the collector's figures (kind collector),
    else None. `after_gap`: nothing was heard for a while before this one, so an active status may be of
    another job; `gap_seconds` is how long, if the edge knows. `frames_kept`: frames kept of the job that this
    status ends, else of the running one.
    """

    collector_id: str
    sequence: int
    printer_id: str
    model: str | None = field(default=None, kw_only=True)
    is_online: bool | None = field(default=None, kw_only=True)
    kind: ReportKind
    observed_at: float
    shipped_at: float | None = None
    status: Mapping[str, Any] | None = None
    frame: FrameReference | None = None
    frames_kept: int | None = None
    after_gap: bool = False
    gap_seconds: float | None = None

    @property
    def id(self) -> str:
        """Stable name of the report: the same however often it is sent."""
        return f"{self.collector_id}-{digest(self.printer_id)[:12]}-{self.sequence}"

    @property
    def group(self) -> str:
        """Reports of one printer stay in order, and those of one collector on itself."""
        if self.kind is ReportKind.COLLECTOR:
            return digest("report", self.printer_id, self.collector_id)
        return digest("report", self.printer_id)


def encode_report(report: Report) -> str:
    """The report as ASCII JSON."""
    return json.dumps({"version": VERSION, "id": report.id} | to_json(report), separators=(",", ":"))


def decode_report(text: str) -> Report:
    """The report of such a JSON. Raises ContractError for anything else."""
    body = load_object(text)
    if body.get("version") != VERSION:
        raise ContractError(f"report version {body.get('version')!r:.40} is not {VERSION}: update both sides")
    return from_json(Report, body)
