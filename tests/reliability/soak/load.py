"""`python -m tests.reliability.soak.load PRINTERS JOB_SECONDS REST_SECONDS`: BambUI with many busy printers.

A status and an image a second of each printer, spread over the second, ready made, to whoever connects.
`/api/printers` lists them, `/figures` tells what was sent.
"""

import asyncio
import contextlib
import json
import sys
import time
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.reliability.soak.messages import Images, status_message
from tests.reliability.soak.prints import PrinterScript, scripts
from tests.support.http_server import say_port_until_closed

_SOCKET_PATH = "/ws/printer/"
_HIGH_WATER = 1024 * 1024
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
        self._open: set[ServerConnection] = set()
        self.statuses = self.images = self.connections = 0
        self.latest = 0.0  # seconds by which the load itself was late, the most since last asked
        self.begun: dict[str, float] = {}
        self.ended: dict[str, float] = {}

    def answer(self, _: ServerConnection, request: Request) -> Response | None:
        """What is asked for by plain HTTP; None lets a WebSocket come about."""
        if request.path.startswith(_SOCKET_PATH):
            if request.path.removeprefix(_SOCKET_PATH) in self._printers:
                return None
            return Response(HTTPStatus.FORBIDDEN, "Forbidden", Headers({"Content-Length": "0"}))
        listed = [{"name": name, "model": "A1M", "is_online": True} for name in self._printers]
        body = json.dumps(self.figures() if request.path == "/figures" else listed).encode()
        headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body))})
        return Response(HTTPStatus.OK, "OK", headers, body)

    def figures(self) -> dict[str, Any]:
        latest, self.latest = self.latest, 0.0
        return {
            "statuses": self.statuses,
            "pictures": self.images,
            "connections": self.connections,
            "open": len(self._open),
            "waiting_bytes": sum(it.transport.get_write_buffer_size() for it in self._open),
            "late_seconds": latest,
            "picture_bytes": self._images.bytes,
            "begun": self.begun,
            "ended": self.ended,
            "now": time.time(),
        }

    async def talk(self, connection: ServerConnection) -> None:
        """One WebSocket, until its client closes it."""
        assert connection.request is not None
        script = self._printers[connection.request.path.removeprefix(_SOCKET_PATH)]
        self.connections += 1
        self._open.add(connection)
        if self._prints_begin_at is None and len(self._open) == len(self._printers):
            self._prints_begin_at = time.monotonic() - self._begun_at + _IDLE_FIRST
        sending = asyncio.create_task(self._send(script, connection))
        try:
            await connection.wait_closed()
        finally:
            sending.cancel()
            self._open.discard(connection)

    async def _send(self, script: PrinterScript, connection: ServerConnection) -> None:
        phase = script.place / len(self._printers)
        half = int((time.monotonic() - self._begun_at - phase) * 2) + 1
        with contextlib.suppress(ConnectionClosed):
            while True:
                moment = phase + half / 2
                await asyncio.sleep(max(0.0, self._begun_at + moment - time.monotonic()))
                self.latest = max(self.latest, time.monotonic() - self._begun_at - moment)
                if half % 2:
                    self._number += 1
                    message = self._images.message(self._number)
                    self.images += 1
                else:
                    since = -1.0 if self._prints_begin_at is None else moment - self._prints_begin_at
                    message = status_message(script.fields(since), time.time())
                    self.statuses += 1
                    self._note_job(script, since)
                await connection.send(message, text=True)
                half += 1

    def _note_job(self, script: PrinterScript, moment: float) -> None:
        job = script.printing(moment)
        if job is not None:
            self.begun.setdefault(job.name, time.time())
            if job.is_done:
                self.ended.setdefault(job.name, time.time())


async def _run(printers: int, job_seconds: float, rest_seconds: float) -> None:
    load = Load(scripts(printers, job_seconds, rest_seconds))
    async with serve(
        load.talk,
        "127.0.0.1",
        0,
        process_request=load.answer,
        compression=None,
        ping_interval=None,
        write_limit=_HIGH_WATER,
        backlog=1024,
    ) as server:
        await say_port_until_closed(server.sockets)


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
