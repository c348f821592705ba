"""A chat that refuses the bot for the whole of a print, and a printer that flaps while all have to wait."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import requests

from infra.local.app import Bridge
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.filmed_prints import ONE, printer
from tests.e2e.rig import IMAGE, SCALE, bridge_over, first_line, story, until_filmed, until_told
from tests.support.telegram.calls import CallError
from tests.support.telegram.chats import ChatProfile
from tests.support.telegram.faults import too_many_requests
from tests.support.telegram.server import GROUP_ID, TelegramServer
from tests.support.timeouts import TIMEOUT, eventually

TOPIC = 7
KICKED = ChatProfile(member={"status": "kicked"})
MUTED = ChatProfile(
    permissions={"can_send_messages": False, "can_send_photos": False, "can_send_videos": False}
)
CLOSED = ChatProfile(is_forum=True, closed_topics=frozenset({TOPIC}))


def health_of(bridge: Bridge) -> Any:
    return requests.get(f"{bridge.base_url}/api/health", timeout=TIMEOUT).json()


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (KICKED, "bot was kicked"),
        (MUTED, "not enough rights"),
        (CLOSED, "TOPIC_CLOSED"),
        (None, "Bad Request"),
    ],
    ids=["kicked", "no rights", "closed topic", "everything refused"],
)
async def test_a_print_in_a_chat_that_refuses_is_told_whole_when_that_is_mended(
    tmp_path: Path, profile: ChatProfile | None, words: str
) -> None:
    with TelegramServer(keeps_videos=True) as telegram:
        if profile is None:
            telegram.refuses_all = CallError(400, "Bad Request")
        else:
            telegram.profiles[GROUP_ID] = profile
        changed = {"telegram_chat_id": str(GROUP_ID), "telegram_thread_id": TOPIC, "progress_step": 0}
        async with (
            SimulatedBambui([printer(ONE)], time_scale=SCALE) as bambui,
            bridge_over(tmp_path, bambui, telegram, **changed) as bridge,
        ):
            waiting = bridge.stores.notifications
            await eventually(lambda: waiting.count() == 3)  # the start, the end, and the film
            assert (telegram.messages, waiting.dead_letters()) == ([], [])
            health = await asyncio.to_thread(health_of, bridge)
            if profile is not None:
                assert health["status"] == "refused"
                assert words in health["chat"]["reason"]
            assert any(words in refusal for refusal in telegram.refusals)
            telegram.refuses_all = None
            telegram.profiles.clear()
            await until_told(telegram, "print finished")
            (film,) = await until_filmed(telegram)
            await eventually(lambda: waiting.count() == 0)
            health = await asyncio.to_thread(health_of, bridge)
    assert health["chat"]["is_refused"] is False
    assert story(telegram, "A1M-1") == ["print started", "print finished"]
    assert film.id == telegram.messages[-1].id, "behind the message of its end"


async def test_a_printer_that_flaps_holds_up_no_other_printer_s_alert(tmp_path: Path) -> None:
    flapping, other = (SimulatedPrinter(name, "P1S", image_size=IMAGE) for name in ("F", "other"))
    with TelegramServer() as telegram:
        async with (
            SimulatedBambui([flapping, other], time_scale=SCALE) as bambui,
            bridge_over(tmp_path, bambui, telegram, progress_step=0) as bridge,
        ):
            waiting = bridge.stores.notifications
            for each in (flapping, other):
                await each.wait_for_clients()
                await each.push_status(gcode_state="RUNNING", subtask_name="Hook", print_error=0)
            await until_told(telegram, ("print started", "already printing"), 2)
            await eventually(lambda: waiting.count() == 0)
            told = len(telegram.messages)
            telegram.script(too_many_requests(6))
            for number in range(1, 31):
                await flapping.push_status(gcode_state="PAUSE" if number % 2 else "RUNNING")
            await eventually(lambda: waiting.count() >= 3)
            await other.push_status(gcode_state="FAILED", print_error=0x0300_8015)
            await until_told(telegram, "print failed")
            await eventually(lambda: waiting.count() == 0)
    news = [first_line(message) for message in telegram.messages[told:]]
    failed = next(place for place, line in enumerate(news) if " other: print failed" in line)
    assert failed <= 2, news
    assert len(news) > 3
