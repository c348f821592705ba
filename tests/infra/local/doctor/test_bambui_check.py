"""BambUI: the list, the WebSockets, statuses and images, each fault in words of its own."""

import asyncio
import base64
import json
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from io import BytesIO
from typing import Any, TypeAlias

import pytest
from PIL import Image

from collector.bambui.messages import IMAGE_PREFIX, IMAGE_SUFFIX
from functions.shared.settings import load_settings
from infra.local.doctor.bambui_check import (
    CHECK,
    evaluate_hosts,
    evaluate_list,
    run,
    simulate,
    unset_in,
    with_default_advice,
)
from infra.local.doctor.check import CheckResult
from infra.local.doctor.findings import Finding, Outcome, fault, warning
from infra.local.doctor.printer_check import watch_printer
from infra.local.probes.http import HttpAnswer, Trouble
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.infra.local.doctor.examined import FAULT, FINE, NOTHING, WARNING, by_subject, found_by, setup_of
from tests.support.bambui_server import BambUI
from tests.support.bambui_server import bambui as running
from tests.support.timeouts import TIMEOUT, eventually

Wait: TypeAlias = Callable[[float], Awaitable[None]]
OWN_LIST = {"PRINTERS_API_URL": "http://192.168.1.5:8080/api/printers"}
OWN_SOCKET = {"WS_URL_TEMPLATE": "ws://192.168.1.5/ws/printer/{printer_id}"}
THEIR_LIST = {"PRINTERS_API_URL": load_settings({}, "local").printers_api_url}
STATUS = '{"type":"printer_status","data":{"gcode_state":"RUNNING","mc_percent":42}}'


def jpeg_image() -> bytes:
    output = BytesIO()
    Image.new("RGB", (64, 48)).save(output, "JPEG")
    return output.getvalue()


def given(list_url: str, template: str, seed: str = "A1M-1") -> dict[str, str]:
    return {"PRINTERS_API_URL": list_url, "WS_URL_TEMPLATE": template, "PRINTER_ID": seed}


async def at_once(_: float) -> None:
    """The time of the printers is over as soon as they are connected."""


def when(event: threading.Event) -> Wait:
    async def wait(_: float) -> None:
        await eventually(event.is_set)

    return wait


async def look(environment: Mapping[str, str], wait: Wait = at_once) -> CheckResult:
    watch = partial(watch_printer, wait=wait)
    return await asyncio.to_thread(run, setup_of(environment, seconds=TIMEOUT), watch)


async def found(environment: Mapping[str, str], wait: Wait = at_once) -> dict[str, Finding]:
    return by_subject((await look(environment, wait)).findings)


def says(message: str | bytes) -> tuple[Callable[[str, Any], Awaitable[None]], threading.Event]:
    """What a printer does that says this, and the sign that it was heard."""
    heard = threading.Event()

    async def on_open(_: str, connection: Any) -> None:
        await connection.send(message)
        await (await connection.ping())  # answered once what was sent before it is there
        heard.set()

    return on_open, heard


@pytest.fixture
async def bambui() -> AsyncIterator[BambUI]:
    async with running() as server:
        yield server


def given_by(bambui: BambUI, seed: str = "A1M-1") -> dict[str, str]:
    return given(bambui.list_url, bambui.socket_template, seed)


async def test_all_printers_are_looked_at_at_the_same_time_and_all_is_fine(bambui: BambUI) -> None:
    async def on_open(_: str, connection: Any) -> None:
        await connection.send(STATUS)
        await connection.send(IMAGE_PREFIX + base64.b64encode(jpeg_image()).decode() + IMAGE_SUFFIX)

    bambui.names, bambui.on_open = {f"P-{number}" for number in range(4)}, on_open
    result = await look(given_by(bambui, "P-2"), asyncio.sleep)
    outcomes = {finding.subject: finding.outcome for finding in result.findings}
    assert set(outcomes.values()) == {FINE}
    assert {f"P-{number} {what}" for number in range(4) for what in ("status", "picture")} <= set(outcomes)


async def test_the_clock_of_bambui_is_read_from_its_answer() -> None:
    async with SimulatedBambui([SimulatedPrinter("A1M-1", "A1M")]) as server:
        result = await look(given(server.printers_api_url, server.ws_url_template))
    assert CHECK.name == "BambUI"
    assert result.ahead is not None
    assert abs(result.ahead) < 3


