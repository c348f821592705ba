"""Figures as printers send them: of any type, and of any value. One that cannot be meant is not known.

Everybody who shows a figure of a status (messages, API, page, metrics) has it from here, by `read_status` or
by `read_sensors`: so none shows what another leaves out. Meanings: infra/docs/bambu-fields.md.
"""

import re
from typing import TypeAlias

from functions.shared.domain.limits import REMAINING_TRUSTED_FROM_PERCENT

Bounds: TypeAlias = tuple[int, int]

PERCENT: Bounds = (0, 100)
LAYER: Bounds = (0, 1_000_000)
TOTAL_LAYERS: Bounds = (1, 1_000_000)
REMAINING_MINUTES: Bounds = (0, 60 * 24 * 60)  # no print takes two months; firmware has said 2^31
STAGE: Bounds = (-1, 100_000)
UNSIGNED_32_BIT: Bounds = (0, 0xFFFFFFFF)
DEGREES: Bounds = (-50, 600)  # a garage in winter; no hot end goes beyond
FAN_STEPS: Bounds = (0, 15)
SIGNAL_DBM: Bounds = (-200, 0)

_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,9})?")


def number(value: object, lowest: float, highest: float) -> float | None:
    """A number, also as a plain decimal text, if it is in the range; both ends belong to it."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if lowest <= value <= highest else None


def whole_number(value: object, lowest: int, highest: int) -> int | None:
    """The same without its fraction."""
    if type(value) is int:  # what most of them are, and there are many
        return value if lowest <= value <= highest else None
    found = number(value, lowest, highest)
    return None if found is None else int(found)


def known_remaining(minutes: int | None, percent: int | None) -> int | None:
    """The printer's estimate of the minutes left, if it is one: 0 early in a job means that there is none."""
    minutes = whole_number(minutes, *REMAINING_MINUTES)
    if minutes == 0 and (percent or 0) < REMAINING_TRUSTED_FROM_PERCENT:
        return None
    return minutes
