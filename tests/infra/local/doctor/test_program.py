"""The doctor as a whole: in each state, for a person and for a machine, and never with a secret."""

import asyncio
import io
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from functions.shared.settings import Settings
from functions.shared.text import hide_tokens
from infra.local.cli import make_parser
from infra.local.doctor.check import Check, CheckResult, Setup, run_checks
from infra.local.doctor.findings import Outcome, fine
from infra.local.doctor.program import run
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.support.openai.replies import Reply
from tests.support.openai.server import OpenAiServer
from tests.support.telegram.faults import answers
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import TIMEOUT

NOWHERE = {
    "SIMULATE": "0",
    "PRINTERS_API_URL": "http://127.0.0.1:9/api/printers",
    "WS_URL_TEMPLATE": "ws://127.0.0.1:9/{printer_id}",
    "PORT": "0",
}
SECRET_KEY = "sk-or-v1-0123456789abcdef"


def doctor(folder: Path, *words: str, clock: Any = time.time, **given: str) -> tuple[int, str]:
    arguments = make_parser().parse_args(["doctor", *words])
    output = io.StringIO()
    given = {"DATA_DIR": str(folder / "data"), "IMAGES_DIR": str(folder / "images")} | given
    return run(arguments, output, io.StringIO(), folder, given, clock), output.getvalue()


def findings_of(printed: str) -> dict[tuple[str, str], dict[str, str]]:
    return {(it["check"], it["subject"]): it for it in json.loads(printed)["findings"]}


def test_with_nothing_configured_the_rest_is_checked(tmp_path: Path) -> None:
    code, printed = doctor(tmp_path, "--json", PORT="0")
    found = findings_of(printed)
    assert code == 0
    assert "simulated printer" in found["BambUI", "printers"]["found"]
    assert found["ffmpeg", "film of two frames"]["outcome"] == Outcome.FINE
    assert found["disk", "DATA_DIR"]["outcome"] == Outcome.FINE
    assert list(tmp_path.iterdir()) == []


async def test_all_is_well(tmp_path: Path) -> None:
    printer = SimulatedPrinter("A1M-1", "A1M", "demo", image_size=(160, 120))
    with TelegramServer() as telegram, OpenAiServer() as ai:
        async with SimulatedBambui([printer]) as bambui:
            given = {
                "PRINTERS_API_URL": bambui.printers_api_url,
                "WS_URL_TEMPLATE": bambui.ws_url_template,
                "TELEGRAM_BOT_TOKEN": telegram.token,
                "TELEGRAM_CHAT_ID": telegram.chat_id,
                "TELEGRAM_API_URL": telegram.url,
                "OPENROUTER_API_KEY": ai.api_key,
                "OPENROUTER_BASE_URL": ai.base_url,
                "AI_MODEL": ai.models[0],
                "PORT": "0",
            }
            (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in given.items()))
            code, printed = await asyncio.to_thread(doctor, tmp_path)
        assert (code, "✘" in printed, "!" in printed) == (0, False, False)
        assert printed.rstrip().splitlines()[-1].startswith("Nothing is wrong, ")
        assert telegram.messages == []
        late = await asyncio.to_thread(doctor, tmp_path, "--json", "--seconds", "1", clock=lambda: 0.0)
        assert "1970" in findings_of(late[1])["clock", "time"]["found"]


def test_settings_that_cannot_be_used_end_with_2_and_the_rest_is_checked(tmp_path: Path) -> None:
    code, printed = doctor(
        tmp_path, "--json", "--seconds", "1", **NOWHERE, TIMEZONE="Mars", FFMPEG="/nowhere"
    )
    found = findings_of(printed)
    assert code == 2
    assert found["settings", "TIMEZONE"]["outcome"] == Outcome.FAULT
    assert found["BambUI", "list of printers"]["outcome"] == Outcome.FAULT
    assert found["ffmpeg", "program"]["outcome"] == Outcome.FAULT
    assert ("clock", "time zone") not in found
    assert json.loads(printed)["exit_code"] == 2


