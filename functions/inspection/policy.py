"""When the inspection speaks: pure rules over what is remembered and what a check found.

| what happens | what follows |
| --- | --- |
| a first check finds nothing, or is less sure than the threshold | "fine"; nothing is said |
| a first check is as sure or surer | "suspicious"; a confirmation after min(60 s, interval) |
| the confirmation, at a newer image, is as sure and sees the same trouble | "defect"; one alert |
| the confirmation is not as sure, or sees another trouble | no alert, the suspicion is dropped |
| a check has no verdict | nothing is said; a suspicion that waited for it is dropped |
| a check sees what an alert told less than one interval ago | "defect"; no confirmation, no alert |
| the print was paused and goes on, or another job began | suspicion and cool-downs are forgotten |
| a check sees what a person has said looks fine in this job | "fine"; nothing is said |
| the budget of the job, or of the day (UTC) at this printer, is used up | no check; told once for each |

Which trouble is the same? One failure looks different from check to check, and the worse sight explains the
milder one. `COVERS[a]` is what a check of trouble `a` may also be taken for: two checks agree if either
covers the other, and an alert of `a` makes quiet what `a` covers (a worse trouble is still told).

| trouble | covers besides itself and `other` | because |
| --- | --- | --- |
| spaghetti | detached, blob on nozzle, severe stringing | loose filament has come from one of them |
| detached | spaghetti, blob on nozzle, warping, layer shift | a part that came off is dragged about |
| blob on nozzle | spaghetti, detached | plastic gathers when it cannot stick |
| severe stringing, warping, layer shift | nothing | each can become worse, and that is news |
"""

from collections.abc import Container
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum

from functions.inspection.verdict import Defect, NoVerdict, Verdict
from functions.shared.messages.inspection_record import (
    CheckState,
    Evidence,
    InspectionState,
    PendingConfirmation,
)
from functions.shared.settings import Settings
from functions.shared.value_class import dataclass

LATE_SECONDS = 300.0
DISMISSED = "what was seen looks fine, somebody said in the chat"
_ALERTS_REMEMBERED = 4

_CONFIRMATION_SECONDS = 60.0
_COVERED_BESIDES: dict[Defect, frozenset[Defect]] = {
    Defect.SPAGHETTI: frozenset({Defect.DETACHED, Defect.BLOB_ON_NOZZLE, Defect.SEVERE_STRINGING}),
    Defect.DETACHED: frozenset(
        {Defect.SPAGHETTI, Defect.BLOB_ON_NOZZLE, Defect.WARPING, Defect.LAYER_SHIFT},
    ),
    Defect.BLOB_ON_NOZZLE: frozenset({Defect.SPAGHETTI, Defect.DETACHED}),
}
COVERS: dict[Defect, frozenset[Defect]] = {
    defect: _COVERED_BESIDES.get(defect, frozenset()) | {defect, Defect.OTHER}
    for defect in Defect
    if defect is not Defect.NONE
}


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings: threshold 0..1, interval in seconds, most checks of a job and, at a printer, of a UTC day."""

    threshold: float = 0.7
    interval: float = 3600.0
    checks_per_job: int = 100
    checks_per_day: int = 100

    @classmethod
    def from_settings(cls, settings: Settings) -> "Rules":
        return cls(
            settings.ai_confidence_threshold,
            settings.ai_check_interval_seconds,
            settings.ai_checks_per_job,
            settings.ai_checks_per_day,
        )

    @property
    def confirmation_after(self) -> float:
        """Seconds from a suspicious check to its second."""
        return min(_CONFIRMATION_SECONDS, self.interval)


@dataclass(frozen=True, slots=True)
class Check:
    """A check asked for, and when it is made (`at`).

    `confirms` is the id of the suspicious check that it follows, None for a first one; `printing_since` is
    when the job last began to print.
    """

    id: str
    job_id: str
    printing_since: float
    at: float
    confirms: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a check comes to. `confidence` is the lower one of the two checks behind an alert."""

    check_state: CheckState
    wants_confirmation: bool = False
    is_alert: bool = False
    confidence: float = 0.0


def fresh_if_changed(remembered: InspectionState, check: Check) -> InspectionState:
    """The state as this check may use it: nothing pends after a resume or with a new job."""
    if check.job_id != remembered.job_id:
        return replace(
            remembered,
            job_id=check.job_id,
            earlier_job_id=remembered.job_id,
            printing_since=check.printing_since,
            checks=0,
            pending_confirmation=None,
            announced={},
        )
    if check.printing_since > remembered.printing_since:
        return replace(
            remembered, printing_since=check.printing_since, pending_confirmation=None, announced={}
        )
    return remembered


class Budget(StrEnum):
    """What checks are counted by, as the setting of each is called."""

    JOB = "AI_CHECKS_PER_JOB"
    DAY = "AI_CHECKS_PER_DAY"


@dataclass(frozen=True, slots=True)
class UsedUp:
    """A budget that has no check left: how many it had, and which job's or UTC day's it is."""

    budget: Budget
    checks: int
    owner: str

    @property
    def reason(self) -> str:
        """As the log and the API say it."""
        if self.budget is Budget.JOB:
            return f"the budget of {self.checks} looks at one job is used up ({self.budget})"
        return f"today's budget of {self.checks} looks at one printer is used up ({self.budget})"


