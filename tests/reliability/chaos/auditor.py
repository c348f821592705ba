"""Compares what the printers really did with what the chat got. Pure.

The cheapest explanation of the whole chat by the rules is looked for: a message that the rules ask for and
nobody sent is lost, one that was sent and nothing asks for is a ghost (or there twice), and both of the same
words stand in the wrong order.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from tests.reliability.chaos.chat import FILM, PROGRESS, Message
from tests.reliability.chaos.oracle import LATE, Told, World, outcomes
from tests.reliability.chaos.timeline import Hindrances, Item, Status

ARRIVAL_SLACK = 0.5  # a message on its way at a kill may arrive after it
MARKED_WITHIN = 1.0
HELD_WITHIN = 3.0
_TOO_EARLY = 0.5
_SPARE_COST = 3
_MOST_COST = 40


@dataclass(frozen=True, slots=True)
class Interruption:
    """Something that may have cut a sender off between a send and its done-mark."""

    at: float
    what: str


@dataclass(frozen=True, slots=True)
class Repeat:
    message: Message
    cause: Interruption


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: lost, twice, ghost, wrong order, film."""

    kind: str
    what: str


def without_repeats(
    messages: Sequence[Message], interruptions: Iterable[Interruption], hindrances: Hindrances
) -> tuple[list[Message], list[Repeat], list[Finding]]:
    """The chat with each message once; each interruption explains one repeat, next in order, at most."""
    left = sorted(interruptions, key=lambda one: one.at)
    once: list[Message] = []
    repeats: list[Repeat] = []
    findings: list[Finding] = []
    groups: dict[tuple[str, bool], list[Message]] = {}  # as they wait: in order within a printer, films apart
    for message in messages:
        groups.setdefault((message.printer, message.words == FILM), []).append(message)
    for group in groups.values():
        before: Message | None = None
        for message in group:
            if before is None or message.key != before.key:
                once.append(message)
            elif (cause := _cause(before, message, left, hindrances)) is None:
                findings.append(Finding("twice", f"{message}, and nothing explains it"))
            else:
                repeats.append(Repeat(message, cause))
            before = message
    return sorted(once, key=lambda message: message.at), repeats, findings


def _cause(
    first: Message, again: Message, left: list[Interruption], hindrances: Hindrances
) -> Interruption | None:
    if first.answered_at is None:
        return Interruption(first.at, "its answer was lost")
    marked_at = hindrances.saved_at(first.answered_at) + MARKED_WITHIN
    for one in left:
        if first.at - ARRIVAL_SLACK <= one.at <= min(marked_at, again.at):
            left.remove(one)
            return one
    return None


def audit_printer(
    items: Sequence[Item], messages: Sequence[Message], status_timeout: float, hindrances: Hindrances
) -> list[Finding]:
    """What is wrong with the messages (each once, films and progress left out) of one printer."""
    told = [message for message in messages if message.words not in (PROGRESS, FILM)]
    places: dict[tuple[World, int], _Explained] = {(World(), 0): _Explained()}
    for item in items:
        after: dict[tuple[World, int], _Explained] = {}
        for (world, place), explained in places.items():
            for next_world, wanted in outcomes(world, item, status_timeout, hindrances):
                for next_place, more in _aligned(wanted, told, place):
                    key, candidate = (next_world, next_place), explained + more
                    if key not in after or candidate.cost < after[key].cost:
                        after[key] = candidate
        cheapest = min(one.cost for one in after.values())
        limit = min(cheapest + _SPARE_COST, _MOST_COST)
        places = {key: one for key, one in after.items() if one.cost <= limit}
        if not places:
            return [Finding("lost", "nothing explains this chat at all")]
    ends = [one + _Explained((), tuple(told[place:])) for (_, place), one in places.items()]
    return min(ends, key=lambda one: one.cost).findings(told)


@dataclass(frozen=True, slots=True)
class _Explained:
    lost: tuple[Told, ...] = ()
    extra: tuple[Message, ...] = ()

    @property
    def cost(self) -> int:
        return len(self.lost) + len(self.extra)

    def __add__(self, other: "_Explained") -> "_Explained":
        return _Explained(self.lost + other.lost, self.extra + other.extra)

    def findings(self, told: Sequence[Message]) -> list[Finding]:
        found: list[Finding] = []
        lost = list(self.lost)
        for message in self.extra:
            same = next((one for one in lost if (one.words, one.job) == (message.words, message.job)), None)
            if same is not None:
                lost.remove(same)
                found.append(Finding("wrong order", str(message)))
                continue
            is_there = sum(one.key == message.key for one in told) > 1
            found.append(Finding("twice" if is_there else "ghost", str(message)))
        return found + [Finding("lost", f"{one.words} ({one.job})") for one in lost]


