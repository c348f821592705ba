"""The codes of an AMS: which unit and slot they speak of, and what they say of it.

Families by the first byte: 07 AMS, 12 AMS lite, 18 AMS-HT. The second byte is the unit, 00 for A; FF is the
external spool (of the right extruder, where there are two), FE that of the left one. An HMS entry's third
byte is the part: most have the slot in its low digit, 0 for slot 1. Source: infra/docs/bambu-fields.md,
"Error codes". In a message the place stands after the first sentence of the words.
"""

from functions.shared.domain.print_error_words import RAN_OUT
from functions.shared.value_class import dataclass

_FAMILIES = {"07": "AMS", "12": "AMS lite", "18": "AMS-HT"}
_UNITS = "ABCDEFGH"
_EXTERNAL = {"FF": "external spool", "FE": "left external spool"}

_STUCK = "Spool or filament is stuck. Free it, then resume"
_NOT_OUT = "The filament does not come out of the extruder. Clear it, then resume"
_NOT_BACK = "The filament could not be pulled back. See if it or the spool is stuck, then resume"
_NOT_FED = "The filament could not be fed. Cut its end straight and put it in again, then resume"
_NOT_IN = "The filament does not reach the tool head. See if spool or tube is stuck, then resume"
_NONE_COMES = "No filament comes out of the nozzle. See if it is clogged, then resume"
_LITTLE_COMES = "Too little filament comes out. See if the extruder is clogged, then resume"
_NOT_PURGED = "The old filament could not be purged. See if it is stuck, then resume"
_NO_MAP = "The printer does not know which slot to take. Resume to try again"
_TUBE_OFF = "The tube to the tool head is off. Plug it in, then resume"
_NO_TAG = "The filament's tag cannot be read. Set the filament by hand"
_CUTTER = "The cutter jams. Pull its handle out, then resume"
_BROKEN_IN_HEAD = "Filament is broken in the tool head. Take it out, then resume"
_PULL_OUT = "Pull the filament out of the extruder. Confirm at the printer"
_PUSH_IN = "Push filament into the tube until it stops. Confirm at the printer"
_LOST_IN_HEAD = "The printer does not know where the filament is. Check the tool head, then resume"
_NOT_DRYING = "Drying cannot start now. Try again later"
_SLIPS = "The feeder slips. Check filament and feeder wheel"
_FEEDER = "The feeder does not work right. Switch the AMS off and on"
_LENGTH = "The filament's length is measured wrongly. Check the AMS's measuring wheel"
_STIFF = "The filament runs too stiffly in its tube. Straighten or replace the tube"
_BUFFER = "The filament buffer does not work right. Check its cable and spring"
_DRIES_LESS = "Drying has less power for now. Wait for the print to end"
_HEATER = "The dryer's heater does not work right. Stop the drying"
_VALVE = "The dryer's air valve does not work right. Stop the drying"
_EXTRUDER_CHANGE = "The extruders could not be changed. See if something is stuck in the tool head"
_SILENT_UNIT = "The AMS does not answer. Check its cable"

