"""A session on a bench: its time is moved by hand, its writes happen when somebody looks."""

from collections.abc import Callable
from typing import Any

from collector.outbox.model import EdgeJob
from collector.outbox.writer import OutboxWriter
from collector.printer.policy import SessionPolicy
from collector.printer.reporting import ReportRules
from collector.printer.session import Session
from collector.printer.settling import SettlingRules
from collector.printer.watchdog import WatchdogRules
from functions.shared.latest_pictures import LatestPictures
from functions.shared.live import Live
from tests.support.clock import HandClock
from tests.support.edge_material import Kept, RememberingOutbox, image_text, status_text

P = "A1M-1"
AT_ONCE = SettlingRules(0, 0)  # what is seen counts at once
RULES = SessionPolicy(
    WatchdogRules(image_timeout=60, forced_interval=300, status_timeout=30),
    ReportRules(),
    film_budget=1350,
    settling=AT_ONCE,
)
RUNNING = {"gcode_state": "RUNNING", "subtask_name": "Benchy", "mc_percent": 10, "print_error": 0}


class SessionHarness:
    """A session with hand-moved time; its writer is let run whenever somebody looks."""

    def __init__(
        self,
        rules: SessionPolicy = RULES,
        job: EdgeJob | None = None,
        live: Live | None = None,
        clock: Callable[[], float] | None = None,
        pictures: LatestPictures | None = None,
        printer_id: str = P,
    ) -> None:
        self.clock = HandClock(1000.0)
        self.outbox = RememberingOutbox()
        self._writer = OutboxWriter(self.outbox)
        self.session = Session(
            printer_id,
            rules,
            self._writer,
            collector_id="c1",
            job=job,
            live=live,
            clock=clock or self.clock,
            monotonic=self.clock.monotonic,
            call_later=self.clock.call_later,
            pictures=pictures,
        )
        self.session.opened()

    def wait(self, seconds: float) -> None:
        self.clock.pass_time(seconds)

    def stand_still(self, seconds: float) -> None:
        """As a program that is stopped: its timers come late, and before what waits in the socket."""
        self.clock.skip(seconds)
        self.clock.pass_time(0)

    def status(self, **data: Any) -> None:
        self.session.received(status_text(**data))

    def captured(self, data: bytes) -> None:
        self.session.received(image_text(data))

    @property
    def kept(self) -> list[Kept]:
        works = self._writer._works  # noqa: SLF001 - without its thread, which would need waiting for
        while not works.empty():
            work = works.get()
            assert work is not None
            work()
        return self.outbox.kept

    @property
    def reports(self) -> list[Kept]:
        return [one for one in self.kept if one.report is not None]
