"""A session's writer that writes at once, in the caller's thread: for tests with a hand-moved clock."""

from collections.abc import Callable
from dataclasses import dataclass

from collector.outbox.model import CapturedFrame, EdgeJob
from collector.outbox.outbox import Outbox
from functions.shared.messages.report import Report


@dataclass
class DirectWriter:
    """The two methods of an OutboxWriter that a session calls."""

    outbox: Outbox

    def add_report(
        self,
        make: Callable[[], Report],
        *,
        durable: bool,
        job: EdgeJob | None = None,
        captured: CapturedFrame | None = None,
        is_overwriting: bool = False,
    ) -> None:
        self.outbox.add_report(
            make(), durable=durable, job=job, captured=captured, is_overwriting=is_overwriting
        )

    def keep_frame(self, printer_id: str, job: EdgeJob, captured: CapturedFrame) -> bool:
        self.outbox.keep_frame(printer_id, job, captured)
        return True
