"""The second pair of eyes, from the simulated camera to the chat, with a model that looks at what it gets."""

import asyncio
import json
import re
import socket
import threading
import urllib.request
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import openai  # noqa: F401 - importing it takes a second or more, which is not to be the first look's time
import pytest

from functions.shared.domain.keys import inspection_key
from functions.shared.messages.inspection_record import InspectionState, inspection_from_json
from infra.local.app import Bridge
from infra.simulator.device import play_scenario
from infra.simulator.scenarios import Job, Print, Scenario
from infra.simulator.simulated_printer import SimulatedPrinter
from infra.simulator.timeline import CameraImage, Done
from tests.e2e.image_numbers import kept_numbers, number_of, numbers_of_jobs
from tests.e2e.rig import (
    END_WORDS,
    IDLE_SECONDS,
    bridge_over,
    first_line,
    story,
    until_filmed,
    until_told,
)
from tests.e2e.slow_motion import slowed_bambui
from tests.e2e.watching_model import WatchingModel, has_strands
from tests.support.openai.replies import hangs
from tests.support.openai.server import OpenAiServer
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import TIMEOUT, eventually

SIZE = (320, 180)
SCALE = 20.0
INTERVAL = 1.2  # longer than a second: a second look needs a frame whose name is of a later one
ALERT = ": possible print defect"
DOWN = ": AI checks are not working"
# Of a long estimate few frames are kept: a look must bring its own.
CLEAN = Scenario((Print(Job("Vase", minutes=600), seconds=100),), idle_seconds=IDLE_SECONDS)
SPAGHETTI = Scenario(
    (Print(Job("Vase", minutes=1), seconds=200, spaghetti_from=0.05),), idle_seconds=IDLE_SECONDS
)

SHORT = Scenario((Print(Job("Vase", minutes=1), seconds=56),), idle_seconds=IDLE_SECONDS)


def printer(scenario: Scenario, name: str = "A1M-1") -> SimulatedPrinter:
    return SimulatedPrinter(name, "A1M", scenario, image_size=SIZE, waits_for_client=True)


def eyes(server: OpenAiServer, **changed: Any) -> dict[str, Any]:
    """The settings that point to that server."""
    return {
        "openrouter_base_url": server.base_url,
        "openrouter_api_key": server.api_key,
        "ai_model": server.models[0],
        "ai_check_interval_seconds": INTERVAL,
        **changed,
    }


def numbers_with_spaghetti(scenario: Scenario) -> set[int]:
    numbers = set()
    for event in play_scenario(scenario):
        if isinstance(event, Done):
            break
        if isinstance(event, CameraImage) and event.scene is not None and event.scene.tangle > 0:
            numbers.add(event.scene.number)
    return numbers


def state_of(bridge: Bridge, printer_id: str) -> InspectionState:
    """What the inspection remembers of the printer."""
    stored = bridge.stores.records.get(inspection_key(printer_id))
    return inspection_from_json(stored.value) if stored is not None else InspectionState()


async def last_inspection(bridge: Bridge, printer_id: str = "A1M-1") -> dict[str, Any]:
    def ask() -> Any:
        with urllib.request.urlopen(f"{bridge.base_url}/api/printer/{printer_id}", timeout=TIMEOUT) as answer:
            return json.load(answer)

    found = (await asyncio.to_thread(ask))["last_inspection"]
    assert isinstance(found, dict)
    return found


async def test_a_clean_print_is_looked_at_and_nothing_is_said(tmp_path: Path) -> None:
    model = WatchingModel()
    with TelegramServer() as telegram, OpenAiServer() as server:
        server.judge = model
        async with (
            slowed_bambui([printer(CLEAN)], SCALE, (60, lambda: len(model.sights) < 3)) as bambui,
            bridge_over(tmp_path, bambui, telegram, **eyes(server)) as bridge,
        ):
            await until_told(telegram, END_WORDS)
            look = await last_inspection(bridge)
            assert bridge.stores.inspections.dead_letters() == []
    assert story(telegram, "A1M-1") == ["print started", "print finished"]
    assert server.faults == []
    assert (look["verdict"], look["category"]) == ("fine", None)
    assert re.fullmatch(r"last look \d s ago: fine", look["sentence"])
    assert "Vase" not in "".join(request.text for request in server.requests)

    # Images are numbered twenty to the second: no look comes before its time, and each is at a new image.
    numbers = [sight.number for sight in model.sights]
    (job,) = numbers_of_jobs(CLEAN)
    step = INTERVAL * SCALE
    steps = [after - before for before, after in pairwise([job[0], *numbers])]
    assert len(numbers) >= 2
    assert all(before < after for before, after in pairwise(numbers))
    assert steps[0] >= step - 2
    kept = kept_numbers(tmp_path / "images", "A1M-1")
    middle = [number for number in kept if 1.5 * step < number - job[0] < 3.5 * step]
    assert 1 <= len(middle) <= 4  # of 48: they were kept for the looks


