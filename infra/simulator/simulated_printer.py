"""One printer as BambUI serves it to its clients: plays a scenario or a recording, or is driven by hand.

What a client may say, and what silently ends its session: infra/docs/bambui-protocol.md, "What a client may
send"; the names of the commands are BambUI's.
"""

import asyncio
import base64
import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from enum import Enum, auto
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from infra.simulator.camera import SIZE, Painter
from infra.simulator.device import IMAGE_INTERVAL, STATUS_INTERVAL, Recording, play_scenario, replay
from infra.simulator.scenarios import SCENARIOS, Scenario
from infra.simulator.telemetry import MergedStatus, whole_report
from infra.simulator.timeline import (
    OFFLINE_MESSAGE,
    CameraImage,
    DeviceEvent,
    Done,
    ErrorMessage,
    Power,
    Scene,
    StatusDelta,
)

_log = logging.getLogger(__name__)

_FIELDS: dict[str, dict[str, type]] = {
    "chamber_light": {"enable": bool},
    "extruder_temp": {"temperature": int},
    "bed_temp": {"temperature": int},
    "print_speed": {"speed": int},
    "fan_part": {"speed": int},
    "fan_aux": {"speed": int},
    "fan_chamber": {"speed": int},
    "move_x": {"distance": int},
    "move_y": {"distance": int},
    "move_z": {"distance": int},
    "move_e": {"distance": int},
    "upload_file": {"file": str, "file_name": str},
    **{
        name: {}
        for name in (
            "move_home", "stop_print", "pause_print", "resume_print", "force_refresh", "load_filament",
            "unload_filament", "calibrate",
        )
    },
}  # fmt: skip
_ONLY_IDLE = frozenset(
    {"move_x", "move_y", "move_z", "move_e", "move_home", "load_filament", "unload_filament", "calibrate",
     "upload_file"}
)  # fmt: skip


class Verdict(Enum):
    ACCEPTED = auto()
    NOT_IDLE = auto()
    SESSION_ENDS = auto()


