"""The edge program on its own: its composition root, and the event loop it runs in."""

import asyncio
import functools
import logging
import socket
import threading
from collections.abc import Callable, Coroutine, Iterable
from importlib import metadata
from typing import Any, TypeVar
from urllib.parse import urlsplit

from collector.agent import Collector
from collector.commands import CommandReceiver, open_commands
from collector.config import CloudSettings
from collector.health import supervise
from collector.metrics.agent import edge_parts
from collector.metrics.exposition import MetricsPage, open_server
from collector.outbox.outbox import Outbox
from collector.outbox.packing import PackRules
from collector.outbox.reserve import DiskReserve
from collector.outbox.uploader import RemoteBackend, upload_to
from collector.systemd import Systemd
from functions.shared.runtime.clocks import MonotonicWallClock
from functions.shared.runtime.descriptors import raise_descriptor_limit
from functions.shared.runtime.heap import return_large_blocks
from functions.shared.settings import default_hosts

_log = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def run(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """As `asyncio.run`."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(work)


def loop_factory() -> LoopFactory | None:
    """What makes the loop; None: what asyncio takes by itself."""
    try:
        import uvloop
    except ImportError:  # no wheel for this machine
        return None
    return uvloop.new_event_loop


_STOP_SECONDS = 2.5


def version() -> str:
    """The version that is installed."""
    try:
        return metadata.version("printer-realtime-bridge")
    except metadata.PackageNotFoundError:
        return "unknown"


def own_names(host: str, allowed: Iterable[str]) -> tuple[str, ...]:
    """By what names this machine may be asked beside those that any machine may: `host` is the one that a
    server listens on."""
    return (*allowed, host.lower(), socket.gethostname().lower())


class EdgeProgram:
    """From the WebSockets to queue and bucket. Raises PermanentError when another process has the outbox."""

    def __init__(
        self, chosen: CloudSettings, open_remote_backend: Callable[[], RemoteBackend], systemd: Systemd
    ) -> None:
        settings = chosen.settings
        return_large_blocks()
        raise_descriptor_limit()
        clock = MonotonicWallClock()
        folder = settings.data_dir / "outbox"
        packs = PackRules(has_checks=chosen.inspection_interval is not None)
        outbox = Outbox(folder, settings.outbox_max_bytes, clock, reserve=DiskReserve(folder), packs=packs)
        clock.advance_to(outbox.last_stamp)
        self._settings = settings
        self._outbox = outbox
        self._open_remote_backend = open_remote_backend
        self._systemd = systemd
        self._collector = Collector(
            settings,
            outbox,
            clock=clock,
            inspection_interval=chosen.inspection_interval,
            keeps_idle_frames=True,
            outbox_figures=lambda: outbox.figures().to_json(),
            is_disk_full=lambda: outbox.is_disk_full,
            version=version(),
        )
        self._commands = None
        if settings.commands_queue_url:
            opens = functools.partial(
                open_commands, settings.commands_queue_url, settings.frames_bucket, chosen.region
            )
            self._commands = CommandReceiver(opens, self._collector.pictures, self._collector.watches)

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; then end within five seconds, whatever hangs."""
        shipping_ends = threading.Event()
        shipping = threading.Thread(
            target=upload_to,
            args=(self._open_remote_backend, self._outbox, shipping_ends),
            name="shipping",
            daemon=True,
        )
        shipping.start()
        answering = self._commands.start(shipping_ends) if self._commands is not None else None
        page = MetricsPage(edge_parts(self._collector, self._outbox, version()))
        settings = self._settings
        names = own_names(settings.metrics_host, settings.allowed_hosts)
        metrics = open_server(page.text, settings.metrics_host, settings.metrics_port, names)
        if metrics is not None:
            metrics.start()
        tasks = [
            asyncio.create_task(stop.wait()),
            asyncio.create_task(self._collector.run()),
            asyncio.create_task(supervise(self._systemd, self._collector, self._outbox.figures)),
        ]
        stopping, watching, supervising = tasks
        needed = [stopping, watching, *([supervising] if self._systemd.is_there else [])]
        try:
            await asyncio.wait(needed, return_when=asyncio.FIRST_COMPLETED)
            for task in needed:
                if task.done():
                    task.result()  # a defect of ours: better to be started again than to watch nothing
        finally:
            self._systemd.stopping()
            shipping_ends.set()
            supervising.cancel()
            stopping.cancel()
            if metrics is not None:
                metrics.stop()
            await self._collector.stop()
            await asyncio.gather(*tasks, return_exceptions=True)
            shipping.join(_STOP_SECONDS)
            if answering is not None:
                answering.join(0.0)  # mostly in a long poll, which is left behind
            self._outbox.close()


def log_start(chosen: CloudSettings) -> None:
    """What is watched and where it goes, in one line of log."""
    settings = chosen.settings
    _log.info(
        "Printer Realtime Bridge %s: watching the printers of %s and always %r; to queue %s, bucket %s; "
        "what waits is kept in %s",
        version(),
        _without_password(settings.printers_api_url),
        settings.printer_id,
        _without_password(settings.reports_queue_url),
        settings.frames_bucket,
        settings.data_dir / "outbox",
    )
    if hosts := default_hosts(settings):
        _log.info("addresses that are not set, so that their defaults are asked: %s", hosts)
    _log.info("WS_URL is %s (legacy, not used)", _without_password(settings.legacy_address))


def _without_password(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(not a URL)"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
