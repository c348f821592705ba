"""BambUI for many printers as a process of its own:
`python -m tests.performance.benchmarks.load_generator COUNT`

Each printer gives one status (5,000 bytes) and one image (a JPEG of 60,000 bytes) a second, spread evenly
over it. Everything is encoded and framed beforehand; only the moment of sending, in microseconds of the
monotonic clock, is written into each message just before it goes to the socket.

Says `{"port": …}`, then answers each line of its input with one line of JSON: `wait` when every printer has
its client, `send SECONDS` with its own figures (how late it was, what it cost), `end` with nothing.
"""

import asyncio
import base64
import json
import resource
import sys
import time
from dataclasses import dataclass
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response

from infra.simulator.camera import Painter
from infra.simulator.telemetry import whole_report
from infra.simulator.timeline import Scene

STATUS_BYTES, IMAGE_BYTES = 5_000, 60_000
IMAGE_SIZE = (960, 540)
STAMP_DIGITS = 12
SECONDS_A_PERCENT = 100
STATUS_HEAD = '{"type":"printer_status","data":{"sent_at":"'
IMAGE_HEAD = '{"type":"jpeg_image","image":"'
STAMP_IN_IMAGE = len(IMAGE_HEAD) + 8  # base64 of what stands before a JPEG's comment: 6 bytes
_NO_STAMP = "0" * STAMP_DIGITS
_PERCENT = '"mc_percent":'


def stamp_of(message: str) -> float:
    """When it was sent, in seconds of the monotonic clock."""
    place = STAMP_IN_IMAGE if message.startswith(IMAGE_HEAD) else len(STATUS_HEAD)
    return int(message[place : place + STAMP_DIGITS]) / 1e6


@dataclass
class Framed:
    """A message as it goes over the wire, and where in it the stamp (and the percent) stand."""

    wire: bytearray
    stamp: int
    percent: int | None = None


def framed_status() -> Framed:
    body = whole_report("A1M") | {
        "gcode_state": "RUNNING",
        "subtask_name": "Benchy",
        "mc_remaining_time": 600,
        "layer_num": 20,
        "total_layer_num": 300,
    }
    body.pop("mc_percent", None)
    fields = json.dumps(body, separators=(",", ":"))[1:-1]
    text = f'{STATUS_HEAD}{_NO_STAMP}",{_PERCENT}  0,{fields},"padding":"'
    text += "x" * (STATUS_BYTES - len(text) - 3) + '"}}'
    return _framed(text, len(STATUS_HEAD), text.index(_PERCENT) + len(_PERCENT))


def framed_image() -> Framed:
    """A real image, with a comment that makes it as long as it is to be and carries the stamp."""
    jpeg = Painter(IMAGE_SIZE).jpeg(Scene(1, lines=("benchmark",)))
    room = IMAGE_BYTES - len(jpeg) - 4
    comment = base64.b64decode(_NO_STAMP) + bytes(room - STAMP_DIGITS * 3 // 4)
    whole = jpeg[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + jpeg[2:]
    assert len(whole) == IMAGE_BYTES
    return _framed(IMAGE_HEAD + base64.b64encode(whole).decode() + '"}', STAMP_IN_IMAGE)


def _framed(text: str, stamp: int, percent: int | None = None) -> Framed:
    wire = bytearray(Frame(Opcode.TEXT, text.encode()).serialize(mask=False))
    head = len(wire) - len(text)
    return Framed(wire, stamp + head, None if percent is None else percent + head)


class Generator:
    """Its printers are called `P-0001` and so on."""

    def __init__(self, count: int) -> None:
        self.names = [f"P-{number:04d}" for number in range(1, count + 1)]
        self._clients: dict[str, ServerConnection] = {}
        self._changed = asyncio.Condition()
        self._status, self._image = framed_status(), framed_image()
        listed = [
            {"name": name, "model": "A1M", "is_online": True, "supports_chamber_temp": False}
            for name in self.names
        ]
        self._list = json.dumps(listed).encode()

    def answer(self, _connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Upgrade"):
            return None
        headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(self._list))})
        return Response(HTTPStatus.OK, "OK", headers, self._list)

    async def session(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        name = connection.request.path.rpartition("/")[2]
        await self._note(name, connection)
        await connection.wait_closed()
        await self._note(name, None)

    async def _note(self, name: str, connection: ServerConnection | None) -> None:
        async with self._changed:
            if connection is None:
                self._clients.pop(name, None)
            else:
                self._clients[name] = connection
            self._changed.notify_all()

    async def wait(self, is_there: bool) -> None:
        """Until every printer has its client, or none has."""
        count = len(self.names) if is_there else 0
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._clients) == count)

    async def send(self, seconds: int) -> dict[str, float]:
        """Send for so long; how that went."""
        begun, cpu = time.monotonic(), _cpu_seconds()
        step = 0.5 / len(self.names)
        lateness: list[float] = []
        waiting = 0
        for number in range(seconds * 2 * len(self.names)):
            due = begun + number * step
            if (left := due - time.monotonic()) > 0:
                await asyncio.sleep(left)
            turn, place = divmod(number, 2 * len(self.names))
            name = self.names[place // 2]
            client = self._clients.get(name)
            if client is None:
                continue
            waiting += self._write(client, turn + 7 * place, is_image=bool(place % 2))
            lateness.append(time.monotonic() - due)
        lateness.sort()
        return {
            "messages": len(lateness),
            "late_p99_ms": lateness[int(0.99 * len(lateness))] * 1e3,
            "late_max_ms": lateness[-1] * 1e3,
            "not_at_once": waiting,
            "core": (_cpu_seconds() - cpu) / (time.monotonic() - begun),
            "begun": begun,
            "ended": time.monotonic(),
        }

    def _write(self, client: ServerConnection, second: int, *, is_image: bool) -> bool:
        """Whether something had to wait for the reader."""
        message = self._image if is_image else self._status
        if message.percent is not None:
            percent = second // SECONDS_A_PERCENT % 101
            message.wire[message.percent : message.percent + 3] = b"%3d" % percent
        stamp = b"%0*d" % (STAMP_DIGITS, time.monotonic_ns() // 1000 % 10**STAMP_DIGITS)
        message.wire[message.stamp : message.stamp + STAMP_DIGITS] = stamp
        client.transport.write(message.wire)
        return client.transport.get_write_buffer_size() > 0


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _run(count: int) -> None:
    generator = Generator(count)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with serve(
        generator.session,
        "127.0.0.1",
        0,
        process_request=generator.answer,
        ping_interval=None,
        write_limit=1 << 24,
    ) as server:
        _say({"port": next(iter(server.sockets)).getsockname()[1]})
        while words := (await lines.readline()).decode().split():
            match words:
                case ["wait", who]:
                    await generator.wait(who == "clients")
                    _say({})
                case ["send", seconds]:
                    _say(await generator.send(int(seconds)))
                case _:
                    break


def _say(figures: dict[str, float]) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1])))
