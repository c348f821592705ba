"""Hostile names and broken input through the whole program: they cost a line of the log, and nothing else."""

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx

from collector.bambui.discovery import is_usable_name
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.program import Program
from tests.e2e.rig import IMAGE, first_line, known_word, settle
from tests.support.edge_material import image_text, jpeg
from tests.support.telegram.server import Posted, TelegramServer
from tests.support.timeouts import TIMEOUT, eventually

NAMES = {
    "path": "../../x",
    "absolute": "/etc/passwd",
    "dots": "..",
    "markup": "<b>&\"'</code>",
    "lines": "a\r\n12:00:00 ERROR   forged: line\u2028and more",
    "emoji": "🖨️ Ωmega 👩‍🚀",
    "long": "x" * 300,
    "long and wide": "🖨" * 300,
    "other direction": "\u202egpj.exe",
    "null": "a\x00b",
    "terminal": "\x1b[2J\x1b]0;owned\x07",
    "placeholders": "%s %(name)s {printer_id} ${HOME} ?a=b#c",
    "live": "@someone me@evil.com https://evil.example t.me/x /start #tag tg://user +1-212-555-0123",
}
PRINTERS = {kind: name for kind, name in NAMES.items() if is_usable_name(name)}
LOG_LINE = re.compile(r"\d\d:\d\d:\d\d (DEBUG|INFO|WARNING|ERROR) +[a-z_.]+: .*")
SEGMENT = re.compile(r"[A-Za-z0-9()+_~-][A-Za-z0-9 ._()+~-]{0,149}")


@contextmanager
def running(
    folder: Path, bambui: SimulatedBambui, telegram: TelegramServer, **more: str
) -> Iterator[Program]:
    """The program, in a folder from which it must not get out."""
    settings = {
        "PRINTER_ID": next(iter(bambui.printers)),
        "PRINTERS_API_URL": bambui.printers_api_url,
        "WS_URL_TEMPLATE": bambui.ws_url_template,
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_CHAT_ID": telegram.chat_id,
        "TELEGRAM_API_URL": telegram.url,
        "RECONNECT_MIN_SECONDS": "0.05",
        "PROGRESS_STEP": "0",
        "LOG_LEVEL": "DEBUG",
    }
    with Program(folder / "a" / "b" / "c", **settings | more) as program:
        yield program
    assert "Traceback" not in program.all
    assert program.err
    assert all(LOG_LINE.fullmatch(line) for line in program.err.split("\n")[:-1])
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", program.all)
    assert not re.search("^12:00:00 ERROR", program.all, re.MULTILINE)
    outside = [path for path in folder.rglob("*") if path.is_file() and not is_inside(path, program.folder)]
    assert outside == []
    for path in (program.folder / "images").rglob("*"):
        assert path.name == ".latest" or SEGMENT.fullmatch(path.name)


def is_inside(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder / "images") or path.is_relative_to(folder / "data")


async def print_once(printer: SimulatedPrinter, telegram: TelegramServer, name: str) -> list[Posted]:
    """A print with a pause, and its messages but for the film. Only what is seen can be told, so each step
    waits until the one before was told."""
    before = len(told(telegram))
    await printer.push_status(gcode_state="PREPARE", subtask_name=name, mc_percent=0)
    await until_told(telegram, before + 1)
    await printer.push_status(gcode_state="RUNNING", mc_percent=10)
    for number in range(2):
        await printer.push_image(jpeg(before + 50 * number, side=64))
    await printer.push_status(gcode_state="PAUSE")
    await until_told(telegram, before + 2)
    await printer.push_status(gcode_state="FINISH", mc_percent=100)
    return (await until_told(telegram, before + 3))[before:]


def told(telegram: TelegramServer) -> list[Posted]:
    """The messages but for films, which come when they are ready."""
    return without_films(telegram.messages)


def without_films(messages: list[Posted]) -> list[Posted]:
    return [message for message in messages if message.video_size is None]


async def until_told(telegram: TelegramServer, count: int) -> list[Posted]:
    await asyncio.to_thread(telegram.wait_for, lambda all_: len(without_films(all_)) >= count, TIMEOUT)
    return told(telegram)


