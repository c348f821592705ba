"""The stages of a job (`stg_cur`) in words: what the printer is doing, or why it paused.

Numbers as Bambu Studio and other clients name them (infra/docs/bambu-fields.md, "Why it paused"). A number
that is not here is harmless and has no words.
"""

from functions.shared.domain.print_error_words import PRINT_ERROR_WORDS, RAN_OUT

# Why it paused, with what to do. Where a code tells the same, its words are the same: nothing is told twice.
PAUSE_STAGES: dict[int, str] = {
    5: "Paused by the print file",
    6: RAN_OUT,
    16: "Paused by the user",
    17: PRINT_ERROR_WORDS["0300-8005"],
    20: PRINT_ERROR_WORDS["0300-8008"],
    21: PRINT_ERROR_WORDS["0300-8009"],
    23: PRINT_ERROR_WORDS["0300-800C"],
    26: "The AMS lost its connection. Check its cable, then resume",
    27: "The heat-break fan turns too slowly. Clean it, then resume",
    28: PRINT_ERROR_WORDS["0300-8018"],
    30: "Paused by the print file",
    32: PRINT_ERROR_WORDS["0C00-803F"],
    33: "The filament cutter reports an error. Check it, then resume",
    34: PRINT_ERROR_WORDS["0300-8002"],
    35: PRINT_ERROR_WORDS["0300-8016"],
}

_ACTIVITIES: dict[int, str] = {
    0: "printing",
    1: "levelling the bed",
    2: "heating the bed",
    3: "measuring vibration",
    4: "changing filament",
    7: "heating the nozzle",
    8: "calibrating extrusion",
    9: "scanning the bed",
    10: "looking at the first layer",
    11: "looking which plate it is",
    12: "calibrating the lidar",
    13: "homing",
    14: "cleaning the nozzle",
    15: "checking the nozzle's temperature",
    18: "calibrating the lidar",
    19: "calibrating flow",
    22: "unloading filament",
    24: "loading filament",
    25: "calibrating motor noise",
    29: "cooling the chamber",
    31: "showing off motor noise",
    36: "measuring precision",
    37: "calibrating precision",
    38: "measuring precision",
    39: "calibrating the nozzles' offset",
    40: "levelling the hot bed",
    41: "checking the quick-release lever",
    42: "checking door and cover",
    43: "calibrating the laser",
    44: "checking the platform",
    45: "checking the overhead camera",
    46: "calibrating the overhead camera",
    47: "levelling the bed",
    48: "levelling the bed",
    49: "heating the chamber",
    50: "cooling the bed",
    51: "printing calibration lines",
    52: "checking the material",
    53: "calibrating the live view camera",
    54: "waiting for the bed's temperature",
    55: "checking where the material lies",
    56: "calibrating the cutting module",
    57: "measuring the surface",
    58: "warming through",
    59: "homing the blade",
    60: "calibrating the camera's offset",
    61: "calibrating the blade holder",
    62: "trying the change of hotends",
    63: "waiting for the chamber's temperature",
    64: "preparing the hotend",
    65: "calibrating the check for clumps",
    66: "cleaning the chamber's air",
    67: "measuring the rotary attachment",
    68: "moving to the purge chute",
    69: "cooling the nozzle",
    70: "moving to the middle of the bed",
    71: "fitting arcs",
    72: "looking which hotend it is",
    73: "checking how the plate lies",
    74: "looking for things on the bed",
    75: "looking for things under the bed",
    76: "extruding before the print",
    77: "preparing the AMS",
}
_PRINTING = 0


def stage_words(stage: int | None) -> str | None:
    """What the printer is doing or why it paused; None for idle and unknown stages."""
    if stage is None:
        return None
    return PAUSE_STAGES.get(stage) or _ACTIVITIES.get(stage)


def activity_before(stage: int | None) -> str | None:
    """What a pause of unknown cause came upon, if that is more than printing."""
    return None if stage is None or stage == _PRINTING else _ACTIVITIES.get(stage)
