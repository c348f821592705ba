"""The three ports in memory: they record what arrives, look closely at it, and can fail."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from functions.shared.domain.frame_packs import Pack, read_index
from functions.shared.domain.keys import film_made_at, taken_at_of
from functions.shared.errors import ConflictError, NotFoundError
from functions.shared.messages.report import Report, decode_report
from functions.shared.ports import Delivery, Outgoing, Refusal, Stored, StoredFrame
from tests.support.timeouts import TIMEOUT

EventLog = list[tuple[str, object]]
"""What happened at both ends, in order: ("reports", n) for a batch taken, ("frame", key) for a frame."""


@dataclass
class MemoryRecords:
    """JSON texts by key. `look` is shown every key and text written."""

    texts: dict[str, str] = field(default_factory=dict)
    look: Callable[[str, str], None] = lambda key, text: None
    versions: dict[str, int] = field(default_factory=dict)

    def get(self, key: str) -> Stored | None:
        text = self.texts.get(key)
        return None if text is None else Stored(key, json.loads(text), self.versions.get(key, 1))

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        stored = self.versions.get(key, 0)
        if stored != expected_version:
            raise ConflictError(key)
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        self.look(key, text)
        self.texts[key] = text
        self.versions[key] = stored + 1
        return stored + 1

    def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[Stored]:
        keys = [key for key in sorted(self.texts) if key.startswith(prefix) and key > after]
        found = (self.get(key) for key in keys[:limit])
        return [stored for stored in found if stored is not None]

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        return self.versions.setdefault(key, 0) == 0 and bool(self.put(key, {"expires_at": expires_at}, 0))


class MemoryQueue:
    """Deduplicates by id, and gives nothing out; what it is told of deliveries from elsewhere is counted.

    `fault` is shown every batch before anything is taken, and may raise; `refuses` is asked for each report.
    """

    def __init__(
        self,
        events: EventLog | None = None,
        look: Callable[[Sequence[Outgoing]], None] = lambda entries: None,
    ) -> None:
        self.events = [] if events is None else events
        self.fault = look
        self.answer_lost: Callable[[], None] = lambda: None
        self.refuses: Callable[[Report], str | None] | None = None
        self.arrived = threading.Condition()
        self.taken: list[Outgoing] = []
        self.batches: list[list[Outgoing]] = []
        self.calls = self.acknowledged = self.retried = self.dead_lettered = 0
        self._ids: set[str] = set()

    def send(self, entries: Sequence[Outgoing]) -> Sequence[Refusal]:
        assert 1 <= len(entries) <= 10
        assert sum(len(entry.body) for entry in entries) <= 1024 * 1024
        assert all(entry.body.isascii() for entry in entries)
        self.calls += 1
        self.fault(entries)
        refusals = []
        for index, entry in enumerate(entries):
            reason = self.refuses(decode_report(entry.body)) if self.refuses else None
            if reason is not None:
                refusals.append(Refusal(index, reason))
            elif entry.deduplication_id not in self._ids:
                self._ids.add(entry.deduplication_id)
                self.taken.append(entry)
        self.batches.append(list(entries))
        self.events.append(("reports", len(entries)))
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

    def wait_for(self, count: int, timeout: float = TIMEOUT) -> bool:
        with self.arrived:
            return self.arrived.wait_for(lambda: len(self.taken) >= count, timeout)

    def receive(self, limit: int = 10, wait_seconds: float = 0.0) -> list[Delivery]:
        return []

    def acknowledge(self, delivery: Delivery) -> None:
        self.acknowledged += 1

    def retry(self, delivery: Delivery, delay_seconds: float) -> None:
        self.retried += 1

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        assert len(reason) < 1000
        self.dead_lettered += 1


class MemoryFrames:
    """`fault` is asked with the key at every put, before the file is taken, and may raise."""

    def __init__(self, events: EventLog | None = None) -> None:
        self.events = [] if events is None else events
        self.fault: Callable[[str], None] = lambda key: None
        self.arrived = threading.Condition()
        self.stored: dict[str, bytes] = {}
        self.puts: list[str] = []

    def put(self, key: str, source: Path) -> None:
        self.puts.append(key)
        self.fault(key)
        self.stored[key] = source.read_bytes()
        source.unlink()
        self.events.append(("frame", key))
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
            if not key.startswith(prefix) or taken_at is None:
                continue
            if (since is None or taken_at >= since) and (until is None or taken_at <= until):
                yield StoredFrame(key, len(self.stored[key]), taken_at)

    def films(self, prefix: str) -> Iterator[StoredFrame]:
        for key in sorted(self.stored):
            made_at = film_made_at(key)
            if key.startswith(prefix) and made_at is not None:
                yield StoredFrame(key, len(self.stored[key]), made_at)


class MemoryPacks(MemoryFrames):
    """Takes packs too, and gives their frames out as if they lay there alone; `packs`: what is in each."""

    def __init__(self, events: EventLog | None = None) -> None:
        super().__init__(events)
        self.packs: dict[str, list[str]] = {}

    def put_pack(self, pack: Pack) -> None:
        self.puts.append(pack.key)
        self.fault(pack.key)
        frames = read_index(pack.key, pack.content, len(pack.content))
        self.packs[pack.key] = [frame.key for frame in frames]
        for frame in frames:
            self.stored[frame.key] = pack.content[frame.offset : frame.offset + frame.size]
        self.events.append(("pack", pack.key))
        with self.arrived:
            self.arrived.notify_all()
