"""A scenario laid out in time: segments of one state word, and the events that come of them.

Order and proportions: infra/docs/bambui-protocol.md (name ahead of the state, then PREPARE, then RUNNING).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from infra.simulator.scenarios import (
    ERROR_CANCELLED,
    ERROR_FAILED,
    ERROR_POWER_LOSS,
    Ending,
    Hms,
    Pause,
    Print,
    Scenario,
)


@dataclass(frozen=True, slots=True)
class Scene:
    """`number` counts the printer's images from 1. `built` (0..1) is how much of the object stands on the
    bed, `tangle` (0..1) how much spaghetti lies around it. `subject` chooses shape and colour.
    """

    number: int
    seconds: float = 0.0
    subject: str = ""
    built: float = 0.0
    tangle: float = 0.0
    is_printing: bool = False
    lines: tuple[str, ...] = ()


OFFLINE_MESSAGE = "Printer Offline"


@dataclass(frozen=True, slots=True)
class StatusDelta:
    """One report of the printer: the fields it carries. `is_whole`: BambUI's data is replaced by it."""

    at: float
    fields: Mapping[str, Any]
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class CameraImage:
    """One camera image: a scene that is yet to be drawn, or the base64 of a JPEG."""

    at: float
    scene: Scene | None = None
    base64_text: str = ""


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """BambUI's own message that something is wrong."""

    at: float
    message: str = OFFLINE_MESSAGE


@dataclass(frozen=True, slots=True)
class Power:
    """The printer went off or came back."""

    at: float
    is_on: bool


@dataclass(frozen=True, slots=True)
class Done:
    """The script is over; the printer stays as it is from here on."""

    at: float


DeviceEvent = StatusDelta | CameraImage | ErrorMessage | Power | Done


_ANNOUNCED_PART = 0.0125
_PREPARED_PART_CLOUD, _PREPARED_PART_LOCAL = 0.07, 0.0125


class Edge(StrEnum):
    """What the printer says when a stretch begins."""

    CHANGE = "change"  # one delta
    ANSWER = "answer"  # its answer to `project_file`, then everything
    BOOT = "boot"  # everything, counting anew
    NONE = "none"  # nothing: no power


@dataclass(frozen=True, slots=True)
class Segment:
    """Script seconds [begins, ends) under one state word.

    `named` is the print whose names are reported, `shown` the one whose progress is: they differ while
    the name runs ahead of the state. The share of `shown` goes from `share_from` to `share_to`.
    `number` counts prints from 0; -1 before the first.
    """

    begins: float
    ends: float
    state: str
    edge: Edge = Edge.CHANGE
    number: int = -1
    named: Print | None = None
    shown: Print | None = None
    share_from: float = 0.0
    share_to: float = 0.0
    stage: int | None = None
    print_error: int = 0
    hms: Hms = ()
    has_camera: bool = True
    is_bed_empty: bool = False
    is_done: bool = False

    @property
    def is_powered(self) -> bool:
        return self.edge is not Edge.NONE

    def share(self, at: float) -> float:
        """The share of the work that is done at that script second."""
        if self.share_to <= self.share_from:
            return self.share_from
        part = (at - self.begins) / (self.ends - self.begins)
        return self.share_from + (self.share_to - self.share_from) * min(1.0, max(0.0, part))


def lay_out(scenario: Scenario) -> Iterator[Segment]:
    """The stretches of a scenario without a gap; the last one never ends (nor does a repeating script)."""
    if not scenario.is_powered:
        yield Segment(0.0, math.inf, "IDLE", Edge.NONE)
        return
    first = _ended(0.0, scenario.before, -1) if scenario.before else Segment(0.0, 0.0, "IDLE")
    if not scenario.prints:
        yield replace(first, ends=scenario.idle_seconds, edge=Edge.BOOT)
        yield replace(first, begins=scenario.idle_seconds, ends=math.inf, is_done=True)
        return
    last = replace(first, ends=scenario.idle_seconds, edge=Edge.BOOT)
    yield last
    number = 0
    while True:
        for run in scenario.prints:
            for segment in _run(run, number, last):
                yield segment
                last = segment
            last = replace(last, ends=last.begins + scenario.rest_seconds)
            yield last
            number += 1
        if not scenario.repeats:
            yield replace(last, begins=last.ends, ends=math.inf, is_done=True)
            return