async def test_silence_is_a_fault_and_printers_wait_together(bambui: BambUI) -> None:
    bambui.names = {f"P-{number}" for number in range(10)}
    waiting = 0

    async def until_all_wait(_: float) -> None:
        nonlocal waiting
        waiting += 1
        await eventually(lambda: waiting == 10)

    findings = await found(given_by(bambui, "P-0"), until_all_wait)
    assert findings["P-7 status"].outcome is FAULT
    assert "access code" in findings["P-7 status"].advice
    assert bambui.received == []


@pytest.mark.parametrize(
    ("message", "subject", "outcome", "words"),
    [
        ('{"type":"error","message":"Printer Offline"}', "A1M-1 status", WARNING, "Switch it on"),
        ('{"type":"error","message":"Printer MQTT Connection Error"}', "A1M-1 status", FAULT, "log"),
        ("nonsense", "A1M-1 status", FAULT, "WS_URL_TEMPLATE"),
        (b"binary", "A1M-1 status", FAULT, "WS_URL_TEMPLATE"),
        ('{"type":"jpeg_image","image":"!!!"}', "A1M-1 picture", FAULT, "BambUI anew"),
        ('{"type":"jpeg_image","image":"/9j/4AAQ"}', "A1M-1 picture", FAULT, "BambUI anew"),
        (STATUS, "A1M-1 picture", WARNING, "without a camera"),
    ],
)
async def test_what_a_printer_says_instead(
    bambui: BambUI, message: str | bytes, subject: str, outcome: Outcome, words: str
) -> None:
    bambui.on_open, heard = says(message)
    finding = (await found(given_by(bambui), when(heard)))[subject]
    assert finding.outcome is outcome
    assert words in finding.advice


async def test_a_printer_s_state_is_announced(bambui: BambUI) -> None:
    bambui.on_open, heard = says(STATUS)
    assert (await found(given_by(bambui), when(heard)))["A1M-1 status"].found.startswith(
        "printing, 42 % (after "
    )


async def test_a_printer_that_bambui_does_not_know(bambui: BambUI) -> None:
    finding = await found(given_by(bambui, "a1m-1"))
    assert finding["a1m-1"].outcome is FAULT
    assert "403" in finding["a1m-1"].found
    assert finding["PRINTER_ID"].advice == "Set PRINTER_ID=A1M-1: capital letters count."


async def test_a_default_printer_that_is_nobody_s_is_said_once(bambui: BambUI) -> None:
    bambui.names = {"P1S-2"}
    environment = given_by(bambui)
    del environment["PRINTER_ID"]
    result = await look(environment)
    about = [it for it in result.findings if "A1M-1" in it.found + it.subject]
    assert [(it.outcome, it.found) for it in about] == [
        (WARNING, "PRINTER_ID is not set, and its default A1M-1 is not in the list")
    ]
    assert about[0].advice == "Set PRINTER_ID to one of the list, such as P1S-2."


async def test_one_cause_for_list_and_printer_is_recognised() -> None:
    nobody = given("http://127.0.0.1:9/api/printers", "ws://127.0.0.1:9/ws/{printer_id}")
    other = given("http://127.0.0.1:9/api/printers", "ws://127.0.0.1:11/ws/{printer_id}")
    causes = [[it.cause for it in (await look(settings)).findings] for settings in (nobody, other)]
    assert [len(set(each)) for each in causes] == [1, 2]


async def test_defaults_that_lead_nowhere_are_announced_to_be_defaults() -> None:
    setup = setup_of(given("http://127.0.0.1:9/api/printers", "ws://127.0.0.1:9/ws/{printer_id}"))
    result = await asyncio.to_thread(run, replace(setup, environment={}))
    assert [it.advice for it in result.findings] == [
        f"{variable} is not set, so its default counts: set it to your own BambUI ({form})."
        for variable, form in (
            ("PRINTERS_API_URL", "http://.../api/printers"),
            ("WS_URL_TEMPLATE", "ws://.../ws/printer/{printer_id}"),
        )
    ]


async def test_a_connection_that_ends_is_said(bambui: BambUI) -> None:
    async def on_open(_: str, connection: Any) -> None:
        await connection.close(1012)

    bambui.on_open = on_open
    assert "1012" in (await found(given_by(bambui), asyncio.sleep))["A1M-1 status"].found


async def test_a_printer_that_is_off_is_no_fault(bambui: BambUI) -> None:
    bambui.listing = [
        {"name": "A1M-1", "model": "A1M", "is_online": False},
        {"name": "Attic", "model": "P1S", "is_online": False},
    ]
    findings = await found(given_by(bambui))
    assert findings["A1M-1 status"].outcome is WARNING
    assert findings["Attic"].outcome is NOTHING
    assert "Attic" not in bambui.opened


