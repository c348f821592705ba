"""What of the stack costs money by being there, and how large its functions are: read from template.yaml."""

from typing import Any

from functions.shared.aws.observability import Metric
from tests.performance.cost.assumptions import DAYS, POLL_SECONDS, POLLERS
from tests.performance.cost.figures import Figures
from tests.performance.cost.prices import Unit
from tests.stack.cloud_template import source

_POLLS_A_MONTH = DAYS * 86_400 / POLL_SECONDS * POLLERS


def memory_gb(function: str) -> float:
    """Of `tracker`, `notify` and so on."""
    own = source()["Resources"][f"{function.capitalize()}Function"]["Properties"]
    megabytes: float = own.get("MemorySize", source()["Globals"]["Function"]["MemorySize"])
    return megabytes / 1024


def standing_figures() -> Figures:
    """A month of alarms, dashboard, metrics, and of asking queues in vain. AI checks are off."""
    resources = source()["Resources"].values()
    figures = Figures()
    figures[Unit.ALARM] = sum(it["Type"] == "AWS::CloudWatch::Alarm" for it in resources)
    figures[Unit.DASHBOARD] = source()["Parameters"]["ShowDashboard"]["Default"] == "true"
    figures[Unit.METRIC] = len(Metric)
    for is_fifo in polled_queues():
        figures[Unit.FIFO_REQUEST if is_fifo else Unit.STANDARD_REQUEST] += _POLLS_A_MONTH
    return figures


def polled_queues() -> list[bool]:
    """For each queue that Lambda polls when AI checks are off: whether it is a FIFO queue."""
    found = []
    for resource in source()["Resources"].values():
        for event in resource.get("Properties", {}).get("Events", {}).values():
            is_needed = "Enabled" not in event["Properties"]  # that of the AI checks is enabled with them
            if event["Type"] == "SQS" and is_needed:
                found.append(_is_fifo(event["Properties"]["Queue"]))
    return found


def _is_fifo(queue: Any) -> bool:
    """`queue`: a reference such as {"Fn::GetAtt": ["ReportsQueue", "Arn"]}."""
    name = queue["Fn::GetAtt"][0]
    return bool(source()["Resources"][name]["Properties"].get("FifoQueue", False))
