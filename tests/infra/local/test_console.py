"""The opening lines: what a person needs before anything has happened."""

import io
from collections.abc import Mapping
from datetime import UTC

from functions.shared.settings import load_settings
from infra.local.console import Console


def opening(
    program: str = "printer-bridge", typos: tuple[tuple[str, str], ...] = (), **given: str
) -> list[str]:
    return shown(given, program, typos)


def shown(
    given: Mapping[str, str],
    program: str = "printer-bridge",
    typos: tuple[tuple[str, str], ...] = (),
    is_simulated: bool = True,
) -> list[str]:
    stream = io.StringIO()
    console = Console(stream, lambda: 0.0, UTC)
    settings = load_settings(given, "local")
    console.say_start(settings, "1.0", "http://127.0.0.1:8000", is_simulated, program, typos)
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


def test_hosts_that_are_asked_as_nothing_else_is_set_are_named() -> None:
    def defaults(given: Mapping[str, str], is_simulated: bool = False) -> list[str]:
        lines = shown(given, is_simulated=is_simulated)
        return [line.split(maxsplit=1)[1] for line in lines if line.startswith("  defaults ")]

    own = {"PRINTERS_API_URL": "http://b.lan/api/printers", "WS_URL_TEMPLATE": "ws://b.lan/{printer_id}"}
    assert defaults({}, is_simulated=True) == []
    assert defaults(own) == []
    assert defaults({}) == [
        "print.lo.f0rth.space (PRINTERS_API_URL, WS_URL_TEMPLATE): not set, so these are asked"
    ]
    assert defaults(own | {"OPENROUTER_API_KEY": "key"}) == [
        "openrouter.ai (OPENROUTER_BASE_URL): not set, so these are asked"
    ]
    assert defaults(own | {"OPENROUTER_API_KEY": "key", "OPENROUTER_BASE_URL": "http://ai.lan/v1"}) == []


def test_the_legacy_address_is_shown_to_whoever_sets_it_without_a_password() -> None:
    assert not any("WS_URL" in line for line in opening())
    (line,) = (it for it in opening(WS_URL="wss://me:hunter2@host/ws/{PRINTER_ID}") if "WS_URL" in it)
    assert line == "  WS_URL     wss://host/ws/A1M-1  (legacy, not used)"
