"""Logs: one line a record whatever a printer is called, and never a secret in any form of it."""

import io
import json
import logging
import time
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.runtime.logging import (
    LIBRARY_LINES,
    OWN_LINES,
    JsonFormatter,
    LimitedHandler,
    TextFormatter,
    set_up_logs,
)

TOKEN = "123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr"
AWKWARD = "pa\"ss\\wö/rd %'x"
SECRETS = [TOKEN, AWKWARD, ""]
FORMATTERS = [TextFormatter(SECRETS), JsonFormatter(SECRETS)]


def record(message: object, *arguments: object, failed: BaseException | None = None) -> logging.LogRecord:
    fault = (type(failed), failed, failed.__traceback__) if failed else None
    return logging.LogRecord("collector.bambui.client", logging.WARNING, "", 1, message, arguments, fault)


def failure(text: str) -> Exception:
    try:
        try:
            raise OSError(f"GET https://api.telegram.org/bot{text}/getMe")
        except OSError as cause:
            raise RuntimeError(text) from cause
    except RuntimeError as error:
        return error


@pytest.mark.parametrize("formatter", FORMATTERS)
@pytest.mark.parametrize("secret", [TOKEN, AWKWARD])
def test_no_secret_is_in_a_line(formatter: logging.Formatter, secret: str) -> None:
    lines = [
        formatter.format(record(f"plain {secret}!")),
        formatter.format(record("argument %s and %r", secret, {"key": secret})),
        formatter.format(record("as JSON %s", json.dumps(secret))),
        formatter.format(record("failed", failed=failure(secret))),
        formatter.format(record("wrong call %d", secret)),
    ]
    for line in lines:
        assert "***" in line
        for piece in ("AAbbCC", "wö", "w\\u00f6", "w%C3%B6", "pa\\"):
            assert piece not in line


@pytest.mark.parametrize("formatter", [TextFormatter([]), JsonFormatter([])])
@pytest.mark.parametrize("shown", [f"https://host/bot{TOKEN}/sendMessage", TOKEN, TOKEN.replace(":", "%3A")])
def test_a_token_nobody_named_is_known_by_its_form(formatter: logging.Formatter, shown: str) -> None:
    line = formatter.format(record("calling %s", shown))
    assert "***" in line
    assert "AAbbCC" not in line


@given(name=st.text(st.characters(), max_size=60))
def test_no_name_can_forge_a_line_or_steer_the_terminal(name: str) -> None:
    for hostile in (name, f"{name}\n12:00:00 ERROR forged", f"\x1b[2J{name}\x9b2J\u2028\u202e"):
        text = TextFormatter([]).format(record("printer %s", hostile))
        assert len(text.splitlines()) == 1
        assert not any(ord(mark) < 32 or 127 <= ord(mark) < 160 or mark == "\u202e" for mark in text)
        line = JsonFormatter([]).format(record("printer %s", hostile))
        assert len(line.splitlines()) == 1
        assert json.loads(line)["message"] == f"printer {hostile}"


def test_a_traceback_cannot_forge_a_line_either() -> None:
    text = TextFormatter([]).format(record("failed", failed=failure("x\n12:00:00 ERROR collector: forged")))
    first, *rest = text.splitlines()
    assert first.endswith("WARNING collector.bambui.client: failed")
    assert len(rest) > 5
    assert all(line.startswith("    ") for line in rest)
    assert "RuntimeError" in text


def test_a_json_line_says_when_who_and_what() -> None:
    line = json.loads(JsonFormatter([]).format(record("job %s", "žluť", failed=failure("no"))))
    assert line["level"] == "WARNING"
    assert line["logger"] == "collector.bambui.client"
    assert line["message"] == "job žluť"
    assert line["time"].endswith("+00:00")
    assert "RuntimeError: no" in line["exception"]


class TestClock:
    """The times of a text are those of its zone, wherever the machine thinks it is."""

    @pytest.fixture(autouse=True)
    def in_new_york(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
        monkeypatch.undo()
        time.tzset()

    @pytest.fixture
    def at_noon(self) -> logging.LogRecord:
        one = record("now")
        one.created = datetime.fromisoformat("2025-11-22T12:34:56.789+00:00").timestamp()
        return one

    @pytest.mark.parametrize(
        ("zone", "shown"), [("Asia/Tokyo", "21:34:56"), ("Asia/Kolkata", "18:04:56"), ("UTC", "12:34:56")]
    )
    def test_text_has_the_time_of_the_zone(self, at_noon: logging.LogRecord, zone: str, shown: str) -> None:
        assert TextFormatter([], ZoneInfo(zone)).format(at_noon).startswith(f"{shown} WARNING ")

    def test_without_a_zone_it_is_the_time_of_the_machine(self, at_noon: logging.LogRecord) -> None:
        assert TextFormatter([]).format(at_noon).startswith("07:34:56 WARNING ")

    def test_json_is_in_utc(self, at_noon: logging.LogRecord) -> None:
        assert json.loads(JsonFormatter([]).format(at_noon))["time"] == "2025-11-22T12:34:56.789+00:00"


class TestSetUp:
    @pytest.fixture(autouse=True)
    def as_before(self) -> Iterator[None]:
        root = logging.getLogger()
        loggers = [root, *map(logging.getLogger, ("collector", "functions", "infra", "__main__"))]
        handlers, levels = root.handlers[:], [logger.level for logger in loggers]
        yield
        root.handlers[:] = handlers
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

    def test_our_programs_speak_at_their_level_and_libraries_only_of_trouble(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        set_up_logs("DEBUG", "json", [TOKEN])
        logging.getLogger("collector.x").debug("ours %s", TOKEN)
        logging.getLogger("urllib3").info("theirs")
        logging.getLogger("urllib3").warning("trouble")
        lines = [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()]
        assert lines == ["ours ***", "trouble"]

    def test_setting_up_twice_does_not_say_everything_twice(self, capsys: pytest.CaptureFixture[str]) -> None:
        for _ in range(2):
            set_up_logs("INFO", "text", [])
        logging.getLogger("functions.x").info("once")
        assert capsys.readouterr().err.count("once") == 1


def test_one_kind_of_line_has_a_bound_each_minute_and_what_was_left_out_is_counted() -> None:
    stream, now = io.StringIO(), [0.0]
    handler = LimitedHandler(stream, lambda: now[0])

    def say(logger: str, words: str, level: int = logging.WARNING) -> None:
        handler.handle(logging.LogRecord(logger, level, "", 0, words, None, None))

    for number in range(1000):
        say("uvicorn.error", f"request {number} is invalid")
        say("functions.api.app", "not answered")
        say("functions.api.app", "all of it", logging.DEBUG)
    say("functions.api.app", "something else")
    lines = stream.getvalue().splitlines()
    assert sum("invalid" in line for line in lines) == LIBRARY_LINES
    assert lines.count("not answered") == OWN_LINES
    assert lines.count("all of it") == 1000
    assert lines[-1] == "something else"
    now[0] = 60.0
    say("functions.api.app", "not answered")
    assert stream.getvalue().splitlines()[-2:] == [
        "700 more lines like the next one were left out",
        "not answered",
    ]
