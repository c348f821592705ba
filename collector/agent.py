"""The collector: watches BambUI's printers and hands reports and frames to the outbox.

Everything runs in one event loop; the disk has a thread of its own (`collector/outbox/writer.py`).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from collector.bambui.client import printer_url
from collector.bambui.discovery import Discovery, ListedPrinter
from collector.bambui.reception import Reception
from collector.counters import PrinterCounters
from collector.outbox.model import NewReport, OutboxPort
from collector.outbox.writer import OutboxWriter
from collector.printer.policy import session_policy
from collector.printer.session import Session
from collector.printer.settling import SettlingRules
from collector.printer.supervisor import CallLater, PrinterSnapshot, PrinterSupervisor
from functions.shared.domain.sites import is_at, name_at, name_in_bambui
from functions.shared.latest_pictures import LatestPictures
from functions.shared.live import Live
from functions.shared.messages.codec import to_json
from functions.shared.messages.collector_record import CollectorStatus, ReportedPrinter
from functions.shared.messages.report import Report, ReportKind
from functions.shared.picture_memory import picture_shares
from functions.shared.runtime.backoff import JITTER, Backoff
from functions.shared.runtime.clocks import SuspendAwareClock
from functions.shared.settings import Settings

OWN_NAME = "collector"
OWN_REPORT_INTERVAL = 300.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PrinterView:
    """A printer as the collector sees it now; `is_refused`: BambUI says that it does not know it."""

    printer_id: str
    model: str | None
    is_online: bool | None
    is_connected: bool
    is_refused: bool = False


class Collector:
    """`run` until `stop`. `inspection_interval` is None while AI checks are off; `live` and
    `keeps_idle_frames` are for the embedded run and the cloud in turn; `outbox_figures` may block,
    `is_disk_full` not: what it says anew is reported at once."""

    def __init__(
        self,
        settings: Settings,
        outbox: OutboxPort,
        *,
        clock: Callable[[], float],
        live: Live | None = None,
        inspection_interval: float | None = None,
        keeps_idle_frames: bool = False,
        outbox_figures: Callable[[], Mapping[str, Any]] = dict,
        is_disk_full: Callable[[], bool] = bool,
        version: str = "",
        monotonic: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = JITTER,
        own_report_interval: float = OWN_REPORT_INTERVAL,
        settling: SettlingRules | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._live = live
        self._outbox_figures = outbox_figures
        self._is_disk_full = is_disk_full
        self._said_full = False
        self._version = version
        self._monotonic = monotonic
        self._awake_clock = SuspendAwareClock(monotonic)
        self._random = random
        self._own_report_interval = own_report_interval
        self._rules = session_policy(
            settings,
            inspection_interval=inspection_interval,
            keeps_idle_frames=keeps_idle_frames,
            settling=settling,
        )
        shares = picture_shares(settings.pictures_max_bytes)
        self.pictures = live.pictures if live is not None else LatestPictures(shares.latest, monotonic)
        self.reception = Reception(shares.receiving, monotonic)
        self._writer = OutboxWriter(outbox, waiting_bytes_limit=shares.waiting)
        self._discovery = Discovery(
            settings.printers_api_url, settings.printers_refresh_seconds, monotonic, site=settings.site
        )
        self._collector_id = ""
        self._started_at = 0.0
        self._printers: dict[str, PrinterSupervisor] = {}
        self._listed: dict[str, ListedPrinter] = {}
        self._presences: dict[str, tuple[str | None, bool | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()
        self._ticked = asyncio.Event()
        self._is_running = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self) -> None:
        """Watch until `stop` is called or the task is cancelled; then end within two seconds."""
        self._is_running = True
        self._loop = asyncio.get_running_loop()
        self._writer.start()
        try:
            self._collector_id = await self._writer.ask(lambda outbox: outbox.collector_id)
            self._started_at = self._clock()
            site = self._settings.site
            self._connect(name_at(site, self._settings.printer_id))
            busy = await self._writer.ask(lambda outbox: outbox.busy_printers())
            for name in (it for it in busy if is_at(site, it)):
                self._connect(name)  # listed or not: what became of its print will be asked for
            self._begin(self._discover())
            self._begin(self._tick())
            self._begin(self._report_on_itself())
            await self._stopping.wait()
        finally:
            await self._end()
            self._stopped.set()

    async def stop(self) -> None:
        """End `run` and wait for its end."""
        self._stopping.set()
        if self._is_running:
            await self._stopped.wait()

    async def settle(self) -> None:
        """Returns once the time-outs were looked at again and all that was seen is in the outbox.

        Never, while anything of that hangs: the proof for a supervisor that the work is done.
        """
        self._ticked.clear()
        await self._ticked.wait()
        await self._writer.ask(lambda outbox: outbox.collector_id)

    def printers(self) -> list[PrinterView]:
        """All printers listed or connected, by name."""
        views = {
            name: PrinterView(name, printer.model, printer.is_online, is_connected=False)
            for name, printer in self._discovery.known.items()
        }
        for name, task in self._printers.items():
            views[name] = PrinterView(name, task.model, task.is_online, task.is_connected, task.is_refused)
        return [views[name] for name in sorted(views)]

    def snapshots(self) -> list[PrinterSnapshot]:
        """From any thread: all printers listed or connected, by name."""
        found = {
            name: PrinterSnapshot(
                name, printer.model, printer.is_online, False, False, None, None, None, PrinterCounters()
            )
            for name, printer in list(self._discovery.known.items())
        }
        found |= {name: task.snapshot() for name, task in list(self._printers.items())}
        return [found[name] for name in sorted(found)]

    def watches(self, printer_id: str) -> bool:
        """From any thread: whether it is one of ours to watch."""
        return printer_id in self._printers or printer_id in self._discovery.known

    def tasks(self) -> int:
        """From any thread: the tasks of the event loop."""
        return 0 if self._loop is None else len(asyncio.all_tasks(self._loop))

    def picture_memory(self) -> dict[str, int]:
        """From any thread: the bytes of pictures in memory, by where they are."""
        return {
            "latest": self.pictures.bytes,
            "waiting": self._writer.waiting_bytes,
            "receiving": self.reception.bytes,
        }

    @property
    def started_at(self) -> float:
        """Edge time; 0 before the start."""
        return self._started_at

    @property
    def dropped_frames(self) -> int:
        """Images that were left out because the disk is slow."""
        return self._writer.dropped_frames

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._writer.stop()

    def _connect(self, printer_id: str) -> PrinterSupervisor:
        task = self._printers.get(printer_id)
        if task is None:
            settings = self._settings
            task = self._printers[printer_id] = PrinterSupervisor(
                printer_id,
                printer_url(settings.ws_url_template, name_in_bambui(settings.site, printer_id)),
                self._make_session,
                Backoff(settings.reconnect_min_seconds, settings.reconnect_max_seconds),
                self._random,
                self._monotonic,
                self.reception,
            )
            self._begin(task.run())
        return task

    async def _make_session(
        self, printer_id: str, call_later: CallLater, counters: PrinterCounters
    ) -> Session:
        job = await self._writer.ask(lambda outbox: outbox.recall_job(printer_id))
        return Session(
            printer_id,
            self._rules,
            self._writer,
            collector_id=self._collector_id,
            job=job,
            live=self._live,
            clock=self._clock,
            monotonic=self._awake_clock,
            call_later=call_later,
            counters=counters,
            pictures=self.pictures,
        )

    async def _discover(self) -> None:
        while self._settings.printers_api_url:
            try:
                for printer in await self._discovery.poll():
                    self._take_listed(printer)
                for task in self._printers.values():
                    task.try_again()
            except Exception:  # noqa: BLE001 - said with its traceback
                _log.exception("reading the list of printers failed")
            await self._discovery.wait(is_one_unconnected=self._is_one_unconnected())

    def _is_one_unconnected(self) -> bool:
        return any(
            name not in self._printers or not self._printers[name].is_connected
            for name in self._discovery.known
        )

    def _take_listed(self, printer: ListedPrinter) -> None:
        """A printer is new in the list, or its entry has changed."""
        if printer.is_online:
            self._connect(printer.printer_id)
        self._listed[printer.printer_id] = printer
        self._tell_presence(printer)

    def _tell_presence(self, printer: ListedPrinter) -> None:
        """What is new of it: its model, or whether it is in the network."""
        name, task = printer.printer_id, self._printers.get(printer.printer_id)
        is_online = printer.is_online if task is None else task.presence(printer.is_online)
        if task is not None:
            task.listed(printer.model, is_online)
        if self._presences.get(name) == (printer.model, is_online):
            return
        self._presences[name] = (printer.model, is_online)
        if self._live is not None:
            self._live.put_printer(name, printer.model, is_online)
        report = Report(
            collector_id=self._collector_id,
            sequence=0,  # given by the outbox
            printer_id=name,
            kind=ReportKind.PRESENCE,
            observed_at=self._clock(),
            model=printer.model,
            is_online=is_online,
        )
        self._writer.add_report(NewReport(report, durable=True))

    async def _tick(self) -> None:
        tick = self._settings.watchdog_tick_seconds
        self._awake_clock.check(tick)
        while True:
            await asyncio.sleep(tick)
            slept = self._awake_clock.check(tick)
            if slept is not None:
                _log.warning(
                    "the program stood still for %.0f s: no printer is called silent for that", slept
                )
            for task in list(self._printers.values()):
                task.tick()
            for printer in list(self._listed.values()):
                if printer.is_online is False and printer.printer_id in self._printers:
                    self._tell_presence(printer)
            if self._is_disk_full() != self._said_full:
                self._say_how_it_is()
            self._ticked.set()

    async def _report_on_itself(self) -> None:
        while True:
            self._say_how_it_is()
            await asyncio.sleep(self._own_report_interval)

    def _say_how_it_is(self) -> None:
        self._said_full = self._is_disk_full()
        self._writer.add_heartbeat(self._own_report())

    def _own_report(self) -> Callable[[], Report]:
        """The report is made later, in the writer's thread: the outbox's figures may need the disk."""
        observed_at = self._clock()
        printers = tuple(
            ReportedPrinter(view.printer_id, view.model, view.is_online, view.is_connected)
            for view in self.printers()
            if not view.is_refused
        )

        def make() -> Report:
            return Report(
                collector_id=self._collector_id,
                sequence=0,  # given by the outbox
                printer_id=OWN_NAME,
                kind=ReportKind.COLLECTOR,
                observed_at=observed_at,
                status=to_json(
                    CollectorStatus(self._version, self._started_at, self._outbox_figures(), printers)
                ),
            )

        return make