def _aligned(wanted: tuple[Told, ...], told: Sequence[Message], place: int) -> list[tuple[int, _Explained]]:
    """The ways to find these messages from that place of the chat on, none of them before its time."""
    ways = [(place, _Explained())]
    for one in wanted:
        further: list[tuple[int, _Explained]] = []
        for begin, explained in ways:
            further.append((begin, explained + _Explained(lost=(one,))))
            for number, message in enumerate(told[begin : begin + _SPARE_COST + 1]):
                if _is(message, one) and message.at >= one.since - _TOO_EARLY:
                    passed = tuple(told[begin : begin + number])
                    further.append((begin + number + 1, explained + _Explained(extra=passed)))
        ways = further
    return ways


def _is(message: Message, wanted: Told) -> bool:
    return message.words == wanted.words and (wanted.job is None or message.job == wanted.job)


def audit_progress(items: Sequence[Item], messages: Sequence[Message], step: int) -> list[Finding]:
    """Percents as they were, forward only, each step told once, and none left out that stood long enough."""
    findings: list[Finding] = []
    shown: dict[str, list[int]] = {}
    steps: dict[str, set[int]] = {}
    for message in messages:
        job, percent = message.job, message.percent
        if job is None or percent is None or message.words == FILM:
            continue
        highest = max((p for at, p in _percents(items, job) if at <= message.at + _TOO_EARLY), default=None)
        if highest is None or percent > highest:
            findings.append(Finding("ghost", f"{message}: it had come to {highest} % only"))
        before = shown.setdefault(job, [])
        if before and percent < before[-1]:
            findings.append(Finding("wrong order", f"{message} after {before[-1]} %"))
        before.append(percent)
        if message.words == PROGRESS:
            if percent // step in steps.setdefault(job, set()):
                findings.append(Finding("twice", f"{message}: a step is told once"))
            steps[job].add(percent // step)
    for job in {item.heard.name for item in items if isinstance(item, Status) and item.heard.name}:
        told = {percent // step for percent in shown.get(job, [])}
        findings += [
            Finding("lost", f"progress of {job} from {number * step} %")
            for number in sorted(_steps_that_stood(items, job, step) - told)
        ]
    return findings


def _percents(items: Sequence[Item], job: str) -> list[tuple[float, int]]:
    return [
        (item.at, item.heard.percent)
        for item in items
        if isinstance(item, Status)
        and item.heard.name == job
        and item.heard.percent is not None
        and item.heard.state != "PREPARE"
    ]


def _steps_that_stood(items: Sequence[Item], job: str, step: int) -> set[int]:
    """Steps that surely were seen, on one connection, for longer than a percent is held back."""
    found: set[int] = set()
    number, since = 0, 0.0
    for item in items:
        if not isinstance(item, Status):
            number = 0
            continue
        heard = item.heard
        percent = heard.percent if heard.percent is not None else number * step
        is_running = heard.state == "RUNNING" and heard.name == job and item.is_sure and percent < 100
        if not is_running or percent // step != number:
            number, since = (percent // step, item.at) if is_running else (0, 0.0)
        elif number > 0 and item.at - since >= HELD_WITHIN:
            found.add(number)
    return found


def audit_film_order(messages: Sequence[Message], ends: Collection[str]) -> list[Finding]:
    """`messages` each once, in order; `ends`: words that tell the end of a job. A film comes behind them."""
    told: set[str | None] = set()
    findings = []
    for message in messages:
        if message.words.removesuffix(LATE) in ends:
            told.add(message.job)
        elif message.words == FILM and message.job not in told:
            findings.append(Finding("wrong order", f"{message} before the message of its end"))
    return findings


def audit_films(
    messages: Sequence[Message],
    frames: dict[str, int],
    ended: Iterable[str],
    restored: Iterable[str] = (),
    unheard: Iterable[str] = (),
) -> list[Finding]:
    """`messages` each once; `frames`: how many are kept of each job.

    `ended`: jobs that ended by the printer's word, watched all along; `restored`: by its word after they had
    been taken as ended, so with a film before; `unheard`: jobs whose film ends where they were last heard of.
    """
    findings: list[Finding] = []
    films: dict[str, list[Message]] = {}
    for message in messages:
        if message.words == FILM:
            films.setdefault(message.job or "", []).append(message)
        elif message.words.startswith("no timelapse"):
            findings.append(Finding("film", str(message)))
    ended, restored, unheard = set(ended), set(restored), set(unheard)
    for job in sorted(ended | restored | unheard | set(films)):
        made, kept = films.get(job, []), frames.get(job, 0)
        if not made:
            if kept >= 2 and job not in unheard:
                findings.append(Finding("film", f"no film of {job}, of which {kept} frames are kept"))
            continue
        last = made[-1]
        if job not in ended | restored | unheard:
            findings.append(Finding("ghost", str(last)))
        if len(made) > 1 and job in ended:
            findings.append(Finding("twice", f"{len(made)} films of {job}"))
        if last.missing:
            findings.append(Finding("film", f"{last}: {last.missing} frames are missing"))
        least = {True: kept, False: int((kept - 5) / 1.02)}[job in ended] if job not in unheard else 2
        if not least <= last.frames <= kept:
            findings.append(Finding("film", f"{last} has {last.frames} frames of the {kept} that are kept"))
    return findings
