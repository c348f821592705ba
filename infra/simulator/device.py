"""What a simulated printer gives: the events of a scenario, or of a recording, when BambUI lets them through.

Pure and deterministic: the same scenario, model and seed give the same events. Timing:
infra/docs/bambui-protocol.md (a status per 1.1 s, images 0.5 to 1 per second, "Printer Offline" 71 to 131 s
after the last message and each 11 s from then on; statuses are held back at four points of a print until a
fresh image is there, 10 s at most).
"""

import heapq
import math
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from infra.simulator.scenarios import Camera, Scenario
from infra.simulator.telemetry import (
    MergedStatus,
    PhotoPoints,
    answer_fields,
    filament_fields,
    filament_unit,
    moving_fields,
    whole_report,
)
from infra.simulator.timeline import (
    CameraImage,
    DeviceEvent,
    Done,
    Edge,
    ErrorMessage,
    Power,
    Scene,
    Segment,
    StatusDelta,
    lay_out,
)

PHOTO_WAIT_SECONDS = 10.0


def hold_for_photos(events: Iterable[DeviceEvent], *, is_stuck: bool = False) -> Iterator[DeviceEvent]:
    """The same happenings at the times at which BambUI lets them through.

    `is_stuck`: the camera gives nothing while BambUI waits, so that each wait is a whole one.
    """
    gate = _Gate()
    for event in events:
        yield from gate.expire(event.at)
        if isinstance(event, StatusDelta | Done):  # the script is not over before its last status is out
            yield from gate.take(event)
        elif isinstance(event, CameraImage):
            if not (is_stuck and gate.is_waiting):
                yield event
                yield from gate.release(event.at)
        else:
            yield event


class _Gate:
    """Statuses go through one after the other; one at a photo point holds itself and those behind it."""

    def __init__(self) -> None:
        self._held: deque[StatusDelta | Done] = deque()
        self._waits_since: float | None = None
        self._merged = MergedStatus({})
        self._points = PhotoPoints()

    @property
    def is_waiting(self) -> bool:
        return self._waits_since is not None

    def take(self, status: StatusDelta | Done) -> Iterator[StatusDelta | Done]:
        self._held.append(status)
        yield from self._pass_on(status.at)

    def release(self, at: float) -> Iterator[StatusDelta | Done]:
        """The image is there, or the wait is over."""
        if self._waits_since is not None:
            self._waits_since = None
            yield replace(self._held.popleft(), at=at)
            yield from self._pass_on(at)

    def expire(self, now: float) -> Iterator[StatusDelta | Done]:
        while self._waits_since is not None and self._waits_since + PHOTO_WAIT_SECONDS <= now:
            yield from self.release(self._waits_since + PHOTO_WAIT_SECONDS)

    def _pass_on(self, at: float) -> Iterator[StatusDelta | Done]:
        while self._held and self._waits_since is None:
            if self._is_photo_point(self._held[0]):
                self._waits_since = at
            else:
                yield replace(self._held.popleft(), at=at)

    def _is_photo_point(self, event: StatusDelta | Done) -> bool:
        if isinstance(event, Done):
            return False
        if self._merged.merge(event.fields):
            self._points.start_anew()
        return self._points.is_new_point(self._merged.data)


STATUS_INTERVAL = 1.1
IMAGE_INTERVAL = 1.0
FIRST_OFFLINE_MESSAGE = (71.0, 131.0)
OFFLINE_MESSAGE_INTERVAL = 11.0

_NOZZLE_LAG, _BED_LAG = 1.4, 5.0
_ROOM_NOZZLE, _ROOM_BED = 24.0, 23.0
_ANSWER_SECONDS = 0.01


def events(
    scenario: Scenario,
    *,
    name: str = "",
    model: str = "A1M",
    seed: int = 0,
    status_interval: float = STATUS_INTERVAL,
    image_interval: float = IMAGE_INTERVAL,
) -> Iterator[DeviceEvent]:
    """Everything that printer says and shows, in the order of time, without end."""
    firmware = _Firmware(model, seed, status_interval)
    camera = _Camera(name, scenario.camera, image_interval)
    for segment in lay_out(scenario):
        if segment.is_done:
            yield Done(segment.begins)
        if segment.begins == segment.ends:
            continue
        if segment.edge is Edge.NONE:
            yield Power(segment.begins, is_on=False)
            yield from _offline_messages(segment, firmware.random)
            continue
        if segment.edge is Edge.BOOT and segment.begins > 0:
            yield Power(segment.begins, is_on=True)
        streams: list[Iterator[StatusDelta | CameraImage]]
        streams = [firmware.reports(segment), camera.images(segment)]
        yield from heapq.merge(*streams, key=_time)


