"""The queues, the table, the bucket and the secret of one run in the emulator of AWS."""

import os
from pathlib import Path
from typing import Any

from functions.shared.aws.clients import make_client
from functions.shared.aws.dynamodb import DynamoRecordStore
from functions.shared.aws.s3 import S3FrameStore
from functions.shared.runtime.clocks import Clock
from tests.reliability.chaos.marks import count_marks
from tests.reliability.chaos.plan import Plan
from tests.support.aws.places import make_bucket, make_queue, make_table
from tests.support.collector_process import CREDENTIALS

_TOKEN_NAME = "/printer-bridge/telegram-bot-token"
# Longer than a handler ever takes here; in the stack it is six times the function's time-out.
_VISIBILITY = {"reports.fifo": "10", "notifications.fifo": "10", "timelapses": "25"}


class CloudPlaces:
    """Made for one run; `edge` and `functions` are what their programs are to be told."""

    def __init__(self, plan: Plan, token: str, clock: Clock) -> None:
        dynamodb, s3 = make_client("dynamodb"), make_client("s3")
        self._sqs: Any = make_client("sqs")
        self.table, self.bucket = make_table(dynamodb), make_bucket(s3)
        self.records = DynamoRecordStore(dynamodb, self.table, clock)
        self.frames = S3FrameStore(s3, self.bucket)
        run = f"chaos-{plan.seed}-{os.getpid()}-{self.table}"
        self.urls = {name: self._queue(f"{run}-{name}", seconds) for name, seconds in _VISIBILITY.items()}
        if plan.requests:
            self.urls["commands"] = make_queue(
                self._sqs, f"{run}-commands", VisibilityTimeout="2", MessageRetentionPeriod="60"
            )
        self.dead = {name: self._queue(f"{run}-dead-{name}", "30") for name in _VISIBILITY}
        make_client("ssm").put_parameter(Name=_TOKEN_NAME, Value=token, Type="SecureString", Overwrite=True)
        self.edge = {
            **CREDENTIALS,
            "REPORTS_QUEUE_URL": self.urls["reports.fifo"],
            "FRAMES_BUCKET": self.bucket,
            "IDLE_FRAME_SECONDS": "5",
            **({"COMMANDS_QUEUE_URL": self.urls["commands"]} if plan.requests else {}),
        }
        self.functions = {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"],
            "TABLE_NAME": self.table,
            "FRAMES_BUCKET": self.bucket,
            "TELEGRAM_BOT_TOKEN_PARAMETER": _TOKEN_NAME,
            "OPENROUTER_API_KEY_PARAMETER": "",
            **{f"{_variable(name)}_QUEUE_URL": url for name, url in self.urls.items()},
            **{f"{_variable(name)}_DEAD_LETTER_URL": url for name, url in self.dead.items()},
        }

    def _queue(self, name: str, visibility: str) -> str:
        return make_queue(self._sqs, name, VisibilityTimeout=visibility)

    def marks(self) -> int:
        """How many messages are marked as sent."""
        return count_marks(stored.key for stored in self.records.list("done/"))

    def frames_of(self, prefix: str) -> int:
        return sum(1 for _ in self.frames.list(prefix))

    def dead_letters(self) -> int:
        """What was given up."""
        names = ["ApproximateNumberOfMessages"]
        return sum(
            int(self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"][names[0]])
            for url in self.dead.values()
        )


def _variable(name: str) -> str:
    return Path(name).stem.upper()
