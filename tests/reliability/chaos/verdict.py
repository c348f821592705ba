"""What came of a run: findings, counts, and the row of the table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.reliability.chaos.auditor import (
    Finding,
    Interruption,
    Repeat,
    audit_film_order,
    audit_films,
    audit_printer,
    audit_progress,
    without_repeats,
)
from tests.reliability.chaos.chat import FILM, Message
from tests.reliability.chaos.oracle import LATE, LOST, UNSEEN
from tests.reliability.chaos.plan import Plan
from tests.reliability.chaos.timeline import Hindrances, Item, Status

PROGRESS_STEP = 20
_HEADS = ("seed", "shape", "faults", "jobs", "told", "repeats", "films", "doubtful", "seconds", "verdict")
_ENDS = frozenset({"print finished", "print failed", "print cancelled", "print ended, cause unknown"})
_STARTS = frozenset({"print started", "already printing", "a print is under way, paused now"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the auditor goes by. `marks`: how many done-marks of messages the stores hold;
    `dead_letters`: how many messages were given up; `refusals`: calls that Telegram found malformed."""

    items: Mapping[str, Sequence[Item]]
    messages: Sequence[Message]
    interruptions: Sequence[Interruption]
    edge: Hindrances
    senders: Hindrances
    frames: Mapping[str, int]
    marks: int
    dead_letters: int = 0
    refusals: Sequence[str] = ()
    logs: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`doubtful`: the share of statuses, given right before a kill or cut, that may have been seen or not."""

    findings: tuple[Finding, ...]
    repeats: tuple[Repeat, ...]
    jobs: int
    told: int
    films: int
    doubtful: float

    @property
    def is_good(self) -> bool:
        return not self.findings


def judge(plan: Plan, evidence: Evidence) -> Verdict:
    """The whole run audited."""
    once, repeats, findings = without_repeats(evidence.messages, evidence.interruptions, evidence.senders)
    for printer, items in evidence.items.items():
        own = [message for message in once if message.printer == printer]
        findings += audit_printer(items, own, plan.status_timeout, evidence.edge)
        findings += audit_progress(items, own, PROGRESS_STEP)
    findings += [Finding("ghost", str(message)) for message in once if message.printer not in evidence.items]
    lost = {message.job for message in once if message.words == LOST}
    unseen = {message.job for message in once if message.words == UNSEEN}
    ended = {message.job for message in once if message.words.removesuffix(LATE) in _ENDS}
    findings += audit_films(
        once,
        dict(evidence.frames),
        {job for job in ended - lost if job},
        {job for job in lost & ended if job},
        {job for job in (unseen | lost) - ended if job},
    )
    findings += audit_film_order(once, {*_ENDS, LOST, UNSEEN})
    if evidence.marks != len(once):
        findings.append(Finding("twice", f"{len(once)} messages, but {evidence.marks} done-marks"))
    if evidence.dead_letters:
        findings.append(Finding("lost", f"{evidence.dead_letters} messages were given up"))
    findings += [Finding("fault", f"Telegram refused a call: {refusal}") for refusal in evidence.refusals]
    if "Traceback" in evidence.logs:
        findings.append(Finding("fault", "a traceback in the logs"))
    jobs = {message.job for message in once if message.words in _STARTS}
    films = [message for message in once if message.words == FILM]
    statuses = [item for items in evidence.items.values() for item in items if isinstance(item, Status)]
    doubtful = sum(not status.is_sure for status in statuses) / max(1, len(statuses))
    return Verdict(tuple(findings), tuple(repeats), len(jobs), len(evidence.messages), len(films), doubtful)


@dataclass
class Row:
    """A run in the table."""

    plan: Plan
    verdict: Verdict
    seconds: float
    done: Counter[str] = field(default_factory=Counter)

    def cells(self) -> tuple[str, ...]:
        verdict = self.verdict
        counted = Counter(finding.kind for finding in verdict.findings)
        said = "good" if verdict.is_good else ", ".join(f"{n} {kind}" for kind, n in counted.items())
        return (
            str(self.plan.seed),
            self.plan.shape.value,
            str(self.done.total()),
            f"{verdict.jobs}/{self.plan.jobs}",
            str(verdict.told),
            str(len(verdict.repeats)),
            str(verdict.films),
            f"{verdict.doubtful:.0%}",
            f"{self.seconds:.0f}",
            said,
        )


def table(rows: Sequence[Row]) -> str:
    """All runs, and the faults by kind."""
    lines = [_HEADS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADS))]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    kinds = sum((row.done for row in rows), Counter[str]())
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return "\n".join([*(line.rstrip() for line in shown), f"{kinds.total()} faults: {counted}"])