async def test_a_job_may_have_any_name(tmp_path: Path) -> None:
    printer = SimulatedPrinter("A1M-1", "A1M", image_size=IMAGE)
    with TelegramServer() as telegram:
        async with SimulatedBambui([printer]) as bambui:
            with running(tmp_path, bambui, telegram) as program:
                await printer.wait_for_clients()
                await settle(printer, program.folder / "data", gcode_state="IDLE")
                for name in NAMES.values():
                    await print_once(printer, telegram, name)
                    view = await get(f"{program.url}/api/printer/A1M-1")
                    assert view.json()["status"]["subtask_name"] == name
                films = await asyncio.to_thread(telegram.wait_for, 4 * len(NAMES), TIMEOUT)
                assert await asyncio.to_thread(program.stop) == 0
                folders = list((program.folder / "images" / "A1M-1").iterdir())
        assert telegram.refusals == []
    assert len(folders) == len(NAMES)
    assert all(len(list(folder.glob("*.jpg"))) >= 2 for folder in folders)
    assert sum(message.video_size is not None for message in films) == len(NAMES)
    assert sum(message.photo is not None for message in films) >= 2 * len(NAMES)
    for message in films:
        assert len(message.text.splitlines()) <= 5
        assert len(message.text) <= 400
        assert message.live == []
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e]", message.text)


async def test_a_job_name_that_is_no_text_is_not_a_fault(tmp_path: Path) -> None:
    """Half a surrogate pair is allowed in JSON and nowhere else."""
    printer = SimulatedPrinter("A1M-1", "A1M", image_size=IMAGE)
    with TelegramServer() as telegram:
        async with SimulatedBambui([printer]) as bambui:
            with running(tmp_path, bambui, telegram) as program:
                await printer.wait_for_clients()
                for state in ("IDLE", "PREPARE", "RUNNING", "FINISH"):
                    fields = {"gcode_state": state, "subtask_name": "a\ud800b", "extra": "\udfff"}
                    await printer.push_raw(json.dumps({"type": "printer_status", "data": fields}))
                    if state == "IDLE":  # it settles first
                        await eventually(lambda: known_word(program.folder / "data", "A1M-1") == "IDLE")
                await until_told(telegram, 2)
                view = await get(f"{program.url}/api/printer/A1M-1")
                assert view.json()["status"]["gcode_state"] == "FINISH"
                assert await asyncio.to_thread(program.stop) == 0
        assert telegram.refusals == []


async def test_a_printer_may_have_any_printable_name(tmp_path: Path) -> None:
    printers = [
        SimulatedPrinter(name, "A1M", image_size=IMAGE) for name in (*PRINTERS.values(), "un\nusable")
    ]
    with TelegramServer() as telegram:
        async with SimulatedBambui(printers) as bambui:
            seed = PRINTERS["markup"]
            with running(tmp_path, bambui, telegram, PRINTER_ID=seed) as program:
                for printer in printers[:-1]:
                    await printer.wait_for_clients()
                    await settle(printer, program.folder / "data", gcode_state="IDLE")
                    for message in await print_once(printer, telegram, "Hook"):
                        assert printer.name[:20] in first_line(message).replace("\u2060", "")
                        assert message.live == []
                    url = f"{program.url}/api/printer/{segment(printer.name)}"
                    view = await get(url)
                    assert (view.status_code, view.json()["printer_id"]) == (200, printer.name)
                    jpeg_image = await get(f"{url}/image")
                    assert jpeg_image.headers["content-type"] == "image/jpeg"
                    assert len(jpeg_image.content) > 100
                listed = await get(f"{program.url}/api/printers")
                assert {entry["printer_id"] for entry in listed.json()} == set(PRINTERS.values())
                assert await asyncio.to_thread(program.stop) == 0
                folders = list((program.folder / "images").iterdir())
        assert telegram.refusals == []
        assert printers[-1].clients_seen == 0
    assert len(folders) == len(PRINTERS)


def segment(printer_id: str) -> str:
    """As the API asks for it: clients drop dots from a path."""
    return "~" + printer_id if printer_id in {".", ".."} else quote(printer_id, safe="")


async def get(url: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT) as client:
        return await client.get(url)


def status_with(values: str) -> str:
    return '{"type":"printer_status","data":{"gcode_state":"RUNNING",' + values + "}}"


