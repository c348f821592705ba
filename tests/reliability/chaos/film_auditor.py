"""Compares the films that the chat got with the frames that are kept, and with what came before. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.reliability.chaos.auditor import ENDS, Finding
from tests.reliability.chaos.chat import FILM, Message
from tests.reliability.chaos.oracle import LATE, LOST, UNSEEN

_BEFORE_FILMS = ENDS | {LOST, UNSEEN}


def audit_films(
    messages: Sequence[Message],
    frames: dict[str, int],
    ended: Iterable[str],
    restored: Iterable[str] = (),
    unheard: Iterable[str] = (),
    gappy: Iterable[str | None] = (),
) -> list[Finding]:
    """`messages` each once; `frames`: how many are kept of each job.

    `ended`: jobs that ended by the printer's word, watched all along; `restored`: by its word after they had
    been taken as ended, so with a film before; `unheard`: jobs whose film ends where they were last heard of;
    `gappy`: jobs of which frames may be missing.
    """
    findings: list[Finding] = []
    films: dict[str, list[Message]] = {}
    for message in messages:
        if message.words == FILM:
            films.setdefault(message.job or "", []).append(message)
        elif message.words.startswith("no timelapse"):
            findings.append(Finding("film", str(message)))
    ended, restored, unheard, gappy = set(ended), set(restored), set(unheard), set(gappy)
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
        if last.missing and job not in gappy:
            findings.append(Finding("film", f"{last}: {last.missing} frames are missing"))
        least = {True: kept, False: int((kept - 5) / 1.02)}[job in ended] if job not in unheard else 2
        if not least <= last.frames <= kept:
            findings.append(Finding("film", f"{last} has {last.frames} frames of the {kept} that are kept"))
    return findings


def audit_film_order(messages: Sequence[Message]) -> list[Finding]:
    """`messages` in the order of the chat, each once: no film before the message of its job's end."""
    findings: list[Finding] = []
    ends, films = Counter[str | None](), Counter[str | None]()
    for message in messages:
        ends[message.job] += message.words.removesuffix(LATE) in _BEFORE_FILMS
        if message.words == FILM:
            films[message.job] += 1
            if films[message.job] > ends[message.job]:
                findings.append(Finding("wrong order", f"{message} before the message of its end"))
    return findings
