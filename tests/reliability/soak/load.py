"""`python -m tests.reliability.soak.load PRINTERS JOB_SECONDS REST_SECONDS`: BambUI with many busy printers.

A status and an image a second of each printer, spread over the second, ready made, to whoever connects.
`/api/printers` lists them, `/figures` tells what was sent.
"""

import asyncio
import base64
import contextlib
import hashlib
import sys
import time
from typing import Any

from tests.reliability.soak.messages import Images, status_frame
from tests.reliability.soak.prints import PrinterScript, scripts
from tests.support.http_server import (
    Answer,
    json_answer,
    read_request,
    serve_until_closed,
    write_answer,
)

_SOCKET_PATH = "/ws/printer/"
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HIGH_WATER = 1024 * 1024
_CLOSE = 8
_IDLE_FIRST = 3.5  # seconds in which every printer shows itself idle, and that settles


class Load:
    """Figures count what was handed to the system's sockets. A job's times are when the status that shows it
    was sent."""

    def __init__(self, printers: list[PrinterScript]) -> None:
        self._printers = {script.printer_id: script for script in printers}
        self._images = Images()
        self._begun_at = time.monotonic()
        self._prints_begin_at: float | None = None  # once everybody is there
        self._number = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self.statuses = self.images = self.connections = 0
        self.latest = 0.0  # seconds by which the load itself was late, the most since last asked
        self.begun: dict[str, float] = {}
        self.ended: dict[str, float] = {}

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, of the API or of a WebSocket."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while (request := await read_request(reader, writer)) is not None:
                if request.path.startswith(_SOCKET_PATH):
                    script = self._printers.get(request.path.removeprefix(_SOCKET_PATH))
                    if script is None:
                        await write_answer(writer, Answer(b"", 403))
                        break
                    await self._talk(script, request.headers["sec-websocket-key"], reader, writer)
                    break
                await write_answer(writer, self._answer(request.path))
        writer.close()

    def _answer(self, path: str) -> Answer:
        if path == "/figures":
            return json_answer(self.figures())
        return json_answer([{"name": name, "model": "A1M", "is_online": True} for name in self._printers])

    def figures(self) -> dict[str, Any]:
        latest, self.latest = self.latest, 0.0
        return {
            "statuses": self.statuses,
            "pictures": self.images,
            "connections": self.connections,
            "open": len(self._writers),
            "waiting_bytes": sum(writer.transport.get_write_buffer_size() for writer in self._writers),
            "late_seconds": latest,
            "picture_bytes": self._images.bytes,
            "begun": self.begun,
            "ended": self.ended,
            "now": time.time(),
        }

    async def _talk(
        self, script: PrinterScript, key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        accept = base64.b64encode(hashlib.sha1(key.encode() + _MAGIC).digest()).decode()
        head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        writer.write(f"{head}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        writer.transport.set_write_buffer_limits(high=_HIGH_WATER)
        self.connections += 1
        self._writers.add(writer)
        if self._prints_begin_at is None and len(self._writers) == len(self._printers):
            self._prints_begin_at = time.monotonic() - self._begun_at + _IDLE_FIRST
        sending = asyncio.create_task(self._send(script, writer))
        try:
            await _until_closed(reader)
            writer.write(bytes((0x80 | _CLOSE, 0)))
        finally:
            sending.cancel()
            self._writers.discard(writer)

    async def _send(self, script: PrinterScript, writer: asyncio.StreamWriter) -> None:
        phase = script.place / len(self._printers)
        half = int((time.monotonic() - self._begun_at - phase) * 2) + 1
        with contextlib.suppress(ConnectionError):
            while True:
                moment = phase + half / 2
                await asyncio.sleep(max(0.0, self._begun_at + moment - time.monotonic()))
                self.latest = max(self.latest, time.monotonic() - self._begun_at - moment)
                if half % 2:
                    self._number += 1
                    writer.write(self._images.frame(self._number))
                    self.images += 1
                else:
                    since = -1.0 if self._prints_begin_at is None else moment - self._prints_begin_at
                    writer.write(status_frame(script.fields(since), time.time()))
                    self.statuses += 1
                    self._note_job(script, since)
                await writer.drain()
                half += 1

    def _note_job(self, script: PrinterScript, moment: float) -> None:
        job = script.printing(moment)
        if job is not None:
            self.begun.setdefault(job.name, time.time())
            if job.is_done:
                self.ended.setdefault(job.name, time.time())


async def _until_closed(reader: asyncio.StreamReader) -> None:
    """Until the client's closing frame, or the end of its connection; pongs are left unread."""
    while True:
        try:
            first, second = await reader.readexactly(2)
            length = second & 0x7F
            if length >= 126:
                length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8))
            await reader.readexactly(length + (4 if second & 0x80 else 0))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        if first & 0x0F == _CLOSE:
            return


async def _run(printers: int, job_seconds: float, rest_seconds: float) -> None:
    await serve_until_closed(Load(scripts(printers, job_seconds, rest_seconds)).connected)


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
