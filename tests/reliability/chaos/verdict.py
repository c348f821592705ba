"""What came of a run: findings, counts, and the row of the table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.reliability.chaos.answer_auditor import (
    Answered,
    audit_answers,
    audit_delays,
    audit_mutes,
    count_digest_marks,
    may_be_muted,
)
from tests.reliability.chaos.auditor import (
    ENDS,
    FOUND,
    Finding,
    Interruption,
    Repeat,
    audit_disk,
    audit_progress,
    audit_waits,
    explain_printer,
    is_cut_off,
    without_repeats,
)
from tests.reliability.chaos.chat import DISK_FREE, DISK_FULL, FILM, PROGRESS, Message
from tests.reliability.chaos.conversation import Conversation
from tests.reliability.chaos.film_auditor import audit_film_order, audit_films
from tests.reliability.chaos.oracle import LATE, LOST, STARTED, UNSEEN
from tests.reliability.chaos.plan import Plan
from tests.reliability.chaos.timeline import Hindrances, Item, Span, Started, Status

PROGRESS_STEP = 20
PLATE_HASTE = 2.0  # by which a plate is believed sooner than the prints play faster
_HEADS = (
    *("seed", "shape", "faults", "jobs", "told", "repeats", "films", "doubtful"),
    *("asked", "answered", "refused", "again", "seconds", "verdict"),
)
PLATE_BELIEVED = 60.0
CHANGES_A_MINUTE, BURST_MINUTES = 12, 5  # of one printer: no person reads more
_GROUP_A_MINUTE = 20  # what a group takes
_ROOM_FOR_ANSWERS = 2  # times as much: else four printers that print without a rest leave none
_RAN_FOR_SURE = 2.5
_HEADLINE_AFTER = 2.0
_FILM_AFTER = 10.0
_NEVER_SAID = ("Traceback", "Too many open files")


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the auditor goes by. `marks`: how many done-marks of messages the stores hold;
    `dead_letters`: how many messages were given up; `unknown_digests`: digests that an older release set
    aside, so that what was kept back is told an hour later; `refusals`: calls that Telegram found malformed.

    Moments: `sends` of all calls that send, `waits` of those asked to wait, with the seconds; `doubts` when a
    message was refused for no known reason, `headlines` when one was tried without its rest; `flaps` of the
    messages of a flapper; `disks` of those on the bridge's own, `full` the spans in which it was full.
    `troubles`: what else went wrong with the programs. `conversation`: what people asked, if they did;
    `troubled`: spans in which a fault may make an alert late; `answering_since`: the starts of who answers.
    """

    items: Mapping[str, Sequence[Item]]
    messages: Sequence[Message]
    interruptions: Sequence[Interruption]
    edge: Hindrances
    senders: Hindrances
    frames: Mapping[str, int]
    marks: int
    dead_letters: int = 0
    unknown_digests: int = 0
    refusals: Sequence[str] = ()
    sends: Sequence[float] = ()
    waits: Sequence[tuple[float, float]] = ()
    doubts: Sequence[float] = ()
    headlines: Sequence[float] = ()
    flaps: Sequence[float] = ()
    disks: Sequence[float] = ()
    full: Sequence[Span] = ()
    troubles: Sequence[str] = ()
    logs: str = ""
    conversation: Conversation | None = None
    troubled: Sequence[Span] = ()
    answering_since: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """`doubtful`: the share of statuses, given right before a kill or cut, that may have been seen or not."""

    findings: tuple[Finding, ...]
    repeats: tuple[Repeat, ...]
    jobs: int
    told: int
    films: int
    doubtful: float
    answered: Answered = field(default=Answered())

    @property
    def is_good(self) -> bool:
        return not self.findings


def messages_a_minute(plan: Plan) -> int:
    """How many the chat takes, where it is paced: as much more as the prints play faster."""
    return round(_GROUP_A_MINUTE * plan.scale) * (_ROOM_FOR_ANSWERS if plan.requests else 1)


