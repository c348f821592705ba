"""Whether the job of a check still prints, by the tracker's record."""

from functions.shared.messages.effects import Inspection
from functions.shared.messages.printer_record import Phase, PrinterRecord


def why_it_does_not_print(record: PrinterRecord | None, request: Inspection) -> str | None:
    """Why a check of the job has no sense any more, or None. What is not known decides nothing."""
    job = record.job if record is not None else None
    if job is None:
        return None
    if job.id != request.job_id or job.phase is Phase.ENDED:
        return "its job is over"
    if job.state == "PAUSE":
        return "the print is paused"
    if job.printing_since > request.printing_since:
        return "the print was paused since"
    return None
