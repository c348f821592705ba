"""One queue as SQS keeps it: in order per group, no repeats in FIFO, hidden while worked on."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions.shared.aws.sqs import size_of
from tests.support.lambda_runtime.event_source import record_of

_numbers = itertools.count(1)


@dataclass
class Letter:
    """An entry of SendMessageBatch: hidden until `visible_at`."""

    entry: Mapping[str, Any]
    sent_at: float
    visible_at: float
    receipt: str = field(default_factory=lambda: f"receipt-{next(_numbers)}")
    receive_count: int = 0

    @property
    def body(self) -> str:
        return str(self.entry["MessageBody"])

    @property
    def group(self) -> str | None:
        return self.entry.get("MessageGroupId")

    @property
    def deduplication_id(self) -> str | None:
        return self.entry.get("MessageDeduplicationId")

    @property
    def size(self) -> int:
        attributes = self.entry.get("MessageAttributes", {})
        return size_of(self.body, {name: value["StringValue"] for name, value in attributes.items()})

    def record(self) -> dict[str, Any]:
        """As Lambda hands it to a function."""
        known = {
            "ApproximateReceiveCount": str(self.receive_count),
            "SentTimestamp": str(int(self.sent_at * 1000)),
        }
        return record_of(
            {
                "MessageId": self.receipt,
                "ReceiptHandle": self.receipt,
                "Body": self.body,
                "Attributes": known if self.group is None else known | {"MessageGroupId": self.group},
                "MessageAttributes": self.entry.get("MessageAttributes", {}),
                "MD5OfBody": "",
            }
        )


@dataclass
class Mailbox:
    """`fifo`: in order per group, each deduplication id once."""

    fifo: bool
    letters: list[Letter] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def put(self, letter: Letter) -> None:
        if self.fifo and letter.deduplication_id is not None:
            if letter.deduplication_id in self.seen:
                return
            self.seen.add(letter.deduplication_id)
        self.letters.append(letter)

    def take(self, limit: int, now: float, hidden_for: float) -> list[Letter]:
        """Up to so many that may be worked on now; they are hidden from others for that many seconds."""
        taken: list[Letter] = []
        blocked: set[str | None] = set()
        for letter in self.letters:
            if len(taken) == limit:
                break
            if self.fifo and letter.group in blocked:
                continue
            if letter.visible_at > now:
                blocked.add(letter.group)
                continue
            letter.visible_at = now + hidden_for
            letter.receive_count += 1
            taken.append(letter)
        return taken

    def hide(self, receipt: str, until: float) -> None:
        for letter in self.letters:
            if letter.receipt == receipt:
                letter.visible_at = until

    def delete(self, receipts: set[str]) -> None:
        self.letters = [letter for letter in self.letters if letter.receipt not in receipts]
