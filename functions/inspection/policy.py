"""When the inspection speaks: pure rules over what is remembered and what a look found.

| what happens | what follows |
| --- | --- |
| a first look finds nothing, or is less sure than the threshold | "fine"; nothing is said |
| a first look is as sure as the threshold or surer | "suspicious"; a second look after min(60 s, interval) |
| the second look, at a newer picture, is as sure and sees the same trouble | "defect"; one alert |
| the second look is not as sure, or sees another trouble | no alert, the suspicion is dropped |
| a look has no verdict | nothing is said; a suspicion that waited for it is dropped |
| a look sees what an alert told less than one interval ago | "defect"; no second look, no alert |
| the print was paused and goes on, or another job began | suspicion and cool-downs are forgotten |
| the budget of the job or of the day (UTC, all printers) is used up | no look |

Which trouble is the same? One failure looks different from look to look, and the worse sight explains the
milder one. `COVERS[a]` is what a look at trouble `a` may also be taken for: two looks agree if either
covers the other, and an alert of `a` makes quiet what `a` covers (a worse trouble is still told).

| trouble | covers besides itself and `other` | because |
| --- | --- | --- |
| spaghetti | detached, blob on nozzle, severe stringing | loose filament has come from one of them |
| detached | spaghetti, blob on nozzle, warping, layer shift | a part that came off is dragged about |
| blob on nozzle | spaghetti, detached | plastic gathers when it cannot stick |
| severe stringing, warping, layer shift | nothing | each can become worse, and that is news |
"""

from dataclasses import dataclass, replace

from functions.inspection.verdict import Defect, NoVerdict, Verdict
from functions.shared.messages.inspection_record import Memory, Standing, Suspicion

LATE_SECONDS = 300.0

_SECOND_LOOK_SECONDS = 60.0
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
    """Settings: threshold 0..1, interval in seconds, most looks at one job and in a day (UTC)."""

    threshold: float = 0.7
    interval: float = 3600.0
    checks_per_job: int = 100
    checks_per_day: int = 500

    @property
    def second_look_after(self) -> float:
        """Seconds from a suspicious look to its second."""
        return min(_SECOND_LOOK_SECONDS, self.interval)


@dataclass(frozen=True, slots=True)
class Look:
    """A look asked for, and when it is made (`at`).

    `second_of` is the id of the suspicious look that it follows, None for a first one; `settled_at` is
    when the job last began to print.
    """

    id: str
    job_id: str
    settled_at: float
    at: float
    second_of: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a look comes to. `confidence` is the lower one of the two looks behind an alert."""

    standing: Standing
    wants_second_look: bool = False
    is_alert: bool = False
    confidence: float = 0.0


def fresh_if_changed(memory: Memory, look: Look) -> Memory:
    """The memory as this look may use it: emptied of suspicions after a resume and with a new job."""
    if look.job_id != memory.job_id:
        return replace(
            memory,
            job_id=look.job_id,
            earlier_job_id=memory.job_id,
            settled_at=look.settled_at,
            looks=0,
            suspicion=None,
            told={},
        )
    if look.settled_at > memory.settled_at:
        return replace(memory, settled_at=look.settled_at, suspicion=None, told={})
    return memory


def why_not(memory: Memory, look: Look, looks_today: int, rules: Rules) -> str | None:
    """Why this look is not to be made, in words, or None if it is. The memory may be of another job."""
    if look.job_id == memory.earlier_job_id:
        return "its job is over"
    if look.job_id == memory.job_id and look.settled_at < memory.settled_at:
        return "it was asked for before the last pause"
    memory = fresh_if_changed(memory, look)
    if look.second_of is not None and (memory.suspicion is None or memory.suspicion.look != look.second_of):
        return "the suspicion it was to confirm no longer stands"
    if look.id == memory.tried:
        return None  # a repeat of a look that is already counted
    if memory.looks >= rules.checks_per_job:
        return f"the budget of {rules.checks_per_job} looks at one job is used up (AI_CHECKS_PER_JOB)"
    if looks_today >= rules.checks_per_day:
        return f"today's budget of {rules.checks_per_day} looks is used up (AI_CHECKS_PER_DAY)"
    return None


def begun(memory: Memory, look: Look) -> Memory:
    """The memory once the model is about to be called for this look: counted once, tries counted each."""
    memory = fresh_if_changed(memory, look)
    if look.id == memory.tried:
        return replace(memory, tries=memory.tries + 1)
    return replace(memory, looks=memory.looks + 1, tried=look.id, tries=1)


def decide(
    memory: Memory, verdict: Verdict | NoVerdict, look: Look, frame_at: float, rules: Rules
) -> tuple[Memory, Decision]:
    """What follows from the verdict of a look at the frame taken at `frame_at` (edge seconds)."""
    memory = fresh_if_changed(memory, look)
    memory = replace(memory, last_look_at=look.at, note=None, noted_at=None)
    suspicion = memory.suspicion
    is_second = look.second_of is not None and suspicion is not None and suspicion.look == look.second_of
    if is_second or (suspicion is not None and not _is_waiting(suspicion, look.at, rules)):
        memory = replace(memory, suspicion=None)
    if isinstance(verdict, NoVerdict):
        memory = replace(
            memory, verdict=Standing.NO_VERDICT, category=None, confidence=None, summary=verdict.reason
        )
        return memory, Decision(Standing.NO_VERDICT)
    memory = replace(
        memory,
        category=verdict.category.value,
        confidence=verdict.confidence,
        summary=verdict.summary,
    )
    if not verdict.has_defect or verdict.category is Defect.NONE or verdict.confidence < rules.threshold:
        return replace(memory, verdict=Standing.FINE), Decision(Standing.FINE)
    if _is_told(memory, verdict.category, look.at, rules):
        return replace(memory, verdict=Standing.DEFECT), Decision(Standing.DEFECT)
    if is_second and suspicion is not None and frame_at > suspicion.frame_at:
        first = Defect(suspicion.category) if suspicion.category in COVERS else None
        if first is not None and agree(first, verdict.category):
            told = {**memory.told, first.value: look.at, verdict.category.value: look.at}
            confidence = min(suspicion.confidence, verdict.confidence)
            return (
                replace(memory, verdict=Standing.DEFECT, told=told),
                Decision(Standing.DEFECT, is_alert=True, confidence=confidence),
            )
    memory = replace(memory, verdict=Standing.SUSPICIOUS)
    if look.second_of is not None or memory.suspicion is not None:
        return memory, Decision(Standing.SUSPICIOUS)
    found = Suspicion(look.id, verdict.category.value, verdict.confidence, look.at, frame_at)
    return replace(memory, suspicion=found), Decision(Standing.SUSPICIOUS, wants_second_look=True)


def agree(first: Defect, second: Defect) -> bool:
    """Whether two looks may have seen the same failure."""
    return second in COVERS.get(first, ()) or first in COVERS.get(second, ())


def _is_waiting(suspicion: Suspicion, at: float, rules: Rules) -> bool:
    """Whether the second look of a suspicion may still come."""
    return abs(at - suspicion.at) <= rules.second_look_after + LATE_SECONDS


def _is_told(memory: Memory, seen: Defect, at: float, rules: Rules) -> bool:
    """Whether an alert less than one interval old covers what is seen."""
    return any(
        abs(at - told_at) < rules.interval and name in COVERS and seen in COVERS[Defect(name)]
        for name, told_at in memory.told.items()
    )
