"""`python -m tests.reliability.soak.remote_backend`: SQS and S3 as far as the collector uses them, strictly.

SendMessageBatch of a FIFO queue (JSON protocol) and PutObject; nothing is kept but counts. `/figures` tells
what arrived, and everything that was wrong with it.
"""

import asyncio
import time
from typing import Any
from urllib.parse import parse_qs

from functions.shared.domain.jpeg import read_jpeg
from functions.shared.domain.keys import is_key
from functions.shared.errors import ContractError
from functions.shared.messages.report import Report, ReportKind, decode_report
from tests.support.aws.edge_calls import (
    Entry,
    batch_taken,
    entries_of,
    frame_taken,
    is_batch,
    is_frame,
    key_of,
)
from tests.support.http_server import Answer, Request, answer_all, json_answer, serve_until_closed

_BATCH_BYTES = 1024 * 1024
_FAULTS_KEPT = 20


class RemoteBackend:
    """`faults` are broken promises: order, repeats, forms. `lags`: seconds from a status's sending to the
    arrival of its report, since last asked."""

    def __init__(self) -> None:
        self.reports = self.repeats = self.frames = self.frame_bytes = 0
        self.faults: list[str] = []
        self.begun: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.lags: list[float] = []
        self._ids: set[str] = set()
        self._keys: set[str] = set()
        self._sequences: dict[str, int] = {}

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer_all(reader, writer, self.answer)

    def answer(self, request: Request) -> Answer:
        if request.path == "/figures":
            return json_answer(self.figures())
        if is_batch(request):
            return self._take_batch(entries_of(request))
        if is_frame(request):
            return self._take_frame(request)
        self._fault(f"{request.method} {request.path} is not what a collector may ask for")
        return Answer(b"", 403)

    def figures(self) -> dict[str, Any]:
        lags, self.lags = sorted(self.lags), []
        return {
            "reports": self.reports,
            "repeats": self.repeats,
            "frames": self.frames,
            "frame_bytes": self.frame_bytes,
            "faults": self.faults,
            "begun": self.begun,
            "ended": self.ended,
            "lag_median": lags[len(lags) // 2] if lags else None,
            "lag_most": lags[-1] if lags else None,
        }

    def _take_batch(self, entries: list[Entry]) -> Answer:
        size = sum(len(entry["MessageBody"]) for entry in entries)
        if not 1 <= len(entries) <= 10 or size > _BATCH_BYTES:
            self._fault(f"a batch of {len(entries)} messages, {size} bytes")
        for entry in entries:
            self._take_report(entry)
        return batch_taken(entries)

    def _take_report(self, entry: Entry) -> None:
        identity = entry["MessageDeduplicationId"]
        if identity in self._ids:
            self.repeats += 1
            return
        self._ids.add(identity)
        self.reports += 1
        try:
            report = decode_report(entry["MessageBody"])
        except ContractError as error:
            self._fault(f"a report that is none: {error}")
            return
        if entry["MessageGroupId"] != report.group:
            self._fault(f"a report of {report.printer_id} in another's group")
        if report.sequence <= self._sequences.get(report.printer_id, -1):
            self._fault(f"{report.printer_id}: {report.sequence} after {self._sequences[report.printer_id]}")
        self._sequences[report.printer_id] = report.sequence
        if report.kind is ReportKind.STATUS and report.status is not None:
            self._note(report, report.status)
        elif report.kind is ReportKind.SILENCE:
            self._fault(f"{report.printer_id} is said to be silent")

    def _note(self, report: Report, status: Any) -> None:
        sent_at = status.get("sent_at")
        if isinstance(sent_at, float):
            self.lags.append(time.time() - sent_at)
        name = status.get("subtask_name")
        if name and status.get("gcode_state") in ("PREPARE", "RUNNING"):
            self.begun.setdefault(name, time.time())
        elif name and status.get("gcode_state") == "FINISH":
            if name not in self.ended and not report.frames_kept:
                self._fault(f"{name} ended without a picture")
            self.ended.setdefault(name, time.time())

    def _take_frame(self, request: Request) -> Answer:
        key, data = key_of(request), request.body
        if "aws-chunked" in request.headers.get("content-encoding", ""):
            data = _unchunked(data)
        self.frames += 1
        self.frame_bytes += len(data)
        tags = parse_qs(request.headers.get("x-amz-tagging", ""))
        fault = read_jpeg(data).fault or (None if is_key(key) else "no key of a frame")
        is_latest = key.startswith("latest/")
        if fault is None and not is_latest and (not tags or key in self._keys):
            fault = "put twice, or without its tag"
        if not is_latest:
            self._keys.add(key)
        if fault is not None:
            self._fault(f"frame {key}: {fault}")
        return frame_taken()

    def _fault(self, words: str) -> None:
        if len(self.faults) < _FAULTS_KEPT:
            self.faults.append(words)


def _unchunked(data: bytes) -> bytes:
    """The content behind aws-chunked encoding, trailers left out."""
    content, place = bytearray(), 0
    while True:
        end = data.index(b"\r\n", place)
        length = int(data[place:end].split(b";")[0], 16)
        if length == 0:
            return bytes(content)
        content += data[end + 2 : end + 2 + length]
        place = end + 4 + length


if __name__ == "__main__":
    asyncio.run(serve_until_closed(RemoteBackend().connected))