def test_what_hangs_on_a_faulty_setting_is_not_looked_at(tmp_path: Path) -> None:
    code, printed = doctor(tmp_path, "--json", PORT="0", PRINTERS_API_URL="ftp://x", DATA_DIR="\x07")
    found = findings_of(printed)
    assert code == 2
    assert "correct PRINTERS_API_URL first" in found["BambUI", ""]["found"]
    assert "correct DATA_DIR first" in found["disk", ""]["found"]


def test_an_env_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    code, printed = doctor(tmp_path)
    assert (code, "UTF-8" in printed) == (2, True)


def test_servers_that_repeat_secrets_do_not_get_them_shown(tmp_path: Path) -> None:
    with TelegramServer() as telegram, OpenAiServer(SECRET_KEY) as ai:
        telegram.script(*[answers(400, f"no {telegram.token} and {SECRET_KEY}")] * 9)
        ai.key = {"label": SECRET_KEY}
        ai.models = (SECRET_KEY,)
        for words in ((), ("--json",), ("--send-test",)):
            code, printed = doctor(
                tmp_path,
                *words,
                "--seconds",
                "1",
                **NOWHERE | {"PRINTERS_API_URL": "http://me:hidden-password@127.0.0.1:9/"},
                TELEGRAM_BOT_TOKEN=telegram.token,
                TELEGRAM_CHAT_ID=telegram.chat_id,
                TELEGRAM_API_URL=telegram.url,
                OPENROUTER_API_KEY=SECRET_KEY,
                OPENROUTER_BASE_URL=ai.base_url,
                AI_MODEL="sk-or-v1-0123456789abcdeX",
            )
            assert code == 1
            assert SECRET_KEY not in printed
            assert "hidden-password" not in printed
            assert hide_tokens(printed) == printed
            assert telegram.token.partition(":")[2] not in printed


def test_cloud_mode_looks_at_what_the_collector_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    queue = "https://sqs.eu-central-1.amazonaws.com/123456789012/reports.fifo"
    given = NOWHERE | {"REPORTS_QUEUE_URL": queue, "FRAMES_BUCKET": "frames"}
    code, printed = doctor(tmp_path, "--json", "--seconds", "1", **given)
    found = findings_of(printed)
    assert code == 1
    assert [subject for check, subject in found if check == "AWS"] == ["credentials"]  # said once
    assert "network" in found["AWS", "credentials"]["advice"]
    assert "very-secret" not in printed
    assert ("state", "outbox") in found
    assert not {check for check, _ in found} & {"Telegram", "AI", "ffmpeg", "API"}


async def test_what_hangs_or_breaks_hides_nothing_else() -> None:
    over = threading.Event()

    def hangs(_: Setup) -> CheckResult:
        over.wait(TIMEOUT)
        raise AssertionError

    def breaks(_: Setup) -> CheckResult:
        raise ZeroDivisionError("with a secret")

    def works(_: Setup) -> CheckResult:
        return CheckResult([fine("", "well")])

    checks = [Check("a", (), hangs, 0.01), Check("b", (), breaks, 1), Check("c", (), works, 1)]
    results = await run_checks(checks, Setup(Settings()))
    over.set()
    assert [name for name, _ in results] == ["a", "b", "c"]
    first, second, third = (result.findings[0] for _, result in results)
    assert (first.outcome, first.found) == (Outcome.FAULT, "no result within 0 s")
    assert "ZeroDivisionError" in second.found
    assert "secret" not in str(second)
    assert third.found == "well"


def test_as_a_program_without_a_terminal_and_without_utf_8(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.local", "doctor", "--seconds", "1"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C", "PYTHONIOENCODING": "ascii", **NOWHERE},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 1
    assert done.stderr == b""
    assert done.stdout.isascii()
    assert b"\nNO  BambUI" in done.stdout
    assert done.stdout.rstrip().endswith(b"with nothing to check.")


def test_an_answer_that_never_ends_is_cut(tmp_path: Path) -> None:
    with OpenAiServer() as ai:
        ai.reply_to_question = lambda path, authorization: Reply(body="x" * 100_000)  # type: ignore[method-assign]
        _, printed = doctor(
            tmp_path, "--json", PORT="0", OPENROUTER_API_KEY=SECRET_KEY, OPENROUTER_BASE_URL=ai.base_url
        )
    assert findings_of(printed)["AI", "key"]["outcome"] == Outcome.FAULT