def day_of(at: float) -> str:
    """The UTC day of a time in seconds since 1970, as 2026-11-22."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def why_not(remembered: InspectionState, check: Check) -> str | None:
    """Why this check has no sense any more, in words, or None if it has. The state may be of another job."""
    if check.job_id == remembered.earlier_job_id:
        return "its job is over"
    if check.job_id == remembered.job_id and check.printing_since < remembered.printing_since:
        return "it was asked for before the last pause"
    remembered = fresh_if_changed(remembered, check)
    if check.confirms is not None and (
        remembered.pending_confirmation is None or remembered.pending_confirmation.check != check.confirms
    ):
        return "the suspicion it was to confirm no longer stands"
    return None


def used_up(remembered: InspectionState, check: Check, rules: Rules) -> UsedUp | None:
    """The budget that leaves no room for this check. The state may be of another job."""
    remembered = fresh_if_changed(remembered, check)
    if check.id == remembered.tried:
        return None  # a repeat of a check that is already counted
    if remembered.checks >= rules.checks_per_job:
        return UsedUp(Budget.JOB, rules.checks_per_job, check.job_id)
    if _checks_on_day(remembered, check) >= rules.checks_per_day:
        return UsedUp(Budget.DAY, rules.checks_per_day, day_of(check.at))
    return None


def is_told(remembered: InspectionState, found: UsedUp) -> bool:
    """Whether nothing is to be said of it: it was said, or who set the budget to 0 wants no check at all."""
    return found.checks == 0 or remembered.used_up == found.owner


def begun(remembered: InspectionState, check: Check) -> InspectionState:
    """The state once the model is about to be called for this check: counted once, tries counted each."""
    remembered = fresh_if_changed(remembered, check)
    if check.id == remembered.tried:
        return replace(remembered, tries=remembered.tries + 1)
    return replace(
        remembered,
        checks=remembered.checks + 1,
        day=day_of(check.at),
        checks_on_day=_checks_on_day(remembered, check) + 1,
        tried=check.id,
        tries=1,
    )


def _checks_on_day(remembered: InspectionState, check: Check) -> int:
    """How many checks were begun at this printer on the day of this one."""
    return remembered.checks_on_day if remembered.day == day_of(check.at) else 0


def decide(
    remembered: InspectionState,
    verdict: Verdict | NoVerdict,
    check: Check,
    frame_at: float,
    rules: Rules,
    dismissed: Container[str] = (),
) -> tuple[InspectionState, Decision]:
    """What follows from the verdict of a check of the frame taken at `frame_at` (edge seconds).

    `dismissed`: kinds of trouble that a person looked into in this job and found nothing.
    """
    remembered = fresh_if_changed(remembered, check)
    remembered = replace(remembered, last_check_at=check.at, note=None, noted_at=None)
    pending_confirmation = remembered.pending_confirmation
    is_second = (
        check.confirms is not None
        and pending_confirmation is not None
        and pending_confirmation.check == check.confirms
    )
    if is_second or (
        pending_confirmation is not None and not _is_waiting(pending_confirmation, check.at, rules)
    ):
        remembered = replace(remembered, pending_confirmation=None)
    if isinstance(verdict, NoVerdict):
        remembered = replace(
            remembered, verdict=CheckState.NO_VERDICT, category=None, confidence=None, summary=verdict.reason
        )
        return remembered, Decision(CheckState.NO_VERDICT)
    remembered = replace(
        remembered,
        category=verdict.category.value,
        confidence=verdict.confidence,
        summary=verdict.summary,
    )
    if verdict.category.value in dismissed:
        return replace(remembered, verdict=CheckState.FINE, note=DISMISSED, noted_at=check.at), Decision(
            CheckState.FINE
        )
    if not verdict.has_defect or verdict.category is Defect.NONE or verdict.confidence < rules.threshold:
        return replace(remembered, verdict=CheckState.FINE), Decision(CheckState.FINE)
    if _is_announced(remembered, verdict.category, check.at, rules):
        return replace(remembered, verdict=CheckState.DEFECT), Decision(CheckState.DEFECT)
    if is_second and pending_confirmation is not None and frame_at > pending_confirmation.frame_at:
        first = Defect(pending_confirmation.category) if pending_confirmation.category in COVERS else None
        if first is not None and agree(first, verdict.category):
            announced = {**remembered.announced, first.value: check.at, verdict.category.value: check.at}
            confidence = min(pending_confirmation.confidence, verdict.confidence)
            return (
                replace(remembered, verdict=CheckState.DEFECT, announced=announced),
                Decision(CheckState.DEFECT, is_alert=True, confidence=confidence),
            )
    remembered = replace(remembered, verdict=CheckState.SUSPICIOUS)
    if check.confirms is not None or remembered.pending_confirmation is not None:
        return remembered, Decision(CheckState.SUSPICIOUS)
    found = PendingConfirmation(check.id, verdict.category.value, verdict.confidence, check.at, frame_at)
    return replace(remembered, pending_confirmation=found), Decision(
        CheckState.SUSPICIOUS, wants_confirmation=True
    )


def with_alert(remembered: InspectionState, evidence: Evidence) -> InspectionState:
    """What the alert is about is remembered, for who may look into it and find nothing."""
    others = tuple(it for it in remembered.alerts if it.check != evidence.check)
    return replace(remembered, alerts=(*others, evidence)[-_ALERTS_REMEMBERED:])


def agree(first: Defect, second: Defect) -> bool:
    """Whether two checks may have seen the same failure."""
    return second in COVERS.get(first, ()) or first in COVERS.get(second, ())


def _is_waiting(pending_confirmation: PendingConfirmation, at: float, rules: Rules) -> bool:
    """Whether the confirmation of a suspicion may still come."""
    return abs(at - pending_confirmation.at) <= rules.confirmation_after + LATE_SECONDS


def _is_announced(remembered: InspectionState, seen: Defect, at: float, rules: Rules) -> bool:
    """Whether an alert less than one interval old covers what is seen."""
    return any(
        abs(at - announced_at) < rules.interval and name in COVERS and seen in COVERS[Defect(name)]
        for name, announced_at in remembered.announced.items()
    )
