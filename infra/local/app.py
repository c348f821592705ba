"""The composition root of the embedded run: every real part, wired together in one process."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import TextIO

from collector.agent import Collector
from collector.app import version
from collector.health import supervise
from collector.outbox.outbox import Outbox
from collector.outbox.uploader import Uploader
from collector.systemd import Systemd
from functions.api.app import create_app
from functions.inspection.model import OpenAiModel, VisionModel
from functions.inspection.policy import Rules as InspectionRules
from functions.inspection.service import InspectionService
from functions.notify.service import NotifyRules, NotifyService
from functions.notify.telegram import Telegram
from functions.notify.transports import Transport
from functions.shared.live import Live
from functions.shared.ports import BATCH_LIMIT
from functions.shared.runtime.clocks import MonotonicWallClock
from functions.shared.settings import Settings
from functions.timelapse.plan import FilmSpec
from functions.timelapse.service import FilmSettings, TimelapseService
from functions.tracker.evaluation import Rules
from functions.tracker.service import TrackerService
from infra.local.api_server import ApiServer
from infra.local.console import Console
from infra.local.metrics import CountingModel, CountingTransport, metrics_page
from infra.local.stores import open_stores
from infra.local.terminal import Terminal
from infra.local.workers import Cleanup, Worker, one_by_one

NO_CHAT = "terminal"
_WATCH_SECONDS = 1.0
_STOP_SECONDS = 2.0
_log = logging.getLogger(__name__)


class Bridge:
    """Everything from the WebSocket to the chat. Raises BridgeError when it cannot be set up."""

    def __init__(self, settings: Settings, output: TextIO, systemd: Systemd | None = None) -> None:
        self._settings = settings
        self._systemd = systemd or Systemd({})
        self.clock = MonotonicWallClock()
        outbox = Outbox(settings.data_dir / "outbox", settings.outbox_max_bytes, self.clock)
        self.clock.advance_to(outbox.last_stamp)
        self._outbox = outbox
        try:
            self.stores = open_stores(settings, self.clock)
        except BaseException:
            outbox.close()
            raise
        try:
            self._set_up(output)
        except BaseException:  # a port in use: the next start must find everything as it is left by an end
            outbox.close()
            self.stores.database.close()
            raise

    def _set_up(self, output: TextIO) -> None:
        settings, outbox = self._settings, self._outbox
        self.console = Console(output, self.clock, settings.timezone)
        live = Live()
        checks_are_on = bool(settings.openrouter_api_key)
        checks_every = settings.ai_check_interval_seconds if checks_are_on else None
        self._uploader = Uploader(outbox, self.stores.frames, self.stores.reports)
        self.collector = Collector(
            settings,
            outbox,
            clock=self.clock,
            live=live,
            inspection_interval=checks_every,
            outbox_figures=lambda: outbox.figures().to_json(),
            version=version(),
        )
        transport = CountingTransport(self._transport(output))
        films = self._film_service()
        self._workers = [
            self._tracker(checks_every),
            *self._notify(transport),
            # One worker: films of printers that end together are made one after another.
            Worker("timelapse", self.stores.timelapses, one_by_one(films.handle)),
        ]
        model = None
        if checks_are_on:
            model = CountingModel(
                OpenAiModel(settings.openrouter_base_url, settings.openrouter_api_key, settings.ai_model)
            )
            self._workers.append(self._inspection(model))
        self._cleanup = Cleanup(settings, self.stores.database, self.clock, timer=self.stores.timer)
        page = metrics_page(
            self.collector, outbox, self.stores, transport, films, model, self.clock, version()
        )
        app = create_app(
            self.stores.records, self.stores.frames, live, self.clock, settings.api_key, metrics=page.text
        )
        self.api = ApiServer(app, settings.host, settings.port)

    @property
    def base_url(self) -> str:
        """Where a browser on this machine finds it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._settings.host, self._settings.host)  # noqa: S104
        return f"http://{host}:{self.api.port}"

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; then end within a few seconds, whatever hangs."""
        shipping_ends = threading.Event()
        shipping = threading.Thread(
            target=self._uploader.run, args=(shipping_ends,), name="shipper", daemon=True
        )
        threads = [shipping, self._cleanup.thread, *(worker.thread for worker in self._workers)]
        for thread in threads:
            thread.start()
        self.api.start()
        watch = asyncio.create_task(self.collector.run())
        stopping = asyncio.create_task(stop.wait())
        supervising = asyncio.create_task(supervise(self._systemd, self.collector, self._outbox.figures))
        try:
            while not stopping.done():
                self.console.say_printers(self.collector.printers())
                if watch.done():
                    watch.result()  # a defect of ours: better to end than to watch nothing
                    break
                await asyncio.wait({stopping, watch}, timeout=_WATCH_SECONDS)
        finally:
            self._systemd.stopping()
            stopping.cancel()
            supervising.cancel()
            await self.collector.stop()
            await asyncio.gather(watch, supervising, return_exceptions=True)
            shipping_ends.set()
            self._end(threads)

    def _end(self, threads: list[threading.Thread]) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        for worker in self._workers:
            worker.ask_to_stop()
        self._cleanup.ask_to_stop()
        for queue in self.stores.queues:
            queue.close()
        self.api.stop(max(0.0, deadline - time.monotonic()))
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                _log.info("%s is left in mid-work; it goes on with it after the next start", thread.name)
        self._outbox.close()
        self.stores.database.close()

    def _tracker(self, checks_every: float | None) -> Worker:
        settings, stores = self._settings, self.stores
        service = TrackerService(
            reports=stores.reports,
            records=stores.records,
            notifications=stores.notifications,
            timelapses=stores.timelapses,
            inspections=stores.inspections if checks_every else None,
            rules=Rules(
                progress_step=settings.progress_step,
                photo_interval=settings.photo_interval_seconds,
                inspection_interval=checks_every,
                silence_grace=settings.silence_grace_seconds,
            ),
            chat=self._chat,
            clock=self.clock,
        )
        return Worker("tracker", stores.reports, service.handle, BATCH_LIMIT)

    @property
    def _chat(self) -> str:
        return self._settings.telegram_chat_id or NO_CHAT

    def _notify(self, transport: Transport) -> list[Worker]:
        """Two workers, so that a film being sent holds up no alert (its group is another)."""
        settings, stores = self._settings, self.stores
        service = NotifyService(
            stores.notifications,
            stores.records,
            stores.frames,
            transport,
            stores.timelapses,
            self.clock,
            NotifyRules(self._chat, settings.telegram_messages_per_minute, settings.timezone),
        )
        handle: Callable[..., None] = one_by_one(service.handle)
        return [Worker(f"notify-{number}", stores.notifications, handle) for number in (1, 2)]

    def _film_service(self) -> TimelapseService:
        settings, stores = self._settings, self.stores
        work_folder = settings.data_dir / "films"
        work_folder.mkdir(parents=True, exist_ok=True)
        spec = FilmSpec(
            settings.timelapse_target_duration_seconds,
            settings.timelapse_fps_cap,
            settings.timelapse_max_width,
            settings.timelapse_max_bytes,
        )
        return TimelapseService(
            stores.timelapses,
            stores.notifications,
            stores.records,
            stores.frames,
            self.clock,
            FilmSettings(
                spec,
                self._chat,
                work_folder,
                settings.ffmpeg,
                shown_folder=lambda prefix: str(settings.images_dir / prefix.removeprefix("images/")),
            ),
        )

    def _inspection(self, model: VisionModel) -> Worker:
        settings, stores = self._settings, self.stores
        service = InspectionService(
            queue=stores.inspections,
            notifications=stores.notifications,
            records=stores.records,
            frames=stores.frames,
            model=model,
            rules=InspectionRules(
                settings.ai_confidence_threshold,
                settings.ai_check_interval_seconds,
                settings.ai_checks_per_job,
                settings.ai_checks_per_day,
            ),
            chat=self._chat,
            clock=self.clock,
        )
        return Worker("inspection", stores.inspections, one_by_one(service.handle))

    def _transport(self, output: TextIO) -> Transport:
        settings = self._settings
        if not settings.telegram_bot_token:
            return Terminal(output, self.clock, settings.timezone)
        return Telegram(
            settings.telegram_bot_token,
            settings.telegram_chat_id,
            settings.telegram_thread_id,
            settings.telegram_api_url,
        )