def _run(run: Print, number: int, last: Segment) -> Iterator[Segment]:
    """From the name to the end; the final stretch is left open (its end is its begin)."""
    announced = last.ends + run.seconds * _ANNOUNCED_PART
    ahead = replace(
        last, begins=last.ends, ends=announced, state="IDLE", edge=Edge.ANSWER,
        named=run, number=number, is_bed_empty=True, print_error=0, hms=(),
    )  # fmt: skip
    yield ahead
    part = _PREPARED_PART_CLOUD if run.job.is_cloud else _PREPARED_PART_LOCAL
    prepared = announced + run.seconds * part
    yield replace(ahead, begins=announced, ends=prepared, state="PREPARE", edge=Edge.CHANGE)
    running = Segment(prepared, prepared, "RUNNING", number=number, named=run, shown=run, is_bed_empty=False)
    pace = run.seconds * (1 - part)  # script seconds for the whole of the work
    for at in sorted(_stops(run)):
        if at >= run.ends_at:
            break
        running = _worked(running, at, pace)
        yield running
        for segment in _interrupted(run, at, running):
            yield segment
            running = segment
        running = replace(
            running, begins=running.ends, state="RUNNING", edge=Edge.CHANGE, stage=None, print_error=0,
            hms=run.warning.hms if run.warning and run.warning.at <= at else (),
        )  # fmt: skip
    running = _worked(running, run.ends_at, pace)
    yield running
    yield replace(_ended(running.ends, run, number), hms=running.hms)


def _stops(run: Print) -> set[float]:
    stops = {pause.at for pause in run.pauses}
    if run.warning:
        stops.add(run.warning.at)
    if run.power_cut:
        stops.add(run.power_cut.at)
    return stops


def _worked(segment: Segment, share: float, pace: float) -> Segment:
    return replace(
        segment, share_to=share, ends=segment.begins + (share - segment.share_from) * pace, has_camera=True
    )


def _interrupted(run: Print, at: float, running: Segment) -> Iterator[Segment]:
    """What happens at a stop, each stretch from the end of the one before; always ends standing still."""
    still = replace(running, begins=running.ends, share_from=at, share_to=at)
    yield still
    for pause in run.pauses:
        if pause.at == at:
            still = _paused(still, pause)
            yield still
    cut = run.power_cut
    if cut and cut.at == at:
        still = replace(still, begins=still.ends, ends=still.ends + cut.away_seconds, edge=Edge.NONE)
        yield still
        back = Pause(at, cut.paused_seconds, stage=None, print_error=ERROR_POWER_LOSS)
        dark = replace(_paused(still, back), edge=Edge.BOOT, has_camera=False)
        lit = dark.begins + min(cut.camera_seconds, cut.paused_seconds)
        yield replace(dark, ends=lit)
        yield replace(dark, begins=lit, edge=Edge.CHANGE, has_camera=True)


def _paused(segment: Segment, pause: Pause) -> Segment:
    return replace(
        segment, begins=segment.ends, ends=segment.ends + pause.seconds, state="PAUSE", edge=Edge.CHANGE,
        stage=pause.stage, print_error=pause.print_error, hms=pause.hms,
    )  # fmt: skip


def _ended(at: float, run: Print, number: int) -> Segment:
    errors = {Ending.FINISHED: 0, Ending.FAILED: ERROR_FAILED, Ending.CANCELLED: ERROR_CANCELLED}
    return Segment(
        at, at, "FINISH" if run.ending is Ending.FINISHED else "FAILED", number=number, named=run,
        shown=run, share_from=run.ends_at, share_to=run.ends_at, print_error=errors[run.ending],
    )  # fmt: skip
