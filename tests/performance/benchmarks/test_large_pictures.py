"""What pictures of the largest size cost in memory, from many printers at once: `make bench`.

The bridge is a program of its own; some clients of its API ask for pictures and take nothing of them.
"""

import asyncio
import contextlib
import http.client
import re
import socket
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.performance.benchmarks.receiving import show
from tests.performance.benchmarks.test_memory import MEGABYTE, program, resident_megabytes
from tests.support.edge_material import large_jpeg
from tests.support.telegram.server import TelegramServer

pytestmark = pytest.mark.benchmark

PRINTERS, PRINTING, ROUNDS = 60, 6, 3
IMAGE_BYTES = 9_900_000
QUICK_CLIENTS, SLOW_CLIENTS = 20, 10  # in each round; the slow ones stay
PEAK_LIMIT_MB = 450
"""What systemd lets the collector alone have is 512 MB."""


def peak_megabytes(process_id: int) -> float:
    text = Path(f"/proc/{process_id}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) * 1024 / MEGABYTE


def ask_for_picture(url: str, name: str) -> None:
    where = urlsplit(url)
    client = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    with contextlib.closing(client):
        client.request("GET", f"/api/printer/{name}/image")
        client.getresponse().read()


def ask_and_take_nothing(url: str, name: str, open_ones: ExitStack) -> None:
    where = urlsplit(url)
    client = open_ones.enter_context(socket.create_connection((where.hostname, where.port)))
    client.sendall(f"GET /api/printer/{name}/image HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


async def test_sixty_printers_with_pictures_of_the_largest_size(tmp_path: Path) -> None:
    printers = [SimulatedPrinter(f"A1M-{number}") for number in range(1, PRINTERS + 1)]
    with TelegramServer() as telegram, ExitStack() as open_ones:
        async with SimulatedBambui(printers) as bambui, program(tmp_path, bambui, telegram) as (pid, url):
            for printer in printers:
                await printer.wait_for_clients()
                await printer.push_status(gcode_state="IDLE")
            await asyncio.sleep(3)  # their first words settle
            before = resident_megabytes(pid)
            for printer in printers[:PRINTING]:
                await printer.push_status(gcode_state="RUNNING", subtask_name="Benchy", mc_percent=1)
            for number in range(ROUNDS):
                image = large_jpeg(IMAGE_BYTES, number)
                async with asyncio.timeout(300):
                    await asyncio.gather(*(printer.push_image(image) for printer in printers))
                names = [printer.name for printer in printers]
                for name in names[:SLOW_CLIENTS]:
                    ask_and_take_nothing(url, name, open_ones)
                await asyncio.gather(
                    *(asyncio.to_thread(ask_for_picture, url, name) for name in names[-QUICK_CLIENTS:])
                )
            await asyncio.sleep(3)
            after, peak = resident_megabytes(pid), peak_megabytes(pid)
    show(
        f"memory, {PRINTERS} printers ({PRINTING} printing) with {ROUNDS} pictures each of "
        f"{IMAGE_BYTES / 1e6:.1f} MB: {before:.0f} MB before, {after:.0f} MB after, {peak:.0f} MB at most"
    )
    assert peak <= PEAK_LIMIT_MB
