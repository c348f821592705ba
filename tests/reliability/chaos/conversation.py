"""What people asked and what the bot said to it: which message answers whom. Pure.

A command's answer is a reply to it. What is said after a press is told by its words: who looked, or until
when a printer is muted, which is another time for each button.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.reliability.chaos.people import FLOODER, STALE_SECONDS, Wish

FIRST_MESSAGE = 100_000  # the numbers of what people write; the bot's own are small
_DAY_MINUTES = 24 * 60
_SAID_WITHIN_MINUTES = 9  # buttons mute for times that are further apart, whenever both are pressed
_MUTED = re.compile(r"🔕 (?P<printer>.+?) is muted until (?:\w{3} )?(?P<hour>\d\d):(?P<minute>\d\d) UTC\.")
_FINE = re.compile(r"👌 (?P<printer>.+?): Person (?P<person>\d+) looked: all is well\.")
_DIGEST = re.compile(r"🔔 (?:\S+: no longer muted|No longer muted)")
_KEPT_BACK = re.compile(r"Kept back: (\d+) progress message")
_JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Asked:
    """`number`: of the message that was written, or of the press; `at`: when, on the wall; `age`: as if so
    many seconds before. `minutes`: of a mute."""

    number: int
    wish: Wish
    person: int
    printer: str
    at: float
    age: int = 0
    minutes: int = 0

    @property
    def is_of_flood(self) -> bool:
        return self.person == FLOODER

    @property
    def is_stale(self) -> bool:
        return self.age >= STALE_SECONDS

    @property
    def wants_answer(self) -> bool:
        """Of this bot, and still."""
        return not self.is_stale and self.wish is not Wish.STATUS_OF_ANOTHER_BOT

    def __str__(self) -> str:
        what = self.wish.format(self.printer) if not self.wish.is_press else f"{self.wish} of {self.printer}"
        return f"{what} (person {self.person}{f', {self.age} s old' if self.age else ''})"


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the bot. `reply_to`: the number of what it answers; `answered_at`: when its sender had
    Telegram's answer, None: never."""

    text: str
    at: float
    answered_at: float | None = None
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that Telegram refused, as was planned."""

    text: str
    at: float
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What one or more people asked in the same words, so that one answer is as good for it as another."""

    asked: tuple[Asked, ...]
    answers: tuple[Said, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """`questions` with their answers; `digests` of what mutes kept back; `strays`: answers to nobody.

    `presses` were made, `toasts` of them seen; `toasts_refused`: answers to a press that Telegram met with
    "wait" or a planned refusal.
    """

    questions: tuple[Question, ...] = ()
    digests: tuple[Said, ...] = ()
    strays: tuple[Said, ...] = ()
    presses: int = 0
    toasts: int = 0
    toasts_refused: int = 0
    former: tuple[tuple[float, float], ...] = field(default=())


def is_digest(text: str) -> bool:
    return _DIGEST.match(_plain(text)) is not None


def kept_back(digest: str) -> int:
    """How many progress messages it says were kept back."""
    found = _KEPT_BACK.search(digest)
    return int(found[1]) if found is not None else 0


def is_answer(text: str, reply_to: int | None) -> bool:
    """Whether somebody asked for it."""
    plain = _plain(text)
    is_reply = reply_to is not None and reply_to >= FIRST_MESSAGE
    return is_reply or _MUTED.match(plain) is not None or _FINE.match(plain) is not None


def questions_of(
    asked: Sequence[Asked], said: Iterable[Said], refused: Iterable[Refused]
) -> tuple[tuple[Question, ...], tuple[Said, ...]]:
    """`said`: answers only, in the order of the chat. And those that answer nothing that was asked."""
    groups: dict[object, list[Asked]] = {}
    for one in asked:
        groups.setdefault(_key_of(one), []).append(one)
    answers: dict[object, list[Said]] = {key: [] for key in groups}
    strays: list[Said] = []
    for message in said:
        found = answers.get(_answered_by(message.text, message.reply_to, asked), strays)
        found.append(message)
    refusals: dict[object, list[Refused]] = {}
    for call in refused:
        refusals.setdefault(_answered_by(call.text, call.reply_to, asked), []).append(call)
    questions = [
        Question(tuple(group), tuple(answers[key]), tuple(refusals.get(key, ())))
        for key, group in groups.items()
    ]
    return tuple(questions), tuple(strays)


def _key_of(asked: Asked) -> object:
    match asked.wish:
        case Wish.PRESS_MUTE:
            return asked.wish, asked.printer, asked.minutes
        case Wish.PRESS_FINE:
            return asked.wish, asked.printer, asked.person
        case _:
            return asked.number


def _answered_by(text: str, reply_to: int | None, asked: Sequence[Asked]) -> object:
    if reply_to is not None:
        return reply_to
    plain = _plain(text)
    if (muted := _MUTED.match(plain)) is not None:
        until = int(muted["hour"]) * 60 + int(muted["minute"])
        return Wish.PRESS_MUTE, muted["printer"], _minutes_of(muted["printer"], until, asked)
    if (fine := _FINE.match(plain)) is not None:
        return Wish.PRESS_FINE, fine["printer"], int(fine["person"])
    return None


def _minutes_of(printer: str, until: int, asked: Sequence[Asked]) -> int | None:
    """For how long it was muted, by the minute of the day: as long as the button says that fits."""
    for one in asked:
        if one.wish is not Wish.PRESS_MUTE or one.printer != printer:
            continue
        begun = one.at / 60 + one.minutes
        if (until + 1 - begun) % _DAY_MINUTES < _SAID_WITHIN_MINUTES:
            return one.minutes
    return None


def _plain(text: str) -> str:
    return text.replace(_JOINER, "")
