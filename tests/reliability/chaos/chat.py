"""The chat as the auditor sees it: for each message its printer, words, job, percent and time."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tests.reliability.chaos.oracle import ERROR, LOST

PROGRESS, FILM = "printing", "timelapse"
DISK_FULL, DISK_FREE = "the collector's disk is full", "the collector's disk has room again"
_HEAD = re.compile(r"\S+ (?P<printer>.+?): (?P<words>.+)")
_LOST_AT = re.compile(r"contact lost at (\d+) %")
_PERCENT = re.compile(r"[▰▱]+ (\d+) %")
_FRAMES = re.compile(r"([\d,]+) frames?\b(?! (?:is|are) missing)")
_MISSING = re.compile(r"([\d,]+) frames? (?:is|are) missing")
_PROGRESS_PAUSED = "printing is paused"
_PAUSED = ", paused"  # beside an error: whether the printer stands still
_REST_REFUSED = "Telegram does not take the rest of this message."
_CODE = re.compile(r"HMS(?:_[0-9A-F]{4}){4}|\b[0-9A-F]{4}-[0-9A-F]{4}\b")
_ERRORS = frozenset({"error", "serious error", "notice from the printer"})


@dataclass(frozen=True, slots=True)
class Message:
    """`answered_at`: when its sender had the answer, None: never. Of a film: its frames, those missing."""

    printer: str
    words: str
    job: str | None
    percent: int | None
    at: float
    answered_at: float | None = None
    frames: int = 0
    missing: int = 0
    codes: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """The same for a message that is sent again."""
        return self.printer, self.words, self.job, self.percent, self.frames, self.codes

    def __str__(self) -> str:
        percent = f" {self.percent} %" if self.percent is not None else ""
        return f"{self.printer}: {self.words}{percent} ({self.job})"


def is_of(text: str, printer: str) -> bool:
    head = _HEAD.match(text)
    return head is not None and head["printer"] == printer


def is_of_disk(text: str) -> bool:
    """Whether the bridge tells of its own disk, past all queues. A collector's is told as a printer's things
    are."""
    return text.startswith("💾 The disk is full")


def is_headline(text: str) -> bool:
    """Whether it only tries whether Telegram takes anything, while it is doubtful what it refuses."""
    return _REST_REFUSED in text


def message_of(text: str, at: float, answered_at: float | None, jobs: Iterable[str]) -> Message:
    """Of a message as a person sees it; `jobs` are the names that there are."""
    first, *rest = text.splitlines()
    head = _HEAD.fullmatch(first)
    assert head is not None, text
    words = head["words"].removesuffix(_PAUSED)
    found = _LOST_AT.fullmatch(words) or _PERCENT.search(text)
    if words.startswith(LOST):
        words = LOST
    elif words in _ERRORS:
        words = ERROR
    elif words == _PROGRESS_PAUSED:
        words = PROGRESS
    frames, missing = _FRAMES.search(text), _MISSING.search(text)
    is_film = words == FILM
    return Message(
        head["printer"],
        words,
        rest[0] if rest and rest[0] in set(jobs) else None,
        int(found[1]) if found else None,
        at,
        answered_at,
        _number(frames) if is_film else 0,
        _number(missing) if is_film else 0,
        tuple(_CODE.findall(text)),
    )


def _number(found: "re.Match[str] | None") -> int:
    return int(found[1].replace(",", "")) if found else 0
