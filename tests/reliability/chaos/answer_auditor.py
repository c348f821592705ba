"""Compares what people asked with what the bot said: each once, none too late, and a mute that was confirmed
holds. Pure.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.reliability.chaos.auditor import ARRIVAL_SLACK, MARKED_WITHIN, Finding, Interruption
from tests.reliability.chaos.chat import PROGRESS, Message
from tests.reliability.chaos.conversation import Asked, Conversation, Question, Said, kept_back
from tests.reliability.chaos.people import Wish
from tests.reliability.chaos.timeline import Hindrances, Span

_AT_ONCE, _EACH_SECONDS = 5, 6.0  # of one person
# A message whose sender looked right before whether it is muted may come right after.
_ON_ITS_WAY = 4.0
# Progress may be kept back when its turn comes, and that may be as late as the longest faults make it.
_WAITS_AT_MOST = 60.0
_MINUTE = 60.0
_MUTES = frozenset({Wish.MUTE, Wish.MUTE_SHORTLY, Wish.PRESS_MUTE})
_UNMUTES = frozenset({Wish.UNMUTE, Wish.UNMUTE_ALL})


@dataclass(frozen=True, slots=True)
class Answered:
    """How it went with all that was to be answered, a flood left out: `repeats` of answers that a kill or a
    lost answer explains, `refused` by Telegram, as was planned."""

    asked: int = 0
    answered: int = 0
    repeats: int = 0
    refused: int = 0
    findings: tuple[Finding, ...] = ()


def audit_answers(
    conversation: Conversation,
    interruptions: Sequence[Interruption],
    hindrances: Hindrances,
    lives: Sequence[float],
    until: float,
) -> Answered:
    """`lives`: when the answering program was started; `until`: the end of the run."""
    findings: list[Finding] = []
    asked = answered = repeats = refused = 0
    flood: list[Question] = []
    for question in conversation.questions:
        own = sum(one.wants_answer for one in question.asked)
        gaps = _explained_repeats(question.answers, interruptions, hindrances)
        once = max(min(own, len(question.answers)), len(question.answers) - gaps)
        first = question.asked[0]
        repeats += len(question.answers) - once
        if not first.is_of_flood:
            asked, answered = asked + own, answered + min(own, once)
        if once > own:
            kind = "too old" if first.is_stale else "twice" if first.wants_answer else "ghost"
            findings.append(Finding(kind, f"{once} answers to {first}, asked {own} times"))
        if first.is_of_flood:
            flood.append(question)
        elif once < own and question.refused:
            refused += own - once
        elif once < own:
            findings.append(Finding("no answer", f"{once} answers to {first}, asked {own} times"))
    findings += _flooded(flood, lives, until)
    findings += [
        Finding("ghost", f"an answer to nobody: {stray.text[:60]!r}") for stray in conversation.strays
    ]
    findings += _toasts(conversation)
    return Answered(asked, answered, repeats, refused, tuple(findings))


def _explained_repeats(
    answers: Sequence[Said], interruptions: Iterable[Interruption], hindrances: Hindrances
) -> int:
    """How many may be repeats of the one right before: each kill explains one, each lost answer too."""
    left = sorted(interruptions, key=lambda one: one.at)
    explained = 0
    for first, again in itertools.pairwise(answers):
        if first.answered_at is None:
            explained += 1
            continue
        marked_at = hindrances.saved_at(first.answered_at) + MARKED_WITHIN
        cause = next(
            (one for one in left if first.at - ARRIVAL_SLACK <= one.at <= min(marked_at, again.at)), None
        )
        if cause is not None:
            left.remove(cause)
            explained += 1
    return explained


def count_digest_marks(
    conversation: Conversation, interruptions: Sequence[Interruption], hindrances: Hindrances
) -> int:
    """How many done-marks there are besides those of alerts: of digests, and of what was kept back, which
    they tell. A repeat that is explained has no mark of its own."""
    same: dict[str, list[Said]] = {}
    for digest in conversation.digests:
        same.setdefault(digest.text, []).append(digest)
    return sum(
        (len(digests) - _explained_repeats(digests, interruptions, hindrances)) * (1 + kept_back(text))
        for text, digests in same.items()
    )


def _flooded(flood: Sequence[Question], lives: Sequence[float], until: float) -> Iterator[Finding]:
    """Who floods the bot gets as much as anybody may have; each start of the program counts anew."""
    if not flood:
        return
    begun = min(question.asked[0].at for question in flood)
    starts = 1 + sum(begun <= at <= until for at in lives)
    most = _AT_ONCE * starts + (until - begun) / _EACH_SECONDS
    answered = sum(bool(question.answers) for question in flood)
    is_refused = any(question.refused for question in flood)
    if answered > most:
        yield Finding("flood", f"{answered} answers to one who floods, {most:.0f} at most")
    if answered == 0 and not is_refused:
        yield Finding("no answer", "nothing was answered of a flood, not even the first")


def _toasts(conversation: Conversation) -> Iterator[Finding]:
    """Telegram itself takes one answer to a press; whoever goes on where it was broken off tries again."""
    missing = conversation.presses - conversation.toasts
    if missing > conversation.toasts_refused:
        yield Finding("no answer", f"{missing} who pressed saw nothing, {conversation.toasts_refused} may")


def audit_mutes(
    conversation: Conversation, messages: Sequence[Message], hindrances: Hindrances
) -> list[Finding]:
    """No progress of a printer from when its mute was confirmed to when something may have ended it."""
    return [
        Finding("muted", f"{message}, {message.at - begin:.1f} s after {asked} was confirmed")
        for asked, (begin, end) in _sure_mutes(conversation, hindrances)
        for message in messages
        if message.words == PROGRESS
        and message.printer == asked.printer
        and begin + _ON_ITS_WAY < message.at < end
        and not hindrances.is_frozen_within(message.at - _ON_ITS_WAY, message.at)
        and not any(first <= message.at <= last + _ON_ITS_WAY for first, last in conversation.former)
    ]


def _sure_mutes(conversation: Conversation, hindrances: Hindrances) -> Iterator[tuple[Asked, Span]]:
    """A mute holds until its time is over, another one replaces it, or somebody may have ended it."""
    for question in conversation.questions:
        asked = question.asked[0]
        if asked.wish not in _MUTES or not question.answers:
            continue
        confirmed = question.answers[0]
        ends = [
            other.at if other.wish in _UNMUTES else other.at + other.minutes * 60
            for other in _about(conversation, asked.printer)
            if other.at >= asked.at
        ]
        yield asked, (hindrances.saved_at(confirmed.at), min(ends))


def _about(conversation: Conversation, printer: str) -> Iterator[Asked]:
    """All that mutes that printer, or ends a mute of it."""
    for question in conversation.questions:
        for asked in question.asked:
            is_meant = asked.wish is Wish.UNMUTE_ALL or asked.printer == printer
            if asked.wish in _MUTES | _UNMUTES and is_meant:
                yield asked


def may_be_muted(conversation: Conversation, printer: str) -> list[Span]:
    """When progress of that printer may have been kept back: from a moment before, as it may have waited."""
    spans: list[Span] = []
    for question in conversation.questions:
        for asked in question.asked:
            if asked.wish not in _MUTES or asked.printer != printer:
                continue
            last = max((answer.at for answer in question.answers), default=float("inf"))
            ended = [
                other.answers[-1].at
                for other in conversation.questions
                if other.answers
                and other.asked[0].wish in _UNMUTES
                and (other.asked[0].wish is Wish.UNMUTE_ALL or other.asked[0].printer == printer)
                and other.asked[0].at > last
            ]
            spans.append((asked.at - _WAITS_AT_MOST, min([last + asked.minutes * 60, *ended])))
    return spans


def audit_delays(
    late: Iterable[tuple[float, Message]],
    troubled: Sequence[Span],
    alerts: Sequence[float] = (),
    room: int | None = None,
) -> list[Finding]:
    """`late`: alerts that came late, each with the moment since which it could be told. Each has a fault to
    explain it: what people ask is none.

    `room`: of a chat that is paced, what alerts have of a minute whatever is answered. Where so many `alerts`
    came right before, it had to wait for its turn among them.
    """
    return [
        Finding("late", f"{message}, after {message.at - since:.1f} s without a fault")
        for since, message in late
        if not any(begin <= message.at and since <= end for begin, end in troubled)
        and (room is None or sum(message.at - _MINUTE < at < message.at for at in alerts) < room)
    ]
