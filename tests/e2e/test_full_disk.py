"""The disk fills up in mid-print and is freed again: the chat tells the print whole, in order, once."""

import asyncio
import logging
import time
from pathlib import Path

import pytest

from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.rig import IMAGE, bridge_over, settle, story, until_told
from tests.support.disk import small_disk
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import eventually

P = "A1M-1"
PAUSES = 12


async def test_a_disk_that_is_full_for_a_while_loses_and_repeats_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    printer = SimulatedPrinter(P, image_size=IMAGE)
    with small_disk(tmp_path / "disk", "24m") as disk, TelegramServer() as telegram:
        async with (
            SimulatedBambui([printer]) as bambui,
            bridge_over(disk.folder, bambui, telegram, status_timeout_seconds=60.0),
        ):
            await printer.wait_for_clients()
            await settle(printer, disk.folder / "data", gcode_state="IDLE")
            await printer.push_status(gcode_state="PREPARE", subtask_name="Benchy")
            await printer.push_image()
            await printer.push_status(gcode_state="RUNNING", mc_percent=1)
            await until_told(telegram, "print started")
            await asyncio.to_thread(disk.fill)
            begun = time.monotonic()
            for number in range(PAUSES):
                await printer.push_image()
                await printer.push_status(gcode_state="PAUSE", mc_percent=2 + number, padding="x" * 20_000)
                await printer.push_status(gcode_state="RUNNING")
            await eventually(lambda: any("disk" in line for line in faults(caplog)))
            full_for = time.monotonic() - begun
            await asyncio.to_thread(disk.free)
            await until_told(telegram, "print resumed", PAUSES)
            await printer.push_status(gcode_state="FINISH", mc_percent=100)
            await until_told(telegram, "print finished")
    told = story(telegram, P)
    ups_and_downs = [line for line in told if "paused" in line or "resumed" in line]
    assert len(told) == len(ups_and_downs) + 2
    assert ["paused" in line for line in ups_and_downs] == [True, False] * PAUSES
    assert not [record for record in caplog.records if record.exc_info]
    assert len(faults(caplog)) <= 8 * (1 + full_for // 60)  # of each part at most one a minute


def faults(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in list(caplog.records) if record.levelno >= logging.ERROR]
