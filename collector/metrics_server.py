"""`/metrics` of the collector on its own: a small HTTP server in a thread that cannot hold up the watching.

Answers `GET` (and `HEAD`) of one path and closes. Whoever is slow is cut off after five seconds, and only so
many are served at a time: anybody in the network may knock here.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus

from collector.metrics_page import CONTENT_TYPE
from functions.bridge.errors import BridgeError

PATH = "/metrics"
_HEAD_BYTES = 8192
_SECONDS = 5.0
_AT_A_TIME = 64

_log = logging.getLogger(__name__)


class MetricsServer:
    """Bound at once, serving after `start`. Raises OSError or UnicodeError if it cannot listen there."""

    def __init__(
        self,
        text: Callable[[], bytes],
        host: str,
        port: int,
        *,
        seconds: float = _SECONDS,
        at_a_time: int = _AT_A_TIME,
    ) -> None:
        self._text = text
        self._seconds = seconds
        self._at_a_time = at_a_time
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        host.encode("idna")  # what is no name of a computer at all is a UnicodeError here
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=16)
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self, wait_seconds: float = 1.0) -> None:
        """End at once; a request that is being answered is cut off."""
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # it has ended meanwhile
                self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(wait_seconds)
        else:
            self._loop.close()
        self._socket.close()

    def _run(self) -> None:
        loop = self._loop
        loop.set_exception_handler(lambda _loop, context: _log.debug("%s", context.get("message")))
        try:
            loop.run_until_complete(self._serve_until_ended())
        finally:
            loop.close()

    async def _serve_until_ended(self) -> None:
        server = await asyncio.start_server(self._accept, sock=self._socket, limit=_HEAD_BYTES)
        await self._ended.wait()
        self._loop.remove_reader(self._socket)  # no more; those half accepted would be lost by a close
        accepting = asyncio.all_tasks() - {asyncio.current_task()} - self._serving.keys()
        await asyncio.gather(*accepting, return_exceptions=True)
        server.close()
        for writer in self._serving.values():
            writer.transport.abort()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0)  # an aborted connection closes its socket in the next round

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._serving[task] = writer
        task.add_done_callback(self._serving.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if len(self._serving) <= self._at_a_time:
                async with asyncio.timeout(self._seconds):
                    writer.write(self._answer(await reader.readuntil(b"\r\n\r\n")))
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # gone, too slow (TimeoutError is an OSError), or talking without end
        finally:
            writer.transport.abort()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        target, _, version = rest.partition(b" ")
        if not version.startswith(b"HTTP/1."):
            return _response(HTTPStatus.BAD_REQUEST, b"this is an HTTP server\n")
        if method not in (b"GET", b"HEAD"):
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, b"only GET\n")
        if target.partition(b"?")[0] != PATH.encode():
            return _response(HTTPStatus.NOT_FOUND, f"the metrics are at {PATH}\n".encode())
        try:
            body = self._text()
        except BridgeError as error:
            return _response(HTTPStatus.SERVICE_UNAVAILABLE, f"{error}\n".encode())
        return _response(HTTPStatus.OK, body, CONTENT_TYPE, is_head=method == b"HEAD")


def _response(
    status: HTTPStatus, body: bytes, content_type: str = "text/plain; charset=utf-8", *, is_head: bool = False
) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode("ascii") + (b"" if is_head else body)


def open_server(text: Callable[[], bytes], host: str, port: int) -> MetricsServer | None:
    """The server, or None for port 0 or when it cannot listen there, which is said: metrics are an extra, and
    for their sake no print goes unwatched."""
    if port == 0:
        return None
    try:
        server = MetricsServer(text, host, port)
    except (OSError, UnicodeError) as error:
        _log.error(
            "no metrics: cannot listen on METRICS_HOST %s, METRICS_PORT %d: %s", host, port, _in_words(error)
        )
        return None
    shown = f"[{host}]" if ":" in host else host
    _log.info("metrics: http://%s:%d%s", shown, server.port, PATH)
    return server


def _in_words(error: OSError | UnicodeError) -> str:
    if not isinstance(error, OSError):
        return "METRICS_HOST is no name of a computer"
    if error.errno == errno.EADDRINUSE:
        return "it is in use; set METRICS_PORT to a free port. The printers are watched all the same"
    words = (error.strerror or type(error).__name__).split(" (")[0]
    return f"{words}; METRICS_HOST must be an address of this computer. The printers are watched all the same"
