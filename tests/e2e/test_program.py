"""The program as its user meets it: started in a folder, with an environment, read on the terminal."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.shared.settings import load_settings
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.program import Program
from tests.e2e.rig import IMAGE, settle
from tests.support.telegram.faults import BAD_GATEWAY, STALL, answers
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import TIMEOUT

IS_UP = r"Ctrl-C ends it\."
NOWHERE = {
    "SIMULATE": "0",
    "PRINTERS_API_URL": "http://127.0.0.1:9/api/printers",
    "WS_URL_TEMPLATE": "ws://127.0.0.1:9/{printer_id}",
}
LOG_LINE = re.compile(r"\d\d:\d\d:\d\d (DEBUG|INFO|WARNING|ERROR) +[\w.]+: .*")


def settings_of(bambui: SimulatedBambui, **more: str) -> dict[str, str]:
    return {
        "SIMULATE": "0",
        "PRINTER_ID": next(iter(bambui.printers)),
        "PRINTERS_API_URL": bambui.printers_api_url,
        "WS_URL_TEMPLATE": bambui.ws_url_template,
    } | more


def telegram_settings(telegram: TelegramServer) -> dict[str, str]:
    return {
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_CHAT_ID": telegram.chat_id,
        "TELEGRAM_API_URL": telegram.url,
    }


def printer() -> SimulatedPrinter:
    return SimulatedPrinter("A1M-1", "A1M", image_size=IMAGE)


async def start_a_print(one: SimulatedPrinter, program: Program, name: str = "Hook") -> None:
    await one.wait_for_clients()
    await settle(one, program.folder / "data", gcode_state="IDLE")
    await one.push_status(gcode_state="PREPARE", subtask_name=name)


def get(url: str, **more: Any) -> httpx.Response:
    return httpx.get(url, timeout=TIMEOUT, trust_env=False, **more)


def test_with_nothing_configured_a_print_is_simulated_and_shown(tmp_path: Path) -> None:
    with Program(tmp_path) as program:
        program.wait_for(r"^  printers +a simulated one\b.*SIMULATE=0")
        program.wait_for(r"^  messages +shown here .*TELEGRAM_BOT_TOKEN")
        program.wait_for(r"^  trouble\? +\S*printer-bridge doctor$")
        program.wait_for(r"^\d\d:\d\d:\d\d  (\S+): connected \(A1M\)$")
        program.wait_for(r"^│ ▶️ \S+: print started$\n│ Benchy")
        (printer_id,) = [entry["printer_id"] for entry in get(f"{program.url}/api/printers").json()]
        assert get(f"{program.url}/api/printer/{printer_id}").json()["status"]["gcode_state"] in {
            "PREPARE",
            "RUNNING",
        }
        jpeg_image = get(f"{program.url}/api/printer/{printer_id}/image")
        assert jpeg_image.headers["content-type"] == "image/jpeg"
        assert jpeg_image.content.startswith(b"\xff\xd8\xff")
        assert get(f"{program.url}/").text.startswith("<!doctype html>")
        assert program.stop(signal.SIGTERM) == 0
        assert program.out.rstrip().endswith("  ended")
        assert all(LOG_LINE.fullmatch(line) for line in program.err.splitlines())
        assert {path.name for path in tmp_path.iterdir()} == {"data", "images"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
async def test_it_ends_even_while_telegram_does_not_answer(tmp_path: Path, number: signal.Signals) -> None:
    with TelegramServer() as telegram:
        telegram.script(STALL)
        async with SimulatedBambui([printer()]) as bambui:
            settings = settings_of(bambui, **telegram_settings(telegram))
            with Program(tmp_path, **settings) as program:
                await start_a_print(bambui.printers["A1M-1"], program)
                await asyncio.to_thread(telegram.wait_for_calls, 1)
                assert await asyncio.to_thread(program.stop, number) == 0
                assert "Traceback" not in program.all


@pytest.mark.parametrize("moment", [0.4, 0.7], ids=lambda moment: f"after {moment} s")
def test_ctrl_c_in_the_middle_of_the_start_is_no_fault(tmp_path: Path, moment: float) -> None:
    with Program(tmp_path, **NOWHERE) as program:
        with pytest.raises(TimeoutError):
            program.wait_for("never said", moment)
        code = program.stop(signal.SIGINT)
        has_begun = "sys.exit(main())" in program.err or "Traceback" not in program.err
        assert code == 0 or not has_begun  # while Python itself is starting, nobody can catch it
        assert "Traceback" not in program.err or not has_begun


def test_all_faults_of_the_settings_are_named_at_once_and_no_secret_is(tmp_path: Path) -> None:
    junk = {
        "PORT": "70000",
        "STATUS_TIMEOUT_SECONDS": "nan",
        "PROGRESS_STEP": "often",
        "TELEGRAM_BOT_TOKEN": "my-secret-token",
        "PRINTERS_API_URL": "ftp://me:my-password@host/",
        "WS_URL_TEMPLATE": "ws://host/ws",
        "TIMEZONE": "Mars/Olympus",
        "SIMULATE": "maybe",
        "LOG_LEVEL": "loud",
        "AI_CONFIDENCE_THRESHOLD": "1.1",
        "DATA_DIR": "~nobody-of-that-name/data",
        "API_KEY": "a\x1b[31mkey",
    }
    with Program(tmp_path, **junk) as program:
        assert program.wait() == 2
    assert program.out == ""
    title, *faults = program.err.splitlines()
    assert title == "These settings cannot be used:"
    assert sorted(line.split()[0] for line in faults) == sorted(junk)
    assert "secret" not in program.err
    assert "password" not in program.err
    assert "\x1b" not in program.err
    assert list(tmp_path.iterdir()) == []


def test_settings_that_contradict_each_other_are_a_fault_too(tmp_path: Path) -> None:
    with Program(
        tmp_path, TELEGRAM_BOT_TOKEN="123456:abcdefghijklmnop", RECONNECT_MIN_SECONDS="60"
    ) as program:
        assert program.wait() == 2
    assert re.search(r"TELEGRAM_CHAT_ID is needed .*\(\S*printer-bridge chat-id shows it\)", program.err)
    assert "RECONNECT_MAX_SECONDS" in program.err
    assert "abcdefghijklmnop" not in program.err


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with Program(tmp_path, **NOWHERE | {"PORT": port}) as program:
            assert program.wait() == 1
    assert program.out == ""
    (line,) = program.err.splitlines()
    assert f"PORT {port}: it is in use" in line


def test_the_log_has_the_clock_of_the_messages_whatever_the_machine_thinks(tmp_path: Path) -> None:
    zone = timezone(timedelta(hours=9))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        own = {"PORT": port, "TIMEZONE": "Asia/Tokyo", "TZ": "America/New_York"}
        began = datetime.now(zone).replace(microsecond=0)
        with Program(tmp_path, **NOWHERE | own) as program:
            program.wait()
    possible = {f"{began + timedelta(seconds=passed):%H:%M:%S}" for passed in range(120)}
    assert program.err.split(" ")[0] in possible


@pytest.mark.parametrize("variable", ["DATA_DIR", "IMAGES_DIR"])
@pytest.mark.parametrize("place", ["a file", "below a file", "nothing may be written"])
def test_a_folder_that_cannot_be_used_is_said_in_one_line(tmp_path: Path, variable: str, place: str) -> None:
    folder = str(unusable(tmp_path, place))
    with Program(tmp_path, **NOWHERE | {variable: folder}) as program:
        assert program.wait() == 1
    assert program.out == ""
    (line,) = program.err.splitlines()
    assert f"{variable} {folder} cannot be used: " in line


def unusable(folder: Path, place: str) -> Path:
    file = folder / "file"
    file.touch()
    if place == "a file":
        return file
    if place == "below a file":
        return file / "folder"
    if os.geteuid() == 0:  # who may write everywhere but where the kernel forbids it
        return Path("/proc/self")
    locked = folder / "locked"
    locked.mkdir(mode=0o500)
    return locked


def test_a_second_run_on_the_same_data_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    with Program(tmp_path, **NOWHERE) as first, Program(tmp_path, **NOWHERE) as second:
        codes = [program for program in (first, second) if not is_up(program)]
        (refused,) = codes
        assert refused.wait() == 1
        (line,) = refused.err.splitlines()
        assert "another run uses the data folder data: stop that one first" in line
        running = second if refused is first else first
        assert get(f"{running.url}/api/").text == "OK"
        running.kill()
    with Program(tmp_path, **NOWHERE) as third:  # a killed run holds nothing
        third.wait_for(IS_UP)


def is_up(program: Program) -> bool:
    try:
        program.wait_for(IS_UP)
    except TimeoutError:
        return False
    return True


def test_dot_env_is_read_and_the_environment_overrides_it(tmp_path: Path) -> None:
    lines = ["DATA_DIR=from-file", "IMAGES_DIR='from file too'", "export LOG_LEVEL=DEBUG  # all"]
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    with Program(tmp_path, **NOWHERE | {"DATA_DIR": "from-environment"}) as program:
        program.wait_for(r"^  pictures +from file too/")
        program.wait_for(r"^  state +from-environment/$")
        assert program.stop() == 0
    assert {path.name for path in tmp_path.iterdir()} == {".env", "from-environment", "from file too"}


def test_a_typing_mistake_in_dot_env_is_shown_at_the_start(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PRINTER_API_URL=http://bambui.lan/api/printers\n", encoding="utf-8")
    with Program(tmp_path, **NOWHERE) as program:
        program.wait_for(r"^  ! PRINTER_API_URL is not a setting: did you mean PRINTERS_API_URL\?$")


def test_a_dot_env_that_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfeP\x00O\x00R\x00T\x00")
    with Program(tmp_path) as program:
        assert program.wait() == 2
    assert program.err.splitlines()[1:] == ["  .env must be text in UTF-8"]


def test_simulate_0_uses_the_settings_and_their_defaults(tmp_path: Path) -> None:
    with Program(tmp_path, **NOWHERE) as program:
        program.wait_for(r"^  printers +http://127.0.0.1:9/api/printers, and always A1M-1$")
        program.wait_for("A1M-1.*BambUI cannot be reached")
        program.wait_for("list of printers cannot be read")
        (listed,) = get(f"{program.url}/api/printers").json()
        assert listed == {"printer_id": "A1M-1", "model": None, "is_online": None, "has_status": False}


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


async def test_an_own_bambui_and_telegram_are_used(tmp_path: Path, telegram: TelegramServer) -> None:
    async with SimulatedBambui([printer()]) as bambui:
        with Program(tmp_path, **settings_of(bambui, **telegram_settings(telegram))) as program:
            await start_a_print(bambui.printers["A1M-1"], program)
            messages = await asyncio.to_thread(telegram.wait_for, 1, 20)
            assert messages[0].text.startswith("▶️ A1M-1: print started")
            assert f"sent to Telegram chat {telegram.chat_id}\n" in program.out
            assert "print started" not in program.out
            assert await asyncio.to_thread(program.stop) == 0


async def test_json_logs_are_json_lines_and_on_stderr_only(tmp_path: Path) -> None:
    async with SimulatedBambui([printer()]) as bambui:
        settings = settings_of(bambui, LOG_FORMAT="json", LOG_LEVEL="DEBUG")
        with Program(tmp_path, **settings) as program:
            one = bambui.printers["A1M-1"]
            await start_a_print(one, program, "two\nlines")
            await one.push_raw("{")
            await asyncio.to_thread(program.wait_for, "not JSON")
            await asyncio.to_thread(program.wait_for, "print started")
            assert await asyncio.to_thread(program.stop) == 0
    lines = [json.loads(line) for line in program.err.splitlines()]
    assert lines
    assert all(set(line) >= {"time", "level", "logger", "message"} for line in lines)
    assert {"DEBUG", "WARNING"} <= {line["level"] for line in lines}
    assert "{" not in program.out
    assert "two lines" in program.out


@pytest.mark.parametrize(("key", "is_warned"), [("", True), ("a long enough key", False)])
def test_listening_beyond_this_machine_without_a_key_is_warned_of(
    tmp_path: Path, key: str, is_warned: bool
) -> None:
    with Program(tmp_path, **NOWHERE | {"HOST": "0.0.0.0", "API_KEY": key}) as program:
        program.wait_for(IS_UP)
        assert bool(re.search(r"^  warning .*API_KEY", program.out, re.MULTILINE)) == is_warned
        assert get(f"{program.url}/api/health", headers={"x-api-key": key}).json()["is_open"] == is_warned
        assert get(f"{program.url}/api/").text == "OK"
        assert program.stop() == 0
    assert ("anyone who reaches 0.0.0.0" in program.err) == is_warned


def test_the_api_key_is_asked_for_and_never_shown(tmp_path: Path) -> None:
    key = "correct horse battery"
    with Program(tmp_path, **NOWHERE | {"API_KEY": key, "LOG_LEVEL": "DEBUG"}) as program:
        program.wait_for(r"API .*\(x-api-key needed\)")
        assert get(f"{program.url}/api/").text == "OK"
        assert get(f"{program.url}/api/printers").status_code == 401
        assert get(f"{program.url}/api/printers", headers={"x-api-key": "another"}).status_code == 401
        assert get(f"{program.url}/api/printers", headers={"x-api-key": key}).status_code == 200
        assert get(f"{program.url}/api/printers?x-api-key={key}").status_code == 401
        assert program.stop() == 0
    assert key not in program.all


async def test_the_token_is_never_shown_whatever_telegram_does(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    echo = f"no such path: /bot{telegram.token}/sendMessage"
    final = answers(400, f"message is too long: {echo}")
    telegram.script(BAD_GATEWAY, answers(500, echo), final, final)
    async with SimulatedBambui([printer()]) as bambui:
        settings = settings_of(bambui, LOG_LEVEL="DEBUG", **telegram_settings(telegram))
        with Program(tmp_path, **settings) as program:
            one = bambui.printers["A1M-1"]
            await start_a_print(one, program)
            await asyncio.to_thread(program.wait_for, "refused for good")
            telegram.down()
            await one.push_status(gcode_state="RUNNING", mc_percent=0)
            await one.push_status(gcode_state="PAUSE")
            await asyncio.to_thread(program.wait_for, r"Telegram is not reached \((?!HTTP)")
            telegram.up()
            telegram.script(answers(401, "Unauthorized"))
            await asyncio.to_thread(program.wait_for, "refuses the bot's token")
            assert await asyncio.to_thread(program.stop) == 0
    assert program.all.count("Telegram is not reached") >= 3
    secret = telegram.token.split(":")[1]
    assert secret not in program.all
    assert telegram.token not in program.all
    kept = contents_of(tmp_path)
    assert kept
    assert not any(secret.encode() in content for content in kept)


def contents_of(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def test_a_key_that_can_be_guessed_is_refused_and_one_that_cannot_is_made(tmp_path: Path) -> None:
    with Program(tmp_path, API_KEY="17") as program:
        assert program.wait() == 2
    assert "API_KEY must have 16 characters or more" in program.err
    made = [
        subprocess.run(
            [sys.executable, "-m", "infra.local", "make-key"],
            capture_output=True, text=True, check=True, timeout=TIMEOUT,
        ).stdout
        for _ in range(2)
    ]  # fmt: skip
    assert made[0] != made[1]
    name, _, key = made[0].strip().partition("=")
    assert name == "API_KEY"
    assert load_settings({name: key}, "local").api_key == key
