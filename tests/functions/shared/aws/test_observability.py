"""Log lines of functions: JSON, about something, and without secrets."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from functions.shared.aws.observability import LambdaLogs

TOKEN = "123456789:AAFakeTokenForTheLocalServer_0123456789"
OURS, THEIRS = logging.getLogger("functions.somewhere"), logging.getLogger("somebody.else")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("functions")
    before = list(root.handlers), root.level, ours.level
    yield
    root.handlers[:], root.level, ours.level = before


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_says_who_spoke_and_what_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    logs = LambdaLogs("tracker", "INFO")
    logs.about({"printer_id": "<b>\n", "message_id": "c-1"})
    OURS.info("it is %s", "done")
    logs.about_nothing({"printer_id": "", "message_id": ""})
    OURS.info("next")
    first, second = lines(capsys)
    assert (first["message"], first["level"], first["service"]) == ("it is done", "INFO", "tracker")
    assert (first["name"], first["printer_id"], first["message_id"]) == (OURS.name, "<b>\n", "c-1")
    assert "printer_id" not in second
    assert second["timestamp"].endswith("+00:00")


def test_we_speak_from_the_level_that_is_set_and_libraries_from_warning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    LambdaLogs("tracker", "INFO")
    for logger in (OURS, THEIRS):
        for level in (logging.DEBUG, logging.INFO, logging.WARNING):
            logger.log(level, "%s", logging.getLevelName(level))
    assert [(line["name"], line["message"]) for line in lines(capsys)] == [
        (OURS.name, "INFO"),
        (OURS.name, "WARNING"),
        (THEIRS.name, "WARNING"),
    ]


def test_secrets_are_hidden_wherever_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    logs = LambdaLogs("notify", "DEBUG")
    logs.hide('sk-or-"v1"')
    logs.hide("")
    THEIRS.warning("POST /bot%s/sendMessage with %s", TOKEN, 'sk-or-"v1"')
    try:
        raise ValueError(f'token {TOKEN} and sk-or-"v1"')
    except ValueError:
        OURS.exception("it failed")
    output = capsys.readouterr().out
    assert "it failed" in output
    assert "Traceback" in output
    assert TOKEN not in output
    assert "sk-or" not in output
    assert all(json.loads(line) for line in output.splitlines())