def _time(event: StatusDelta | CameraImage) -> float:
    return event.at


def _offline_messages(segment: Segment, random: Random) -> Iterator[DeviceEvent]:
    was_always_off = segment.begins == 0
    at = segment.begins + (0 if was_always_off else random.uniform(*FIRST_OFFLINE_MESSAGE))
    while at < segment.ends:
        yield ErrorMessage(at)
        at += OFFLINE_MESSAGE_INTERVAL


class _Firmware:
    """What the printer knows from one report to the next: what it said last, and how warm it is."""

    def __init__(self, model: str, seed: int, interval: float) -> None:
        self.random = Random(seed)
        self._model = model
        self._interval = interval
        self._whole = whole_report(model)
        self._sequence = self.random.randrange(1000, 9000)
        self._identity = 0
        self._number: int | None = None
        self._nozzle, self._bed = _ROOM_NOZZLE, _ROOM_BED
        self._warmed_at = 0.0
        self._filament: object = None

    def reports(self, segment: Segment) -> Iterator[StatusDelta]:
        """The reports of a stretch: what its begin says at once, then one per interval."""
        at = segment.begins
        if segment.number != self._number:
            self._number = segment.number
            self._identity = self.random.randrange(140_000_000, 160_000_000)
        if segment.edge is Edge.ANSWER and segment.named:
            yield StatusDelta(at, answer_fields(segment.named.job, self._identity))
            at += _ANSWER_SECONDS
            idle = whole_report(self._model)["upgrade_state"]
            self._whole["upgrade_state"] = {**idle, "cur_state_code": 1}
            yield self._everything(segment, at)
        elif segment.edge is Edge.BOOT:
            if at > 0:
                self._sequence = 0
            else:
                at += self.random.uniform(0.2, 1.2) * self._interval
            yield self._everything(segment, at)
        elif self._is_news(segment, at):
            yield self._change(segment, at)
        at += self._pause()
        while at < segment.ends:
            yield self._change(segment, at)
            at += self._pause()

    def _is_news(self, segment: Segment, at: float) -> bool:
        """Whether the begin of a stretch is worth a report of its own."""
        now = moving_fields(segment, at, self._identity, self._model)
        return any(now[key] != self._whole[key] for key in ("gcode_state", "print_error", "hms"))

    def _everything(self, segment: Segment, at: float) -> StatusDelta:
        self._whole |= self._now(segment, at)
        trays: dict[str, Any] = {**whole_report(self._model)["ams"], "ams": [self._unit()]}
        return StatusDelta(at, {**self._whole, "ams": trays, **self._header(0)})

    def _change(self, segment: Segment, at: float) -> StatusDelta:
        now = self._now(segment, at)
        fields = {key: value for key, value in now.items() if self._whole.get(key) != value}
        if fields.get("gcode_state") == "RUNNING":
            fields.pop("mc_remaining_time", None)  # comes with the next report, as real printers do it
        self._whole |= fields
        is_printing = segment.state in {"RUNNING", "PAUSE"}
        filament = filament_fields(segment.share(at), is_printing=is_printing)
        if filament is not None and filament != self._filament:
            fields["ams"] = dict(filament)
        elif self.random.random() < 0.06:
            fields["ams"] = {"ams": [self._unit()]}
        self._filament = filament
        if fields.get("gcode_state") in {"FINISH", "FAILED"}:
            self._whole["upgrade_state"] = fields["upgrade_state"] = {"cur_state_code": 0}
        return StatusDelta(at, {**fields, **self._header(1)})

    def _now(self, segment: Segment, at: float) -> dict[str, Any]:
        fields = moving_fields(segment, at, self._identity, self._model)
        self._warm_up(at, fields["nozzle_target_temper"], fields["bed_target_temper"])
        fields["nozzle_temper"] = self._measured(self._nozzle)
        fields["bed_temper"] = self._measured(self._bed)
        fields["heatbreak_fan_speed"] = "15" if self._nozzle > 50 else "0"
        if self.random.random() < 0.5:
            fields["wifi_signal"] = f"-{self.random.randint(43, 52)}dBm"
        return fields

    def _warm_up(self, at: float, nozzle_target: int, bed_target: int) -> None:
        passed = max(0.0, at - self._warmed_at)
        self._warmed_at = at
        self._nozzle += ((nozzle_target or _ROOM_NOZZLE) - self._nozzle) * -math.expm1(-passed / _NOZZLE_LAG)
        self._bed += ((bed_target or _ROOM_BED) - self._bed) * -math.expm1(-passed / _BED_LAG)

    def _measured(self, degrees: float) -> float:
        return round((degrees + self.random.uniform(-0.05, 0.05)) * 32) / 32

    def _pause(self) -> float:
        return self.random.uniform(0.75, 1.25) * self._interval

    def _unit(self) -> dict[str, Any]:
        return filament_unit(self.random.uniform(24, 27))

    def _header(self, msg: int) -> dict[str, Any]:
        self._sequence += 1
        return {"command": "push_status", "msg": msg, "sequence_id": str(self._sequence)}


