"""Why a print pauses, by `stg_cur`, in our own words.

Source: the field note (stage numbers of the printer's firmware).
"""

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
PRINTS_NOW = frozenset({0, -1})


def really_prints(stage: int | None) -> bool:
    """Whether filament is being laid; an unknown stage does not speak against it."""
    return stage is None or stage in PRINTS_NOW
