"""A small real server with BambUI's two faces (list and WebSocket), made to misbehave at will."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.support.timeouts import TIMEOUT


class BambUI:
    """`names` are the printers it knows. `sockets` are the open ones, `opened` counts all that ever were."""

    def __init__(self) -> None:
        self.names = {"A1M-1"}
        self.listing: Any = None
        self.content_type = "application/json"
        self.status = HTTPStatus.OK
        self.refuses_everything = False
        self.sockets: dict[str, list[ServerConnection]] = {}
        self.opened: dict[str, int] = {}
        self.refused: list[str] = []
        self.listed = 0
        self.received: list[str | bytes] = []
        self.request_headers: list[Headers] = []
        self.on_open: Callable[[str, ServerConnection], Awaitable[None]] | None = None
        self.changed = asyncio.Condition()
        self.server: Server | None = None

    @property
    def port(self) -> int:
        assert self.server is not None
        port: int = next(iter(self.server.sockets)).getsockname()[1]
        return port

    @property
    def list_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/printers"

    @property
    def socket_template(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/printer/{{printer_id}}"

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that this server notices."""
        async with asyncio.timeout(TIMEOUT), self.changed:
            await self.changed.wait_for(condition)

    async def send(self, name: str, *frames: str | bytes) -> None:
        """To every client of that printer, once there is one."""
        await self.until(lambda: bool(self.sockets.get(name)))
        for socket in list(self.sockets[name]):
            for frame in frames:
                await socket.send(frame)

    async def drop(self, name: str) -> None:
        """Without a closing frame, as when BambUI is killed."""
        for socket in list(self.sockets.get(name, [])):
            socket.transport.abort()

    async def answer_request(self, _: ServerConnection, request: Request) -> Response | None:
        if request.path.startswith("/ws/printer/"):
            name = unquote(request.path.removeprefix("/ws/printer/"))
            self.request_headers.append(request.headers)
            if name in self.names and not self.refuses_everything:
                return None
            await self._note(lambda: self.refused.append(name))
            return Response(HTTPStatus.FORBIDDEN, "Forbidden", Headers({"content-length": "0"}), b"")
        self.request_headers.append(request.headers)
        listing = self.listing
        if listing is None:
            listing = [{"name": name, "model": "A1M", "is_online": True} for name in sorted(self.names)]
        body = listing if isinstance(listing, bytes) else json.dumps(listing).encode()
        headers = Headers({"content-type": self.content_type, "content-length": str(len(body))})
        await self._note(lambda: setattr(self, "listed", self.listed + 1))
        return Response(self.status, self.status.phrase, headers, body)

    async def serve_socket(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        name = unquote(socket.request.path.removeprefix("/ws/printer/"))

        def note() -> None:
            self.sockets.setdefault(name, []).append(socket)
            self.opened[name] = self.opened.get(name, 0) + 1

        await self._note(note)
        try:
            if self.on_open is not None:
                await self.on_open(name, socket)
            with contextlib.suppress(ConnectionClosed):
                async for frame in socket:
                    self.received.append(frame)
        finally:
            await self._note(lambda: self.sockets[name].remove(socket))

    async def _note(self, change: Callable[[], object]) -> None:
        async with self.changed:
            change()
            self.changed.notify_all()


@contextlib.asynccontextmanager
async def bambui() -> AsyncIterator[BambUI]:
    """The server on a free port of this machine."""
    face = BambUI()
    async with serve(
        face.serve_socket,
        "127.0.0.1",
        0,
        process_request=face.answer_request,
        ping_interval=None,
        close_timeout=0.2,
        max_size=None,
    ) as server:
        face.server = server
        yield face
        for sockets in face.sockets.values():
            for socket in list(sockets):
                socket.transport.abort()
