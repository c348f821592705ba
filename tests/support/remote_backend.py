"""The remote backend in memory: a queue and a frame store that record what arrives and can fail."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from functions.shared.domain.keys import taken_at_of
from functions.shared.errors import NotFoundError
from functions.shared.messages.report import Report, decode_report
from functions.shared.ports import Delivery, Outgoing, Refusal, StoredFrame
from tests.support.timeouts import TIMEOUT


@dataclass
class EventLog:
    """What happened at both ends, in order: ("reports", n) for a batch taken, ("frame", key) for a frame."""

    log: list[tuple[str, object]] = field(default_factory=list)


class FarQueue:
    """FIFO with deduplication by id. `fault` is asked at every send and may raise; `refuses` per entry."""

    def __init__(self, events: EventLog | None = None) -> None:
        self.events = events or EventLog()
        self.fault: Callable[[Sequence[Outgoing]], None] = lambda entries: None
        self.answer_lost: Callable[[], None] = lambda: None
        self.refuses: Callable[[Report], str | None] = lambda report: None
        self.arrived = threading.Condition()
        self.taken: list[Outgoing] = []
        self.batches: list[list[Outgoing]] = []
        self.calls = 0
        self._ids: set[str] = set()
        self._out = 0

    def send(self, entries: Sequence[Outgoing]) -> Sequence[Refusal]:
        assert 1 <= len(entries) <= 10
        assert sum(len(entry.body) for entry in entries) <= 1024 * 1024
        self.calls += 1
        self.fault(entries)
        refusals = []
        for index, entry in enumerate(entries):
            reason = self.refuses(decode_report(entry.body))
            if reason is not None:
                refusals.append(Refusal(index, reason))
            elif entry.deduplication_id not in self._ids:
                self._ids.add(entry.deduplication_id)
                self.taken.append(entry)
        self.batches.append(list(entries))
        self.events.log.append(("reports", len(entries)))
        with self.arrived:
            self.arrived.notify_all()
        self.answer_lost()
        return refusals

    @property
    def reports(self) -> list[Report]:
        """What was taken, without repeats, in order of arrival."""
        return [decode_report(entry.body) for entry in self.taken]

    def of(self, printer_id: str) -> list[Report]:
        return [report for report in self.reports if report.printer_id == printer_id]

    def forget_ids(self) -> None:
        """More than five minutes pass."""
        self._ids.clear()

    def wait_for(self, count: int, timeout: float = TIMEOUT) -> bool:
        with self.arrived:
            return self.arrived.wait_for(lambda: len(self.taken) >= count, timeout)

    def receive(self, limit: int = 10, wait_seconds: float = 0.0) -> list[Delivery]:
        some = self.taken[self._out : self._out + limit]
        self._out += len(some)
        return [Delivery(entry.body, entry.group, entry.deduplication_id, 1, 0.0) for entry in some]

    def acknowledge(self, delivery: Delivery) -> None:
        self.taken = [entry for entry in self.taken if entry.deduplication_id != delivery.receipt]

    def retry(self, delivery: Delivery, delay_seconds: float) -> None:
        self._out -= 1

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        self.acknowledge(delivery)


class FarFrames:
    """A frame store. `fault` is asked with the key at every put, before the file is taken, and may raise."""

    def __init__(self, events: EventLog | None = None) -> None:
        self.events = events or EventLog()
        self.fault: Callable[[str], None] = lambda key: None
        self.arrived = threading.Condition()
        self.stored: dict[str, bytes] = {}
        self.puts: list[str] = []

    def put(self, key: str, source: Path) -> None:
        self.puts.append(key)
        self.fault(key)
        self.stored[key] = source.read_bytes()
        source.unlink()
        self.events.log.append(("frame", key))
        with self.arrived:
            self.arrived.notify_all()

    def wait_for(self, count: int, timeout: float = TIMEOUT) -> bool:
        with self.arrived:
            return self.arrived.wait_for(lambda: len(self.stored) >= count, timeout)

    def get(self, key: str) -> bytes:
        if key not in self.stored:
            raise NotFoundError(key)
        return self.stored[key]

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        return BytesIO(self.get(key))

    def list(
        self, prefix: str, since: float | None = None, until: float | None = None
    ) -> Iterator[StoredFrame]:
        for key in sorted(self.stored):
            taken_at = taken_at_of(key)
            if key.startswith(prefix) and taken_at is not None:
                is_after = since is None or taken_at >= since
                if is_after and (until is None or taken_at <= until):
                    yield StoredFrame(key, len(self.stored[key]), taken_at)
