"""What real printers do beyond the simulated one's even course: a scenario as a recording with its quirks.

Pure. What they are and who reported them: infra/docs/bambui-protocol.md, "About real printers".
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from infra.simulator.device import Recording, play_scenario
from infra.simulator.scenarios import ERROR_CANCELLED, Scenario
from infra.simulator.telemetry import MergedStatus, whole_report
from infra.simulator.timeline import CameraImage, Done, StatusDelta

_HEALTH_CANCELLED = {"attr": 0x0300_0100, "code": 0x0001_400C}
_IMAGE: Mapping[str, Any] = {"type": "jpeg_image"}
_ENDS = frozenset({"FINISH", "FAILED"})
_FIGURES = ("mc_percent", "layer_num", "mc_remaining_time")
_ACTIVE = frozenset({"PREPARE", "RUNNING", "PAUSE"})


class CodePlace(StrEnum):
    """Where the code of a cancel is shown."""

    ERROR = "print_error"
    REASON = "fail_reason"
    HEALTH = "hms"


@dataclass(frozen=True, slots=True)
class Quirks:
    """Of one print. Shares are of its work, `lead` and `clears` script seconds before the word of its end.

    `plates`: so many in one job, percent and layer begin anew on each. `renamed`: from that share on it has
    the other name. `wordless`: between the shares no word comes (`is_word_empty`: an empty one).
    `clears`: the figures are cleared so long before the word, None: never. `place`, `lead`: where and when
    the code of a cancel comes, after the word if negative; `stays`: into the next prints. `ends_idle`: the
    word of the end is IDLE. `never_runs`: it only prepares.
    """

    plates: int = 1
    renamed: tuple[float, str] | None = None
    wordless: tuple[float, float] | None = None
    is_word_empty: bool = False
    clears: float | None = None
    place: CodePlace = CodePlace.ERROR
    lead: float = 0.0
    stays: bool = False
    ends_idle: bool = False
    never_runs: bool = False


NONE = Quirks()


def recording_of(
    scenario: Scenario, quirks: Mapping[str, Quirks], *, model: str, seed: int, image_interval: float
) -> Recording:
    """What BambUI sends of that printer; `quirks` by the names of the jobs."""
    plain: list[tuple[float, dict[str, Any] | None]] = []
    status = MergedStatus(whole_report(model))
    for event in play_scenario(scenario, model=model, seed=seed, image_interval=image_interval):
        if isinstance(event, Done):
            break
        if isinstance(event, StatusDelta):
            status.merge(event.fields)
            plain.append((event.at, dict(status.data)))
        elif isinstance(event, CameraImage):
            plain.append((event.at, None))
    ends: dict[str, tuple[float, bool]] = {}
    active = ""  # the name runs ahead of the word
    for at, data in plain:
        if data is not None and data["gcode_state"] in _ACTIVE:
            active = data["subtask_name"]
        elif data is not None and data["gcode_state"] in _ENDS and data["subtask_name"] == active:
            ends.setdefault(active, (at, data["print_error"] == ERROR_CANCELLED))
    printer = _QuirkyPrinter(quirks, ends)
    return [(at, _IMAGE if data is None else _status(printer.said(at, data))) for at, data in plain]


def _status(data: dict[str, Any]) -> Mapping[str, Any]:
    return {"type": "printer_status", "data": data}


class _QuirkyPrinter:
    """Changes one status after the other, in their order. `ends`: when, and whether somebody cancelled."""

    def __init__(self, quirks: Mapping[str, Quirks], ends: Mapping[str, tuple[float, bool]]) -> None:
        self._quirks = quirks
        self._ends = ends
        self._job = ""
        self._share = 0.0
        self._is_cleared = False
        self._place_before = CodePlace.ERROR
        self._left_over: dict[str, Any] = {}

    def said(self, at: float, data: dict[str, Any]) -> dict[str, Any]:
        job, word = data["subtask_name"], data["gcode_state"]
        if job != self._job:
            before = self._quirks.get(self._job, NONE)
            if not before.stays:
                self._left_over = {}
            self._job, self._share, self._place_before = job, 0.0, before.place
        quirk, (end, is_cancelled) = self._quirks.get(job, NONE), self._ends.get(job, (math.inf, False))
        is_over = word in _ENDS and at >= end
        is_of_job = word in {"RUNNING", "PAUSE"} or is_over
        if is_of_job:
            self._share = data.get("mc_percent", 100 * self._share) / 100
        if self._left_over:
            data |= self._left_over
        if data["print_error"] == ERROR_CANCELLED and (is_over or self._place_before is not CodePlace.ERROR):
            data["print_error"] = 0  # it is shown where and when this printer does
        if is_cancelled:
            self._show_cancel(data, quirk, is_due=at >= end - quirk.lead)
        if is_over and quirk.ends_idle:
            data |= {"gcode_state": "IDLE", "print_error": 0}
        if quirk.never_runs and word in {"RUNNING", "PAUSE"}:
            data |= {"gcode_state": "PREPARE", "mc_percent": 0, "layer_num": 0}
        elif quirk.plates > 1 and is_of_job:
            _show_plate(data, quirk.plates)
        if is_of_job and quirk.renamed is not None and self._share >= quirk.renamed[0]:
            data["subtask_name"] = quirk.renamed[1]
        if word in _ACTIVE:
            self._is_cleared = quirk.clears is not None and at >= end - quirk.clears
        elif is_over and quirk.clears is not None:
            self._is_cleared = True
        if self._is_cleared:
            data |= {key: 0 for key in _FIGURES if key in data}
        if quirk.wordless and word == "RUNNING" and quirk.wordless[0] <= self._share < quirk.wordless[1]:
            if quirk.is_word_empty:
                data["gcode_state"] = ""
            else:
                del data["gcode_state"]
        return data

    def _show_cancel(self, data: dict[str, Any], quirk: Quirks, *, is_due: bool) -> None:
        if is_due:
            shown = _shown(quirk.place)
            if quirk.place is CodePlace.REASON and quirk.stays:
                self._left_over = shown
            data |= shown


def _shown(place: CodePlace) -> dict[str, Any]:
    match place:
        case CodePlace.ERROR:
            return {"print_error": ERROR_CANCELLED}
        case CodePlace.REASON:
            return {"fail_reason": str(ERROR_CANCELLED)}
        case CodePlace.HEALTH:
            return {"hms": [_HEALTH_CANCELLED]}


def _show_plate(data: dict[str, Any], plates: int) -> None:
    if data["gcode_state"] == "FINISH":
        return
    for key, whole in (("mc_percent", 100), ("layer_num", max(1, data["total_layer_num"]))):
        if key in data:
            data[key] = data[key] * plates % whole
