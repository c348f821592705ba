"""Logging of all long-running programs: lines for a person or JSON lines, no secret, no kind without bound.

Strangers can make a program say something, as often as they like: a disk must not be full of it.
"""

import json
import logging
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from typing import TextIO

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


# A minute's bound. 200 printers may each say one thing at once; a library says the same thing again.
OWN_LINES, LIBRARY_LINES = 300, 20
_MINUTE = 60.0
_KINDS_KEPT = 1000
OWN_LOGGERS = ("collector", "functions", "infra", "__main__")


class LimitedHandler(logging.StreamHandler[TextIO]):
    """Of one kind of line only so many a minute; the next one says how many were left out.

    A kind is logger, level and message without its arguments; of a library, logger and level alone. DEBUG has
    no bound: who asks for it wants it all.
    """

    def __init__(self, stream: TextIO, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(stream)
        self._monotonic = monotonic
        self._minutes: OrderedDict[tuple[str, int, str], tuple[float, int]] = OrderedDict()

    def emit(self, record: logging.LogRecord) -> None:
        left_out = self._left_out_before(record)
        if left_out is None:
            return
        if left_out:
            words = "%d more lines like the next one were left out"
            super().emit(
                logging.LogRecord(record.name, record.levelno, __file__, 0, words, (left_out,), None)
            )
        super().emit(record)

    def _left_out_before(self, record: logging.LogRecord) -> int | None:
        """None: this one is left out too."""
        if record.levelno < logging.INFO:
            return 0
        is_own = record.name.split(".")[0] in OWN_LOGGERS
        kind = (record.name, record.levelno, str(record.msg) if is_own else "")
        now, limit = self._monotonic(), OWN_LINES if is_own else LIBRARY_LINES
        begun, count = self._minutes.get(kind, (now, 0))
        left_out = 0
        if now - begun >= _MINUTE:
            left_out, begun, count = max(0, count - limit), now, 0
        self._minutes[kind] = (begun, count + 1)
        self._minutes.move_to_end(kind)
        if len(self._minutes) > _KINDS_KEPT:
            self._minutes.popitem(last=False)
        return left_out if count < limit else None


def set_up_logs(level: str, log_format: str, secrets: Iterable[str], zone: tzinfo | None = None) -> None:
    """Send all logs to stderr in that form. Libraries speak from WARNING up (their DEBUG shows URLs).

    `zone`: of the times in text (None: the system's); JSON says them in UTC.
    """
    handler = LimitedHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(secrets) if log_format == "json" else TextFormatter(secrets, zone))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level)
