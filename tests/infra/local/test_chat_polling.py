"""The embedded run in the chat: it asks Telegram, answers, and is at peace with who else asks."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from functions.chat.service import Handled, Later
from functions.shared.domain.keys import reception_key
from functions.shared.messages.chat_reception import ChatReception, read_reception
from infra.local.chat_polling import ChatPolling
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.rig import bridge_over, settle, until_told
from tests.functions.chat.harness import NOW, Harness, running
from tests.support.telegram.faults import SERVER_ERROR
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import TIMEOUT, eventually


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


@pytest.fixture
def harness(tmp_path: Path, telegram: TelegramServer) -> Iterator[Harness]:
    harness = Harness(tmp_path, telegram)
    harness.knows(running("P1S"))
    yield harness
    harness.connection.close()


def polling_of(harness: Harness) -> ChatPolling:
    def wait(seconds: float) -> bool:
        harness.clock.pass_time(seconds)
        return False

    return ChatPolling(
        *(harness.connection, harness.bot, harness.service, harness.records, harness.chat_id, harness.clock),
        wait=wait,
    )


def reception(harness: Harness) -> ChatReception:
    stored = harness.records.get(reception_key(harness.chat_id))
    return read_reception(stored.value if stored else {})


def test_commands_are_registered_once_and_what_came_meanwhile_is_answered(harness: Harness) -> None:
    telegram = harness.telegram
    telegram.says("/status", date=int(harness.clock()))
    polling = polling_of(harness)
    assert polling.poll_once() == 0.0
    assert "P1S" in harness.last
    assert [it["command"] for it in telegram.bot.commands["default", ""]][:2] == ["status", "photo"]
    harness.restart()
    telegram.says("/help", date=int(harness.clock()))
    polling_of(harness).poll_once()
    assert telegram.calls_of["setMyCommands"] == 1
    assert [text.split(",")[0].split("\n")[0] for text in telegram.texts][1].startswith("What you can ask")
    assert len(telegram.messages) == 2, "the status was not confirmed yet, and is not answered again"


def test_a_new_bot_in_the_same_chat_gets_its_commands(harness: Harness) -> None:
    harness.telegram.says("/help", date=int(harness.clock()))
    polling_of(harness).poll_once()
    with TelegramServer(token="987654321:" + "N" * 35) as another:
        another.says("/help", date=int(harness.clock()))
        harness.telegram = another
        harness.restart()
        polling_of(harness).poll_once()
        assert another.bot.commands["default", ""]
        harness.connection.close()


def test_a_webhook_that_was_left_over_is_removed(harness: Harness) -> None:
    harness.telegram.webhook = "https://old.example.org/hook"
    harness.telegram.says("/help", date=int(harness.clock()))
    polling = polling_of(harness)
    polling.poll_once()
    assert harness.telegram.webhook == ""
    polling.poll_once()
    assert len(harness.telegram.messages) == 1
    assert reception(harness).webhook_removed_at == harness.clock()


def test_a_second_program_that_polls_is_noticed(harness: Harness) -> None:
    telegram, polling = harness.telegram, polling_of(harness)
    waits: list[float] = []
    first = threading.Thread(target=lambda: waits.append(polling.poll_once()))
    first.start()
    telegram.wait_for_calls(1, method="getUpdates")
    harness.bot.updates(None, 0.0)  # somebody else's
    first.join(TIMEOUT)
    assert waits[0] > 0
    assert reception(harness).rival_at == harness.clock()


def test_it_ends_at_once_in_the_middle_of_a_poll(harness: Harness) -> None:
    polling = polling_of(harness)
    polling.thread.start()
    harness.telegram.wait_for_calls(1, method="getUpdates")
    polling.ask_to_stop()
    polling.thread.join(TIMEOUT)
    assert not polling.thread.is_alive()


async def test_the_whole_bridge_answers_in_mid_print(tmp_path: Path, telegram: TelegramServer) -> None:
    printer = SimulatedPrinter("A1M-1", image_size=(160, 120), image_interval=0.2)
    async with (
        SimulatedBambui([printer]) as bambui,
        bridge_over(tmp_path, bambui, telegram, chat_answers=True) as bridge,
    ):
        await eventually(lambda: any(it.is_connected for it in bridge.collector.printers()))
        await settle(printer, tmp_path / "data", gcode_state="IDLE")
        await printer.push_status(gcode_state="RUNNING", subtask_name="benchy", mc_percent=42)
        await until_told(telegram, "started")
        telegram.says("/status")
        await asyncio.to_thread(telegram.wait_for, lambda them: any(": printing" in it.text for it in them))
        await printer.push_image()
        await eventually(lambda: bridge.collector.pictures.taken_at("A1M-1") is not None)
        telegram.says("/photo")
        told = await asyncio.to_thread(
            telegram.wait_for, lambda them: "ago" not in them[-1].text and len(them) > 2
        )
        assert told[-1].photo is not None


def test_an_update_that_breaks_us_is_passed_over_and_the_next_is_answered(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = harness.service.handle

    def breaks(body: Mapping[str, Any]) -> Handled | Later:
        if "/status" in str(body):
            raise RuntimeError("a defect")
        return real(body)

    monkeypatch.setattr(harness.service, "handle", breaks)
    harness.telegram.says("/status", date=int(harness.clock()))
    harness.telegram.says("/help", date=int(harness.clock()))
    polling_of(harness).poll_once()
    assert len(harness.telegram.messages) == 1


def test_an_answer_outlasts_minutes_of_trouble(harness: Harness) -> None:
    polling = polling_of(harness)
    harness.telegram.says("/mute P1S 1h", date=int(harness.clock()))
    harness.telegram.script(*[SERVER_ERROR] * 100, method="sendMessage")
    polling.poll_once()
    assert harness.clock() - NOW >= 200
    assert [text.split(" until")[0] for text in harness.telegram.texts] == ["🔕 P1S is muted"]


@pytest.mark.parametrize(("is_press", "longest", "words"), [(True, 150, "2 min"), (False, 300, "5 min")])
def test_what_cannot_be_answered_in_time_is_passed_over_which_the_log_says(
    harness: Harness, caplog: pytest.LogCaptureFixture, is_press: bool, longest: int, words: str
) -> None:
    polling = polling_of(harness)
    harness.says("/status")
    if is_press:
        harness.telegram.presses("🔕 Mute 1 h")
    else:
        harness.telegram.says("/mute P1S 1h", date=int(harness.clock()))
    harness.telegram.script(*[SERVER_ERROR] * 200, method="sendMessage")
    polling.poll_once()
    assert longest - 5 <= harness.clock() - NOW <= longest
    assert harness.preferences.muted_until("P1S", harness.clock()) == NOW + 3600, "it holds all the same"
    (passed,) = [it for it in caplog.messages if "passed over" in it]
    assert passed.endswith(f"it would have to wait for more than {words}")