# By the last four digits of a `print_error`.
_PRINT_ERRORS = {
    "4001": "Filament is loaded though the AMS is off. Unload it, then print again",
    "4025": _NO_TAG,
    "8001": "The filament could not be cut. Check the cutter, then resume",
    "8002": _CUTTER,
    "8003": _NOT_OUT,
    "8004": _NOT_BACK,
    "8005": _NOT_FED,
    "8006": _NOT_IN,
    "8007": _NONE_COMES,
    "800A": _TUBE_OFF,
    "8010": _STUCK,
    "8011": RAN_OUT,
    "8012": _NO_MAP,
    "8013": _NOT_PURGED,
    "8014": _LOST_IN_HEAD,
    "8015": "The filament does not come out of the tool head. Clear it, then resume",
    "8016": _LITTLE_COMES,
    "8017": "The AMS is drying. Stop the drying before you load filament",
    "8021": "The AMS's set-up failed. Run it again",
    "8023": "The AMS does not cool down after drying. Cool the room",
    "C069": "Drying failed. See the printer's assistant",
    "C06A": _NOT_DRYING,
    "C06B": _NOT_DRYING,
    "C06C": _NOT_DRYING,
    "C06D": _NOT_DRYING,
    "C06E": _NOT_DRYING,
}
_EXTERNAL_PRINT_ERRORS = _PRINT_ERRORS | {
    "8003": _PULL_OUT,
    "8005": "There is no filament. Load some, then resume",
    "8006": _PUSH_IN,
    "8007": "See if filament comes out of the nozzle. Confirm at the printer",
    "8012": "The printer does not know which spool to take. Resume, or slice it without an AMS",
    "8020": _EXTRUDER_CHANGE,
    "8024": "The extruders' place could not be calibrated. Calibrate again",
    "8025": "The cold pull took too long. See if filament is broken in the extruder",
    "C003": _PULL_OUT,
    "C006": _PUSH_IN,
    "C008": _PULL_OUT,
    "C009": _PUSH_IN,
    "C00A": "See if filament comes out of the nozzle. Confirm at the printer",
    "C010": "Push filament in until it stops. Close door and top cover",
    "C011": "Pull the filament slowly out of the extruder. Confirm at the printer",
    "C012": "Unplug the tube from the tool head. Confirm at the printer",
}
# The main board's codes about an AMS: the unit is their second byte too, from 80 on an AMS-HT.
_BOARD_ERRORS = {
    "4098": "The AMS is not found. Reconnect its cable, or restart the printer",
    "409D": "The AMS's firmware does not suit the printer's. Update it",
    "40A2": _SILENT_UNIT,
    "40A3": _SILENT_UNIT,
}

