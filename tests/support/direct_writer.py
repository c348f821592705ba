"""A session's writer that writes at once, in the caller's thread: for tests with a hand-moved clock."""

from dataclasses import dataclass

from collector.outbox.model import CapturedFrame, EdgeJob, NewReport
from collector.outbox.outbox import Outbox


@dataclass
class DirectWriter:
    """The two methods of an OutboxWriter that a session calls."""

    outbox: Outbox

    def add_report(self, new: NewReport) -> None:
        self.outbox.add_report(new)

    def keep_frame(self, printer_id: str, job: EdgeJob, captured: CapturedFrame) -> bool:
        self.outbox.keep_frame(printer_id, job, captured)
        return True