class _Camera:
    """Counts its images; without one, none ever comes."""

    def __init__(self, name: str, camera: Camera, interval: float) -> None:
        self._name = name
        self._camera = camera
        self._interval = interval
        self._number = 0
        self._next = interval

    def images(self, segment: Segment) -> Iterator[CameraImage]:
        """The images of a stretch."""
        if self._camera is Camera.NONE or not segment.has_camera:
            return
        self._next = max(self._next, segment.begins)
        while self._next < segment.ends:
            yield CameraImage(self._next, self._scene(segment, self._next))
            self._number += 1
            self._next += self._interval

    def _scene(self, segment: Segment, at: float) -> Scene:
        share = segment.share(at)
        progress = moving_fields(segment, at, 0, "")
        run = None if segment.is_bed_empty else segment.shown
        layer, layers = progress.get("layer_num", 0), progress.get("total_layer_num", 0)
        built, tangle = (layer / layers if run and layers else 0.0), 0.0
        if run and run.spaghetti_from is not None and share > run.spaghetti_from:
            tangle = (share - run.spaghetti_from) / (1 - run.spaghetti_from)
            built *= run.spaghetti_from / share
        lines = [f"{self._name}  {_clock(at)}".strip(), segment.state]
        if segment.state in {"RUNNING", "PAUSE"}:
            lines[1] += f"  {progress.get('mc_percent', 0)} %  layer {layer}/{layers}"
        return Scene(
            number=self._number + 1,
            seconds=at,
            subject=run.job.name if run else "",
            built=built,
            tangle=tangle,
            is_printing=segment.state == "RUNNING",
            lines=tuple(lines),
        )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest:02d}"


def play_scenario(
    scenario: Scenario,
    *,
    name: str = "",
    model: str = "A1M",
    seed: int = 0,
    status_interval: float = STATUS_INTERVAL,
    image_interval: float = IMAGE_INTERVAL,
) -> Iterator[DeviceEvent]:
    """The happenings of a scenario in the order of time, without end; pure and the same for the same seed."""
    script = events(
        scenario,
        name=name,
        model=model,
        seed=seed,
        status_interval=status_interval,
        image_interval=image_interval,
    )
    return hold_for_photos(script, is_stuck=scenario.camera is Camera.STUCK_AT_PHOTOS)


Recording = Sequence[tuple[float, Mapping[str, Any]]]


def replay(recording: Recording) -> Iterator[DeviceEvent]:
    """The messages of a recording at their times; an `image` that was left out becomes a scene to draw.

    Each entry is (seconds, message) with BambUI's message (`type` and so on) or an `event` of the
    connection, which is passed over. Ends with Done.
    """
    images, last = 0, 0.0
    for at, message in recording:
        last = at
        match message.get("type"):
            case "printer_status":
                yield StatusDelta(at, message["data"], is_whole=True)
            case "jpeg_image":
                images += 1
                image = message.get("image") or ""
                yield CameraImage(at, None if image else Scene(images, seconds=at), image)
            case "error":
                yield ErrorMessage(at, message["message"])
    yield Done(last)
