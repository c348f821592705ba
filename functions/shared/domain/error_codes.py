"""Error codes: how they are written, which of a status are told, and which stop a job.

Sources: infra/docs/bambu-fields.md, "Error codes"; the last digit group of a `print_error` has its class in
the first digit (4 stopped, 8 paused, C prompt).
"""

from functions.shared.domain.status import HmsEntry, PrinterStatus

CANCEL_CODES = frozenset({"0300-400C", "0500-400E"})
SILENT_CODES = frozenset({"0500-8030", "0300-8012", "07FF-8007"})
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
    """The code of `print_error` if it is one at all (cancel codes included), else None."""
    value = facts.print_error
    if not value or value & 0xFFFF < _PHASE_BELOW:
        return None
    code = print_error_code(value)
    return None if code in SILENT_CODES else code


def notable_codes(facts: PrinterStatus) -> tuple[str, ...]:
    """The codes of a status that a person is told of, `print_error` first, each once."""
    codes = []
    error = error_of(facts)
    if error is not None and error not in CANCEL_CODES:
        codes.append(error)
    codes += [hms_code(entry) for entry in facts.hms or () if entry.attribute or entry.code]
    return tuple(dict.fromkeys(codes))


def is_stop(code: str | None) -> bool:
    """Whether a `print_error` of this code means that the job was stopped."""
    return code is not None and not code.startswith("HMS") and code[5:6] == "4" and code not in CANCEL_CODES


def is_prompt(code: str) -> bool:
    """Whether it only asks or advises."""
    return not code.startswith("HMS") and code[5:6] in "CDEF"
