"""Findings as a table for a person, or as JSON for a machine. Pure."""

import json
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.local.doctor.findings import Finding, Outcome, exit_code, sum_in_words, sum_of

_SUBJECT_LIMIT = 30
_FEWEST_COLUMNS, _MOST_COLUMNS = 60, 120
_SHORTEST_TEXT = 30
_AGAIN = "As above."


@dataclass(frozen=True, slots=True)
class Marks:
    """The characters of the table."""

    of: tuple[tuple[Outcome, str], ...]
    arrow: str

    def mark(self, outcome: Outcome) -> str:
        return dict(self.of)[outcome]


SIGNS = Marks(
    ((Outcome.FINE, "✔"), (Outcome.WARNING, "!"), (Outcome.FAULT, "✘"), (Outcome.NOTHING, "–")), "→ "
)
LETTERS = Marks(
    ((Outcome.FINE, "ok"), (Outcome.WARNING, " !"), (Outcome.FAULT, "NO"), (Outcome.NOTHING, " -")), "-> "
)


def marks_for(encoding: str | None) -> Marks:
    """Signs where the screen can show them, else letters."""
    try:
        "✔✘–→".encode(encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return LETTERS
    return SIGNS


def as_table(findings: Sequence[Finding], columns: int, marks: Marks) -> str:
    """A line for each finding, longer ones folded, what to do below it; the sum at the end."""
    columns = max(_FEWEST_COLUMNS, min(_MOST_COLUMNS, columns))
    width_of_mark = max(len(mark) for _, mark in marks.of)
    width_of_check = max((len(finding.check) for finding in findings), default=0)
    subjects = [_short(finding.subject) for finding in findings]
    width_of_subject = max((len(subject) for subject in subjects), default=0)
    indent = " " * (width_of_mark + width_of_check + width_of_subject + 6)
    width = max(_SHORTEST_TEXT, columns - len(indent))
    lines: list[str] = []
    before = ""
    told = ""
    for finding, subject in zip(findings, subjects, strict=True):
        check = finding.check if finding.check != before else ""
        before = finding.check
        head = (
            f"{marks.mark(finding.outcome):<{width_of_mark}}  {check:<{width_of_check}}  "
            f"{subject:<{width_of_subject}}  "
        )
        first, *rest = _folded(finding.found, width)
        lines += [(head + first).rstrip(), *(indent + line for line in rest)]
        if finding.advice:
            advice = _AGAIN if finding.cause and finding.cause == told else finding.advice
            told = finding.cause
            folded = _folded(advice, width - len(marks.arrow))
            lines += [
                indent + (marks.arrow if place == 0 else " " * len(marks.arrow)) + line
                for place, line in enumerate(folded)
            ]
    return "\n".join([*lines, "", sum_in_words(findings)]) + "\n"


def as_json(findings: Sequence[Finding], clean: Callable[[str], str]) -> str:
    """One object: `findings`, their `sum` by outcome, the sum in words and the exit code."""
    body = {
        "findings": [
            {
                "check": finding.check,
                "subject": clean(finding.subject),
                "outcome": finding.outcome.value,
                "found": clean(finding.found),
                "advice": clean(finding.advice),
            }
            for finding in findings
        ],
        "sum": sum_of(findings),
        "in_words": sum_in_words(findings),
        "exit_code": exit_code(findings),
    }
    return json.dumps(body, indent=2) + "\n"


def _short(subject: str) -> str:
    return subject if len(subject) <= _SUBJECT_LIMIT else subject[: _SUBJECT_LIMIT - 1] + "…"


def _folded(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
