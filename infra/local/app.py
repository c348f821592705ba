"""The composition root of the embedded run: every real part, wired together in one process."""

import asyncio
import logging
import threading
import time
from typing import Any, TextIO

from collector.agent import Collector
from collector.app import own_names, version
from collector.health import supervise
from collector.outbox.outbox import Outbox
from collector.outbox.reserve import DiskReserve
from collector.outbox.uploader import Uploader
from collector.printer.settling import SettlingRules
from collector.systemd import Systemd
from functions.api.app import create_app
from functions.api.picture_sending import PictureSending
from functions.chat.bot import Bot
from functions.chat.building import build_service as build_chat_service
from functions.inspection import service as inspection_service
from functions.inspection.model import OpenAiModel, VisionModel
from functions.notify import service as notify_service
from functions.notify.service import NotifyService
from functions.notify.telegram import Telegram
from functions.notify.transports import Transport
from functions.shared.digest_schedule import digest_schedule
from functions.shared.latest_pictures import LatestPictures
from functions.shared.live import Live
from functions.shared.picture_memory import picture_shares
from functions.shared.ports import BATCH_LIMIT
from functions.shared.runtime.clocks import MonotonicWallClock
from functions.shared.runtime.connections import ConnectionRoom, places_for
from functions.shared.runtime.descriptors import raise_descriptor_limit
from functions.shared.runtime.heap import return_large_blocks
from functions.shared.settings import Settings
from functions.shared.telegram.calls import BotConnection
from functions.timelapse import service as timelapse_service
from functions.timelapse.service import TimelapseService
from functions.tracker import service as tracker_service
from infra.local.api_connection import ApiConnection
from infra.local.api_server import ApiServer
from infra.local.chat_polling import ChatPolling
from infra.local.config import is_beyond_loopback
from infra.local.console import Console
from infra.local.disk_watch import DiskWatch
from infra.local.metrics import CountingModel, CountingTransport, metrics_page
from infra.local.storage.samples import FileSamples
from infra.local.stores import OUTBOX_FOLDER, open_stores, require_known_versions
from infra.local.terminal import Terminal
from infra.local.waiting import waiting_for_telegram
from infra.local.workers import Cleanup, DigestTimer, Worker

_WATCH_SECONDS = 1.0
_STOP_SECONDS = 2.0
_log = logging.getLogger(__name__)


