"""What a function tells of itself: JSON log lines without secrets, and the stack's custom metrics.

Metrics of all functions together: at most ten, and none for each printer. They are written as log lines
(embedded metric format), one line an invocation. CloudWatch prices each name with each set of dimensions as a
metric of its own, so there is one dimension, the same for all: the stack.
"""

import logging
import os
import sys
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from functions.shared.text import Redactor

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
        self._redact = Redactor()

    def hide(self, secret: str) -> None:
        if secret not in self._secrets:
            self._secrets |= {secret}
            self._redact = Redactor(self._secrets)

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(super().format(record))


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

    def about_nothing(self, keys: Iterable[str]) -> None:
        self._formatter.remove_keys(keys)


NAMESPACE = "PrinterBridge"
SERVICE = "printer-bridge"


class Metric(Enum):
    """Name and unit of a metric."""

    REPORTS_HANDLED = ("ReportsHandled", MetricUnit.Count)
    REPORT_DELAY = ("ReportDelay", MetricUnit.Seconds)  # from the observation at the edge
    MESSAGES_SENT = ("MessagesSent", MetricUnit.Count)
    MESSAGE_DELAY = ("MessageDelay", MetricUnit.Seconds)  # from the event to the person
    CHECKS_MADE = ("LooksMade", MetricUnit.Count)  # questions to the AI: what costs money
    DEAD_LETTERED = ("SetAside", MetricUnit.Count)  # to a dead-letter queue, for good
    RETRIED = ("HandedBack", MetricUnit.Count)  # waits and tries again
    DEFECTS = ("Defects", MetricUnit.Count)  # errors that nobody thought of: a fault of ours
    LEFT_OUT = ("LeftOut", MetricUnit.Count)  # messages that newer ones supersede, when hundreds wait
    SILENT_COLLECTORS = ("SilentCollectors", MetricUnit.Count)


class Metrics:
    """Collects the figures of one invocation. `POWERTOOLS_SERVICE_NAME` is the stack's name."""

    def __init__(self) -> None:
        namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or NAMESPACE
        service = os.environ.get("POWERTOOLS_SERVICE_NAME") or SERVICE
        self._metrics = EphemeralMetrics(namespace=namespace, service=service)

    def add(self, metric: Metric, value: float) -> None:
        name, unit = metric.value
        self._metrics.add_metric(name=name, unit=unit, value=value)

    def write(self) -> None:
        """Print what was collected, if anything was."""
        if self._metrics.metric_set:
            self._metrics.flush_metrics()
