"""What BambUI does with a printer's reports: one dictionary, merged key by key, from which three keys vanish.

Source: protocol note, "Keys vanish" and "Stalls".
"""

from collections.abc import Mapping
from typing import Any

_BUSY = frozenset({"PREPARE", "RUNNING"})
_VANISHING = ("mc_percent", "layer_num", "mc_remaining_time")


class MergedStatus:
    """`data` of a `printer_status`: everything the printer ever said, the newest of each key."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data: dict[str, Any] = dict(data)

    def merge(self, fields: Mapping[str, Any]) -> bool:
        """Merge one report; True if the printer became busy by it (a start or a resume)."""
        before = self.data.get("gcode_state")
        self.data.update(fields)
        became_busy = self.data.get("gcode_state") in _BUSY and before not in _BUSY
        if became_busy:
            for key in _VANISHING:
                self.data.pop(key, None)
        return became_busy


class PhotoPoints:
    """The four points of a print at which BambUI wants a fresh picture before it goes on."""

    def __init__(self) -> None:
        self._passed: set[str] = set()

    def start_anew(self) -> None:
        self._passed.clear()

    def is_new_point(self, data: Mapping[str, Any]) -> bool:
        """Whether this status reaches one of the points for the first time since the start."""
        reached = {
            "layer": data.get("layer_num", 0) >= 2,
            "half": data.get("mc_percent", 0) >= 50,
            "almost": 0 < data.get("mc_remaining_time", 0) <= 3,
            "end": data.get("gcode_state") == "FINISH",
        }
        new = {point for point, is_reached in reached.items() if is_reached} - self._passed
        self._passed |= new
        return bool(new)
