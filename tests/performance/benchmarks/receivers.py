"""Two clients of BambUI to be compared:
`python -m tests.performance.benchmarks.receivers KIND LOOP HTTP_URL FOLDER NAME...`

`bare` only receives and parses nothing; `collector` is the product's own, with its sessions, its outbox and
what reads from it in the embedded run. LOOP is asyncio or uvloop. The collector writes how long each message
took (seconds, with the moment of its sending) to FOLDER/lags when it is ended by SIGTERM.
"""

import asyncio
import signal
import sys
import time
from array import array
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from collector.agent import Collector
from collector.outbox.outbox import Outbox
from collector.printer.session import Session
from functions.shared.live import Live
from functions.shared.runtime.clocks import MonotonicWallClock
from functions.shared.settings import Settings
from tests.performance.benchmarks.load_generator import stamp_of

LAGS = "lags"


async def receive_barely(template: str, names: Sequence[str]) -> None:
    async def receive(name: str) -> None:
        url = template.replace("{printer_id}", name)
        async with connect(url, compression=None, proxy=None, ping_interval=None) as websocket:
            while True:
                await websocket.recv(decode=False)

    await asyncio.gather(*map(receive, names))


async def collect(list_url: str, template: str, folder: Path, name: str) -> None:
    clock = MonotonicWallClock()
    settings = Settings(printer_id=name, printers_api_url=list_url, ws_url_template=template)
    outbox = Outbox(folder, settings.outbox_max_bytes, clock)
    collector = Collector(settings, outbox, clock=clock, live=Live())
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: asyncio.ensure_future(collector.stop()))
    lags = measured_sessions()
    await collector.run()
    (folder / LAGS).write_bytes(lags.tobytes())


def measured_sessions() -> "array[float]":
    """Every session notes when a message was sent, and how long it took until it had done with it."""
    lags = array("d")
    receive = Session.received

    def received(self: Session, frame: str | bytes) -> None:
        receive(self, frame)
        assert isinstance(frame, str)
        sent_at = stamp_of(frame)
        lags.append(sent_at)
        lags.append(time.monotonic() - sent_at)

    Session.received = received  # type: ignore[method-assign]
    return lags


def run(work: Coroutine[Any, Any, None], loop: str) -> None:
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)


if __name__ == "__main__":
    kind, loop_name, http_url, place, *printers = sys.argv[1:]
    ws_template = http_url.replace("http://", "ws://") + "/ws/printer/{printer_id}"
    if kind == "bare":
        run(receive_barely(ws_template, printers), loop_name)
    else:
        run(collect(f"{http_url}/api/printers", ws_template, Path(place), printers[0]), loop_name)
