"""A server that speaks BambUI's protocol, REST and WebSocket on one port, for simulated printers."""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import unquote, urlsplit
from weakref import WeakSet

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from infra.simulator.simulated_printer import Clock, SimulatedPrinter, Sleep

_log = logging.getLogger(__name__)

INCOMING_LIMIT = 16 * 1024 * 1024
_WS_PATH = "/ws/printer/"
_REST_PATH = "/api/printer/"
_MODELS = frozenset({"P1S", "P1P", "A1M", "A1"})
_PAGE = '<!doctype html><html><head><title>BambUI</title></head><body><div id="root"></div></body></html>'
_OFFLINE_PING_SECONDS = 1.0
_CLOSE_SECONDS = 2.0


class SimulatedBambui:
    """BambUI with some printers, as an async context manager; `port` 0 takes a free one.

    `time_scale`: script seconds per second of `clock`. `refused_with`, when set, is what every WebSocket
    handshake is refused with; `requests` are the paths that were asked for.
    """

    def __init__(
        self,
        printers: Sequence[SimulatedPrinter],
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        time_scale: float = 1.0,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.printers = {printer.name: printer for printer in printers}
        self.refused_with: HTTPStatus | None = None
        self.requests: list[str] = []
        self._host = host
        self._port = port
        self._time_scale = time_scale
        self._clock = clock
        self._sleep = sleep
        self._server: Server | None = None
        self._plays: list[asyncio.Task[None]] = []
        self._connections: WeakSet[ServerConnection] = WeakSet()
        self._drawing = ThreadPoolExecutor(1, thread_name_prefix="simulated-camera")

    @property
    def port(self) -> int:
        return self._port

    @property
    def http_url(self) -> str:
        return f"http://{self._host}:{self._port}"

    @property
    def printers_api_url(self) -> str:
        return f"{self.http_url}/api/printers"

    @property
    def ws_url_template(self) -> str:
        """With `{printer_id}` where the name goes."""
        return f"ws://{self._host}:{self._port}{_WS_PATH}{{printer_id}}"

    async def __aenter__(self) -> Self:
        await self.start()
        self._plays = [
            asyncio.create_task(
                printer.play(self._time_scale, self._clock, self._sleep, self._drawing),
                name=f"simulated printer {printer.name}",
            )
            for printer in self.printers.values()
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for play in self._plays:
            play.cancel()
        outcomes = await asyncio.gather(*self._plays, return_exceptions=True)
        await self.stop(close_code=None)
        self._drawing.shutdown(wait=False, cancel_futures=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def start(self) -> None:
        """Listen (again, on the same port, after a stop)."""
        quiet = logging.getLogger(f"{__name__}.websockets")
        quiet.setLevel(logging.CRITICAL)
        self._server = await serve(
            self._session,
            self._host,
            self._port,
            process_request=self._answer,
            server_header="uvicorn",
            max_size=INCOMING_LIMIT,
            ping_interval=20,
            ping_timeout=20,
            close_timeout=_CLOSE_SECONDS,
            logger=quiet,
            create_connection=cast("type[ServerConnection]", self._connected),
        )
        self._port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self, close_code: int | None = 1012) -> None:
        """Stop listening; clients get that close code, or (None) no close frame at all, as after a kill.

        The printers go on printing meanwhile.
        """
        server, self._server = self._server, None
        if server is None:
            return
        server.close(close_connections=False)
        if close_code is None:
            for printer in self.printers.values():
                printer.abort_clients()
        else:
            await asyncio.gather(*(printer.close_clients(close_code) for printer in self.printers.values()))
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await server.wait_closed()
        except TimeoutError:  # somebody has connected and never asked for anything
            for connection in list(self._connections):
                connection.transport.abort()
            await server.wait_closed()

    def _connected(self, *arguments: Any, **options: Any) -> ServerConnection:
        connection = ServerConnection(*arguments, **options)
        self._connections.add(connection)
        return connection

    async def _session(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        await self.printers[_printer_name(connection.request.path)].serve(connection)

    async def _answer(self, _connection: ServerConnection, request: Request) -> Response | None:
        """None lets the handshake go on; anything else is the answer."""
        path = unquote(urlsplit(request.path).path)
        self.requests.append(path)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return self._refusal(path)
        if path == "/healthz":
            return _json({"status": "healthy"}, request)
        if path == "/api/printers":
            if any(printer.model not in _MODELS for printer in self.printers.values()):
                return _response(HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", b"Internal Server Error")
            await self._ping(list(self.printers.values()))
            return _json([_described(printer) for printer in self.printers.values()], request)
        known = self.printers.get(path.removeprefix(_REST_PATH)) if path.startswith(_REST_PATH) else None
        if known is None:
            return _response(HTTPStatus.OK, "text/html", _PAGE.encode())
        await self._ping([known])
        return _json(_described(known), request)

    def _refusal(self, path: str) -> Response | None:
        if self.refused_with is not None:
            return _response(self.refused_with, "text/plain", b"")
        if not path.startswith(_WS_PATH):
            return _response(HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", b"Internal Server Error")
        if path.removeprefix(_WS_PATH) not in self.printers:
            return _response(HTTPStatus.FORBIDDEN, "text/plain", b"")
        return None

    async def _ping(self, printers: Sequence[SimulatedPrinter]) -> None:
        """BambUI waits a second for a printer that is off."""
        if not all(printer.is_online for printer in printers):
            await self._sleep(_OFFLINE_PING_SECONDS / self._time_scale)


def _printer_name(path: str) -> str:
    return unquote(urlsplit(path).path).removeprefix(_WS_PATH)


def _described(printer: SimulatedPrinter) -> dict[str, Any]:
    return {
        "name": printer.name,
        "model": printer.model,
        "is_online": printer.is_online,
        "supports_chamber_temp": False,
    }


def _json(body: object, request: Request) -> Response:
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    response = _response(HTTPStatus.OK, "application/json", text.encode())
    if "Origin" in request.headers:
        response.headers["access-control-allow-origin"] = "*"
    return response


def _response(status: HTTPStatus, kind: str, body: bytes) -> Response:
    headers = Headers()
    headers["date"] = formatdate(usegmt=True)
    headers["content-type"] = kind if kind == "application/json" else f"{kind}; charset=utf-8"
    headers["content-length"] = str(len(body))
    headers["connection"] = "close"
    return Response(status.value, status.phrase, headers, body)
