"""Compares what the printers really did with what the chat got. Pure.

The cheapest explanation of the whole chat by the rules is looked for: a message that the rules ask for and
nobody sent is lost, one that was sent and nothing asks for is a ghost (or there twice), and both of the same
words stand in the wrong order.
"""

import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from tests.reliability.chaos.chat import FILM, PROGRESS, Message
from tests.reliability.chaos.oracle import (
    ALREADY,
    ALREADY_PAUSED,
    CANCELLED,
    ENDED,
    FAILED,
    FINISHED,
    LATE,
    Outcome,
    Told,
    World,
    at_last,
    outcomes,
)
from tests.reliability.chaos.timeline import Hindrances, Item, Span, Status

ARRIVAL_SLACK = 0.5  # a message on its way at a kill may arrive after it
MARKED_WITHIN = 1.0
HELD_WITHIN = 3.5
TOLD_WITHIN = 15.0
_TOO_EARLY = 0.5
_FALL = 20
_BELIEF_SLACK = 2.0
_KNOWN_WITHIN = 0.8
_CLOCKS_DIFFER = 0.1
ENDS = frozenset({FINISHED, FAILED, CANCELLED, ENDED})
FOUND = frozenset({ALREADY, ALREADY_PAUSED})
_SPARE_COST = 3
_MANY_WORLDS = 500  # more are seconds of work for each status


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
    """The chat with each message once; each interruption explains one repeat in each line, next in order."""
    once: list[Message] = []
    repeats: list[Repeat] = []
    findings: list[Finding] = []
    for group in _lines(messages):
        left = sorted(interruptions, key=lambda one: one.at)
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


def _lines(messages: Sequence[Message]) -> list[list[Message]]:
    """Each printer's messages come one after the other, and so do the films of all."""
    lines: dict[str | None, list[Message]] = {}
    for message in messages:
        lines.setdefault(None if message.words == FILM else message.printer, []).append(message)
    return list(lines.values())


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


def is_cut_off(message: Message, interruptions: Iterable[Interruption], hindrances: Hindrances) -> bool:
    """Whether its sender may have ended before it was marked, so that it comes to its turn once more."""
    return _cause(message, replace(message, at=float("inf")), list(interruptions), hindrances) is not None


def audit_printer(
    items: Sequence[Item], messages: Sequence[Message], status_timeout: float, hindrances: Hindrances
) -> list[Finding]:
    """What is wrong with the messages (each once, films and progress left out) of one printer."""
    return explain_printer(items, messages, status_timeout, hindrances)[0]


def explain_printer(
    items: Sequence[Item], messages: Sequence[Message], status_timeout: float, hindrances: Hindrances
) -> tuple[list[Finding], list[tuple[float, Message]]]:
    """As `audit_printer`; and those that came late, each with the moment since which it could be told."""
    told = [message for message in messages if message.words not in (PROGRESS, FILM)]
    places = {(World(), 0): _Explained()}
    for item in items:
        ahead = functools.partial(outcomes, item=item, status_timeout=status_timeout, hindrances=hindrances)
        places = _after(places, ahead, told)
    places = _after(places, functools.partial(at_last, hindrances=hindrances), told)
    ends = [one + _Explained((), tuple(told[place:])) for (_, place), one in places.items()]
    best = min(ends, key=lambda one: one.cost)
    return best.findings(told), list(best.late)


def _after(
    places: "Places", ahead: Callable[[World], Iterable[Outcome]], told: Sequence[Message]
) -> "Places":
    """The cheapest explanations of all worlds that may follow, hopeless ones left out: those that cost more
    than another by far, and where there are very many, those that cost more at all. One that costs nothing in
    the end costs nothing on the way."""
    after: Places = {}
    for (world, place), explained in places.items():
        for next_world, wanted in ahead(world):
            for next_place, more in _aligned(wanted, told, place):
                key, candidate = (next_world, next_place), explained + more
                if key not in after or candidate.cost < after[key].cost:
                    after[key] = candidate
    spare = _SPARE_COST if len(after) <= _MANY_WORLDS else 0
    limit = min(one.cost for one in after.values()) + spare
    return {key: one for key, one in after.items() if one.cost <= limit}


