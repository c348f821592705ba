"""What the inspection remembers of one printer, and its form in the RecordStore.

`last_check_at`, `verdict`, `category`, `confidence` and `summary` are read by the API; a `note` says why a
later check was not made.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class CheckState(StrEnum):
    """The outcome of a check in the words that people see."""

    FINE = "fine"
    SUSPICIOUS = "suspicious"
    DEFECT = "defect"
    NO_VERDICT = "no verdict"


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """A suspicious check that waits for its second: the check's id, what it saw, when, in which frame."""

    check: str
    category: str
    confidence: float
    at: float
    frame_at: float


@dataclass(frozen=True, slots=True)
class InspectionState:
    """`checks`: checks of this job so far. `announced`: category -> when an alert told of it (this stretch).

    `tried` and `tries`: the check last begun and how often its model was called. `decided` and `pending`:
    the check last decided and those of its effects (JSON) that may not be on their queues yet.
    """

    job_id: str = ""
    earlier_job_id: str = ""
    printing_since: float = 0.0
    checks: int = 0
    pending_confirmation: PendingConfirmation | None = None
    announced: Mapping[str, float] = field(default_factory=dict)
    tried: str = ""
    tries: int = 0
    decided: str = ""
    pending: tuple[str, ...] = ()
    last_check_at: float | None = None
    verdict: CheckState | None = None
    category: str | None = None
    confidence: float | None = None
    summary: str | None = None
    note: str | None = None
    noted_at: float | None = None


def inspection_to_json(remembered: InspectionState) -> dict[str, Any]:
    """The state as stored."""
    pending_confirmation = remembered.pending_confirmation
    return {
        "last_look_at": remembered.last_check_at,
        "verdict": remembered.verdict.value if remembered.verdict else None,
        "category": remembered.category,
        "confidence": remembered.confidence,
        "summary": remembered.summary,
        "note": remembered.note,
        "noted_at": remembered.noted_at,
        "job_id": remembered.job_id,
        "earlier_job_id": remembered.earlier_job_id,
        "settled_at": remembered.printing_since,
        "looks": remembered.checks,
        "suspicion": {
            "look": pending_confirmation.check,
            "category": pending_confirmation.category,
            "confidence": pending_confirmation.confidence,
            "at": pending_confirmation.at,
            "frame_at": pending_confirmation.frame_at,
        }
        if pending_confirmation
        else None,
        "told": dict(remembered.announced),
        "tried": remembered.tried,
        "tries": remembered.tries,
        "decided": remembered.decided,
        "pending": list(remembered.pending),
    }


def inspection_from_json(body: Mapping[str, Any]) -> InspectionState:
    """The state read back. Total: what cannot be read is forgotten."""
    announced = body.get("told")
    pending = body.get("pending")
    verdict = body.get("verdict")
    return InspectionState(
        job_id=_text(body.get("job_id")) or "",
        earlier_job_id=_text(body.get("earlier_job_id")) or "",
        printing_since=_number(body.get("settled_at")) or 0.0,
        checks=_count(body.get("looks")),
        pending_confirmation=_pending_confirmation(body.get("suspicion")),
        announced={
            name: at
            for name, value in (announced.items() if isinstance(announced, dict) else ())
            if (at := _number(value)) is not None
        },
        tried=_text(body.get("tried")) or "",
        tries=_count(body.get("tries")),
        decided=_text(body.get("decided")) or "",
        pending=tuple(item for item in pending if isinstance(item, str)) if isinstance(pending, list) else (),
        last_check_at=_number(body.get("last_look_at")),
        verdict=CheckState(verdict) if isinstance(verdict, str) and verdict in set(CheckState) else None,
        category=_text(body.get("category")),
        confidence=_number(body.get("confidence")),
        summary=_text(body.get("summary")),
        note=_text(body.get("note")),
        noted_at=_number(body.get("noted_at")),
    )


def _pending_confirmation(value: object) -> PendingConfirmation | None:
    if not isinstance(value, dict):
        return None
    check, category = _text(value.get("look")), _text(value.get("category"))
    confidence, at = _number(value.get("confidence")), _number(value.get("at"))
    frame_at = _number(value.get("frame_at"))
    if not check or not category or confidence is None or at is None or frame_at is None:
        return None
    return PendingConfirmation(check, category, confidence, at, frame_at)


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