@pytest.mark.parametrize(
    ("listing", "kind", "status", "words"),
    [
        ([], "application/json", 200, "empty"),
        (b"<html>", "text/html", 200, "web page"),
        (b"{}", "application/json", 200, "not a list"),
        (b"Internal Server Error", "text/plain", 500, "fails at its own list"),
        (b"", "text/plain", 401, "password"),
        (b"", "text/plain", 404, "HTTP 404"),
        (b"", "text/plain", 302, "redirect to another server"),
    ],
)
async def test_a_list_that_is_none(bambui: BambUI, listing: Any, kind: str, status: int, words: str) -> None:
    bambui.listing, bambui.content_type, bambui.status = listing, kind, HTTPStatus(status)
    finding = (await found(given_by(bambui)))["list of printers"]
    assert finding.outcome is FAULT
    assert words in finding.found
    assert finding.advice


async def test_a_socket_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        seen = await watch_printer(f"ws://127.0.0.1:{silent.getsockname()[1]}/", 0.2)
        assert seen.unreachable is not None
        assert seen.unreachable.trouble is Trouble.TIMEOUT


async def test_names_ports_and_encryption_that_are_wrong(bambui: BambUI) -> None:
    tls = f"https://127.0.0.1:{bambui.port}/api/printers", f"wss://127.0.0.1:{bambui.port}/ws/{{printer_id}}"
    nobody = "http://127.0.0.1:9/api/printers", "ws://127.0.0.1:9/ws/{printer_id}"
    nameless = "http://bambui.invalid/api/printers", "ws://bambui.invalid/ws/{printer_id}"
    for (list_url, template), for_list, for_socket in (
        (tls, "http://", "scheme"),
        (nobody, "Start BambUI", "Start BambUI"),
        (nameless, "Check the name", "Check the name"),
    ):
        findings = await found(given(list_url, template))
        assert for_list in findings["list of printers"].advice
        assert for_socket in findings["A1M-1"].advice


async def test_a_proxy_that_lets_no_websocket_through(bambui: BambUI) -> None:
    environment = given(bambui.list_url, f"ws://127.0.0.1:{bambui.port}/elsewhere/{{printer_id}}")
    assert "/ws/printer/" in (await found(environment))["A1M-1"].advice


def test_a_list_of_many_printers_stays_one_line() -> None:
    body = json.dumps([{"name": f"P-{number}", "is_online": True} for number in range(300)]).encode()
    finding = evaluate_list(HttpAnswer(200, "application/json", body), "http://b/", "P-1").findings[0]
    assert finding.found.startswith("300 printers: P-0, P-1")
    assert finding.found.endswith("and 292 more")


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, None),
        (OWN_LIST, "WS_URL_TEMPLATE is not set: its default is on another computer than PRINTERS_API_URL"),
        (OWN_SOCKET, "PRINTERS_API_URL is not set: its default is on another computer than WS_URL_TEMPLATE"),
        (OWN_LIST | OWN_SOCKET, None),
        (THEIR_LIST, None),
    ],
)
def test_one_address_of_two_is_warned_of(environment: dict[str, str], found: str | None) -> None:
    findings = evaluate_hosts(load_settings(environment, "local"), unset_in(environment))
    assert [(it.outcome, it.found) for it in findings] == ([(WARNING, found)] if found else [])


def test_an_empty_variable_is_not_set() -> None:
    assert unset_in({"PRINTER_ID": " ", **OWN_LIST}) == {"PRINTER_ID", "WS_URL_TEMPLATE"}


def test_only_a_fault_of_a_default_gets_its_advice() -> None:
    wrong, doubtful = (
        fault("list", "silent", "Start it."),
        warning("list", "odd", "Look."),
    )
    unset = frozenset({"PRINTERS_API_URL"})
    assert "is not set, so its default counts" in with_default_advice(wrong, "PRINTERS_API_URL", unset).advice
    assert with_default_advice(wrong, "WS_URL_TEMPLATE", unset) == wrong
    assert with_default_advice(doubtful, "PRINTERS_API_URL", unset) == doubtful


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, "no BambUI of your own is set: `printer-bridge` would show a simulated printer"),
        ({"SIMULATE": "1"}, "SIMULATE=1: a simulated printer is shown"),
        (
            OWN_LIST | {"SIMULATE": "1"},
            "SIMULATE=1: a simulated printer is shown, your BambUI is not looked at",
        ),
    ],
)
def test_a_simulated_printer_is_said_with_its_reason(environment: dict[str, str], found: str) -> None:
    (finding,) = found_by(simulate, environment).values()
    assert (finding.outcome, finding.found) == (NOTHING, found)
