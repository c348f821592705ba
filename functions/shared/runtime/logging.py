"""Logging of all long-running programs: lines for a person or JSON lines, and never a secret."""

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from urllib.parse import quote

_HIDDEN = "***"
_TOKEN = re.compile(r"(?<![0-9])[0-9]{6,20}(?::|%3[Aa])[A-Za-z0-9_-]{30,}")
# Line breaks, what steers a terminal (C0, C1) and what turns the reading direction.
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


def hide_tokens(text: str) -> str:
    """The text without anything that looks like a Telegram bot token."""
    return _TOKEN.sub(_HIDDEN, text)


class _Redacting(logging.Formatter):
    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        self._secrets = sorted(forms, key=len, reverse=True)

    def clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return hide_tokens(text)

    def message(self, record: logging.LogRecord) -> str:
        try:
            return self.clean(record.getMessage())
        except (TypeError, ValueError, KeyError):  # a wrong log call of ours must not cost its line
            return self.clean(f"{record.msg} {record.args!r}")

    def traceback(self, record: logging.LogRecord) -> str:
        return self.clean(self.formatException(record.exc_info)) if record.exc_info else ""


def _forms(secret: str) -> set[str]:
    """How a secret may appear in a URL, in a quoted text and in JSON."""
    return {secret, quote(secret), quote(secret, safe=""), repr(secret)[1:-1], json.dumps(secret)[1:-1]}


class TextFormatter(_Redacting):
    """`12:34:56 WARNING collector.bambui.client: message`, one line a record; a traceback below, indented.

    The time is that of `zone`, or of the system's zone without one.
    """

    def __init__(self, secrets: Iterable[str], zone: tzinfo | None = None) -> None:
        super().__init__(secrets)
        self._zone = zone

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).astimezone(self._zone).strftime("%H:%M:%S")
        message = _BREAKS.sub(" ", self.message(record))
        lines = [f"{at} {record.levelname:<7} {record.name}: {message}"]
        lines += ["    " + _BREAKS.sub(" ", line) for line in self.traceback(record).splitlines()]
        return "\n".join(lines)


class JsonFormatter(_Redacting):
    """One JSON object a line: time, level, logger, message, exception."""

    def format(self, record: logging.LogRecord) -> str:
        body = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self.message(record),
        }
        if record.exc_info:
            body["exception"] = self.traceback(record)
        return json.dumps(body)


def set_up_logs(level: str, log_format: str, secrets: Iterable[str], zone: tzinfo | None = None) -> None:
    """Send all logs to stderr in that form. Libraries speak from WARNING up (their DEBUG shows URLs).

    `zone`: of the times in text (None: the system's); JSON says them in UTC.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(secrets) if log_format == "json" else TextFormatter(secrets, zone))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("collector", "functions", "infra", "__main__"):
        logging.getLogger(name).setLevel(level)