# By part and the rest of an HMS entry; `2.` is any slot's part.
_HMS = {
    "01 0001_0001": _SLIPS,
    "01 0001_0003": _FEEDER,
    "01 0001_0004": _FEEDER,
    "01 0001_0005": _FEEDER,
    "01 0001_0011": "The feeder lost its calibration. Pull the filament out, then restart the AMS",
    "01 0002_0002": _STUCK,
    "02 0001_0001": _LENGTH,
    "02 0002_0002": _LENGTH,
    "1. 0001_0001": _SLIPS,
    "1. 0001_0003": _FEEDER,
    "1. 0002_0002": _STUCK,
    "1. 0002_0004": _FEEDER,
    "2. 0001_0081": _NO_TAG,
    "2. 0001_0082": _NO_TAG,
    "2. 0001_0083": _NO_TAG,
    "2. 0001_0084": _NO_TAG,
    "2. 0001_0085": _NO_TAG,
    "2. 0001_0086": _NO_TAG,
    "2. 0002_0001": RAN_OUT,
    "2. 0002_0002": "There is no filament. Load some, then resume",
    "2. 0002_0003": "Filament is broken in the AMS. Take it out, then resume",
    "2. 0002_0004": _BROKEN_IN_HEAD,
    "2. 0002_0005": "Filament ran out and its rest is stuck. Clear the tool head, then resume",
    "2. 0002_0006": _TUBE_OFF,
    "2. 0002_0009": _LITTLE_COMES,
    "2. 0002_000A": _STUCK,
    "2. 0002_0010": _NOT_FED,
    "2. 0002_0011": _NOT_BACK,
    "2. 0002_0012": _STUCK,
    "2. 0002_0013": _FEEDER,
    "2. 0002_0014": _LENGTH,
    "2. 0002_0016": _SLIPS,
    "2. 0002_0017": _STIFF,
    "2. 0002_0018": _STIFF,
    "2. 0002_0019": _STIFF,
    "2. 0002_0020": _STIFF,
    "2. 0002_0021": _STIFF,
    "2. 0002_0022": _STIFF,
    "2. 0002_0023": "A tube inside is broken. Replace it",
    "2. 0002_0024": "The spool does not turn back. Free it, then resume",
    "2. 0003_0001": "Filament is used up and its rest is being purged. Wait",
    "2. 0003_0002": "Filament ran out, another slot took over. Refill it when you can",
    "3. 0002_0002": _NO_TAG,
    "30 0001_0001": _NO_TAG,
    "30 0001_0004": _NO_TAG,
    "31 0001_0001": _NO_TAG,
    "31 0001_0004": _NO_TAG,
    "3. 0003_0003": _NO_TAG,
    "35 0001_0001": "The humidity sensor does not work. Ask support",
    "35 0001_0002": "The humidity sensor is not connected. Check its plug",
    "40 0002_0001": _BUFFER,
    "40 0002_0002": _BUFFER,
    "40 0002_0003": "The AMS hub does not answer. Check its cable",
    "40 0002_0004": _BUFFER,
    "45 0002_0001": "The cutter's sensor does not work. Check its plug",
    "45 0002_0002": "The cutter moves too far. Home the printer, the motors may have lost steps",
    "45 0002_0003": _CUTTER,
    "50 0002_0001": _SILENT_UNIT,
    "51 0003_0001": "The AMS is switched off. Load filament from the spool holder",
    "55 0001_0003": "The AMS was not found in its set-up. Check its cable, then run it again",
    "55 0001_0004": "The AMS feeds another extruder than set. Run its set-up again",
    "56 0003_0001": "The AMS cools down after drying. Wait before you open it",
    "6. 0002_0001": _STUCK,
    "7. 0002_0001": _NOT_OUT,
    "7. 0002_0002": _NOT_IN,
    "7. 0002_0003": _NONE_COMES,
    "7. 0002_0004": _NOT_BACK,
    "7. 0002_0005": _NOT_FED,
    "7. 0002_0006": _NOT_PURGED,
    "7. 0002_0007": RAN_OUT,
    "7. 0002_0008": _NO_MAP,
}
# What drying units have there, and an AMS lite otherwise.
_DRYER_HMS = _HMS | {
    "24 0001_0007": "The lid's sensor does not work. Check its plug",
    "24 0002_0009": "The lid is open. Close it, or the filament draws damp",
    "25 0002_0001": _DRIES_LESS,
    **{f"8{heater} 0001_000{code}": _HEATER for heater in "01" for code in range(1, 5)},
    **{f"9{valve} 0001_000{code}": _VALVE for valve in "01" for code in (2, 3)},
    **{f"9{valve} 0002_0001": _VALVE for valve in "01"},
    **{f"9{fan} 0001_0001": "The dryer's fan stands still. Stop the drying and free it" for fan in "23"},
    **{f"9{fan} 0002_0002": "The dryer's fan is slow. Clean it" for fan in "23"},
    **{f"9{sensor} 0001_0001": "The dryer's sensor does not work. Check its plug" for sensor in "45"},
    "96 0001_0001": "Drying gets out of control. Switch the AMS off now",
    "96 0001_0003": "Drying cannot start. Pull the filament out first, then try again",
    "96 0002_0002": "It is too cold around the AMS to dry well. Warm the room",
    "97 0003_0001": "The AMS is too hot inside to feed filament. Wait until it has cooled",
}  # fmt: skip
_LITE_HMS = _HMS | {
    "2. 0002_0003": "Filament is broken in its tube. Take it out, then resume",
    "2. 0002_0006": _LITTLE_COMES,
    "24 0002_0001": _BROKEN_IN_HEAD,
    "25 0002_0001": _NONE_COMES,
    "3. 0001_0001": _NO_TAG,
    "3. 0001_0004": _NO_TAG,
    "7. 0001_0001": _LENGTH,
    "8. 0002_0001": _STUCK,
}
_EXTERNAL_HMS = {
    "20 0002_0001": RAN_OUT,
    "20 0002_0002": "There is no filament. Load some, then resume",
    "20 0002_0004": _PULL_OUT,
    "45 0002_0001": _HMS["45 0002_0001"],
    "45 0002_0002": _HMS["45 0002_0002"],
    "45 0002_0003": _CUTTER,
    "60 0002_0001": _STUCK,
    "70 0002_0003": "See if filament comes out of the nozzle. Confirm at the printer",
    **{f"8{motor} 0001_000{code}": _EXTRUDER_CHANGE for motor in "01" for code in (1, 2, 3, 4)},
    "80 0002_0001": _EXTRUDER_CHANGE,
    "81 0002_0001": _EXTRUDER_CHANGE,
}
_EXTERNAL_LITE_HMS = {
    "20 0002_0001": RAN_OUT,
    "20 0002_0002": _EXTERNAL_HMS["20 0002_0002"],
    "20 0002_0004": _PULL_OUT,
    "20 0002_0005": _BROKEN_IN_HEAD,
    "20 0002_0006": _NONE_COMES,
    "20 0002_0007": _LOST_IN_HEAD,
    "20 0003_0007": "The printer looks in all slots for the filament. Wait",
    "80 0002_0001": _STUCK,
}