def judge(plan: Plan, evidence: Evidence) -> Verdict:
    """The whole run audited."""
    all_once, repeats, findings = without_repeats(evidence.messages, evidence.interruptions, evidence.senders)
    once = [message for message in all_once if message.words not in (DISK_FULL, DISK_FREE)]
    files, talk = plan.files, evidence.conversation
    late: list[tuple[float, Message]] = []
    by_file = [replace(message, job=files.get(message.job or "", message.job)) for message in once]
    for printer, items in evidence.items.items():
        own = [message for message in once if message.printer == printer]
        wrong, own_late = explain_printer(items, own, plan.status_timeout, evidence.edge)
        findings, late = findings + wrong, late + own_late
        if not plan.has_flapper:  # beside one, percents wait for their turn
            findings += audit_progress(
                [_by_file(item, files) for item in items],
                [message for message in by_file if message.printer == printer],
                PROGRESS_STEP,
                PLATE_BELIEVED / (PLATE_HASTE * plan.scale),
                may_be_muted(talk, printer) if talk is not None else (),
            )
    findings += [Finding("ghost", str(message)) for message in once if message.printer not in evidence.items]
    findings += audit_film_order(by_file)
    findings += audit_waits(evidence.waits, evidence.sends, evidence.senders, evidence.interruptions)
    findings += _films(plan, evidence, once)
    findings += _flapping(plan, evidence)
    full = [message.at for message in all_once if message.words == DISK_FULL]
    free = [message.at for message in all_once if message.words == DISK_FREE]
    findings += audit_disk([*evidence.disks, *full], free, evidence.full)
    findings += [Finding("fault", trouble) for trouble in evidence.troubles]
    findings += [
        Finding("ghost", "a message without its rest, though nothing was doubtful")
        for at in evidence.headlines
        if not any(at - _HEADLINE_AFTER <= doubt <= at for doubt in evidence.doubts)
    ]
    answered = Answered()
    if talk is not None:
        room = messages_a_minute(plan) // 2 if plan.is_paced else None
        findings += audit_delays(late, evidence.troubled, [message.at for message in all_once], room)
        answered = _answered(talk, evidence)
        findings += [*answered.findings, *audit_mutes(talk, all_once, evidence.senders)]
    marked = len(all_once)
    if talk is not None:
        marked += count_digest_marks(talk, evidence.interruptions, evidence.senders)
    may_be_more = evidence.unknown_digests > 0 and evidence.marks > marked
    told_and_kept_back = 0
    if talk is not None:  # it was told, its sender was killed, and by its next turn its printer was muted
        told_and_kept_back = sum(
            message.words == PROGRESS and is_cut_off(message, evidence.interruptions, evidence.senders)
            for message in all_once
        )
    is_marked = marked - told_and_kept_back <= evidence.marks <= marked
    if not is_marked and not may_be_more and not plan.has_flapper:
        findings.append(Finding("twice", f"{marked} messages, but {evidence.marks} done-marks"))
    if evidence.dead_letters:
        findings.append(Finding("lost", f"{evidence.dead_letters} messages were given up"))
    findings += [Finding("fault", f"Telegram refused a call: {refusal}") for refusal in evidence.refusals]
    findings += [
        Finding("fault", f"{words!r} in the logs") for words in _NEVER_SAID if words in evidence.logs
    ]
    jobs = {message.job for message in by_file if message.words in FOUND | {STARTED}}
    films = [message for message in once if message.words == FILM]
    statuses = [item for items in evidence.items.values() for item in items if isinstance(item, Status)]
    doubtful = sum(not status.is_sure for status in statuses) / max(1, len(statuses))
    told = len(evidence.messages)
    return Verdict(tuple(findings), tuple(repeats), len(jobs), told, len(films), doubtful, answered)


def _answered(talk: Conversation, evidence: Evidence) -> Answered:
    return audit_answers(
        talk,
        evidence.interruptions,
        evidence.senders,
        evidence.answering_since,
        max((message.at for message in evidence.messages), default=0.0),
    )


def _by_file(item: Item, files: Mapping[str, str]) -> Item:
    """With the name of the job, whatever the file is called meanwhile."""
    if not isinstance(item, Status):
        return item
    name = item.heard.name
    return replace(item, heard=replace(item.heard, name=files.get(name or "", name)))


def _flapping(plan: Plan, evidence: Evidence) -> list[Finding]:
    """A printer that changes without end is told of as often as the edge lets it through, no more.

    That it takes no other printer's turns is seen by the others' messages: they would be late, and lost.
    """
    if not evidence.flaps:
        return []
    lives = [item.at for item in next(iter(evidence.items.values())) if isinstance(item, Started)]
    minutes = (evidence.flaps[-1] - lives[0]) / 60
    most = CHANGES_A_MINUTE * plan.scale * (BURST_MINUTES * len(lives) + minutes)
    told = len(evidence.flaps)
    return [Finding("flood", f"{told} messages of the flapper, {most:.0f} at most")] if told > most else []


def _films(plan: Plan, evidence: Evidence, exact: Sequence[Message]) -> list[Finding]:
    """Films of a job that was split by its names, or hardly ran, have no certain length."""
    files = plan.files
    split = {
        files.get(one.job or "")
        for one in exact
        if one.words in FOUND and files.get(one.job or "") != one.job
    }
    once = [replace(one, job=files.get(one.job or "", one.job)) for one in exact]
    lost = {message.job for message in once if message.words == LOST}
    unseen = {message.job for message in once if message.words == UNSEEN}
    ended = {message.job for message in once if message.words.removesuffix(LATE) in ENDS}
    over = {job for job in unseen | lost | ended if job}
    frames: Counter[str] = Counter()
    for name, count in evidence.frames.items():
        frames[files.get(name, name)] += count
    items = [item for one in evidence.items.values() for item in one]
    is_plain = _surely_ran([_by_file(item, files) for item in items]) - unseen - split
    touched = _touched([_by_file(item, files) for item in items], evidence.full)
    is_plain -= touched
    return audit_films(
        once,
        frames,
        over & is_plain & ended - lost,
        over & is_plain & ended & lost,
        over - (is_plain & ended),
        touched,
    )


def _touched(items: Sequence[Item], full: Sequence[Span]) -> set[str | None]:
    """Jobs that were there, or whose film was made, while the disk was full: frames may be missing."""
    heard: dict[str | None, list[float]] = {}
    for item in items:
        if isinstance(item, Status):
            heard.setdefault(item.heard.name, []).append(item.at)
    return {
        name
        for name, moments in heard.items()
        if any(min(moments) <= end and begin <= max(moments) + _FILM_AFTER for begin, end in full)
    }


def _surely_ran(items: Sequence[Item]) -> set[str | None]:
    """Jobs that were seen running for long enough on one connection."""
    ran: set[str | None] = set()
    since: dict[str | None, float] = {}
    for item in items:
        if not isinstance(item, Status):
            since.clear()
            continue
        name = item.heard.name
        has_run = item.heard.state in ("RUNNING", "PAUSE") and item.is_sure
        if has_run and item.at - since.setdefault(name, item.at) >= _RAN_FOR_SURE:
            ran.add(name)
    return ran


@dataclass
class Row:
    """A run in the table."""

    plan: Plan
    verdict: Verdict
    seconds: float
    done: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

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
            str(verdict.answered.asked),
            str(verdict.answered.answered),
            str(verdict.answered.refused),
            str(verdict.answered.repeats),
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
