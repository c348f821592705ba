"""The simulated BambUI behaves towards a client as the real one does:
infra/docs/bambui-protocol.md.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from infra.simulator.scenarios import SCENARIOS
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.support.clock import HandClock
from tests.support.recordings import image_bytes
from tests.support.timeouts import TIMEOUT

FAST = 200.0


def silent_printer(name: str = "a1mini", **options: Any) -> SimulatedPrinter:
    """One that says only what the test makes it say."""
    return SimulatedPrinter(name, options.pop("model", "A1M"), image_size=(64, 48), **options)


def playing(scenario: str, **options: Any) -> SimulatedPrinter:
    return SimulatedPrinter("a1mini", "A1M", scenario, image=image_bytes(), waits_for_client=True, **options)


@asynccontextmanager
async def client_of(
    bambui: SimulatedBambui, printer: str = "a1mini", **options: Any
) -> AsyncIterator[ClientConnection]:
    url = bambui.ws_url_template.format(printer_id=printer)
    async with connect(url, compression=None, max_size=None, proxy=None, **options) as client:
        yield client


async def heard(client: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(TIMEOUT):
        text = await client.recv()
    message = json.loads(text)
    assert isinstance(message, dict)
    return message


async def heard_until(
    client: ClientConnection, is_last: Callable[[dict[str, Any]], bool]
) -> list[dict[str, Any]]:
    messages = [await heard(client)]
    while not is_last(messages[-1]):
        messages.append(await heard(client))
    return messages


async def count_until_quiet(client: ClientConnection) -> int:
    """How many messages come until none does for a while."""
    count = 0
    try:
        while True:
            async with asyncio.timeout(0.3):
                await client.recv()
            count += 1
    except TimeoutError:
        return count


def has_state(word: str) -> Callable[[dict[str, Any]], bool]:
    return lambda message: message.get("data", {}).get("gcode_state") == word


async def test_nothing_is_sent_because_a_client_has_connected() -> None:
    printer = silent_printer()
    async with SimulatedBambui([printer]) as bambui, client_of(bambui) as client:
        await printer.wait_for_clients()
        await printer.push_error("first words")
        assert await heard(client) == {"type": "error", "message": "first words"}


async def test_a_status_is_the_whole_merged_dictionary_in_compact_json() -> None:
    printer = silent_printer()
    async with SimulatedBambui([printer]) as bambui, client_of(bambui) as client:
        await printer.wait_for_clients()
        await printer.push_status(subtask_name="Kühlschrank 💡")
        text = await client.recv()
        assert isinstance(text, str)
        assert text.startswith('{"type":"printer_status","data":{"ipcam":{')
        assert '"subtask_name":"Kühlschrank 💡"' in text
        assert len(json.loads(text)["data"]) == 63


async def test_percent_layer_and_remaining_time_vanish_although_the_same_message_carried_them() -> None:
    printer = silent_printer()
    async with SimulatedBambui([printer]) as bambui, client_of(bambui) as client:
        await printer.wait_for_clients()
        await printer.push_status(gcode_state="RUNNING", mc_percent=7, layer_num=3, mc_remaining_time=9)
        await printer.push_status(mc_percent=8)
        await printer.push_status(gcode_state="PAUSE", layer_num=4)
        await printer.push_status(gcode_state="RUNNING")
        seen = [(await heard(client))["data"] for _ in range(4)]
        keys = ("mc_percent", "layer_num", "mc_remaining_time")
        assert [[data.get(key) for key in keys] for data in seen] == [
            [None, None, None],
            [8, None, None],
            [8, 4, None],
            [None, None, None],
        ]


async def test_an_unknown_printer_is_refused_with_403_and_an_empty_body() -> None:
    async with SimulatedBambui([silent_printer()]) as bambui:
        for name in ("A1MINI", "nobody", "a1mini%2Fx"):
            with pytest.raises(InvalidStatus) as caught:
                async with client_of(bambui, name):
                    pass
            assert caught.value.response.status_code == 403
            assert caught.value.response.body == b""


async def test_another_websocket_path_is_an_error_of_the_server() -> None:
    async with SimulatedBambui([silent_printer()]) as bambui:
        with pytest.raises(InvalidStatus) as caught:
            async with connect(f"ws://127.0.0.1:{bambui.port}/ws/other", proxy=None):
                pass
        assert caught.value.response.status_code == 500


async def test_a_printer_with_a_name_of_any_kind_is_reached_by_its_escaped_name() -> None:
    printer = silent_printer("Drucker 1 <ü>")
    async with (
        SimulatedBambui([printer]) as bambui,
        client_of(bambui, "Drucker%201%20%3C%C3%BC%3E") as client,
    ):
        await printer.wait_for_clients()
        await printer.push_error()
        assert (await heard(client))["message"] == "Printer Offline"


async def test_rest_lists_the_printers_and_answers_unknown_paths_with_a_page() -> None:
    printers = [silent_printer(), silent_printer("p1s", model="P1S")]
    async with SimulatedBambui(printers) as bambui, httpx.AsyncClient(base_url=bambui.http_url) as http:
        listed = await http.get("/api/printers", headers={"Origin": "http://elsewhere"})
        assert bambui.printers_api_url == f"{bambui.http_url}/api/printers"
        assert listed.headers["content-type"] == "application/json"
        assert listed.headers["access-control-allow-origin"] == "*"
        assert listed.json() == [
            {"name": "a1mini", "model": "A1M", "is_online": True, "supports_chamber_temp": False},
            {"name": "p1s", "model": "P1S", "is_online": True, "supports_chamber_temp": False},
        ]
        assert (await http.get("/api/printer/p1s")).json() == listed.json()[1]
        assert (await http.get("/healthz")).json() == {"status": "healthy"}
        for path in ("/api/printer/nobody", "/anything", "/ws/printer/a1mini"):
            page = await http.get(path)
            assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert page.text.startswith("<!doctype html>")


async def test_a_printer_that_is_off_costs_the_list_one_second() -> None:
    naps = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    printers = [silent_printer(), silent_printer("off", is_online=False)]
    async with (
        SimulatedBambui(printers, sleep=nap) as bambui,
        httpx.AsyncClient(base_url=bambui.http_url) as http,
    ):
        listed = (await http.get("/api/printers")).json()
        assert [entry["is_online"] for entry in listed] == [True, False]
        assert naps == [1.0]


async def test_one_model_that_bambui_does_not_know_makes_the_whole_list_fail() -> None:
    printers = [silent_printer(), silent_printer("x1", model="X1C")]
    async with SimulatedBambui(printers) as bambui, httpx.AsyncClient(base_url=bambui.http_url) as http:
        answer = await http.get("/api/printers")
        assert (answer.status_code, answer.text) == (500, "Internal Server Error")


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        b"\x00\x01",
        "[]",
        '{"type":"dance"}',
        '{"type":"chamber_light"}',
        '{"type":["x"]}',
        "[" * 100_000,
    ],
)
async def test_a_message_it_cannot_parse_ends_that_session_in_silence(message: str | bytes) -> None:
    printer = silent_printer()
    async with SimulatedBambui([printer]) as bambui, client_of(bambui) as bad, client_of(bambui) as good:
        await printer.wait_for_clients(2)
        await bad.send(message)
        await printer.wait_until(lambda: len(printer.received) == 1)
        await printer.push_status(mc_percent=1)
        assert (await heard(good))["data"]["mc_percent"] == 1
        await (await bad.ping())  # the socket is open and answers
        printer.abort_clients()
        with pytest.raises(ConnectionClosed):
            await bad.recv()


async def test_a_command_that_needs_an_idle_printer_is_refused_to_everybody() -> None:
    printer = silent_printer()
    async with SimulatedBambui([printer]) as bambui, client_of(bambui) as one, client_of(bambui) as other:
        await printer.wait_for_clients(2)
        await one.send('{"type":"move_home"}')
        await printer.wait_until(lambda: len(printer.received) == 1)
        await printer.push_status(gcode_state="RUNNING", print_type="local")
        await one.send('{"type":"move_home"}')
        for client in (one, other):
            assert (await heard(client))["type"] == "printer_status"
            assert await heard(client) == {"type": "error", "message": "Printer not Idle"}


async def test_a_whole_print_comes_over_the_socket_with_images() -> None:
    printer = playing("full", seed=3)
    async with SimulatedBambui([printer], time_scale=FAST) as bambui, client_of(bambui) as client:
        messages = await heard_until(client, has_state("FINISH"))
        states = [message["data"]["gcode_state"] for message in messages if "data" in message]
        assert [word for word, _ in itertools.groupby(states)] == ["IDLE", "PREPARE", "RUNNING", "FINISH"]
        assert len(states) > 60
        assert len([message for message in messages if message["type"] == "jpeg_image"]) > 60
        assert {message["type"] for message in messages} == {"printer_status", "jpeg_image"}
        async with asyncio.timeout(TIMEOUT):
            await printer.done.wait()
        assert (await heard(client))["type"] in {"printer_status", "jpeg_image"}  # it goes on, finished
        assert printer.received == []


async def test_a_power_cut_is_silence_then_offline_messages_then_the_pause_by_power_loss() -> None:
    printer = playing("power_cut")
    async with (
        SimulatedBambui([printer], time_scale=FAST) as bambui,
        client_of(bambui) as client,
        httpx.AsyncClient(base_url=bambui.http_url) as http,
    ):
        await heard_until(client, lambda message: message["type"] == "error")
        assert not (await http.get("/api/printer/a1mini")).json()["is_online"]
        rest = await heard_until(client, has_state("PAUSE"))
        assert {message["type"] for message in rest[:-1]} == {"error"}
        assert {message["message"] for message in rest[:-1]} == {"Printer Offline"}
        assert rest[-1]["data"]["print_error"] == 50364423
        assert printer.is_online
        await heard_until(client, has_state("FINISH"))


async def test_a_dead_status_task_gives_images_only_until_a_new_client_comes() -> None:
    printer = silent_printer()
    async with SimulatedBambui([printer]) as bambui, client_of(bambui) as client:
        await printer.wait_for_clients()
        printer.is_status_task_dead = True
        await printer.push_status(mc_percent=41)
        await printer.push_image()
        assert (await heard(client))["type"] == "jpeg_image"
        async with client_of(bambui) as newcomer:
            assert (await heard(newcomer))["data"]["mc_percent"] == 41
            assert (await heard(client))["data"]["mc_percent"] == 41
            await printer.push_status(mc_percent=42)
            assert (await heard(client))["data"]["mc_percent"] == 42


async def test_a_silent_printer_says_nothing_and_then_everything_at_once() -> None:
    printer = playing("full")
    printer.is_silent = True
    async with SimulatedBambui([printer], time_scale=2000) as bambui, client_of(bambui) as client:
        await printer.done.wait()
        assert printer.statuses_sent == printer.images_sent == 0
        printer.is_silent = False
        first = (await heard_until(client, lambda message: "data" in message))[-1]["data"]
        assert (first["gcode_state"], first["mc_percent"]) == ("FINISH", 100)


@pytest.mark.parametrize(("code", "expected"), [(1012, 1012), (None, 1006)])
async def test_bambui_can_be_stopped_or_killed_and_come_back_on_the_same_port(
    code: int | None, expected: int
) -> None:
    printer = silent_printer()
    async with SimulatedBambui([printer]) as bambui:
        port = bambui.port
        async with client_of(bambui) as client:
            await printer.wait_for_clients()
            await asyncio.gather(bambui.stop(close_code=code), client.wait_closed())
            assert client.close_code == expected
            with pytest.raises(OSError, match=r"."):
                async with client_of(bambui):
                    pass
        await bambui.start()
        assert bambui.port == port
        async with client_of(bambui) as client:
            await printer.wait_for_clients(seen=2)
            await printer.push_error()
            assert (await heard(client))["type"] == "error"


async def test_every_handshake_can_be_refused() -> None:
    async with SimulatedBambui([silent_printer()]) as bambui:
        bambui.refused_with = HTTPStatus.BAD_GATEWAY
        with pytest.raises(InvalidStatus, match="502"):
            async with client_of(bambui):
                pass


async def test_any_junk_can_be_sent_a_message_of_forty_megabytes_and_a_binary_one_included() -> None:
    printer = silent_printer()
    async with SimulatedBambui([printer]) as bambui, client_of(bambui) as client:
        await printer.wait_for_clients()
        sending = asyncio.create_task(printer.push_raw("x" * 40_000_000))
        assert len(await client.recv()) == 40_000_000
        await sending
        await printer.push_raw(b"\xff\xd8")
        assert await client.recv() == b"\xff\xd8"
        await printer.push_image(b"no picture")
        assert await heard(client) == {"type": "jpeg_image", "image": "bm8gcGljdHVyZQ=="}


async def test_a_client_that_does_not_read_holds_up_the_others_until_it_is_gone() -> None:
    printer = silent_printer()
    async with (
        SimulatedBambui([printer]) as bambui,
        client_of(bambui, max_queue=1) as sleeper,
        client_of(bambui) as reader,
    ):
        await printer.wait_for_clients(2)

        async def flood() -> None:
            for _ in range(40):
                await printer.push_raw("x" * 1_000_000)

        flooding = asyncio.create_task(flood())
        received = await count_until_quiet(reader)
        assert received < 40
        sleeper.transport.abort()
        for _ in range(40 - received):
            async with asyncio.timeout(TIMEOUT):
                await reader.recv()
        await flooding


async def test_the_script_follows_the_injected_clock_and_no_other() -> None:
    clock = HandClock(0.0)

    async def sleep(seconds: float) -> None:
        if not printer.done.is_set():
            clock.pass_time(seconds)
        await asyncio.sleep(0)

    printer = SimulatedPrinter("a1mini", "A1M", "full", image=image_bytes())
    async with SimulatedBambui([printer], time_scale=4.0, clock=clock, sleep=sleep):
        async with asyncio.timeout(TIMEOUT):
            await printer.done.wait()
        assert clock() == pytest.approx(
            (4 + 91.125 + 8) / 4, abs=0.5
        )  # idle, print, rest; four times as fast


async def test_a_script_can_begin_in_the_middle_of_a_print() -> None:
    printer = SimulatedPrinter(
        "a1mini", "A1M", SCENARIOS["full"], image=image_bytes(), skip_seconds=60, waits_for_client=True
    )
    async with SimulatedBambui([printer], time_scale=FAST) as bambui, client_of(bambui) as client:
        first = (await heard_until(client, lambda message: "data" in message))[-1]["data"]
        assert first["gcode_state"] == "RUNNING"
        assert 45 <= first["mc_percent"] <= 65


async def test_images_are_not_drawn_when_nobody_looks() -> None:
    printer = SimulatedPrinter("a1mini", "A1M", "full")
    async with SimulatedBambui([printer], time_scale=5000):
        async with asyncio.timeout(TIMEOUT):
            await printer.done.wait()
        assert printer.images_sent == 0
