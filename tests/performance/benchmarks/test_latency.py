"""How long a change takes from BambUI's socket to the Bot API: `make bench`. Everything in one process."""

import asyncio
import statistics
import sys
import time
from pathlib import Path

import pytest

from infra.simulator.camera import Painter
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from infra.simulator.timeline import Scene
from tests.e2e.rig import bridge_over, first_line, settle, until_told
from tests.support.telegram.server import TelegramServer

pytestmark = pytest.mark.benchmark

CHANGES = 240
SPACING = 0.25
IMAGES_EVERY = 1.0
P99_LIMIT = 0.150


async def test_a_change_is_at_telegram_at_once(tmp_path: Path) -> None:
    printer = SimulatedPrinter("A1M-1")
    images = [Painter().jpeg(Scene(number, lines=("A1M-1",))) for number in range(8)]
    with TelegramServer() as telegram:
        async with (
            SimulatedBambui([printer]) as bambui,
            bridge_over(tmp_path, bambui, telegram, watchdog_tick_seconds=5.0, status_timeout_seconds=30.0),
        ):
            await printer.wait_for_clients()
            camera = asyncio.create_task(_film(printer, images))
            await settle(printer, tmp_path / "data", gcode_state="IDLE")
            await printer.push_status(gcode_state="PREPARE", subtask_name="Benchy")
            await until_told(telegram, "print started")
            await printer.push_status(gcode_state="RUNNING", mc_percent=1)
            sent_at = []
            for number in range(CHANGES):
                await asyncio.sleep(SPACING)
                sent_at.append(time.time())
                await printer.push_status(gcode_state="RUNNING" if number % 2 else "PAUSE")
            messages = await asyncio.to_thread(telegram.wait_for, 1 + CHANGES)
            camera.cancel()
    arrived = messages[1:]
    words = ["print resumed" if number % 2 else "print paused" for number in range(CHANGES)]
    assert [word in first_line(one) for one, word in zip(arrived, words, strict=True)] == [True] * CHANGES
    delays = sorted(message.at - sent for message, sent in zip(arrived, sent_at, strict=True))
    p99 = delays[int(0.99 * len(delays))]
    photos = sum(message.photo is not None for message in arrived)
    sys.stdout.write(
        f"\nlatency, {CHANGES} changes ({photos} with a photo): "
        f"p50 {statistics.median(delays) * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, "
        f"max {delays[-1] * 1e3:.1f} ms\n"
    )
    assert p99 < P99_LIMIT


async def _film(printer: SimulatedPrinter, images: list[bytes]) -> None:
    number = 0
    while True:
        await printer.push_image(images[number % len(images)])
        number += 1
        await asyncio.sleep(IMAGES_EVERY)
