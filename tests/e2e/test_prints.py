"""Whole prints of the simulated printer, as a person lives through them in the chat."""

from pathlib import Path

import pytest

from infra.simulator.scenarios import SCENARIOS, Job, Pause, PowerCut, Print, Scenario
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.rig import (
    END_WORDS,
    IMAGE,
    bridge_over,
    first_line,
    settle,
    story,
    until_told,
)
from tests.e2e.slow_motion import patient_bambui
from tests.support.telegram.server import TelegramServer

STORIES = {
    "full": ["print started", "print finished"],
    "pause": ["print started", "print paused", "print resumed", "print finished"],
    "runout": ["print started", "print paused", "print resumed", "print finished"],
    "failed": ["print started", "error", "print failed"],
    "cancelled": ["print started", "print cancelled"],
    "no_camera": ["print started", "print finished"],
    "stalls": ["print started", "print finished"],
    "two_jobs": ["print started", "print finished", "print started", "print finished"],
}


def printer(scenario: str | Scenario, name: str = "A1M-1") -> SimulatedPrinter:
    return SimulatedPrinter(name, "A1M", scenario, image_size=IMAGE, waits_for_client=True)


@pytest.mark.parametrize("scenario", sorted(STORIES))
async def test_the_chat_tells_the_print(tmp_path: Path, scenario: str) -> None:
    expected = STORIES[scenario]
    ends = sum(word.startswith(END_WORDS) for word in expected)
    with TelegramServer() as telegram:
        async with (
            patient_bambui([printer(scenario)], tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram),
        ):
            await until_told(telegram, END_WORDS, ends)
        assert story(telegram, "A1M-1") == expected
        assert telegram.refusals == []
        last = [message for message in telegram.messages if message.video_size is None][-1]
        assert (last.photo is not None) == (scenario != "no_camera")


async def test_a_pause_shows_its_reason_and_a_photo(tmp_path: Path) -> None:
    with TelegramServer() as telegram:
        async with (
            patient_bambui([printer("runout")], tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram),
        ):
            messages = await until_told(telegram, "print paused")
        pause = next(message for message in messages if "print paused" in first_line(message))
        assert "Filament ran out" in pause.text
        assert "0300-8015" in pause.text
        assert pause.photo is not None


async def test_a_power_cut_loses_contact_and_finds_it_again(tmp_path: Path) -> None:
    cut = Scenario((Print(Job("Hook"), power_cut=PowerCut(at=0.45, paused_seconds=60)),))
    with TelegramServer() as telegram:
        async with (
            patient_bambui([printer(cut)], tmp_path / "data", 20) as bambui,
            bridge_over(
                tmp_path, bambui, telegram, status_timeout_seconds=1.5, printers_refresh_seconds=3600.0
            ),
        ):
            await until_told(telegram, "print finished")
        told = story(telegram, "A1M-1")
        assert told[0] == "print started"
        assert told[1].startswith("contact lost at ")
        assert told[2:] == ["contact restored", "print resumed", "print finished"]
        restored = next(message for message in telegram.messages if "contact restored" in message.text)
        assert "power was lost" in restored.text


async def test_a_finish_shown_at_the_first_connect_is_not_announced(tmp_path: Path) -> None:
    with TelegramServer() as telegram:
        idle = SimulatedPrinter("A1M-1", "A1M", image_size=IMAGE)
        async with (
            patient_bambui([idle], tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram) as bridge,
        ):
            await idle.wait_for_clients()
            data = tmp_path / "data"
            await settle(idle, data, gcode_state="FINISH", subtask_name="Old", mc_percent=100)
            for temperature in (30.0, 29.5, 29.0):
                await idle.push_status(nozzle_temper=temperature)
            await idle.push_status(gcode_state="PREPARE", subtask_name="Next")
            await until_told(telegram, "print started")
            assert bridge.stores.reports.dead_letters() == []
        assert story(telegram, "A1M-1") == ["print started"]


async def test_two_printers_at_once_are_announced_apart(tmp_path: Path) -> None:
    short = Scenario((Print(Job("Hook"), seconds=40, pauses=(Pause(0.5, 10),)),))
    with TelegramServer() as telegram:
        async with (
            patient_bambui([printer("full", "left"), printer(short, "right")], tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram),
        ):
            await until_told(telegram, "print finished", times=2)
        assert story(telegram, "left") == STORIES["full"]
        assert story(telegram, "right") == STORIES["pause"]


async def test_telegram_away_for_the_whole_print_loses_nothing(tmp_path: Path) -> None:
    """What is out of date when Telegram is back is dropped; the rest comes once, in order."""
    with TelegramServer() as telegram:
        telegram.down()
        async with (
            patient_bambui([printer("pause")], tmp_path / "data") as bambui,
            bridge_over(tmp_path, bambui, telegram) as bridge,
        ):
            await bambui.printers["A1M-1"].done.wait()
            telegram.up()
            await until_told(telegram, "print finished")
            assert bridge.stores.notifications.dead_letters() == []
        assert story(telegram, "A1M-1") == STORIES["pause"]


def test_every_scenario_has_a_story() -> None:
    elsewhere = {"power_cut", "finished_before", "demo", "off", "spaghetti"}
    assert set(STORIES) | elsewhere == set(SCENARIOS)
