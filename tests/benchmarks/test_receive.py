"""What receiving costs in CPU time, beside a loop that parses nothing, in one run: `make bench`."""

import asyncio
import base64
import json
import os
import sys
import time
from pathlib import Path

import pytest

from infra.local.simulator.pictures import Painter
from infra.local.simulator.scene import Scene
from infra.local.simulator.server import SimulatedBambui
from infra.local.simulator.simulated_printer import SimulatedPrinter

pytestmark = pytest.mark.benchmark

PRINTERS, PAIRS, WARM_UP_PAIRS = 20, 40, 3
STATUS_BYTES, PICTURE_SIZE = 5_000, (1120, 630)
RATIO_LIMIT = 3.0
ROOT = Path(__file__).parents[2]


def cpu_seconds(process_id: int) -> float:
    """User and system time of a running process with all its threads."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def microseconds_a_message(kind: str, bambui: SimulatedBambui, folder: Path, picture: str) -> float:
    """One status and one picture a second of each printer, spread over the second."""
    printers = list(bambui.printers.values())
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.receivers", kind, bambui.http_url, str(folder)),
        *bambui.printers,
        cwd=ROOT,
    )
    try:
        for printer in printers:
            await printer.wait_for_clients()
        await _send(printers, picture, 0, WARM_UP_PAIRS)
        before = cpu_seconds(process.pid)
        await _send(printers, picture, WARM_UP_PAIRS, WARM_UP_PAIRS + PAIRS)
        spent = cpu_seconds(process.pid) - before
    finally:
        process.terminate()
        await process.wait()
    for printer in printers:
        await printer.wait_for_no_clients()
    return spent / (2 * PAIRS * PRINTERS) * 1e6


async def _send(printers: list[SimulatedPrinter], picture: str, first: int, last: int) -> None:
    begun, step = time.monotonic(), 0.5 / len(printers)
    moment = 0.0
    for number in range(first, last):
        for is_picture in (False, True):
            for printer in printers:
                moment += step
                await asyncio.sleep(max(0.0, begun + moment - time.monotonic()))
                if is_picture:
                    await printer.push_raw(picture)
                else:
                    await printer.push_status(
                        gcode_state="RUNNING",
                        mc_percent=number // 60,
                        mc_remaining_time=600,
                        nozzle_temper=220 + number % 32 / 32,
                    )


async def test_receiving_costs_little_more_than_a_bare_loop(tmp_path: Path) -> None:
    jpeg = Painter(PICTURE_SIZE).jpeg(Scene(1, lines=("A1M-1",)))
    picture = '{"type":"jpeg_image","image":"' + base64.b64encode(jpeg).decode() + '"}'
    printers = [SimulatedPrinter(f"A1M-{number}") for number in range(1, PRINTERS + 1)]
    for printer in printers:
        short_by = STATUS_BYTES - len(json.dumps(printer.status.data, separators=(",", ":")))
        printer.status.merge({"subtask_name": "Benchy", "padding": "x" * short_by})
    async with SimulatedBambui(printers) as bambui:
        bare = await microseconds_a_message("bare", bambui, tmp_path, picture)
        collector = await microseconds_a_message("collector", bambui, tmp_path, picture)
    sys.stdout.write(
        f"\nreceiving, {PRINTERS} printers, 1 status of {STATUS_BYTES} bytes and 1 picture of {len(jpeg)} a "
        f"second each: bare loop {bare:.0f} us of CPU a message, collector {collector:.0f} us "
        f"({collector / bare:.2f} x; {collector * 2 * PRINTERS / 1e4:.2f} % of a core)\n"
    )
    assert collector <= RATIO_LIMIT * bare
