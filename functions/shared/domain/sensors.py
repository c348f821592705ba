"""What a status says of the machine itself: temperatures, fans, Wi-Fi, each in its bounds or not there.

Fields: infra/docs/bambu-fields.md (fan speeds are texts from 0 to 15; Wi-Fi is a text such as "-45dBm").
"""

import re
from collections.abc import Mapping
from typing import Any

from functions.shared.domain.figures import DEGREES, FAN_STEPS, SIGNAL_DBM, Bounds, number
from functions.shared.value_class import dataclass

_NO_CHAMBER_SENSOR = 5.0  # what printers without that sensor say (recordings of A1 and P1)
_TEMPERATURES = {"nozzle": "nozzle_temper", "bed": "bed_temper", "chamber": "chamber_temper"}
_TARGETS = {"nozzle": "nozzle_target_temper", "bed": "bed_target_temper"}
_FANS = {
    "part": "cooling_fan_speed",
    "auxiliary": "big_fan1_speed",
    "chamber": "big_fan2_speed",
    "heatbreak": "heatbreak_fan_speed",
}
_SIGNAL = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,3})?) ?(?:dBm)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sensors:
    """No entry, or None: the printer does not say. Temperatures (nozzle, bed, chamber) and what is heated to
    (`targets`: nozzle, bed; 0: not heated) in degrees Celsius; fans (part, auxiliary, chamber, heatbreak)
    from 0 to 1; `wifi_signal` in dBm."""

    temperatures: Mapping[str, float]
    targets: Mapping[str, float]
    fans: Mapping[str, float]
    wifi_signal: float | None


def read_sensors(status: Mapping[str, Any]) -> Sensors:
    """The sensors of one status. Total."""
    temperatures = _numbers(status, _TEMPERATURES, DEGREES)
    if temperatures.get("chamber") == _NO_CHAMBER_SENSOR:
        del temperatures["chamber"]
    fans = _numbers(status, _FANS, FAN_STEPS)
    return Sensors(
        temperatures=temperatures,
        targets=_numbers(status, _TARGETS, DEGREES),
        fans={fan: steps / FAN_STEPS[1] for fan, steps in fans.items()},
        wifi_signal=_signal(status.get("wifi_signal")),
    )


def _numbers(status: Mapping[str, Any], fields: Mapping[str, str], bounds: Bounds) -> dict[str, float]:
    read = {name: number(status.get(field), *bounds) for name, field in fields.items()}
    return {name: value for name, value in read.items() if value is not None}


def _signal(value: object) -> float | None:
    if isinstance(value, str):
        found = _SIGNAL.fullmatch(value.strip()[:16])
        value = float(found[1]) if found else None
    return number(value, *SIGNAL_DBM)
