"""What Prometheus reads: metric families, the page made of them when it is asked for, and its HTTP server.

A part of the page that fails is left out and said once; it never costs the others anything. The server stands
in a thread that cannot hold up the watching; it answers `GET` (and `HEAD`) of one path and closes. Whoever is
slow is cut off after five seconds, and only so many are served at a time, in all and of one address: anybody
in the network may knock.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING

from functions.shared.domain.web_origin import is_foreign, is_own_host
from functions.shared.errors import BridgeError, TransientError
from functions.shared.runtime.connections import ConnectionRoom

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

PREFIX = "printer_bridge_"
Rows = Iterable[tuple[Sequence[str], float]]


def gauge(name: str, words: str, rows: Rows, labels: Sequence[str] = ()) -> "Metric":
    """Values that go up and down; a row is its label values and the value."""
    from prometheus_client.metrics_core import GaugeMetricFamily

    family = GaugeMetricFamily(PREFIX + name, words, labels=labels)
    for values, value in rows:
        family.add_metric(values, float(value))
    return family


def counter(name: str, words: str, rows: Rows, labels: Sequence[str] = ()) -> "Metric":
    """Values that only grow, from the start of the program; `_total` is added to the name."""
    from prometheus_client.metrics_core import CounterMetricFamily

    family = CounterMetricFamily(PREFIX + name, words, labels=labels)
    for values, value in rows:
        family.add_metric(values, float(value))
    return family


def alone(value: float) -> Rows:
    """The row of a family without labels."""
    return [((), value)]


if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

_FRESH_SECONDS = 0.5
_TIMEOUT_SECONDS = 5.0
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Part = Callable[[], "Iterable[Metric]"]

_log = logging.getLogger(__name__)


class MetricsPage:
    """`parts` by name; any thread may call `text`. Asked again within `fresh_seconds` it gives the same text:
    nobody can make the bridge busy by asking."""

    def __init__(
        self,
        parts: Mapping[str, Part],
        *,
        fresh_seconds: float = _FRESH_SECONDS,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._parts = dict(parts)
        self._fresh_seconds = fresh_seconds
        self._timeout_seconds = timeout_seconds
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._newest = b""
        self._made_at: float | None = None
        self._failing: set[str] = set()

    def text(self) -> bytes:
        """Prometheus text format 0.0.4. Raises TransientError while another call hangs."""
        if not self._lock.acquire(timeout=self._timeout_seconds):
            raise TransientError("the metrics are being read since a while: is the disk slow?")
        try:
            made_at = self._made_at
            if made_at is None or self._monotonic() - made_at >= self._fresh_seconds:
                self._newest = b"".join([self._part(name, part) for name, part in self._parts.items()])
                self._made_at = self._monotonic()
            return self._newest
        finally:
            self._lock.release()

    def _part(self, name: str, part: Part) -> bytes:
        from prometheus_client.exposition import generate_latest

        try:
            text = generate_latest(_Made(part()))
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest is told
            if name not in self._failing:
                self._failing.add(name)
                _log.warning(
                    "metrics of %s are left out until they can be read: %s: %s",
                    *(name, type(error).__name__, str(error)[:200]),
                )
            return b""
        if name in self._failing:
            self._failing.discard(name)
            _log.info("metrics of %s are there again", name)
        return text


class _Made:
    """Families as the library's exposition wants them."""

    def __init__(self, families: "Iterable[Metric]") -> None:
        self._families = families

    def collect(self) -> "Iterator[Metric]":
        for family in self._families:
            time.sleep(0)  # lets the event loop have the interpreter in between
            yield family


PATH = "/metrics"
_HEAD_BYTES = 8192
_SECONDS = 5.0
_AT_A_TIME = 64
_OF_ONE_ADDRESS = 16


class _Scrape:
    """A connection to the metrics: it has a deadline of its own, and is never in the middle of an answer that
    could not be asked for again."""

    is_answering = False

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        peer = writer.get_extra_info("peername")
        self.address = str(peer[0]) if peer else ""

    def cut(self) -> None:
        self.writer.transport.abort()


class MetricsServer:
    """Bound at once, serving after `start`. Raises OSError or UnicodeError if it cannot listen there."""

    def __init__(
        self,
        text: Callable[[], bytes],
        host: str,
        port: int,
        *,
        seconds: float = _SECONDS,
        room: ConnectionRoom[_Scrape] | None = None,
        hosts: Sequence[str] = (),
    ) -> None:
        self._text = text
        self._hosts = hosts
        self._seconds = seconds
        self._room = ConnectionRoom(_AT_A_TIME, _OF_ONE_ADDRESS) if room is None else room
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
        connection = _Scrape(writer)
        try:
            if self._room.enter(connection, connection.address):
                async with asyncio.timeout(self._seconds):
                    writer.write(self._answer(await reader.readuntil(b"\r\n\r\n")))
                    await writer.drain()
                    writer.close()
                    await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # gone, too slow (TimeoutError is an OSError), or talking without end
        finally:
            self._room.leave(connection, connection.address)
            writer.transport.abort()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        target, _, version = rest.partition(b" ")
        if not version.startswith(b"HTTP/1."):
            return _response(HTTPStatus.BAD_REQUEST, b"this is an HTTP server\n")
        said = _headers(head)
        host = said.get("host")
        if host is not None and not is_own_host(host, self._hosts):
            return _response(HTTPStatus.MISDIRECTED_REQUEST, b"set ALLOWED_HOSTS for that name\n")
        site, mode, for_what = (said.get(f"sec-fetch-{it}") for it in ("site", "mode", "dest"))
        if is_foreign(host or "", site, said.get("origin"), mode, for_what):
            return _response(HTTPStatus.FORBIDDEN, b"a page of another site may not ask here\n")
        if method not in (b"GET", b"HEAD"):
            return _response(HTTPStatus.METHOD_NOT_ALLOWED, b"only GET\n")
        if target.partition(b"?")[0] != PATH.encode():
            return _response(HTTPStatus.NOT_FOUND, f"the metrics are at {PATH}\n".encode())
        try:
            body = self._text()
        except BridgeError as error:
            return _response(HTTPStatus.SERVICE_UNAVAILABLE, f"{error}\n".encode())
        return _response(HTTPStatus.OK, body, CONTENT_TYPE, is_head=method == b"HEAD")


def _headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _response(
    status: HTTPStatus, body: bytes, content_type: str = "text/plain; charset=utf-8", *, is_head: bool = False
) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
        "Cross-Origin-Resource-Policy: same-site\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + (b"" if is_head else body)


def open_server(
    text: Callable[[], bytes], host: str, port: int, hosts: Sequence[str] = ()
) -> MetricsServer | None:
    """The server, or None for port 0 or when it cannot listen there, which is said: metrics are an extra, and
    for their sake no print goes unwatched."""
    if port == 0:
        return None
    try:
        server = MetricsServer(text, host, port, hosts=hosts)
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
