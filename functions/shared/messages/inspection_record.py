"""What the inspection remembers of one printer, and its form in the RecordStore.

`last_look_at`, `verdict`, `category`, `confidence` and `summary` are read by the API; a `note` says why a
later look was not made.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Standing(StrEnum):
    """The outcome of a look in the words that people see."""

    FINE = "fine"
    SUSPICIOUS = "suspicious"
    DEFECT = "defect"
    NO_VERDICT = "no verdict"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A suspicious look that waits for its second: the look's id, what it saw, when, in which frame."""

    look: str
    category: str
    confidence: float
    at: float
    frame_at: float


@dataclass(frozen=True, slots=True)
class Memory:
    """`looks`: looks at this job so far. `told`: category -> when an alert told of it (this stretch).

    `tried` and `tries`: the look last begun and how often its model was called. `decided` and `pending`:
    the look last decided and those of its effects (JSON) that may not be on their queues yet.
    """

    job_id: str = ""
    earlier_job_id: str = ""
    settled_at: float = 0.0
    looks: int = 0
    suspicion: Suspicion | None = None
    told: Mapping[str, float] = field(default_factory=dict)
    tried: str = ""
    tries: int = 0
    decided: str = ""
    pending: tuple[str, ...] = ()
    last_look_at: float | None = None
    verdict: Standing | None = None
    category: str | None = None
    confidence: float | None = None
    summary: str | None = None
    note: str | None = None
    noted_at: float | None = None


def memory_to_json(memory: Memory) -> dict[str, Any]:
    """The memory as stored."""
    suspicion = memory.suspicion
    return {
        "last_look_at": memory.last_look_at,
        "verdict": memory.verdict.value if memory.verdict else None,
        "category": memory.category,
        "confidence": memory.confidence,
        "summary": memory.summary,
        "note": memory.note,
        "noted_at": memory.noted_at,
        "job_id": memory.job_id,
        "earlier_job_id": memory.earlier_job_id,
        "settled_at": memory.settled_at,
        "looks": memory.looks,
        "suspicion": {
            "look": suspicion.look,
            "category": suspicion.category,
            "confidence": suspicion.confidence,
            "at": suspicion.at,
            "frame_at": suspicion.frame_at,
        }
        if suspicion
        else None,
        "told": dict(memory.told),
        "tried": memory.tried,
        "tries": memory.tries,
        "decided": memory.decided,
        "pending": list(memory.pending),
    }


def memory_from_json(body: Mapping[str, Any]) -> Memory:
    """The memory read back. Total: what cannot be read is forgotten."""
    told = body.get("told")
    pending = body.get("pending")
    verdict = body.get("verdict")
    return Memory(
        job_id=_text(body.get("job_id")) or "",
        earlier_job_id=_text(body.get("earlier_job_id")) or "",
        settled_at=_number(body.get("settled_at")) or 0.0,
        looks=_count(body.get("looks")),
        suspicion=_suspicion(body.get("suspicion")),
        told={
            name: at
            for name, value in (told.items() if isinstance(told, dict) else ())
            if (at := _number(value)) is not None
        },
        tried=_text(body.get("tried")) or "",
        tries=_count(body.get("tries")),
        decided=_text(body.get("decided")) or "",
        pending=tuple(item for item in pending if isinstance(item, str)) if isinstance(pending, list) else (),
        last_look_at=_number(body.get("last_look_at")),
        verdict=Standing(verdict) if isinstance(verdict, str) and verdict in set(Standing) else None,
        category=_text(body.get("category")),
        confidence=_number(body.get("confidence")),
        summary=_text(body.get("summary")),
        note=_text(body.get("note")),
        noted_at=_number(body.get("noted_at")),
    )


def _suspicion(value: object) -> Suspicion | None:
    if not isinstance(value, dict):
        return None
    look, category = _text(value.get("look")), _text(value.get("category"))
    confidence, at = _number(value.get("confidence")), _number(value.get("at"))
    frame_at = _number(value.get("frame_at"))
    if not look or not category or confidence is None or at is None or frame_at is None:
        return None
    return Suspicion(look, category, confidence, at, frame_at)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
