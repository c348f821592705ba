"""What a status says in numbers, for graphs: whatever types came, each figure is in its range or unknown.

Fields: field note and protocol note (chamber 5 means that there is no sensor; fan speeds are texts from 0
to 15; Wi-Fi is a text such as "-45dBm"; an HMS entry's level is `code >> 16`).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.bridge.status_facts import read_status
from functions.bridge.words import is_active

STATES = ("IDLE", "PREPARE", "SLICING", "RUNNING", "PAUSE", "FINISH", "FAILED")
OTHER = "OTHER"
HMS_LEVELS = ("fatal", "serious", "common", "info")
_NO_CHAMBER_SENSOR = 5.0
_COLDEST, _HOTTEST = -50.0, 600.0
_FASTEST_FAN = 15.0
_TEMPERATURES = {"nozzle": "nozzle_temper", "bed": "bed_temper", "chamber": "chamber_temper"}
_TARGETS = {"nozzle": "nozzle_target_temper", "bed": "bed_target_temper"}
_FANS = {
    "part": "cooling_fan_speed",
    "auxiliary": "big_fan1_speed",
    "chamber": "big_fan2_speed",
    "heatbreak": "heatbreak_fan_speed",
}
_NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")
_SIGNAL = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,3})?) ?(?:dBm)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PrinterFigures:
    """None, or no entry: the printer does not say. `state` is one of STATES or OTHER; `progress` 0 to 1;
    temperatures in degrees Celsius; fans 0 to 1; `hms` counts entries by level; `error_code` 0: none;
    `job_name` only while a job is active."""

    state: str | None
    is_job_active: bool | None
    job_name: str | None
    progress: float | None
    remaining_seconds: float | None
    layer: int | None
    layers: int | None
    error_code: int | None
    hms: Mapping[str, int] | None
    temperatures: Mapping[str, float]
    targets: Mapping[str, float]
    fans: Mapping[str, float]
    wifi_signal: float | None


def read_figures(status: Mapping[str, Any]) -> PrinterFigures:
    """The figures of one status. Total."""
    facts = read_status(status)
    is_job_active = None if facts.state is None else is_active(facts.state)
    temperatures = _numbers(status, _TEMPERATURES, _COLDEST, _HOTTEST)
    if temperatures.get("chamber") == _NO_CHAMBER_SENSOR:
        del temperatures["chamber"]
    fans = _numbers(status, _FANS, 0.0, _FASTEST_FAN)
    return PrinterFigures(
        state=None if facts.state is None else facts.state if facts.state in STATES else OTHER,
        is_job_active=is_job_active,
        job_name=facts.job_name if is_job_active else None,
        progress=None if facts.percent is None else facts.percent / 100.0,
        remaining_seconds=None if facts.remaining_minutes is None else facts.remaining_minutes * 60.0,
        layer=facts.layer,
        layers=facts.total_layers,
        error_code=facts.print_error,
        hms=None
        if facts.hms is None
        else _by_level(entry.code >> 16 for entry in facts.hms if entry.attribute or entry.code),
        temperatures=temperatures,
        targets=_numbers(status, _TARGETS, _COLDEST, _HOTTEST),
        fans={fan: speed / _FASTEST_FAN for fan, speed in fans.items()},
        wifi_signal=_signal(status.get("wifi_signal")),
    )


def number(value: object, lowest: float, highest: float) -> float | None:
    """A number, also as a plain decimal text, if it is in the range."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if lowest <= value <= highest else None


def _numbers(
    status: Mapping[str, Any], fields: Mapping[str, str], lowest: float, highest: float
) -> dict[str, float]:
    read = {name: number(status.get(field), lowest, highest) for name, field in fields.items()}
    return {name: value for name, value in read.items() if value is not None}


def _signal(value: object) -> float | None:
    if isinstance(value, str):
        found = _SIGNAL.fullmatch(value.strip()[:16])
        value = float(found[1]) if found else None
    return number(value, -200.0, 0.0)


def _by_level(levels: Iterable[int]) -> dict[str, int]:
    """A level that nobody knows counts as the least."""
    counts = Counter(HMS_LEVELS[level - 1 if 1 <= level <= len(HMS_LEVELS) else -1] for level in levels)
    return {level: counts[level] for level in HMS_LEVELS}
