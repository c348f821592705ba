"""What one look came to, and what all of them add up to. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

EXIT_FINE, EXIT_FAULT, EXIT_SETTINGS = 0, 1, 2
SETTINGS = "settings"


class Outcome(StrEnum):
    """How it is with one thing. `NOTHING`: not set up, or not looked at for the reason that is said."""

    FINE = "fine"
    WARNING = "warning"
    FAULT = "fault"
    NOTHING = "nothing to check"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table: the part of the system, what of it, how it is, and what to do about it.

    `cause`: what findings that have the same advice for the same reason share.
    """

    check: str
    subject: str
    outcome: Outcome
    found: str
    advice: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found, and by how many seconds other clocks are ahead of ours, by their names."""

    findings: tuple[Finding, ...]
    clocks: tuple[tuple[str, float], ...] = field(default=())


def fine(check: str, subject: str, found: str) -> Finding:
    return Finding(check, subject, Outcome.FINE, found)


def warning(check: str, subject: str, found: str, advice: str = "") -> Finding:
    return Finding(check, subject, Outcome.WARNING, found, advice)


def fault(check: str, subject: str, found: str, advice: str) -> Finding:
    return Finding(check, subject, Outcome.FAULT, found, advice)


def nothing(check: str, subject: str, found: str) -> Finding:
    return Finding(check, subject, Outcome.NOTHING, found)


def exit_code(findings: Sequence[Finding]) -> int:
    """Settings that cannot be used outweigh everything else; warnings are no fault."""
    faults = [finding for finding in findings if finding.outcome is Outcome.FAULT]
    if any(finding.check == SETTINGS for finding in faults):
        return EXIT_SETTINGS
    return EXIT_FAULT if faults else EXIT_FINE


def sum_of(findings: Sequence[Finding]) -> dict[str, int]:
    """How many findings there are of each outcome."""
    return {outcome.value: sum(finding.outcome is outcome for finding in findings) for outcome in Outcome}


def sum_in_words(findings: Sequence[Finding]) -> str:
    """The last line of the table."""
    count = {outcome: sum(finding.outcome is outcome for finding in findings) for outcome in Outcome}
    wrong, doubtful, fine_ones = count[Outcome.FAULT], count[Outcome.WARNING], count[Outcome.FINE]
    if wrong:
        first = "1 thing is wrong" if wrong == 1 else f"{wrong} things are wrong"
    else:
        first = "Nothing is wrong"
    parts = [first]
    if doubtful:
        parts.append("1 warning" if doubtful == 1 else f"{doubtful} warnings")
    parts.append(f"{fine_ones} fine")
    if count[Outcome.NOTHING]:
        parts.append(f"{count[Outcome.NOTHING]} with nothing to check")
    return ", ".join(parts) + "."
