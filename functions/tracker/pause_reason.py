"""Why a printer pauses, in words.

Source of the stages (`stg_cur`): infra/docs/bambu-fields.md, "Why it paused".
"""

from functions.shared.domain.error_codes import error_of, is_prompt, notable_codes
from functions.shared.domain.faults import fault_of
from functions.shared.domain.status import PrinterStatus

PAUSE_STAGES: dict[int, str] = {
    5: "Paused by the print file (M400)",
    6: "Filament ran out",
    16: "Paused by the user",
    17: "The front cover came off",
    20: "Nozzle temperature is off",
    21: "Bed temperature is off",
    23: "The motors lost steps",
    26: "The AMS lost its connection",
    27: "The heat-break fan turns too slowly",
    28: "Chamber temperature is off",
    30: "Paused by the print file",
    32: "Filament is clumped on the nozzle",
    33: "The filament cutter reports an error",
    34: "The first layer does not look right",
    35: "The nozzle is clogged",
}

PAUSES_BY_USER = frozenset({PAUSE_STAGES[5], PAUSE_STAGES[16], PAUSE_STAGES[30]})
_UNKNOWN_PAUSE = "The printer does not say why"


def pause_reason(facts: PrinterStatus, new_codes: tuple[str, ...]) -> str:
    """Why it pauses: the error, else the stage, else the health messages.

    An error that stood there before this report or only advises gives way to a stage that names a cause.
    """
    stage = PAUSE_STAGES.get(facts.stage) if facts.stage is not None else None
    code = error_of(facts)
    if code is not None and not is_prompt(code) and (code in new_codes or stage is None):
        return fault_of(code).text or f"Error {code}"
    if stage is not None:
        return stage
    for code in notable_codes(facts):
        if code.startswith("HMS_"):
            return fault_of(code).text or code
    return _UNKNOWN_PAUSE
