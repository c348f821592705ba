"""Logs of a function: JSON lines by Powertools with what they are about beside them, and never a secret."""

import logging
import sys
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from functions.bridge.logs import JsonFormatter

_OURS = "functions"


class _CleanFormatter(LambdaPowertoolsFormatter):
    """Hides what looks like a bot token, and the secrets it was told of, whoever wrote them."""

    def __init__(self, program: str) -> None:
        super().__init__(
            utc=True,
            use_rfc3339=True,
            log_record_order=["level", "message"],
            serialize_stacktrace=False,  # the traceback is there already, as text
            service=program,
            name="%(name)s",
            xray_trace_id=None,
        )
        self._secrets: frozenset[str] = frozenset()
        self._cleaner = JsonFormatter(())

    def hide(self, secret: str) -> None:
        if secret not in self._secrets:
            self._secrets |= {secret}
            self._cleaner = JsonFormatter(self._secrets)

    def format(self, record: logging.LogRecord) -> str:
        return self._cleaner.clean(super().format(record))


class LambdaLogs:
    """All loggers of the process speak through one handler. Libraries speak from WARNING up."""

    def __init__(self, program: str, level: str) -> None:
        self._formatter = _CleanFormatter(program)
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(self._formatter)
        root = logging.getLogger()
        root.handlers[:] = [handler]
        root.setLevel(logging.WARNING)
        logging.getLogger(_OURS).setLevel(level)

    def hide(self, secret: str) -> None:
        """This text never appears in a line from now on."""
        self._formatter.hide(secret)

    def about(self, keys: Mapping[str, Any]) -> None:
        """Every line carries these keys, until they are taken away again."""
        self._formatter.append_keys(**keys)

    def about_nothing(self, keys: Mapping[str, Any]) -> None:
        self._formatter.remove_keys(keys)
