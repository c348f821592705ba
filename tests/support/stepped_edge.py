"""A printer's session over the real outbox and uploader, on a clock that is moved by hand."""

from collections.abc import Callable
from typing import cast

from collector.outbox.model import EdgeJob
from collector.outbox.outbox import Outbox
from collector.outbox.uploader import Uploader
from collector.outbox.writer import OutboxWriter
from collector.printer.policy import SessionPolicy
from collector.printer.session import Session
from functions.shared.live import Live
from functions.shared.ports import FrameStore, Queue
from tests.support.clock import HandClock
from tests.support.direct_writer import DirectWriter

TICK = 5.0


def stepped_session(
    hand: HandClock,
    printer_id: str,
    policy: SessionPolicy,
    writer: object,
    *,
    collector_id: str = "c1",
    job: EdgeJob | None = None,
    live: Live | None = None,
    clock: Callable[[], float] | None = None,
) -> Session:
    """`writer` has the two methods of an OutboxWriter that a session calls; `clock`: what it believes."""
    return Session(
        printer_id,
        policy,
        cast("OutboxWriter", writer),
        collector_id=collector_id,
        job=job,
        live=live,
        clock=clock or hand,
        monotonic=hand.monotonic,
        call_later=hand.call_later,
    )


class SteppedEdge:
    """Feed `session`, and let time pass with `run_to`: its ticks and timers come at their moments.

    `carry` ships what waits, and then calls `arrived`. `obeys`: a tick that asks for a new connection gets
    one; `reconnects` counts them.
    """

    def __init__(
        self,
        outbox: Outbox,
        hand: HandClock,
        printer_id: str,
        policy: SessionPolicy,
        frames: FrameStore,
        reports: Queue,
        *,
        live: Live | None = None,
        clock: Callable[[], float] | None = None,
        arrived: Callable[[], None] = lambda: None,
        obeys: bool = False,
    ) -> None:
        self.outbox = outbox
        self.session = stepped_session(
            hand,
            printer_id,
            policy,
            DirectWriter(outbox),
            collector_id=outbox.collector_id,
            job=outbox.recall_job(printer_id),
            live=live,
            clock=clock,
        )
        self.uploader = Uploader(outbox, frames, reports, monotonic=hand.monotonic, jitter=lambda: 0.0)
        self._hand = hand
        self._arrived, self._obeys = arrived, obeys
        self.reconnects = 0
        self._ticked_at = hand.monotonic()

    def run_to(self, until: float) -> None:
        """To that moment of the monotonic clock."""
        for _ in self._hand.stops(until, self._next_tick):
            if self._hand.monotonic() >= self._next_tick():
                self._ticked_at = self._hand.monotonic()
                if self.session.tick() is not None and self._obeys:
                    self.session.closed()
                    self.session.opened()
                    self.reconnects += 1
            self.carry()

    def carry(self) -> None:
        """Everything that waits goes on to where it belongs."""
        while self.uploader.upload_once() == 0:
            pass
        self._arrived()

    def _next_tick(self) -> float:
        return self._ticked_at + TICK