def judge(message: str | bytes, *, is_idle: bool) -> Verdict:
    """What BambUI makes of a client's message."""
    if isinstance(message, bytes):
        return Verdict.SESSION_ENDS
    try:
        body: Any = json.loads(message)
    except (ValueError, RecursionError):
        return Verdict.SESSION_ENDS
    kind = body.get("type") if isinstance(body, dict) else None
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None or not all(isinstance(body.get(field), of) for field, of in fields.items()):
        return Verdict.SESSION_ENDS
    return Verdict.NOT_IDLE if kind in _ONLY_IDLE and not is_idle else Verdict.ACCEPTED


Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class SimulatedPrinter:
    """Plays `scenario` (a name of SCENARIOS or a Scenario) or `recording`; with neither it says nothing by
    itself. Attributes without underscore may be set at any time.

    `image_size` in pixels; `image`: one JPEG that is sent each time instead of drawn ones.
    `waits_for_client`: the script begins with the first client (a recording always does).
    `skip_seconds`: that much of the script has passed before it begins.
    """

    def __init__(
        self,
        name: str = "A1M-1",
        model: str = "A1M",
        scenario: str | Scenario | None = None,
        *,
        recording: Recording | None = None,
        seed: int = 0,
        status_interval: float = STATUS_INTERVAL,
        image_interval: float = IMAGE_INTERVAL,
        image_size: tuple[int, int] = SIZE,
        image: bytes | None = None,
        waits_for_client: bool = False,
        skip_seconds: float = 0.0,
        is_online: bool = True,
    ) -> None:
        self.name = name
        self.model = model
        self.is_online = is_online
        self.is_silent = False  # neither status nor image comes through; the connection stays
        self.has_images = True
        self.is_status_task_dead = False  # no status until a new client comes
        self.status = MergedStatus(whole_report(model))
        self.done = asyncio.Event()
        self.statuses_sent = 0
        self.images_sent = 0
        self.clients_seen = 0
        self.received: list[str | bytes] = []
        self._script: Iterator[DeviceEvent] = iter(())
        if recording is not None:
            self._script = replay(recording)
        elif scenario is not None:
            self._script = play_scenario(
                SCENARIOS[scenario] if isinstance(scenario, str) else scenario,
                name=name,
                model=model,
                seed=seed,
                status_interval=status_interval,
                image_interval=image_interval,
            )
        self._waits_for_client = waits_for_client or recording is not None
        self._skip_seconds = skip_seconds
        self._fixed_image = base64.b64encode(image).decode("ascii") if image else None
        self._painter = Painter(image_size)
        self._clients: dict[ServerConnection, None] = {}
        self._is_deaf: set[ServerConnection] = set()
        self._changed = asyncio.Condition()
        self._scenes = 0

    async def wait_until(self, predicate: Callable[[], bool]) -> None:
        """Until that holds; looked at whenever a client comes, goes or says something."""
        async with self._changed:
            await self._changed.wait_for(predicate)

    async def wait_for_clients(self, count: int = 1, *, seen: int = 0) -> None:
        """Until so many clients are connected, and `seen` have been altogether."""
        await self.wait_until(lambda: len(self._clients) >= count and self.clients_seen >= seen)

    # By hand

    async def push_status(self, fields: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Merge one report of the printer as BambUI would, and send the whole status."""
        merged = {**(fields or {}), **more}
        number = str(self.status.data.get("sequence_id", "0"))
        merged.setdefault("sequence_id", str(int(number) + 1) if number.isdigit() else "1")
        self.status.merge(merged)
        await self._send_status()

    async def push_image(self, jpeg: bytes | Scene | None = None) -> None:
        """Send an image: the bytes as they are (whatever they are), a scene, or one of the idle printer."""
        if isinstance(jpeg, bytes):
            await self._send_image(base64.b64encode(jpeg).decode("ascii"))
            return
        self._scenes += 1
        scene = jpeg or Scene(self._scenes, lines=(self.name,))
        await self._send_image(base64.b64encode(await asyncio.to_thread(self._painter.jpeg, scene)).decode())

    async def push_error(self, message: str = OFFLINE_MESSAGE) -> None:
        await self.push_message({"type": "error", "message": message})

    async def push_message(self, message: Mapping[str, Any]) -> None:
        """Send an object as BambUI encodes it: compact JSON, not limited to ASCII."""
        await self.push_raw(_encoded(message))

    async def push_raw(self, message: str | bytes) -> None:
        """Send any text or binary message to every client, one after the other."""
        for client in list(self._clients):
            if client not in self._is_deaf:
                try:
                    await client.send(message)
                except ConnectionClosed:
                    continue

    def abort_clients(self) -> None:
        """Cut every connection without a close frame, as a killed BambUI does."""
        for client in list(self._clients):
            client.transport.abort()

    async def close_clients(self, code: int = 1012, reason: str = "") -> None:
        """Close every connection with a close frame, as a BambUI that is stopped does."""
        await asyncio.gather(*(client.close(code, reason) for client in list(self._clients)))

    # For the server

    async def serve(self, client: ServerConnection) -> None:
        """A client's session, from its handshake to its end. Nothing is sent because it came."""
        self._clients[client] = None
        self.clients_seen += 1
        await self._tell()
        try:
            if self.is_status_task_dead:
                self.is_status_task_dead = False
                await self._send_status()
            async for message in client:
                self.received.append(message)
                await self._answer(client, message)
                await self._tell()
        except ConnectionClosed:
            pass
        finally:
            self._clients.pop(client, None)
            self._is_deaf.discard(client)
            await self._tell()

    async def play(self, time_scale: float, clock: Clock, sleep: Sleep, drawing: Executor) -> None:
        """Run the script to its end, `time_scale` script seconds per second of the clock."""
        if self._waits_for_client:
            await self.wait_for_clients()
        begun = clock() - self._skip_seconds / time_scale
        for event in self._script:
            if event.at >= self._skip_seconds:
                await sleep(max(0.0, event.at / time_scale - (clock() - begun)))
            is_past = event.at < self._skip_seconds
            await self._let_happen(event, drawing, is_past=is_past)

    async def _let_happen(self, event: DeviceEvent, drawing: Executor, *, is_past: bool) -> None:
        match event:
            case StatusDelta(fields=fields, is_whole=is_whole):
                if is_whole:
                    self.status.data = dict(fields)
                else:
                    self.status.merge(fields)
                if not is_past and not self.is_silent:
                    await self._send_status()
            case CameraImage():
                if not is_past and self._is_anybody_looking():
                    await self._send_image(await self._drawn(event, drawing))
            case ErrorMessage(message=message):
                if not is_past:
                    await self.push_error(message)
            case Power(is_on=is_on):
                self.is_online = is_on
            case Done():
                self.done.set()

    def _is_anybody_looking(self) -> bool:
        return self.has_images and not self.is_silent and len(self._clients) > len(self._is_deaf)

    async def _drawn(self, image: CameraImage, drawing: Executor) -> str:
        if self._fixed_image is not None:
            return self._fixed_image
        if image.scene is None:
            return image.base64_text
        scene = image.scene if image.scene.lines else replace(image.scene, lines=(self.name,))
        data = await asyncio.get_running_loop().run_in_executor(drawing, self._painter.jpeg, scene)
        return base64.b64encode(data).decode("ascii")

    async def _send_status(self) -> None:
        if not self.is_status_task_dead:
            self.statuses_sent += 1
            await self.push_message({"type": "printer_status", "data": self.status.data})

    async def _send_image(self, base64_text: str) -> None:
        self.images_sent += 1
        await self.push_raw(f'{{"type":"jpeg_image","image":"{base64_text}"}}')

    async def _answer(self, client: ServerConnection, message: str | bytes) -> None:
        if client in self._is_deaf:
            return
        is_idle = str(self.status.data.get("print_type", "")).lower() == "idle"
        verdict = judge(message, is_idle=is_idle)
        if verdict is Verdict.SESSION_ENDS:
            self._is_deaf.add(client)
            _log.info("a client of %s said something that BambUI does not understand", self.name)
        elif verdict is Verdict.NOT_IDLE:
            await self.push_error("Printer not Idle")

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _encoded(message: Mapping[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)
