"""What people ask of the bot in a run, and when: a pure function of the seed."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

_EVERY_SECONDS = 1.2
_FEWEST = 12
_AT_FIRST = 1.0
# Of the five that one person may ask at once (a handful of buttons): nobody but the flooder is refused.
_EACH_AT_MOST = 4
_FLOOD = 16
_TOGETHER = 0.25
FLOODER = 99
_FIRST_PERSON = 100
# Since a question was written, as its date says. Past five minutes nobody wants an answer.
STALE_SECONDS, WAITED_SECONDS = 400, 120
# Buttons of one printer mute it for times so far apart that its answer tells which was pressed.
_MUTE_STEP_MINUTES = 15


class Wish(StrEnum):
    """What is asked; a command's value is its text, with the printer's name in the braces."""

    STATUS = "/status"
    STATUS_OF_ONE = "/status {}"
    PHOTO = "/photo {}"
    PRINTERS = "/printers"
    ETA = "/eta"
    ERRORS = "/errors"
    HISTORY = "/history"
    FILM = "/film {}"
    STATS = "/stats"
    QUIET = "/quiet"
    HELP = "/help"
    MUTE = "/mute {} 2h"
    MUTE_SHORTLY = "/mute {} 1m"
    UNMUTE = "/unmute {}"
    UNMUTE_ALL = "/unmute"
    STATUS_BY_NAME = "/status@bridge_bot"
    STATUS_OF_ANOTHER_BOT = "/status@other_bot"
    PRESS_MUTE = "mute by a button"
    PRESS_FINE = "looks fine by a button"

    @property
    def is_press(self) -> bool:
        return self in (Wish.PRESS_MUTE, Wish.PRESS_FINE)


_WEIGHTS = {
    Wish.STATUS: 3,
    Wish.STATUS_OF_ONE: 2,
    Wish.STATUS_BY_NAME: 2,
    Wish.STATUS_OF_ANOTHER_BOT: 2,
    Wish.PHOTO: 4,
    Wish.PRINTERS: 1,
    Wish.ETA: 1,
    Wish.ERRORS: 1,
    Wish.HISTORY: 1,
    Wish.FILM: 1,
    Wish.STATS: 1,
    Wish.QUIET: 1,
    Wish.HELP: 1,
    Wish.MUTE: 2,
    Wish.MUTE_SHORTLY: 1,
    Wish.UNMUTE: 2,
    Wish.PRESS_MUTE: 4,
    Wish.PRESS_FINE: 2,
}


@dataclass(frozen=True, slots=True)
class Request:
    """Asked `at` seconds into the run by that person, of the printer of that number; `age`: as if it had been
    written so many seconds before. `minutes`: of a mute. `is_in_topic`: else beside all topics."""

    at: float
    wish: Wish
    person: int
    printer: int
    age: int = 0
    minutes: int = 0
    is_in_topic: bool = True


def make_requests(random: Random, seconds: float, printers: int) -> tuple[Request, ...]:
    """In the order of time; the last one ends all mutes. One person floods the bot."""
    asked = sorted(_asked(random, seconds, printers), key=lambda request: request.at)
    people = math.ceil(len(asked) / _EACH_AT_MOST)
    named = [replace(request, person=_FIRST_PERSON + number % people) for number, request in enumerate(asked)]
    flood_at = round(random.uniform(_AT_FIRST, seconds), 3)
    flood = [Request(flood_at, Wish.HELP, FLOODER, 0) for _ in range(_FLOOD)]
    end = Request(round(seconds, 3), Wish.UNMUTE_ALL, _FIRST_PERSON + people, 0)
    return (*sorted([*named, *flood], key=lambda request: request.at), end)


def _asked(random: Random, seconds: float, printers: int) -> Iterator[Request]:
    wishes, weights = list(_WEIGHTS), list(_WEIGHTS.values())
    mutes = 0
    for _ in range(max(_FEWEST, round(seconds / _EVERY_SECONDS))):
        wish = random.choices(wishes, weights)[0]
        mutes += wish is Wish.PRESS_MUTE
        one = Request(
            round(random.uniform(_AT_FIRST, seconds), 3),
            wish,
            0,
            random.randrange(printers),
            _age(random, wish),
            _minutes(wish, mutes),
            random.random() < 0.5,
        )
        yield one
        if random.random() < _TOGETHER:
            yield one  # another person, at the same moment


def _age(random: Random, wish: Wish) -> int:
    """A press has no date; a mute that is not taken would leave it open what holds."""
    if wish.is_press or "mute" in wish:
        return 0
    return random.choices((0, WAITED_SECONDS, STALE_SECONDS), (6, 1, 1))[0]


def _minutes(wish: Wish, number: int) -> int:
    match wish:
        case Wish.PRESS_MUTE:
            return 60 + _MUTE_STEP_MINUTES * number
        case Wish.MUTE:
            return 120
        case Wish.MUTE_SHORTLY:
            return 1
        case _:
            return 0
