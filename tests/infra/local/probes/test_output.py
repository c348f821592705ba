"""What doctor and chat-id print: without any secret, and without anything that steers a terminal."""

import io

import pytest

from infra.local.probes.output import password_of, redactor, secrets_of, show

TOKEN = "123456789:" + "A" * 35
SETTINGS = {
    "TELEGRAM_BOT_TOKEN": TOKEN,
    "PRINTERS_API_URL": "http://me:pass%20word@bambui.local/api/printers",
    "AWS_SECRET_ACCESS_KEY": "aws-secret",
    "AWS_REGION": "eu-central-1",
    "OPENROUTER_API_KEY": "abc",
}


def test_secrets_are_tokens_keys_and_passwords_in_addresses_but_no_common_word() -> None:
    assert set(secrets_of(SETTINGS)) == {TOKEN, TOKEN.partition(":")[2], "pass word", "aws-secret"}


@pytest.mark.parametrize(
    ("url", "password"),
    [("http://me:p%40ss@host", "p@ss"), ("http://host", ""), ("http://[broken", ""), ("", "")],
)
def test_the_password_of_an_address(url: str, password: str) -> None:
    assert password_of(url) == password


def test_secrets_and_control_characters_never_come_out() -> None:
    clean = redactor(secrets_of(SETTINGS))
    shown = clean(f"asked {SETTINGS['PRINTERS_API_URL']} with {TOKEN}\x1b[2J and aws-secret\u202e")
    assert TOKEN not in shown
    assert "pass%20word" not in shown
    assert "aws-secret" not in shown
    assert shown.isprintable()
    assert shown.startswith("asked http://me:")


def test_no_secret_and_nothing_that_steers_a_terminal_comes_out() -> None:
    token = "123456789:AAsecretsecretsecretsecretsecretsecret"
    environment = {
        "TELEGRAM_BOT_TOKEN": token,
        "OPENROUTER_API_KEY": "sk-or-v1-key",
        "API_KEY": "my/own key",
        "AWS_SECRET_ACCESS_KEY": "aws+secret/",
        "PRINTERS_API_URL": "http://me:pass%2Fword@host/api/printers",
    }
    clean = redactor(secrets_of(environment))
    hostile = f"{token} sk-or-v1-key my/own key my/own%20key aws+secret/ pass/word {token[10:]}"
    shown = clean(f"\x1b[31m{hostile}\u202e\nend")
    assert "secret" not in shown
    assert not any(word in shown for word in ("sk-or", "own", "word", "\x1b", "\u202e", "\n"))
    assert shown.endswith("end")


def test_a_screen_shows_what_it_can_and_one_that_is_gone_is_no_fault() -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    show(narrow, "✔ fine")
    narrow.seek(0)
    assert narrow.read() == "? fine"
    narrow.close()
    show(narrow, "nobody sees this")
