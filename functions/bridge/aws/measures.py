"""Every custom metric of the stack, all functions together: at most ten, and none for each printer.

They are written as log lines (embedded metric format), one line an invocation. CloudWatch prices each name
with each set of dimensions as a metric of its own, so there is one dimension, the same for all: the stack.
"""

import os
from enum import Enum

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

NAMESPACE = "PrinterBridge"
SERVICE = "printer-bridge"


class Measure(Enum):
    """Name and unit of a metric."""

    REPORTS_HANDLED = ("ReportsHandled", MetricUnit.Count)
    REPORT_DELAY = ("ReportDelay", MetricUnit.Seconds)  # from the observation at the edge
    MESSAGES_SENT = ("MessagesSent", MetricUnit.Count)
    MESSAGE_DELAY = ("MessageDelay", MetricUnit.Seconds)  # from the event to the person
    LOOKS_MADE = ("LooksMade", MetricUnit.Count)  # questions to the AI: what costs money
    SET_ASIDE = ("SetAside", MetricUnit.Count)  # to a dead-letter queue, for good
    HANDED_BACK = ("HandedBack", MetricUnit.Count)  # waits and tries again
    DEFECTS = ("Defects", MetricUnit.Count)  # errors that nobody thought of: a fault of ours
    SILENT_COLLECTORS = ("SilentCollectors", MetricUnit.Count)


class Measures:
    """Collects the figures of one invocation. `POWERTOOLS_SERVICE_NAME` is the stack's name."""

    def __init__(self) -> None:
        namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE") or NAMESPACE
        service = os.environ.get("POWERTOOLS_SERVICE_NAME") or SERVICE
        self._metrics = EphemeralMetrics(namespace=namespace, service=service)

    def add(self, measure: Measure, value: float) -> None:
        name, unit = measure.value
        self._metrics.add_metric(name=name, unit=unit, value=value)

    def write(self) -> None:
        """Print what was collected, if anything was."""
        if self._metrics.metric_set:
            self._metrics.flush_metrics()
