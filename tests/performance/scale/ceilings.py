"""From what a printer uses to how many printers there can be: AWS's quotas, and the stack's own settings.

Sources, as AWS publishes them (2025 and 2026): SQS Developer Guide, "Amazon SQS message quotas"; DynamoDB
Developer Guide, "Quotas" and "Partitions"; Lambda Developer Guide, "Lambda quotas"; API Gateway Developer
Guide, "Quotas"; CloudWatch Logs User Guide, "Quotas". Telegram: core.telegram.org/bots/faq, "My bot is
hitting limits". Many of AWS's are raised for the asking.
"""

from dataclasses import dataclass
from typing import Any

from functions.shared.aws.dynamodb import PARTITIONS
from tests.performance.cost.assumptions import SECONDS
from tests.performance.cost.prices import Unit
from tests.performance.scale.hour import Hour
from tests.stack.cloud_template import source

HOUR = 3600.0
FIFO_REQUESTS = (
    2400.0  # a second and action, in the regions with the least (Frankfurt 19,000, Ireland 70,000)
)
FIFO_REQUESTS_OF_OLD = 300.0  # without high throughput
TABLE_WRITE_UNITS = 40_000.0  # a second, on demand
PARTITION_WRITE_UNITS = 1000.0
EXECUTIONS = 1000.0  # an account, by default; a new one has 10
TELEGRAM_A_SECOND = 30.0  # of one bot
GROUP_A_MINUTE = 20.0
LOG_BYTES_A_SECOND = 5_000 * 1024.0  # PutLogEvents is taken 5,000 times a second; a run puts about a kilobyte
COLLECTOR_PRINTERS = 1000.0


@dataclass(frozen=True, slots=True)
class Ceiling:
    """So many printers until that is used up; `remedy` is what raises it."""

    what: str
    printers: float
    remedy: str


def parameter(name: str) -> float:
    return float(source()["Parameters"][name]["Default"])


def ceilings(hour: Hour) -> list[Ceiling]:
    """The lowest first."""
    told = hour.told / hour.printers
    films = hour.films / hour.printers
    fifo_of_reports = (hour.used["SendMessageBatch of edge"] + hour.used["calls of tracker"]) / hour.printers
    writes = hour.each(Unit.WRITE_UNIT)
    of_printers = hour.each("write units of printer")
    of_marks = max(hour.each("write units of done"), hour.each("write units of starts"))
    seconds = {name: hour.each(f"calls of {name}") * SECONDS[name] for name in ("tracker", "notify")}
    busy = sum(seconds.values()) + films * SECONDS["timelapse"]

    def at(a_second: float, an_hour: float) -> float:
        return a_second * HOUR / an_hour if an_hour else float("inf")

    found: list[tuple[str, float, str]] = [
        (
            "one group of Telegram, 20 messages a minute",
            at(GROUP_A_MINUTE / 60, told),
            "PROGRESS_STEP, a channel, or a stack for each group",
        ),
        ("one bot, 30 messages a second", at(TELEGRAM_A_SECOND, told), "another bot and stack"),
        (
            f"TimelapseConcurrency {parameter('TimelapseConcurrency'):g}, 45 s a film",
            at(parameter("TimelapseConcurrency"), films * SECONDS["timelapse"]),
            "the parameter",
        ),
        (
            f"NotifyConcurrency {parameter('NotifyConcurrency'):g}, 0.8 s a message",
            at(parameter("NotifyConcurrency"), seconds["notify"]),
            "the parameter",
        ),
        (
            f"TrackerConcurrency {parameter('TrackerConcurrency'):g}, 0.15 s a batch",
            at(parameter("TrackerConcurrency"), seconds["tracker"]),
            "the parameter",
        ),
        ("1,000 executions of an account together", at(EXECUTIONS, busy), "Service Quotas"),
        (
            "FIFO queue of reports, 2,400 requests a second",
            at(FIFO_REQUESTS, fifo_of_reports),
            "another region",
        ),
        (
            f"printers' records: {PARTITIONS} partitions of 1,000 write units a second",
            at(PARTITIONS * PARTITION_WRITE_UNITS, of_printers),
            "more partitions (a release)",
        ),
        (
            "marks of messages: a partition of 1,000 write units",
            at(PARTITION_WRITE_UNITS, of_marks),
            "DynamoDB splits it",
        ),
        ("the table, 40,000 write units a second", at(TABLE_WRITE_UNITS, writes), "Service Quotas"),
        ("logs, 5,000 entries a second", at(LOG_BYTES_A_SECOND, hour.each("log bytes")), "Service Quotas"),
    ]
    return sorted((Ceiling(*it) for it in found), key=lambda it: it.printers)


def before_this(hour: Hour) -> dict[str, Any]:
    """What the same hour came to with one partition and ordinary FIFO queues."""
    fifo_of_reports = (hour.used["SendMessageBatch of edge"] + hour.used["calls of tracker"]) / hour.printers
    return {
        "FIFO queue of reports, 300 requests a second": FIFO_REQUESTS_OF_OLD * HOUR / fifo_of_reports,
        "one partition of printers": PARTITION_WRITE_UNITS * HOUR / hour.each("write units of printer"),
    }