class Bridge:
    """Everything from the WebSocket to the chat. Raises BridgeError when it cannot be set up."""

    def __init__(
        self,
        settings: Settings,
        output: TextIO,
        systemd: Systemd | None = None,
        settling: SettlingRules | None = None,
    ) -> None:
        return_large_blocks()
        self._settings = settings
        self._settling = settling
        self._systemd = systemd or Systemd({})
        self.clock = MonotonicWallClock()
        require_known_versions(settings.data_dir)
        outbox_folder = settings.data_dir / OUTBOX_FOLDER
        self._reserve = DiskReserve(outbox_folder)
        outbox = Outbox(outbox_folder, settings.outbox_max_bytes, self.clock, reserve=self._reserve)
        self.clock.advance_to(outbox.last_stamp)
        self._outbox = outbox
        try:
            self.stores = open_stores(settings, self.clock, make_room=self._reserve.give_up)
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
        shares = picture_shares(settings.pictures_max_bytes)
        live = Live(LatestPictures(shares.latest))
        keep = settings.keep_samples
        self._samples = FileSamples(settings.data_dir, keep) if keep else None
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
            settling=self._settling,
        )
        transport = CountingTransport(self._transport(output))
        films = self._timelapse_service()
        model = None
        if checks_are_on:
            model = CountingModel(OpenAiModel.from_settings(settings, settings.openrouter_api_key))
        notify = notify_service.build_service(self.stores, settings, transport, spares_writes=True)
        self._workers = self._make_workers(notify, films, model)
        self._cleanup = Cleanup(settings, self.stores.database, self.clock, timer=self.stores.timer)
        self._digests = DigestTimer(digest_schedule(self.stores, settings))
        self._disk = DiskWatch(
            settings,
            self.stores.database,
            self.stores.records,
            self._reserve,
            notify.tell_at_once,
            self.clock,
        )
        self._chat = self._chat_polling(live)
        page = metrics_page(
            *(self.collector, outbox, self.stores, transport, films, model, self.clock, version()),
            left_out=lambda: notify.left_out + self.stores.notifications.left_out,
            chat=self._chat.service if self._chat is not None else None,
        )
        app = create_app(
            self.stores.records,
            self.stores.frames,
            live,
            self.clock,
            settings.api_key,
            metrics=page.text,
            disk_trouble=self._disk.trouble,
            hosts=own_names(settings.host, settings.allowed_hosts),
            is_open=is_beyond_loopback(settings.host) and not settings.api_key,
            sending=PictureSending(shares.sending),
            film_days=settings.film_retention_days,
            image_days=settings.image_retention_days,
            samples=self._samples,
        )
        room = ConnectionRoom[ApiConnection](*places_for(raise_descriptor_limit()))
        self.api = ApiServer(app, settings.host, settings.port, room)

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
        threads = [
            shipping,
            self._cleanup.thread,
            self._disk.thread,
            self._digests.thread,
            *(worker.thread for worker in self._workers),
            *([self._chat.thread] if self._chat is not None else []),
        ]
        for thread in threads:
            thread.start()
        self.api.start()
        watch = asyncio.create_task(self.collector.run())
        stopping = asyncio.create_task(stop.wait())
        supervising = asyncio.create_task(
            supervise(self._systemd, self.collector, self._outbox.figures, self._waiting)
        )
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

    def _waiting(self) -> list[str]:
        return waiting_for_telegram(self.stores.database.path, self.clock())

    def _end(self, threads: list[threading.Thread]) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        for worker in self._workers:
            worker.ask_to_stop()
        if self._chat is not None:
            self._chat.ask_to_stop()
        self._cleanup.ask_to_stop()
        self._disk.ask_to_stop()
        self._digests.ask_to_stop()
        for queue in self.stores.queues:
            queue.close()
        self.api.stop(max(0.0, deadline - time.monotonic()))
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                _log.info("%s is left in mid-work; it goes on with it after the next start", thread.name)
        self._outbox.close()
        self.stores.database.close()

    def _make_workers(
        self, notify: NotifyService, films: TimelapseService, model: VisionModel | None
    ) -> list[Worker[Any]]:
        settings, stores = self._settings, self.stores
        tracker = tracker_service.build_service(stores, settings, model is not None)
        workers: list[Worker[Any]] = [
            Worker("tracker", stores.reports, tracker, BATCH_LIMIT),
            # Two workers, so that a film being sent holds up no alert (its group is another).
            Worker("notify-1", stores.notifications, notify),
            Worker("notify-2", stores.notifications, notify),
            # One worker: films of printers that end together are made one after another.
            Worker("timelapse", stores.timelapses, films),
        ]
        if model is not None:
            inspection = inspection_service.build_service(stores, settings, model)
            workers.append(Worker("inspection", stores.inspections, inspection))
        return workers

    def _chat_polling(self, live: Live) -> ChatPolling | None:
        """What answers in the chat, if that is wished and there is one."""
        settings, stores = self._settings, self.stores
        if not settings.chat_answers or not settings.telegram_bot_token:
            return None
        connection = BotConnection(settings.telegram_bot_token, settings.telegram_api_url)
        bot = Bot(connection)
        service = build_chat_service(
            bot, stores.records, stores.frames, self._samples, self.clock, settings, live
        )
        return ChatPolling(connection, bot, service, stores.records, settings.telegram_chat_id, self.clock)

    def _timelapse_service(self) -> TimelapseService:
        settings = self._settings
        work_folder = settings.data_dir / "films"
        work_folder.mkdir(parents=True, exist_ok=True)

        def shown_folder(prefix: str) -> str:
            return str(settings.images_dir / prefix.removeprefix("images/"))

        return timelapse_service.build_service(self.stores, settings, work_folder, shown_folder)

    def _transport(self, output: TextIO) -> Transport:
        settings = self._settings
        if not settings.telegram_bot_token:
            return Terminal(output, self.clock, settings.timezone)
        return Telegram.from_settings(settings, settings.telegram_bot_token)
