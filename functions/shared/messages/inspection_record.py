"""What the inspection remembers of one printer, and its form in the RecordStore.

`last_check_at`, `verdict`, `category`, `confidence` and `summary` are read by the API; a `note` says why a
later check was not made.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from functions.shared.messages.codec import named, recall, to_json
from functions.shared.value_class import dataclass


class CheckState(StrEnum):
    """The outcome of a check in the words that people see."""

    FINE = "fine"
    SUSPICIOUS = "suspicious"
    DEFECT = "defect"
    NO_VERDICT = "no verdict"


@dataclass(frozen=True, slots=True)
class PendingConfirmation:
    """A suspicious check that waits for its second: the check's id, what it saw, when, in which frame."""

    check: str = field(metadata=named("look"))
    category: str
    confidence: float
    at: float
    frame_at: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an alert was about: the check's id, what it saw, and the frames that it saw it in (their keys)."""

    check: str
    job_id: str
    category: str
    at: float
    confidence: float | None = None
    summary: str | None = None
    frame: str | None = None
    earlier_frame: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionState:
    """`checks`: checks of this job so far. `announced`: category -> when an alert told of it (this stretch).

    `checks_on_day`: those at this printer on `day` (UTC), whatever the job. `used_up`: the job, or the day,
    whose used-up budget was told last. `verdict` is a CheckState, or the word of a newer version. `tried` and
    `tries`: the check last begun and how often its model was called. `decided` and `pending`: the check last
    decided and those of its effects (JSON) that may not be on their queues yet. `alerts`: the last ones.
    """

    last_check_at: float | None = field(default=None, metadata=named("last_look_at"))
    verdict: str | None = None
    category: str | None = None
    confidence: float | None = None
    summary: str | None = None
    note: str | None = None
    noted_at: float | None = None
    job_id: str = ""
    earlier_job_id: str = ""
    printing_since: float = field(default=0.0, metadata=named("settled_at"))
    checks: int = field(default=0, metadata=named("looks"))
    day: str = ""
    checks_on_day: int = 0
    used_up: str = ""
    pending_confirmation: PendingConfirmation | None = field(default=None, metadata=named("suspicion"))
    announced: Mapping[str, float] = field(default_factory=dict, metadata=named("told"))
    tried: str = ""
    tries: int = 0
    decided: str = ""
    pending: tuple[str, ...] = ()
    alerts: tuple[Evidence, ...] = ()


def inspection_to_json(remembered: InspectionState) -> dict[str, Any]:
    """The state as stored."""
    return to_json(remembered)


def inspection_from_json(body: Mapping[str, Any]) -> InspectionState:
    """The state read back. Total: what cannot be read is forgotten."""
    return recall(InspectionState, body)
