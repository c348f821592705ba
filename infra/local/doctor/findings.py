"""What the checks found: one line of the table each, what they add up to, a table or JSON of them. Pure."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from infra.local.probes.http import Unreachable, place_of, reach_advice, reach_words

EXIT_FINE, EXIT_FAULT, EXIT_SETTINGS = 0, 1, 2
SETTINGS = "settings"
_SUBJECT_LIMIT = 30
_FEWEST_COLUMNS, _MOST_COLUMNS = 60, 120
_SHORTEST_TEXT = 30
_AGAIN = "As above."


class Outcome(StrEnum):
    """How it is with one thing. `NOTHING`: not set up, or not looked at for the reason that is said."""

    FINE = "fine"
    WARNING = "warning"
    FAULT = "fault"
    NOTHING = "nothing to check"


@dataclass(frozen=True, slots=True)
class Finding:
    """What of a part of the system was looked at, how it is, and what to do about it.

    `cause`: what findings that have the same advice for the same reason share. `check`: the part of the
    system, which is entered by who runs the checks.
    """

    subject: str
    outcome: Outcome
    found: str
    advice: str = ""
    cause: str = ""
    check: str = ""


def fine(subject: str, found: str) -> Finding:
    return Finding(subject, Outcome.FINE, found)


def warning(subject: str, found: str, advice: str = "") -> Finding:
    return Finding(subject, Outcome.WARNING, found, advice)


def fault(subject: str, found: str, advice: str) -> Finding:
    return Finding(subject, Outcome.FAULT, found, advice)


def nothing(subject: str, found: str) -> Finding:
    return Finding(subject, Outcome.NOTHING, found)


def of_check(name: str, findings: Iterable[Finding]) -> list[Finding]:
    return [replace(finding, check=name) for finding in findings]


def unreached(subject: str, variable: str, url: str, answer: Unreachable, who: str) -> Finding:
    """Nobody answers at the URL of that setting, where `who` should listen. Host and why are the cause."""
    found, advice = reach_words(url, answer), reach_advice(variable, url, answer, who)
    return Finding(subject, Outcome.FAULT, found, advice, cause=f"{place_of(url)} {answer.words} {who}")


def exit_code(findings: Sequence[Finding]) -> int:
    """Settings that cannot be used outweigh everything else; warnings are no fault."""
    faulty = {finding.check for finding in findings if finding.outcome is Outcome.FAULT}
    if SETTINGS in faulty:
        return EXIT_SETTINGS
    return EXIT_FAULT if faulty else EXIT_FINE


def sum_in_words(findings: Sequence[Finding]) -> str:
    """The last line of the table."""
    count = Counter(finding.outcome for finding in findings)
    wrong, doubtful, unchecked = count[Outcome.FAULT], count[Outcome.WARNING], count[Outcome.NOTHING]
    parts = [
        "1 thing is wrong" if wrong == 1 else f"{wrong} things are wrong" if wrong else "Nothing is wrong"
    ]
    if doubtful:
        parts.append("1 warning" if doubtful == 1 else f"{doubtful} warnings")
    parts.append(f"{count[Outcome.FINE]} fine")
    if unchecked:
        parts.append(f"{unchecked} with nothing to check")
    return ", ".join(parts) + "."


@dataclass(frozen=True, slots=True)
class Marks:
    """The characters of the table."""

    of: Mapping[Outcome, str]
    arrow: str


SIGNS = Marks(dict(zip(Outcome, ("✔", "!", "✘", "–"), strict=True)), "→ ")
LETTERS = Marks(dict(zip(Outcome, ("ok", " !", "NO", " -"), strict=True)), "-> ")


def marks_for(encoding: str | None) -> Marks:
    """Signs where the screen can show them, else letters."""
    try:
        "✔✘–→".encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return LETTERS
    return SIGNS


def as_table(findings: Sequence[Finding], columns: int, marks: Marks) -> str:
    """A line for each finding, longer ones folded, what to do below it; the sum at the end."""
    subjects = [_short(finding.subject) for finding in findings]
    widths = [
        max(map(len, marks.of.values())),
        max((len(finding.check) for finding in findings), default=0),
        max(map(len, subjects), default=0),
    ]
    indent = " " * (sum(widths) + 2 * len(widths))
    width = max(_SHORTEST_TEXT, max(_FEWEST_COLUMNS, min(_MOST_COLUMNS, columns)) - len(indent))
    lines: list[str] = []
    check_before = cause_told = ""
    for finding, subject in zip(findings, subjects, strict=True):
        check = finding.check if finding.check != check_before else ""
        check_before = finding.check
        cells = zip((marks.of[finding.outcome], check, subject), widths, strict=True)
        first, *rest = _folded(finding.found, width)
        lines.append(("".join(f"{cell:<{size}}  " for cell, size in cells) + first).rstrip())
        lines += [indent + line for line in rest]
        if finding.advice:
            is_told = finding.cause and finding.cause == cause_told
            cause_told = finding.cause
            first, *rest = _folded(_AGAIN if is_told else finding.advice, width - len(marks.arrow))
            lines.append(indent + marks.arrow + first)
            lines += [indent + " " * len(marks.arrow) + line for line in rest]
    return "\n".join([*lines, "", sum_in_words(findings)]) + "\n"


def as_json(findings: Sequence[Finding]) -> str:
    """One object: `findings`, their `sum` by outcome, the sum in words and the exit code."""
    names = ("check", "subject", "outcome", "found", "advice")
    body = {
        "findings": [{name: getattr(finding, name) for name in names} for finding in findings],
        "sum": {outcome: sum(finding.outcome is outcome for finding in findings) for outcome in Outcome},
        "in_words": sum_in_words(findings),
        "exit_code": exit_code(findings),
    }
    return json.dumps(body, indent=2) + "\n"


def _short(subject: str) -> str:
    return subject if len(subject) <= _SUBJECT_LIMIT else subject[: _SUBJECT_LIMIT - 1] + "…"


def _folded(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
