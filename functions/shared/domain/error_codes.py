"""Error codes: how they are written, which of a status are told, and which stop a job.

Sources: infra/docs/bambu-fields.md, "Error codes"; the last digit group of a `print_error` has its class in
the first digit (4 stopped, 8 paused, C prompt).
"""

from dataclasses import replace

from functions.shared.domain.status import HmsEntry, PrinterStatus
from functions.shared.value_class import dataclass

CANCEL_CODES = frozenset({"0300-400C", "0500-400E"})
SILENT_CODES = frozenset({"0500-8030", "0300-8012", "07FF-8007", "12FF-8007", "18FF-8007"})
ANNOUNCED_ONCE_CODES = frozenset({"0500-C011"})

_PHASE_BELOW = 0x4000


def print_error_code(value: int) -> str:
    """`50348044` is written `0300-400C`: eight hex digits."""
    return f"{value >> 16:04X}-{value & 0xFFFF:04X}"


def hms_code(entry: HmsEntry) -> str:
    """An HMS entry is written `HMS_AAAA_AAAA_CCCC_CCCC`."""
    return (
        f"HMS_{entry.attribute >> 16:04X}_{entry.attribute & 0xFFFF:04X}"
        f"_{entry.code >> 16:04X}_{entry.code & 0xFFFF:04X}"
    )


def error_of(facts: PrinterStatus) -> str | None:
    """The code of `print_error`, else of `fail_reason`, if it is one at all (cancel codes included)."""
    return next(iter(errors_of(facts)), None)


def errors_of(facts: PrinterStatus) -> tuple[str, ...]:
    """The codes of `print_error` and `fail_reason`, each once; phases and silent ones are none."""
    codes = [
        print_error_code(value)
        for value in (facts.print_error, facts.fail_reason)
        if value and value & 0xFFFF >= _PHASE_BELOW
    ]
    return tuple(dict.fromkeys(code for code in codes if code not in SILENT_CODES))


def hms_codes(facts: PrinterStatus) -> tuple[str, ...]:
    """The codes of the health messages, each once."""
    entries = facts.hms or ()
    return tuple(dict.fromkeys(hms_code(entry) for entry in entries if entry.attribute or entry.code))


def notable_codes(facts: PrinterStatus) -> tuple[str, ...]:
    """The codes of a status that a person is told of, `print_error` first, each once. No cancel codes."""
    errors = [code for code in errors_of(facts) if code not in CANCEL_CODES]
    told = [code for code in hms_codes(facts) if _as_error(code) not in CANCEL_CODES]
    return (*errors, *told)


def cancel_codes(facts: PrinterStatus) -> frozenset[str]:
    """The codes of a cancel that a status shows, in whichever place, as it shows them."""
    return frozenset(
        code for code in (*errors_of(facts), *hms_codes(facts)) if _as_error(code) in CANCEL_CODES
    )


def _as_error(code: str) -> str:
    """A health message whose last group is an error's is written as that error."""
    return f"{code[4:8]}-{code[19:23]}" if code.startswith("HMS_") else code


@dataclass(frozen=True, slots=True)
class Causes:
    """What a printer last said in the three places where it shows codes; None: it never said."""

    print_error: int | None = None
    fail_reason: int | None = None
    hms: tuple[HmsEntry, ...] | None = None

    def merged(self, facts: PrinterStatus) -> "Causes":
        """With what a status says; a key that is missing says nothing."""
        return Causes(
            self.print_error if facts.print_error is None else facts.print_error,
            self.fail_reason if facts.fail_reason is None else facts.fail_reason,
            self.hms if facts.hms is None else facts.hms,
        )

    def filled_into(self, facts: PrinterStatus) -> PrinterStatus:
        return replace(facts, print_error=self.print_error, fail_reason=self.fail_reason, hms=self.hms)

    def since(self, before: "Causes") -> frozenset[str]:
        """The codes that came anew in one of the places, though they may have stood in another."""
        was_error, was_reason = before.print_error, before.fail_reason
        anew = PrinterStatus(
            print_error=None if self.print_error == was_error else self.print_error,
            fail_reason=None if self.fail_reason == was_reason else self.fail_reason,
            hms=tuple(entry for entry in self.hms or () if entry not in (before.hms or ())),
        )
        return frozenset((*errors_of(anew), *hms_codes(anew)))

    @property
    def codes(self) -> frozenset[str]:
        """All codes that stand there, those of a cancel included."""
        facts = self.filled_into(PrinterStatus())
        return frozenset((*errors_of(facts), *hms_codes(facts)))


def without(facts: PrinterStatus, codes: frozenset[str]) -> PrinterStatus:
    """The status without those codes: what is left can be the cause of what happens now."""
    if not codes:
        return facts
    print_error, fail_reason = (
        None if value and print_error_code(value) in codes else value
        for value in (facts.print_error, facts.fail_reason)
    )
    hms = facts.hms and tuple(entry for entry in facts.hms if hms_code(entry) not in codes)
    return replace(facts, print_error=print_error, fail_reason=fail_reason, hms=hms)


def is_stop(code: str | None) -> bool:
    """Whether a `print_error` of this code means that the job was stopped."""
    return code is not None and not code.startswith("HMS") and code[5:6] == "4" and code not in CANCEL_CODES


def is_prompt(code: str) -> bool:
    """Whether it only asks or advises."""
    return not code.startswith("HMS") and code[5:6] in "CDEF"
