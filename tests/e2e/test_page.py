"""Six printers of the simulator through the real bridge onto its page, and a job of one into the history."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from infra.simulator.scenarios import ERROR_FAILED, ERROR_FILAMENT_OUT, STAGE_FILAMENT_OUT
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from infra.simulator.timeline import Scene
from tests.e2e.rig import IMAGE, bridge_over, settle, until_filmed, until_told
from tests.support.chromium import ABSENT, Tab, chromium, find_chromium
from tests.support.page_in_a_browser import come_back, wait_for
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import eventually, wait_until

pytestmark = pytest.mark.skipif(find_chromium() is None, reason=ABSENT)

JOB: dict[str, Any] = {"subtask_name": "Benchy", "mc_percent": 30, "layer_num": 12, "total_layer_num": 40}
STATES: dict[str, dict[str, Any]] = {
    "Printing": {"gcode_state": "RUNNING", **JOB},
    "Paused": {
        "gcode_state": "PAUSE", **JOB, "print_error": ERROR_FILAMENT_OUT, "stg_cur": STAGE_FILAMENT_OUT
    },
    "Failed": {"gcode_state": "FAILED", **JOB, "print_error": ERROR_FAILED},
    "Finished": {"gcode_state": "FINISH", **JOB},
    "Idle": {"gcode_state": "IDLE"},
    "Preparing": {"gcode_state": "PREPARE", **JOB},
}  # fmt: skip


def shown_states(tab: Tab) -> dict[str, str]:
    found: dict[str, str] = tab.run(
        "Object.fromEntries([...document.querySelectorAll('#cards article')]"
        ".map((it) => [it.querySelector('.name').textContent, it.querySelector('.pill').textContent]))"
    )
    return found


def look(tab: Tab, address: str) -> None:
    """Who sits before it."""
    tab.go(address)

    def is_all_there() -> bool:
        come_back(tab)
        return shown_states(tab) == {name: name for name in STATES}

    wait_until(is_all_there, lambda: json.dumps(shown_states(tab)))
    wait_until(
        lambda: (
            tab.run("[...document.querySelectorAll('#cards img')].some((it) => it.naturalWidth > 0)") is True
        ),
        lambda: "no picture",
    )
    tab.click("a[href='#/printer/Printing']")
    wait_for(tab, ".messages", "print started")


def look_back(tab: Tab, address: str) -> None:
    tab.go("about:blank")
    tab.go(f"{address}#/history")
    assert "Finished" in wait_for(tab, ".job-lines", "Benchy")
    tab.click(".job-line a")
    wait_until(lambda: (tab.run("document.querySelector('video')?.duration") or 0) > 0, lambda: "no film")
    assert "100 %" in wait_for(tab, ".rows", "Reached")


async def test_six_printers_are_on_the_wall_and_a_job_that_ends_is_in_the_history(tmp_path: Path) -> None:
    program = find_chromium()
    assert program is not None
    printers = {name: SimulatedPrinter(name, image_size=IMAGE) for name in STATES}
    with TelegramServer() as telegram, chromium(program, "about:blank", tmp_path) as tab:
        async with (
            SimulatedBambui(list(printers.values())) as bambui,
            bridge_over(tmp_path, bambui, telegram) as bridge,
        ):
            address = f"http://127.0.0.1:{bridge.api.port}/"
            tab.show_as(1280, 860)
            for name, printer in printers.items():
                await printer.wait_for_clients()
                await settle(printer, tmp_path / "data", gcode_state="IDLE")
                if name in ("Paused", "Failed", "Finished"):
                    await printer.push_status(gcode_state="RUNNING", **JOB)
                    await until_told(telegram, "print started", 1)
                await printer.push_status(STATES[name])
                await printer.push_image(Scene(1, subject=name, built=0.4))
            await asyncio.to_thread(look, tab, address)
            for number in range(2, 5):
                await printers["Printing"].push_image(Scene(number, subject="Benchy", built=number / 5))
            folder = tmp_path / "images" / "Printing"
            await eventually(lambda: len(list(folder.rglob("*.jpg"))) >= 2)  # else the film waits for them
            await printers["Printing"].push_status(gcode_state="FINISH", mc_percent=100, layer_num=40)
            await until_filmed(telegram)
            await asyncio.to_thread(look_back, tab, address)
