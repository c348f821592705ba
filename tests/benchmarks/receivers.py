"""Two clients of BambUI to be compared: `python -m tests.benchmarks.receivers KIND HTTP_URL FOLDER NAME...`

`bare` only receives and parses nothing; `collector` is the product's own, with its outbox and `Live`.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from websockets.asyncio.client import connect

from collector.collector import Collector
from collector.outbox import Outbox
from functions.bridge.live import Live
from functions.bridge.settings import Settings
from functions.bridge.steady_clock import SteadyClock


async def receive_barely(template: str, names: Sequence[str]) -> None:
    async def receive(name: str) -> None:
        url = template.replace("{printer_id}", name)
        async with connect(url, compression=None, proxy=None, ping_interval=None) as websocket:
            while True:
                await websocket.recv()

    await asyncio.gather(*map(receive, names))


async def collect(list_url: str, template: str, folder: Path, name: str) -> None:
    clock = SteadyClock()
    settings = Settings(printer_id=name, printers_api_url=list_url, ws_url_template=template)
    outbox = Outbox(folder, settings.outbox_max_bytes, clock)
    await Collector(settings, outbox, clock=clock, live=Live()).run()


if __name__ == "__main__":
    kind, http_url, folder, *names = sys.argv[1:]
    template = http_url.replace("http://", "ws://") + "/ws/printer/{printer_id}"
    if kind == "bare":
        asyncio.run(receive_barely(template, names))
    else:
        asyncio.run(collect(f"{http_url}/api/printers", template, Path(folder), names[0]))
