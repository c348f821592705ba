"""Compares what a printer did with what the chat got, when the program was killed in between.

A kill between a send and its done-mark may repeat that one message, next in its order; nothing else may be
missing, be there twice, or stand in another place.
"""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

_PERCENT = re.compile(r"(\d+) %")
_PROGRESS = "printing"
FILM = "timelapse"
ARRIVAL_SLACK = 2.0  # what was on its way at the moment of the kill may arrive after it


@dataclass(frozen=True, slots=True)
class Line:
    """A message as the auditor sees it: its words (`print paused`), the percent if it says one, its time."""

    words: str
    percent: int | None
    at: float

    @property
    def key(self) -> tuple[str, int | None]:
        return self.words, self.percent


def line_of(text: str, at: float) -> Line:
    first, _, rest = text.partition("\n")
    found = _PERCENT.search(rest)
    return Line(first.split(": ", 1)[1], int(found[1]) if found else None, at)


def audit(
    wanted: Sequence[tuple[str, int | None]], lines: Sequence[Line], kills: Sequence[float]
) -> list[str]:
    """What is wrong, in words; empty: all is well.

    `wanted`: each message that must be there (words, percent), in order; progress may come in between.
    `kills`: the moments of the kills.
    """
    faults: list[str] = []
    left = sorted(kills)
    told = [line for line in lines if line.words != FILM]
    films = [line for line in lines if line.words == FILM]
    once: list[Line] = []
    for group in (told, films):
        once += _without_repeats(group, left, faults)
    important = [line.key for line in once if line.words not in (_PROGRESS, FILM)]
    faults += [f"lost: {key}" for key in wanted if key not in important]
    faults += [f"not wanted: {key}" for key in important if key not in wanted]
    if not faults and important != list(wanted):
        faults.append(f"out of order: {important}")
    percents = [line.percent for line in once if line.percent is not None and line.words != FILM]
    faults += [f"{after} % after {before} %" for before, after in _steps_back(percents)]
    return faults


def _without_repeats(lines: Sequence[Line], kills: list[float], faults: list[str]) -> list[Line]:
    """The lines, a repeat left out if a kill explains it, which then explains no other."""
    once: list[Line] = []
    for line in lines:
        earlier = next((before for before in once if before.key == line.key), None)
        if earlier is None:
            once.append(line)
            continue
        cause = next((kill for kill in kills if earlier.at - ARRIVAL_SLACK <= kill <= line.at), None)
        if once[-1] is not earlier or cause is None:
            faults.append(f"twice without a kill that explains it: {line.key}")
        else:
            kills.remove(cause)
    return once


def _steps_back(percents: Sequence[int]) -> list[tuple[int, int]]:
    return [(before, after) for before, after in itertools.pairwise(percents) if after < before]
