"""Logging of all long-running programs: lines for a person or JSON lines, and never a secret."""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from functions.shared.text import Redactor, one_line


class _Redacting(logging.Formatter):
    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self.clean = Redactor(secrets)

    def message(self, record: logging.LogRecord) -> str:
        try:
            return self.clean(record.getMessage())
        except (TypeError, ValueError, KeyError):  # a wrong log call of ours must not cost its line
            return self.clean(f"{record.msg} {record.args!r}")

    def traceback(self, record: logging.LogRecord) -> str:
        return self.clean(self.formatException(record.exc_info)) if record.exc_info else ""


class TextFormatter(_Redacting):
    """`12:34:56 WARNING collector.bambui.client: message`, one line a record; a traceback below, indented.

    The time is that of `zone`, or of the system's zone without one.
    """

    def __init__(self, secrets: Iterable[str], zone: tzinfo | None = None) -> None:
        super().__init__(secrets)
        self._zone = zone

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).astimezone(self._zone).strftime("%H:%M:%S")
        message = one_line(self.message(record))
        lines = [f"{at} {record.levelname:<7} {record.name}: {message}"]
        lines += ["    " + one_line(line) for line in self.traceback(record).splitlines()]
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