@dataclass(frozen=True, slots=True)
class _Explained:
    lost: tuple[Told, ...] = ()
    extra: tuple[Message, ...] = ()
    late: tuple[tuple[float, Message], ...] = ()

    @property
    def cost(self) -> int:
        return len(self.lost) + len(self.extra)

    def __add__(self, other: "_Explained") -> "_Explained":
        return _Explained(self.lost + other.lost, self.extra + other.extra, self.late + other.late)

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


Places: TypeAlias = dict[tuple[World, int], _Explained]


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
                    late = ((one.since, message),) if message.at - one.since > TOLD_WITHIN else ()
                    further.append((begin + number + 1, explained + _Explained(extra=passed, late=late)))
        ways = further
    return ways


def _is(message: Message, wanted: Told) -> bool:
    return message.words == wanted.words and (wanted.job is None or message.job == wanted.job)


def audit_progress(
    items: Sequence[Item],
    messages: Sequence[Message],
    step: int,
    believed_after: float,
    muted: Sequence[Span] = (),
) -> list[Finding]:
    """Percents as they were, forward only on one plate, each of its steps told once, and none left out that
    stood long enough. A percent that fell is another plate when it stays down for `believed_after` seconds.

    `muted`: when a step that was seen may have been kept back.
    """
    findings: list[Finding] = []
    for job in sorted({message.job for message in messages if message.job and message.words != FILM}):
        own = [one for one in messages if one.job == job and one.percent is not None and one.words != FILM]
        percents = _percents(items, job)
        anew = [at + believed_after - _BELIEF_SLACK for at in _falls(percents)]
        anew += [one.at for one in messages if one.job == job and one.words in FOUND]  # its steps begin there
        findings += _wrongly_told(own, percents, sorted(anew), step)
    for job in {item.heard.name for item in items if isinstance(item, Status) and item.heard.name}:
        own = [one for one in messages if one.job == job and one.percent is not None and one.words != FILM]
        findings += [
            Finding("lost", f"progress of {job} from {number * step} %")
            for number, since, seen in sorted(_steps_that_stood(items, job, step, believed_after))
            if not any(one.percent // step == number and one.at >= since for one in own if one.percent)
            and not _is_within(seen, muted)
        ]
    return findings


def _is_within(at: float, spans: Sequence[Span]) -> bool:
    return any(begin <= at <= end for begin, end in spans)


def _wrongly_told(
    messages: Sequence[Message], percents: Sequence[tuple[float, int]], anew: Sequence[float], step: int
) -> Iterator[Finding]:
    """`anew`: the moments at which the steps may begin anew, at the earliest."""
    told: list[int] = []  # of progress, since the percent was last lower
    falls = 0
    steps: Counter[int] = Counter()
    for message in messages:
        percent = message.percent or 0
        highest = max((p for at, p in percents if at <= message.at + _TOO_EARLY), default=None)
        if highest is None or percent > highest:
            yield Finding("ghost", f"{message}: it had come to {highest} % only")
        may_begin_anew = sum(at <= message.at for at in anew)
        is_end = message.words.removesuffix(LATE) in ENDS
        if (is_end or message.words == PROGRESS) and told and percent < max(told):
            falls += 1
            if falls > may_begin_anew:
                yield Finding("wrong order", f"{message} after {max(told)} %")
            told = []
        if message.words == PROGRESS:
            told.append(percent)
            steps[percent // step] += 1
            if steps[percent // step] > 1 + may_begin_anew:
                yield Finding("twice", f"{message}: a step is told once")


def _percents(items: Sequence[Item], job: str) -> list[tuple[float, int]]:
    return [
        (item.at, item.heard.percent)
        for item in items
        if isinstance(item, Status)
        and item.heard.name == job
        and item.heard.percent is not None
        and item.heard.state != "PREPARE"
    ]


def _falls(percents: Sequence[tuple[float, int]]) -> list[float]:
    """When the percent fell by much: that it is read again lower by a few is none."""
    falls: list[float] = []
    highest = 0
    for at, percent in percents:
        if highest - percent >= _FALL:
            falls.append(at)
            highest = percent
        highest = max(highest, percent)
    return falls


def _steps_that_stood(
    items: Sequence[Item], job: str, step: int, believed_after: float
) -> set[tuple[int, float, float]]:
    """Steps that surely were seen, on one connection, for longer than a percent is held back; since when they
    may be told, and when each was seen first.

    Those of a later plate once it is surely believed to be one, as long as no connection ended meanwhile.
    """
    found: dict[tuple[int, float], float] = {}
    number, since = 0, 0.0
    highest, fell_at = 0, None
    is_first_plate = True
    for item in items:
        if not isinstance(item, Status):
            number = 0
            if fell_at is not None or not is_first_plate:
                break  # nobody knows for sure what it takes the percent for
            continue
        heard, at = item.heard, item.seen_at
        percent = heard.percent if heard.percent is not None else number * step
        is_running = heard.state == "RUNNING" and heard.name == job and item.is_sure and percent < 100
        if heard.name == job and heard.state == "RUNNING" and heard.percent is not None:
            if fell_at is None and highest - percent >= _FALL:
                fell_at = at
            elif fell_at is not None and highest - percent < _FALL / 2:
                fell_at = None
            if fell_at is not None and at - fell_at > believed_after + _BELIEF_SLACK:
                highest, fell_at, is_first_plate = percent, None, False
            highest = max(highest, percent) if fell_at is None else highest
        if not is_running or percent // step != number or fell_at is not None:
            number, since = (percent // step, at) if is_running and fell_at is None else (0, 0.0)
        elif number > 0 and at - since >= HELD_WITHIN:
            told_since = since - _TOO_EARLY if not is_first_plate else 0.0
            found.setdefault((number, told_since), since)
    return {(number, told_since, since) for (number, told_since), since in found.items()}


def audit_disk(told: Sequence[float], over: Sequence[float], full: Sequence[Span]) -> list[Finding]:
    """That the disk is full is told no more often than it was, and that it is over after that only.

    `over` is empty where that is not told.
    """
    findings: list[Finding] = []
    for number, at in enumerate(sorted(told), start=1):
        if number > sum(begin <= at for begin, _ in full):
            findings.append(Finding("twice", "a disk that was full was told of more often than that"))
    for number, at in enumerate(sorted(over), start=1):
        if number > sum(other <= at for other in told):
            findings.append(Finding("ghost", "a disk has room again that was not told to be full"))
    return findings


def audit_waits(
    waits: Iterable[tuple[float, float]],
    sends: Sequence[float],
    hindrances: Hindrances,
    interruptions: Sequence[Interruption],
) -> list[Finding]:
    """Whoever is asked to wait sends nothing meanwhile, no film either: from the moment that all can know of
    it. One that was frozen, killed or on a slow disk then may not have known."""
    findings: list[Finding] = []
    for at, seconds in waits:
        known_at, until = at + _KNOWN_WITHIN, at + seconds - _CLOCKS_DIFFER
        is_killed = any(at - _KNOWN_WITHIN <= one.at <= known_at for one in interruptions)
        if (
            is_killed
            or hindrances.saved_at(at) > at + MARKED_WITHIN
            or hindrances.is_frozen_within(at, until)
        ):
            continue
        findings += [
            Finding("too soon", f"sent {send - at:.2f} s after Telegram asked to wait {seconds:g} s")
            for send in sends
            if known_at < send < until
        ]
    return findings