@dataclass(frozen=True, slots=True)
class AmsWords:
    """`Filament ran out (AMS A, slot 3). Load new filament, then resume`, in its parts."""

    place: str
    words: str

    @property
    def text(self) -> str:
        event, stop, advice = self.words.partition(". ")
        return f"{event} ({self.place}){stop}{advice}"

    @property
    def is_dangerous(self) -> bool:
        return self.words == _DRYER_HMS["96 0001_0001"]

    @property
    def is_harmless(self) -> bool:
        """Whether the print does not mind: what filament it is, or how damp, changes nothing in it."""
        return self.words in (_NO_TAG, _DRIES_LESS) or "humidity sensor" in self.words


def ams_words(code: str) -> AmsWords | None:
    """Place and words of a `print_error` or HMS code in capitals; None if it is no AMS's, or unknown."""
    if code.startswith("HMS_"):
        return _hms_words(code[4:])
    family, unit, rest = code[:2], code[2:4], code[5:]
    if family == "05":
        return _board_words(unit, rest)
    if not _is_unit(family, unit):
        return None
    words = (_EXTERNAL_PRINT_ERRORS if unit in _EXTERNAL else _PRINT_ERRORS).get(rest)
    return None if words is None else AmsWords(_place(family, unit), words)


def _board_words(unit: str, rest: str) -> AmsWords | None:
    number, words = int(unit, 16), _BOARD_ERRORS.get(rest)
    family, first = ("18", 0x80) if number >= 0x80 else ("07", 0)
    is_exhaust_fan = (unit, rest) == ("00", "40A2")
    if words is None or is_exhaust_fan or not first <= number < first + len(_UNITS):
        return None
    return AmsWords(_place(family, f"{number - first:02X}"), words)


def _hms_words(key: str) -> AmsWords | None:
    family, unit, part, rest = key[:2], key[2:4], key[5:7], key[10:]
    if key[:7] == "0500_04" and rest in _TAGS:
        return AmsWords(_TAGS[rest], _NO_TAG)
    if family == "05" and key[4:] == "_0500_0001_0010":
        return _board_words(unit, "409D")
    if not _is_unit(family, unit):
        return None
    if unit in _EXTERNAL:
        words = (_EXTERNAL_LITE_HMS if family == "12" else _EXTERNAL_HMS).get(f"{part} {rest}")
        return None if words is None else AmsWords(_place(family, unit), words)
    table = _LITE_HMS if family == "12" else _DRYER_HMS
    words, slot = table.get(f"{part} {rest}"), None
    if words is None and part[1] in "0123":
        words, slot = table.get(f"{part[0]}. {rest}"), int(part[1]) + 1
        if part == "70" and family != "12":  # older firmware says it of any slot
            slot = None
    return None if words is None else AmsWords(_place(family, unit, slot), words)


def _is_unit(family: str, unit: str) -> bool:
    """What has another second byte is no code of an AMS that is known."""
    return family in _FAMILIES and (unit in _EXTERNAL or int(unit, 16) < len(_UNITS))


def _place(family: str, unit: str, slot: int | None = None) -> str:
    if unit in _EXTERNAL:
        return _EXTERNAL[unit]
    number = int(unit, 16)
    is_only = family == "12" and number == 0  # a printer has one AMS lite
    name = _FAMILIES[family]
    if number < len(_UNITS) and not is_only:
        name += f" {_UNITS[number]}"
    return name if slot is None else f"{name}, slot {slot}"


# The main board's own entries for tags that cannot be read: 16 slots from 10 on.
_TAGS = {f"0002_{0x10 + slot:04X}": f"AMS {_UNITS[slot // 4]}, slot {slot % 4 + 1}" for slot in range(16)}