async def test_spaghetti_is_announced_once_with_the_very_image_that_was_judged(tmp_path: Path) -> None:
    model = WatchingModel()

    def with_strands() -> list[int]:
        return [sight.number for sight in model.sights if sight.has_strands]

    with TelegramServer() as telegram, OpenAiServer() as server:
        server.judge = model
        async with (
            slowed_bambui(
                [printer(SPAGHETTI)],
                SCALE,
                (4, lambda: not model.sights),
                (60, lambda: len(with_strands()) < 3),
            ) as bambui,
            bridge_over(tmp_path, bambui, telegram, **eyes(server)) as bridge,
        ):
            await until_told(telegram, ALERT)
            await eventually(
                lambda: len(with_strands()) >= 3
            )  # two behind the alert, and one in the cool-down
            look = await last_inspection(bridge)
    alerts = [message for message in telegram.messages if ALERT in first_line(message)]
    seen = with_strands()
    assert not model.sights[0].has_strands
    assert len(seen) > 2 * len(alerts)
    shown = [number_of(alert.photo) for alert in alerts if alert.photo is not None]
    assert len(shown) == len(alerts)
    assert set(shown) <= set(seen[1:]) & numbers_with_spaghetti(SPAGHETTI)
    step = INTERVAL * SCALE
    assert all(after - before > step for before, after in pairwise(shown))

    alert = alerts[0]
    assert alert.photo is not None
    assert has_strands(alert.photo)
    assert f"Strands in picture {shown[0]}" in alert.text
    assert "The AI check is 90 % sure" in alert.text
    assert alert.text.splitlines()[1] == "Vase"
    assert (look["verdict"], look["category"]) in (("defect", "spaghetti"), ("suspicious", "spaghetti"))
    assert telegram.refusals == []


async def test_a_refused_key_is_announced_once_for_all_printers(tmp_path: Path) -> None:
    names = ("left", "right")
    looked_at = threading.Event()

    def is_looked_at() -> bool:
        return all(state_of(bridge, name).checks >= 2 for name in names)

    with TelegramServer() as telegram, OpenAiServer() as server:
        async with (
            slowed_bambui(
                [printer(SHORT, name) for name in names], 8, (60, lambda: not looked_at.is_set())
            ) as bambui,
            bridge_over(
                tmp_path, bambui, telegram, **eyes(server, openrouter_api_key="sk-or-v1-expired")
            ) as bridge,
        ):
            await eventually(is_looked_at)
            looked_at.set()
            await until_told(telegram, DOWN)
            await eventually(lambda: bridge.stores.notifications.count() == 0)
            checks = [await last_inspection(bridge, name) for name in names]
    (down,) = (message for message in telegram.messages if DOWN in first_line(message))
    assert "401" in down.text
    assert "OPENROUTER_API_KEY" in down.text
    assert "expired" not in down.text
    assert [look["verdict"] for look in checks] == ["no verdict", "no verdict"]
    assert server.requests == []


@pytest.fixture(params=["closed", "hanging"])
def useless(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that is not there, and of one that never answers."""
    if request.param == "closed":
        with socket.create_server(("127.0.0.1", 0)) as reserved:
            port = reserved.getsockname()[1]
        yield f"http://127.0.0.1:{port}/api/v1"
        return
    with OpenAiServer() as server:
        server.judge = lambda _: hangs()
        yield server.base_url


async def test_with_the_ai_away_the_print_is_announced_as_usual(tmp_path: Path, useless: str) -> None:
    tried = threading.Event()

    def is_tried() -> bool:
        return state_of(bridge, "A1M-1").tries > 0

    with TelegramServer() as telegram, OpenAiServer() as server:
        away = eyes(server, openrouter_base_url=useless)
        async with (
            slowed_bambui([printer(SHORT)], SCALE, (60, lambda: not tried.is_set())) as bambui,
            bridge_over(tmp_path, bambui, telegram, **away) as bridge,
        ):
            await eventually(is_tried)
            tried.set()
            await until_told(telegram, END_WORDS)
            await until_filmed(telegram)
    assert story(telegram, "A1M-1") == ["print started", "print finished"]
