"""Statuses, images and a outbox that only remembers: what the collector's tests are made of."""

import base64
import io
import json
import threading
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image

from collector.outbox.model import CapturedFrame, EdgeJob, NewReport
from functions.shared.messages.report import FrameReference, Report


def status_text(**data: Any) -> str:
    """A `printer_status` as BambUI writes it."""
    return json.dumps({"type": "printer_status", "data": data}, separators=(",", ":"), ensure_ascii=False)


def image_text(data: bytes) -> str:
    """A `jpeg_image` as BambUI writes it."""
    return '{"type":"jpeg_image","image":"' + base64.b64encode(data).decode() + '"}'


def jpeg(shade: int = 100, side: int = 32) -> bytes:
    """A small whole JPEG; another shade gives other bytes."""
    out = io.BytesIO()
    Image.new("L", (side, side), shade % 256).save(out, "JPEG")
    return out.getvalue()


def large_jpeg(size: int, shade: int = 100) -> bytes:
    """A whole JPEG of exactly that many bytes, nearly all of them comments."""
    small = jpeg(shade)
    room, comments = size - len(small), b""
    while room:
        piece = min(65_537, room) if room <= 65_537 or room >= 65_541 else room // 2
        comments += b"\xff\xfe" + (piece - 2).to_bytes(2, "big") + bytes(piece - 4)
        room -= piece
    return small[:2] + comments + small[2:]


@dataclass
class Kept:
    """One call that the outbox got."""

    report: Report | None
    durable: bool = False
    job: EdgeJob | None = None
    captured: CapturedFrame | None = None
    is_overwriting: bool = False


@dataclass
class RememberingOutbox:
    """Keeps everything in memory, in order; `faults` are raised by the next writes."""

    collector_id: str = "c1"
    jobs: dict[str, EdgeJob] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    has_grown: threading.Condition = field(default_factory=threading.Condition)
    _sequence: int = 0

    def add_report(self, new: NewReport) -> Report:
        if self.faults:
            raise self.faults.pop(0)
        with self.has_grown:
            self._sequence += 1
            captured = new.captured
            frame = FrameReference("k", captured.taken_at, len(captured.data)) if captured else None
            report = replace(new.report, sequence=self._sequence, frame=frame)
            if new.durable and new.job is not None:
                self.jobs[report.printer_id] = new.job
            self.kept.append(Kept(report, new.durable, new.job, captured, new.is_overwriting))
            self.has_grown.notify_all()
        return report

    def keep_frame(self, printer_id: str, job: EdgeJob, captured: CapturedFrame) -> None:
        if self.faults:
            raise self.faults.pop(0)
        with self.has_grown:
            self.kept.append(Kept(None, job=job, captured=captured))
            self.has_grown.notify_all()

    def recall_job(self, printer_id: str) -> EdgeJob | None:
        return self.jobs.get(printer_id)

    def busy_printers(self) -> list[str]:
        return [name for name, job in self.jobs.items() if job.is_active]

    def reports(self, printer_id: str | None = None) -> list[Report]:
        with self.has_grown:
            found = [one.report for one in self.kept if one.report is not None]
        return [one for one in found if printer_id is None or one.printer_id == printer_id]

    def statuses(self, printer_id: str) -> list[dict[str, Any]]:
        return [dict(one.status) for one in self.reports(printer_id) if one.status is not None]

    def frames(self) -> list[Kept]:
        with self.has_grown:
            return [one for one in self.kept if one.report is None]
