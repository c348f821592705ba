"""Error codes in words: what each means, what to do, how bad it is, and where to read more.

The words are in `print_error_words.py`, `hms_words.py` and `ams_codes.py`. Sources:
infra/docs/bambu-fields.md, "Error codes"; Bambu Studio reads an HMS entry's level from `code >> 16` and its
module from `attr >> 24`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

from functions.shared.domain.ams_codes import ams_words
from functions.shared.domain.hms_words import CRITICAL_HMS, HMS_ATTENTION, HMS_NOTICES, HMS_WORDS
from functions.shared.domain.print_error_words import (
    CRITICAL_PRINT_ERRORS,
    PRINT_ERROR_NOTICES,
    PRINT_ERROR_WORDS,
)
from functions.shared.domain.wiki_pages import page_of
from functions.shared.value_class import dataclass


class Severity(StrEnum):
    NOTICE = "notice"
    ATTENTION = "attention"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Fault:
    """A printer's error code in words: `0300-400C` or `HMS_0300_1A00_0002_0002`."""

    code: str
    text: str | None = None
    link: str | None = None
    severity: Severity = Severity.NOTICE


def fault_of(code: str, model: str | None = None) -> Fault:
    """The code in words; an unknown one is shown with a link, and never as a loud alarm.

    `model`: as BambUI names it; it says which page of the wiki is likely to exist.
    """
    ams = ams_words(_looked_up(code))
    if ams is not None:
        severity = _severity(code, is_known=True)
        severity = Severity.CRITICAL if ams.is_dangerous else severity
        severity = Severity.NOTICE if ams.is_harmless else severity
        return Fault(code, ams.text, page_of(code, model, is_known=True), severity)
    text = HMS_WORDS.get(_looked_up(code)[4:]) if _is_hms(code) else PRINT_ERROR_WORDS.get(code)
    is_known = text is not None
    return Fault(code, text, page_of(code, model, is_known=is_known), _severity(code, is_known=is_known))


def faults_of(codes: Sequence[str], model: str | None = None) -> tuple[Fault, ...]:
    """Codes that came together, each in the words of the one that says most exactly where.

    A run-out comes as a `print_error` without slot and an HMS entry with it: both are told with the slot.
    """
    faults = [fault_of(code, model) for code in codes]
    texts = [fault.text for fault in faults if fault.text is not None]
    return tuple(
        fault if fault.text is None else replace(fault, text=most_exact(fault.text, texts))
        for fault in faults
    )


def most_exact(text: str, others: Iterable[str]) -> str:
    """The text with the place of the first other that tells the same and says more exactly where."""
    place, event = _told(text)
    for other in others:
        other_place, other_event = _told(other)
        if other_event == event and other_place != place and _lies_in(other_place, place):
            told, stop, advice = text.partition(". ")
            return f"{told.partition(' (')[0]} ({other_place}){stop}{advice}"
    return text


def is_told_by(text: str, other: str) -> bool:
    """Whether the other tells the same event, at the same or a more exact place; advice may differ."""
    (place, event), (other_place, other_event) = _told(text), _told(other)
    return event == other_event and _lies_in(other_place, place)


# What is told in two ways: the guess, the vague and the empty slot beside what is sure.
_SAME_EVENTS = {
    "There is no filament": "Filament ran out",
    "Filament waste may have piled up": "Filament waste has piled up",
    "There may be spaghetti on the bed": "The printer sees spaghetti on the bed",
    "There may be a defect in the first layer": "The printer sees a defect in the first layer",
    "Paused by the print file": "Paused by the user",
    "Paused by the user, or by a pause in the print file": "Paused by the user",
}


def _told(text: str) -> tuple[str, str]:
    """Place and event, without advice: `Filament ran out (AMS A, slot 3). Load more` has both."""
    event, _, place = text.partition(". ")[0].rstrip(".").partition(" (")
    return place.removesuffix(")"), _SAME_EVENTS.get(event, event)


def _lies_in(place: str, outer: str) -> bool:
    return not outer or place == outer or place.startswith(f"{outer}, ")


def _is_hms(code: str) -> bool:
    return code.startswith("HMS_")


def _looked_up(code: str) -> str:
    """As it stands in the tables: the low byte of an HMS entry's `attr` only counts equal parts."""
    return f"{code[:11]}00{code[13:]}" if _is_hms(code) else code


def _severity(code: str, *, is_known: bool) -> Severity:
    if _is_hms(code):
        return _hms_severity(code)
    if not is_known or code in PRINT_ERROR_NOTICES:
        return Severity.NOTICE
    if code in CRITICAL_PRINT_ERRORS:
        return Severity.CRITICAL
    match code[:2], code[5]:
        case "03", "4":  # motion or heating stopped the job
            return Severity.CRITICAL
        case _, "4" | "8":
            return Severity.ATTENTION
    return Severity.NOTICE  # a prompt


def _hms_severity(code: str) -> Severity:
    key = _looked_up(code)[4:]
    if key in CRITICAL_HMS:
        return Severity.CRITICAL
    is_serious = code[14:18] in ("0001", "0002") or key in HMS_ATTENTION
    return Severity.ATTENTION if is_serious and key not in HMS_NOTICES else Severity.NOTICE
