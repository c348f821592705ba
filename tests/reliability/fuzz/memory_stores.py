"""A RecordStore and Queues in memory, as strict as the real ones: everything goes through JSON text."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.shared.errors import ConflictError
from functions.shared.ports import Delivery, Outgoing, Refusal, Stored


@dataclass
class MemoryRecords:
    """JSON texts by key. `look` is shown every key and text written."""

    texts: dict[str, str] = field(default_factory=dict)
    look: Callable[[str, str], None] = lambda key, text: None
    versions: dict[str, int] = field(default_factory=dict)

    def get(self, key: str) -> Stored | None:
        text = self.texts.get(key)
        return None if text is None else Stored(key, json.loads(text), self.versions.get(key, 1))

    def put(self, key: str, value: dict[str, Any], expected_version: int) -> int:
        stored = self.versions.get(key, 0)
        if stored != expected_version:
            raise ConflictError(key)
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        self.look(key, text)
        self.texts[key] = text
        self.versions[key] = stored + 1
        return stored + 1

    def list(self, prefix: str) -> list[Stored]:
        found = (self.get(key) for key in sorted(self.texts) if key.startswith(prefix))
        return [stored for stored in found if stored is not None]

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        return self.versions.setdefault(key, 0) == 0 and bool(self.put(key, {"expires_at": expires_at}, 0))


@dataclass
class MemoryQueue:
    """What is put on it goes to `take`; what happened to deliveries is counted."""

    take: Callable[[Outgoing], None]
    acknowledged: int = 0
    dead_lettered: int = 0
    retried: int = 0

    def send(self, entries: Sequence[Outgoing]) -> Sequence[Refusal]:
        for entry in entries:
            assert entry.body.isascii()
            self.take(entry)
        return ()

    def receive(self, limit: int = 10, wait_seconds: float = 0.0) -> list[Delivery]:
        return []

    def acknowledge(self, delivery: Delivery) -> None:
        self.acknowledged += 1

    def retry(self, delivery: Delivery, delay_seconds: float) -> None:
        self.retried += 1

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        assert len(reason) < 1000
        self.dead_lettered += 1
