"""Typing mistakes in the names of settings are found, and other people's variables are left alone."""

from functions.shared.settings import declarations
from infra.local.config import unknown_settings


def test_names_that_nobody_reads_are_shown_when_they_look_like_ours() -> None:
    given = {
        "TELEGRAM_TOKEN": "x",
        "PRINTER_API_URL": "x",
        "timezone": "x",
        "OPENROUTER_KEY": "x",
        "AWS_PROFILE": "x",
        "HOSTNAME": "x",
        "EDITOR": "x",
    }
    assert unknown_settings(given) == [
        ("OPENROUTER_KEY", "OPENROUTER_API_KEY"),
        ("PRINTER_API_URL", "PRINTERS_API_URL"),
        ("TELEGRAM_TOKEN", "TELEGRAM_BOT_TOKEN"),
        ("timezone", "TIMEZONE"),
    ]


def test_no_setting_is_a_stranger() -> None:
    assert unknown_settings({declaration.variable: "x" for declaration in declarations()}) == []