WHOLE = jpeg(80, side=64)
BAD: dict[str, str | bytes] = {
    "empty": "",
    "not JSON": "{",
    "not an object": "[1, 2]",
    "a number": "12",
    "no type": "{}",
    "type of a wrong type": '{"type":["printer_status"],"data":{"gcode_state":"FINISH"}}',
    "no data": '{"type":"printer_status"}',
    "data of a wrong type": '{"type":"printer_status","data":["FINISH"]}',
    "NaN": status_with('"mc_percent":NaN,"subtask_name":"other"'),
    "infinite": status_with('"mc_percent":1e999,"nozzle_temper":-Infinity,"subtask_name":"other"'),
    "a huge number": status_with('"layer_num":' + "9" * 5000),
    "wrong types": status_with(
        '"mc_percent":{},"layer_num":"many","subtask_name":[],"hms":7,"print_error":[]'
    ),
    "odd health messages": status_with('"hms":[1,null,{},{"attr":"x","code":{}},{"attr":-1,"code":1e30}]'),
    "nested": "[" * 100_000,
    "nested status": status_with('"ams":' + "[" * 2_000 + "]" * 2_000 + ',"subtask_name":"other"'),
    "a status too large": status_with('"note":"' + "x" * 300_000 + '","subtask_name":"other"'),
    "a picture without data": '{"type":"jpeg_image"}',
    "a picture of a wrong type": '{"type":"jpeg_image","image":{"a":1}}',
    "broken base64": '{"type":"jpeg_image","image":"/9j/4AAQ*!"}',
    "a truncated picture": image_text(WHOLE[: len(WHOLE) // 2]),
    "another kind of picture": image_text(b"\x89PNG\r\n\x1a\n" + bytes(500)),
    "an empty picture": image_text(b""),
    "a binary frame": b'{"type":"printer_status","data":{"gcode_state":"FINISH"}}',
    "binary junk": bytes(range(256)) * 16,
    "a strange error": '{"type":"error","message":{"a":["\\n12:00:00 ERROR   forged: line"]}}',
    "an unknown type": '{"type":"\\u001b[2J","data":1}',
    "40 MB": '{"type":"jpeg_image","image":"' + base64.b64encode(bytes(30_000_000)).decode() + '"}',
}


async def test_broken_input_in_mid_print_costs_a_line_and_nothing_else(tmp_path: Path) -> None:
    printer = SimulatedPrinter("A1M-1", "A1M", image_size=IMAGE)
    with TelegramServer() as telegram:
        async with SimulatedBambui([printer]) as bambui:
            with running(tmp_path, bambui, telegram) as program:
                await printer.wait_for_clients()
                await settle(printer, program.folder / "data", gcode_state="IDLE")
                await printer.push_status(gcode_state="PREPARE", subtask_name="Hook")
                await printer.push_status(gcode_state="RUNNING", mc_percent=0)
                await until_told(telegram, 1)
                for number, message in enumerate(BAD.values(), start=1):
                    seen = printer.clients_seen
                    await printer.push_raw(message)
                    if number == len(BAD):  # only the last is too much for a connection
                        await printer.wait_for_clients(seen=seen + 1)
                    await printer.push_image(jpeg(number, side=64))
                    await printer.push_status(gcode_state="RUNNING", mc_percent=number)
                    await until_percent(program, number)
                await printer.push_status(gcode_state="PAUSE")
                await until_told(telegram, 2)
                await printer.push_status(gcode_state="FINISH", mc_percent=100)
                await until_told(telegram, 3)
                messages = told(telegram)
                assert await asyncio.to_thread(program.stop) == 0
                assert {path.name for path in (program.folder / "images" / "A1M-1").iterdir()} == {"Hook"}
        assert telegram.refusals == []
        assert printer.received == []
    assert [first_line(message).split(": ")[1] for message in messages] == [
        "print started",
        "print paused",
        "print finished",
    ]
    assert "bad messages left out" in program.err
    assert "broken pictures left out" in program.err
    assert "a message over 16 MiB was refused" in program.err
    said = [line for line in program.err.splitlines() if " WARNING " in line or " ERROR " in line]
    assert len(said) <= len(BAD)


async def until_percent(program: Program, percent: int) -> None:
    """The API shows that percent."""
    async with asyncio.timeout(TIMEOUT):
        while True:
            view = await get(f"{program.url}/api/printer/A1M-1")
            if view.status_code == 200 and view.json()["status"].get("mc_percent") == percent:
                return
            await asyncio.sleep(0.02)


HOSTILE_PATHS = (
    "..%2F..%2Fdata%2Fbridge.sqlite3",
    "%2e%2e",
    "~..",
    "%00",
    "%0a12:00:00 ERROR   forged",
    "%1b[2J",
    "x" * 5000,
    "%ff%fe",
    "A1M-1%2Fimage",
)


async def test_a_hostile_path_gets_nothing_out_of_the_api(tmp_path: Path) -> None:
    async with SimulatedBambui([SimulatedPrinter("A1M-1")]) as bambui:
        with TelegramServer() as telegram, running(tmp_path, bambui, telegram) as program:
            await asyncio.to_thread(program.wait_for, "connected")
            for path in HOSTILE_PATHS:
                for ending in ("", "/image"):
                    answer = await get(f"{program.url}/api/printer/{path}{ending}")
                    assert (path, answer.status_code) == (path, 404)
                    assert answer.headers["content-type"] == "application/json"
