"""Reports, jobs and frames for the tests of the outbox and the uploader."""

from typing import Any

from collector.outbox.model import CapturedFrame, EdgeJob
from collector.outbox.outbox import Outbox
from functions.shared.domain.job_identity import JobFingerprint
from functions.shared.domain.keys import job_prefix
from functions.shared.messages.report import Report, ReportKind


def a_report(printer_id: str = "A1M-1", observed_at: float = 1_700_000_000.0, **status: Any) -> Report:
    return Report(
        collector_id="",
        sequence=0,
        printer_id=printer_id,
        kind=ReportKind.STATUS,
        observed_at=observed_at,
        model="A1M",
        is_online=True,
        status={"gcode_state": "RUNNING", **status},
    )


def a_job(printer_id: str = "A1M-1", token: str = "run-1", name: str = "Benchy") -> EdgeJob:
    fingerprint = JobFingerprint(task_id=None, name=name, percent=3, has_run=True)
    return EdgeJob(token, 1_700_000_000.0, job_prefix(printer_id, name), fingerprint, is_active=True)


def a_captured_frame(taken_at: float = 1_700_000_000.0, size: int = 100) -> CapturedFrame:
    return CapturedFrame(b"\xff\xd8" + bytes(size - 4) + b"\xff\xd9", taken_at)


def waiting_sequences(outbox: Outbox) -> list[int]:
    """All that would be shipped now, batch after batch, without shipping it to anybody."""
    sequences: list[int] = []
    while True:
        batch, _ = outbox.reader.take_batch()
        if not batch:
            return sequences
        sequences += [item.report.sequence for item in batch]
        outbox.reader.acknowledge(batch)
