"""What a long print costs in memory: `make bench`. The bridge is a program of its own, read at full speed."""

import asyncio
import json
import os
import sys
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from infra.simulator.camera import Painter
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from infra.simulator.timeline import Scene
from tests.e2e.rig import settle, until_told
from tests.support.http_server import free_port
from tests.support.telegram.server import TelegramServer

pytestmark = pytest.mark.benchmark

PAIRS, FIRST_PAIRS, PAUSE_EVERY = 50_000, 500, 5_000
STATUS_BYTES, IMAGE_SIZE = 5_000, (1120, 630)
GROWTH_LIMIT_MB = 20
PRINTER = "A1M-1"
MEGABYTE = 1024 * 1024


@asynccontextmanager
async def program(
    folder: Path, bambui: SimulatedBambui, telegram: TelegramServer
) -> AsyncIterator[tuple[int, str]]:
    """`python -m infra.local` on that BambUI and that Telegram: its process id and the API's address."""
    port = free_port()
    variables = {
        "PRINTERS_API_URL": bambui.printers_api_url,
        "WS_URL_TEMPLATE": bambui.ws_url_template,
        "PRINTER_ID": PRINTER,
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_CHAT_ID": telegram.chat_id,
        "TELEGRAM_API_URL": telegram.url,
        "DATA_DIR": str(folder / "data"),
        "IMAGES_DIR": str(folder / "images"),
        "PORT": str(port),
        "SIMULATE": "0",
        "LOG_LEVEL": "WARNING",
        "CHANGES_PER_MINUTE": "0",  # the print here is faster than life
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra.local"), env=os.environ | variables, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process.pid, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 10) == 0


def resident_megabytes(process_id: int) -> float:
    pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEGABYTE


async def until_read(base_url: str, number: int) -> None:
    """Until the API shows that status: all before it has been read."""

    def shown() -> str:
        with urllib.request.urlopen(f"{base_url}/api/printer/{PRINTER}", timeout=10) as answer:
            return str(json.load(answer)["status"]["sequence_id"])

    async with asyncio.timeout(30):
        while await asyncio.to_thread(shown) != str(number):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.02)


async def play(printer: SimulatedPrinter, images: list[bytes], first: int, last: int) -> None:
    """Pairs of a status and an image of a print, as fast as they are taken."""
    for number in range(first, last):
        place = number % PAUSE_EVERY
        await printer.push_status(
            gcode_state="PAUSE" if place > PAUSE_EVERY - 100 else "RUNNING",
            mc_percent=number * 100 // PAIRS,
            layer_num=number * 300 // PAIRS,
            mc_remaining_time=(PAIRS - number) // 60,
            nozzle_temper=220 + number % 32 / 32,
            sequence_id=str(number),
        )
        await printer.push_image(images[number % len(images)])


async def test_a_print_of_100_000_messages_keeps_its_memory(tmp_path: Path) -> None:
    painter = Painter(IMAGE_SIZE)
    images = [painter.jpeg(Scene(number, lines=(PRINTER,))) for number in range(32)]
    printer = SimulatedPrinter(PRINTER)
    printer.status.merge({"padding": ""})
    short_by = STATUS_BYTES - len(json.dumps(printer.status.data, separators=(",", ":")))
    printer.status.merge({"padding": "x" * short_by, "total_layer_num": 300})
    with TelegramServer() as telegram:
        async with SimulatedBambui([printer]) as bambui, program(tmp_path, bambui, telegram) as (pid, url):
            await printer.wait_for_clients()
            await settle(printer, tmp_path / "data", gcode_state="IDLE")
            await printer.push_image(images[0])
            await printer.push_status(gcode_state="PREPARE", subtask_name="Benchy")
            await until_told(telegram, "print started")
            await play(printer, images, 0, FIRST_PAIRS)
            await until_read(url, FIRST_PAIRS - 1)
            before = resident_megabytes(pid)
            begun = time.monotonic()
            await play(printer, images, FIRST_PAIRS, PAIRS)
            await until_read(url, PAIRS - 1)
            seconds = time.monotonic() - begun
            after = resident_megabytes(pid)
            assert printer.clients_seen == 1
            await printer.push_status(gcode_state="FINISH", mc_percent=100)
            await asyncio.to_thread(telegram.wait_for, lambda told: any(one.video_size for one in told), 60)
            ended = resident_megabytes(pid)
    kept = sum(1 for _ in (tmp_path / "images").rglob("*.jpg"))
    average = sum(map(len, images)) / len(images)
    sys.stdout.write(
        f"\nmemory, {2 * PAIRS} messages (statuses of {STATUS_BYTES} bytes, pictures of {average:.0f}): "
        f"{before:.1f} MB after {2 * FIRST_PAIRS}, {after:.1f} MB after all, "
        f"{ended:.1f} MB with its film sent; {2 * (PAIRS - FIRST_PAIRS) / seconds:.0f} messages/s, "
        f"{kept} frames kept, {len(telegram.messages)} messages told\n"
    )
    assert max(after, ended) - before <= GROWTH_LIMIT_MB
