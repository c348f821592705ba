"""Error codes in words: what each means, what to do, how bad it is, and where to read more.

Sources: infra/docs/bambu-fields.md, "Error codes"; Bambu Studio reads an HMS entry's level from `code >>
16` and its module from `attr >> 24`.
"""

from dataclasses import dataclass
from enum import StrEnum


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


_WIKI = "https://wiki.bambulab.com/en/hms/home"
_WIKI_HMS = "https://wiki.bambulab.com/en/x1/troubleshooting/hmscode/"
_RAN_OUT = "Filament ran out. Load new filament, then resume"

_WORDS: dict[str, tuple[str, Severity]] = {
    "0300-4000": ("Homing the Z axis failed", Severity.CRITICAL),
    "0300-4001": ("The nozzle did not cool down in time for homing", Severity.CRITICAL),
    "0300-4002": ("Bed levelling failed", Severity.CRITICAL),
    "0300-4005": ("The hotend fan does not turn as it should", Severity.CRITICAL),
    "0300-4006": ("The nozzle is clogged", Severity.CRITICAL),
    "0300-4008": ("The AMS could not change the filament", Severity.CRITICAL),
    "0300-4009": ("Homing the X and Y axes failed", Severity.CRITICAL),
    "0300-400D": ("The print could not be resumed after the power loss", Severity.CRITICAL),
    "0500-4003": ("The printer cannot read the print file. Slice and send it again", Severity.CRITICAL),
    "0300-8000": ("Paused by the printer, it does not say why", Severity.ATTENTION),
    "0300-8001": ("Paused by the user", Severity.NOTICE),
    "0300-8002": ("The printer sees a defect in the first layer", Severity.ATTENTION),
    "0300-8003": ("The printer sees spaghetti on the bed", Severity.ATTENTION),
    "0300-8004": (_RAN_OUT, Severity.ATTENTION),
    "0300-8005": ("The front cover came off the tool head. Put it back, then resume", Severity.ATTENTION),
    "0300-8007": ("Power was lost. The print can be resumed at the printer", Severity.ATTENTION),
    "0300-8008": ("Nozzle temperature is off", Severity.ATTENTION),
    "0300-800A": ("Filament waste has piled up. Empty the chute, then resume", Severity.ATTENTION),
    "0300-8013": ("Paused by the print file", Severity.NOTICE),
    "0300-8015": (_RAN_OUT, Severity.ATTENTION),
    "0500-C011": ("The SD card is wearing out or slow. Plan to replace it", Severity.NOTICE),
    "07FF-8011": ("The external spool ran out. Load new filament, then resume", Severity.ATTENTION),
    "HMS_0300_0100_0001_0001": ("The heated bed may have a short circuit. Switch off", Severity.CRITICAL),
    "HMS_0300_0100_0001_0003": ("The heated bed is too hot; the printer stopped it", Severity.CRITICAL),
    "HMS_0300_0200_0001_0001": ("The nozzle heater may have a short circuit. Switch off", Severity.CRITICAL),
    "HMS_0300_0900_0002_0001": ("The extruder is straining: clogged or jammed?", Severity.ATTENTION),
    "HMS_0300_1200_0002_0001": ("The front cover came off the tool head", Severity.ATTENTION),
    "HMS_0300_1A00_0002_0001": ("Filament covers the nozzle, or the plate lies crooked", Severity.ATTENTION),
    "HMS_0300_1A00_0002_0002": ("The nozzle is clogged", Severity.ATTENTION),
    "HMS_0500_0500_0001_0007": (
        "The printer refuses commands. Switch on Developer Mode to allow them; watching still works",
        Severity.NOTICE,
    ),
    "HMS_07FF_2000_0002_0001": (_RAN_OUT, Severity.ATTENTION),
}
_AMS_UNITS = {0x00: "A", 0x01: "B", 0x02: "C", 0x03: "D"}
_LEVELS = {1: Severity.ATTENTION, 2: Severity.ATTENTION}


def fault_of(code: str) -> Fault:
    """The code in words; an unknown one is shown with its link, as a notice, never as a loud alarm."""
    known = _WORDS.get(code) or _ams_words(code)
    if known is not None:
        return Fault(code, known[0], _link(code), known[1])
    return Fault(code, None, _link(code), _level(code))


def _ams_words(code: str) -> tuple[str, Severity] | None:
    """The AMS's codes carry their unit in the second byte: 0700-8011 is unit A, 0701-8011 unit B."""
    if code[:2] == "07" and code[4:] == "-8011":
        unit = _AMS_UNITS.get(int(code[2:4], 16))
        where = f"AMS {unit}: filament" if unit else "Filament"
        return f"{where} ran out. Load new filament, then resume", Severity.ATTENTION
    if code.startswith("HMS_07") and code.endswith("_0002_0001") and code[9:10] == "2":
        unit, slot = _AMS_UNITS.get(int(code[6:8], 16)), int(code[10:11], 16) + 1
        where = f"AMS {unit}, slot {slot}: filament" if unit and slot <= 4 else "Filament"
        return f"{where} ran out", Severity.ATTENTION
    return None


def _level(code: str) -> Severity:
    if code.startswith("HMS_"):
        return _LEVELS.get(int(code[14:18], 16), Severity.NOTICE)
    return Severity.NOTICE


def _link(code: str) -> str:
    return _WIKI_HMS + code[4:] if code.startswith("HMS_") else _WIKI
