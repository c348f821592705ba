"""The opening lines: what a person needs before anything has happened."""

import io
from datetime import UTC

from functions.shared.settings import load_settings
from infra.local.console import Console


def opening(
    program: str = "printer-bridge", typos: tuple[tuple[str, str], ...] = (), **given: str
) -> list[str]:
    stream = io.StringIO()
    console = Console(stream, lambda: 0.0, UTC)
    console.say_start(load_settings(given, "local"), "1.0", "http://127.0.0.1:8000", True, program, typos)
    return stream.getvalue().splitlines()


def test_typing_mistakes_are_shown_before_the_last_line() -> None:
    lines = opening(typos=(("PRINTER_API_URL", "PRINTERS_API_URL"),))
    assert lines[-3:] == [
        "  ! PRINTER_API_URL is not a setting: did you mean PRINTERS_API_URL?",
        "  Ctrl-C ends it.",
        "",
    ]


def test_no_steering_characters_and_no_token_out_of_such_a_name() -> None:
    (line,) = (
        it
        for it in opening(
            typos=(("TELEGRAM_\x1b[2J_123456789:AAabcdefghijklmnopqrstuvwxyz123456789", "HOST"),)
        )
        if "!" in it
    )
    assert "\x1b" not in line
    assert "abcdefgh" not in line


def test_where_to_look_in_trouble() -> None:
    assert "  trouble?   .venv/bin/printer-bridge doctor" in opening(".venv/bin/printer-bridge")


def test_the_legacy_address_is_shown_to_whoever_sets_it_without_a_password() -> None:
    assert not any("WS_URL" in line for line in opening())
    (line,) = (it for it in opening(WS_URL="wss://me:hunter2@host/ws/{PRINTER_ID}") if "WS_URL" in it)
    assert line == "  WS_URL     wss://host/ws/A1M-1  (legacy, not used)"
