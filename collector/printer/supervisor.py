"""One printer, watched for as long as the collector runs: a fault in its handling costs a new session, and
never another printer anything.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from collector.bambui.client import Connection
from collector.bambui.reception import Reception
from collector.counters import PrinterCounters
from collector.printer.session import Session
from collector.printer.watchdog import Cause
from functions.shared.runtime.backoff import Backoff
from functions.shared.runtime.throttled_log import LASTING_FAULT_SECONDS, LogThrottle

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PrinterSnapshot:
    """`status_text`: the newest status message as received; ages in seconds, None: none came yet.

    `is_refused`: BambUI says that it does not know the printer; `counters` goes on counting.
    """

    printer_id: str
    model: str | None
    is_online: bool | None
    is_connected: bool
    is_refused: bool
    status_text: str | None
    status_age: float | None
    image_age: float | None
    counters: PrinterCounters


CallLater = Callable[[float, Callable[[], None]], object]
MakeSession = Callable[[str, CallLater, PrinterCounters], Awaitable[Session]]


class PrinterSupervisor:
    """`make_session` recalls the printer's job, which may block for a while, and makes its session."""

    def __init__(
        self,
        printer_id: str,
        url: str,
        make_session: MakeSession,
        backoff: Backoff,
        random: Callable[[], float],
        monotonic: Callable[[], float],
        reception: Reception,
    ) -> None:
        self.printer_id = printer_id
        self.model: str | None = None
        self.is_online: bool | None = None
        self.counters = PrinterCounters()
        self._url = url
        self._make_session = make_session
        self._backoff = backoff
        self._random = random
        self._monotonic = monotonic
        self._reception = reception
        self._faults = LogThrottle(monotonic, LASTING_FAULT_SECONDS)
        self._is_listed = False
        self._session: Session | None = None
        self._connection: Connection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._timers: set[asyncio.TimerHandle] = set()

    @property
    def is_connected(self) -> bool:
        return self._connection is not None and self._connection.is_connected

    @property
    def is_refused(self) -> bool:
        """Whether BambUI says that it does not know the printer."""
        return self._connection is not None and self._connection.is_refused

    def presence(self, is_listed_online: bool | None) -> bool | None:
        """Whether the printer is in the network, by BambUI's list and by what was heard of it."""
        session = self._session
        return is_listed_online if session is None else session.presence(is_listed_online)

    def snapshot(self) -> PrinterSnapshot:
        """From any thread."""
        session, connection = self._session, self._connection
        status_text, status_age, image_age = (None, None, None) if session is None else session.newest()
        return PrinterSnapshot(
            self.printer_id,
            self.model,
            self.is_online,
            connection is not None and connection.is_connected,
            connection is not None and connection.is_refused,
            status_text,
            status_age,
            image_age,
            self.counters,
        )

    def listed(self, model: str | None, is_online: bool | None) -> None:
        """BambUI's list has the printer."""
        self.model, self.is_online = model, is_online
        self._is_listed = True
        self._pass_on()

    def try_again(self) -> None:
        """The list was read: a printer refused before may be known now."""
        if self._connection is not None:
            self._connection.try_again()

    def tick(self) -> None:
        """Look at the time-outs."""
        try:
            cause = self._session.tick() if self._session is not None else None
        except Exception:  # noqa: BLE001 - one printer's fault must not stop the others
            self._fail()
            return
        if cause is not None and self._connection is not None:
            level = logging.DEBUG if cause is Cause.FORCED else logging.INFO
            _log.log(level, "printer %r: connecting anew: %s", self.printer_id, cause)
            self._connection.reconnect()

    async def run(self) -> None:
        """Until cancelled. After a fault: a new session with what the outbox remembers."""
        backoff = self._backoff
        while True:
            try:
                await self._run_session()
            except Exception:  # noqa: BLE001 - one printer's fault must not stop the others
                self._log_fault()
            delay, backoff = backoff.next(self._random)
            await asyncio.sleep(delay)

    async def _run_session(self) -> None:
        """Returns when a call from outside the reading has failed."""
        self._session = await self._make_session(self.printer_id, self._call_later, self.counters)
        self._pass_on()
        self._connection = Connection(
            self.printer_id,
            self._url,
            self._session,
            self._backoff,
            self._random,
            self._monotonic,
            self._reception,
        )
        self._reading = asyncio.create_task(self._connection.run())
        try:
            await asyncio.wait({self._reading})
            if not self._reading.cancelled():
                self._reading.result()
        finally:
            for timer in self._timers:
                timer.cancel()
            self._timers.clear()
            if not self._reading.done():
                self._reading.cancel()
                await asyncio.wait({self._reading})
            self._session = self._connection = self._reading = None

    def _call_later(self, seconds: float, callback: Callable[[], None]) -> None:
        def call() -> None:
            self._timers.discard(timer)
            try:
                callback()
            except Exception:  # noqa: BLE001 - one printer's fault must not stop the others
                self._fail()

        timer = asyncio.get_running_loop().call_later(seconds, call)
        self._timers.add(timer)

    def _fail(self) -> None:
        self._log_fault()
        if self._reading is not None:
            self._reading.cancel()

    def _log_fault(self) -> None:
        """With its traceback once; the same again is only counted for a while."""
        self.counters.faults += 1
        count = self._faults.take()
        if count is not None:
            _log.exception(
                "printer %r: a fault in the program (%d times); its session begins anew",
                self.printer_id,
                count,
            )

    def _pass_on(self) -> None:
        if self._session is not None and self._is_listed:
            self._session.model, self._session.is_online = self.model, self.is_online
            self._session.is_confirmed = True
