"""The collector as a process of its own, with AWS behind a gate, and what arrived there."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from functions.shared.aws.s3 import S3FrameStore
from functions.shared.messages.report import Report, decode_report
from infra.simulator.server import SimulatedBambui
from tests.e2e.program import Program
from tests.support.aws.gate import AwsGate
from tests.support.aws.places import REGION, make_bucket, make_queue
from tests.support.timeouts import TIMEOUT, wait_until

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_numbers = itertools.count(1)
NOWHERE = "http://127.0.0.1:9"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIATEST",
    "AWS_SECRET_ACCESS_KEY": "verysecretkey/+1234567890",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}
FAST = {
    "FORCED_RECONNECT_SECONDS": "0",
    "RECONNECT_MIN_SECONDS": "0.05",
    "RECONNECT_MAX_SECONDS": "0.2",
    "WATCHDOG_TICK_SECONDS": "0.05",
    "PRINTERS_REFRESH_SECONDS": "1",
    "IDLE_FRAME_SECONDS": "1",
    "CHANGES_PER_MINUTE": "0",  # prints here are faster than life
}


class Edge(Program):
    """`python -m collector`."""

    module = "collector"


def edge(
    folder: Path,
    cloud: "Cloud | None" = None,
    bambui: SimulatedBambui | None = None,
    more: Mapping[str, str] | None = None,
) -> Edge:
    """The program, not started yet; without a cloud or BambUI there is nobody at their addresses."""
    settings = {
        **CREDENTIALS,
        **FAST,
        "AWS_ENDPOINT_URL": cloud.gate.url if cloud else NOWHERE,
        "REPORTS_QUEUE_URL": cloud.queue_url if cloud else f"{NOWHERE}/123456789012/reports.fifo",
        "FRAMES_BUCKET": cloud.bucket if cloud else "frames",
        "PRINTERS_API_URL": f"{NOWHERE}/api/printers",
        "CHANGES_PER_MINUTE": "0",  # prints here are faster than life
        "WS_URL_TEMPLATE": "ws://127.0.0.1:9/{printer_id}",
    }
    if bambui is not None:
        settings |= {
            "PRINTER_ID": next(iter(bambui.printers)),
            "PRINTERS_API_URL": bambui.printers_api_url,
            "WS_URL_TEMPLATE": bambui.ws_url_template,
        }
    return Edge(folder, **settings | dict(more or {}))


@dataclass
class Cloud:
    """A queue and a bucket, seen from behind the gate; `reports` are in the order in which the queue gives
    them."""

    gate: AwsGate
    sqs: "SQSClient"
    s3: "S3Client"

    def __post_init__(self) -> None:
        self.reports: list[Report] = []
        number = next(_numbers)
        self.bucket = make_bucket(self.s3, f"printer-frames-{number}")
        self.frames = S3FrameStore(self.s3, self.bucket)
        self.queue_url = make_queue(self.sqs, f"reports-{number}.fifo")

    def take(self) -> int:
        """Receive what waits; how many there were."""
        answer = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        for message in messages:
            self.reports.append(decode_report(message["Body"]))
            self.sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)

    def of(self, printer_id: str) -> list[Report]:
        return [report for report in self.reports if report.printer_id == printer_id]

    def states(self, printer_id: str) -> list[str]:
        """The states that a printer's reports show, each change once."""
        states: list[str] = []
        for report in self.of(printer_id):
            state = str((report.status or {}).get("gcode_state", ""))
            if state and (not states or states[-1] != state):
                states.append(state)
        return states

    def wait_for_state(
        self, printer_id: str, state: str, *, after: str = "", seconds: float = TIMEOUT
    ) -> None:
        """`after`: not the one before that state. Raises TimeoutError with what came instead."""

        def is_there() -> bool:
            states = self.states(printer_id)
            begin = states.index(after) if after in states else len(states) if after else 0
            return state in states[begin:]

        def has_come() -> bool:
            while not is_there() and self.take():
                pass
            return is_there()

        wait_until(has_come, lambda: f"{state} did not arrive: {self.states(printer_id)}", seconds)

    def keys(self, prefix: str) -> list[str]:
        """Of all frames there, those in packs too."""
        return [frame.key for frame in self.frames.list(prefix)]

    def wait_for_keys(self, prefix: str, count: int, seconds: float = TIMEOUT) -> list[str]:
        """Raises TimeoutError."""
        wait_until(
            lambda: len(self.keys(prefix)) >= count,
            lambda: f"{len(self.keys(prefix))} of {count} frames arrived under {prefix}",
            seconds,
        )
        return self.keys(prefix)

    def read(self, key: str) -> bytes:
        return self.frames.get(key)
