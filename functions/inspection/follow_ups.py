"""What a check asks of others: a confirmation, an alert, the word that checks do not work or are used up."""

from dataclasses import replace

from functions.inspection.frames import FramePair
from functions.inspection.policy import Budget, Check, UsedUp
from functions.inspection.verdict import Defect, Verdict
from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import effect_id
from functions.shared.messages.effects import Category, Inspection, JobSnapshot, Notification
from functions.shared.messages.inspection_record import Evidence
from functions.shared.messages.report import FrameReference
from functions.shared.wording import reasons

_RUINOUS = frozenset({Defect.SPAGHETTI, Defect.DETACHED, Defect.BLOB_ON_NOZZLE})


def confirmation(request: Inspection, edge_now: float, delay_seconds: float) -> Inspection:
    """The check that confirms a suspicion, due after the delay; it finds its own newest frame."""
    return replace(
        request,
        id=effect_id(request.id, "second"),
        confirms=request.id,
        observed_at=edge_now + delay_seconds,
        late_by=-delay_seconds,
        frame=None,
    )


def alert(
    request: Inspection, verdict: Verdict, confidence: float, frame: FrameReference, edge_now: float
) -> Notification:
    """The message that a print fails, with the frame that was judged."""
    return Notification(
        id=effect_id(request.confirms or request.id, "defect", verdict.category.value),
        category=Category.DEFECT,
        printer_id=request.printer_id,
        observed_at=edge_now,
        model=request.model,
        job_id=request.job_id,
        job=request.job,
        reason=reasons.DEFECTS[verdict.category.value],
        text=verdict.summary or None,
        confidence=confidence,
        severity=Severity.CRITICAL if verdict.category in _RUINOUS else Severity.ATTENTION,
        frame=frame,
    )


def evidence_of(check: Check, verdict: Verdict, pair: FramePair) -> Evidence:
    """What an alert is about."""
    return Evidence(
        check=check.id,
        job_id=check.job_id,
        category=verdict.category.value,
        at=check.at,
        confidence=verdict.confidence,
        summary=verdict.summary or None,
        frame=pair.frame.key,
        earlier_frame=pair.earlier_key,
    )


def checks_down(request: Inspection, day: str, text: str, edge_now: float) -> Notification:
    """The message that no check can be made; its id is the same all day (UTC), whatever the printer."""
    return Notification(
        id=effect_id("inspection-down", day),
        category=Category.INSPECTION_DOWN,
        printer_id=request.printer_id,
        observed_at=edge_now,
        text=text,
        severity=Severity.ATTENTION,
    )


def checks_used_up(request: Inspection, found: UsedUp, edge_now: float) -> Notification:
    """The message that no more checks are made: of this job, or at this printer on this day (UTC)."""
    text = reasons.checks_of_day_used_up(found.checks, found.budget)
    told = Notification(
        id=effect_id("inspection-used-up", request.printer_id, found.owner),
        category=Category.INSPECTION_USED_UP,
        printer_id=request.printer_id,
        observed_at=edge_now,
        model=request.model,
        text=text,
    )
    if found.budget is Budget.DAY:
        return told
    text = reasons.checks_of_job_used_up(found.checks, found.budget)
    return replace(told, text=text, job_id=request.job_id, job=JobSnapshot(request.job.name))
