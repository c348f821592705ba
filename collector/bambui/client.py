"""One printer's WebSocket: connects, reads as fast as the socket gives, connects again.

Never sends anything but pongs and the closing frame: BambUI ends a session silently at anything it cannot
parse (infra/docs/bambui-protocol.md, "What a client may send"). Half-open connections are found by the
watchdogs.
"""

import asyncio
import contextlib
import functools
import logging
import socket
from collections.abc import Callable
from typing import Protocol, cast
from urllib.parse import quote, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from collector.bambui.reception import BoundedConnection, Reception
from functions.shared.runtime.backoff import Backoff
from functions.shared.runtime.redirects import stays_on_server
from functions.shared.runtime.threads import run_in_daemon_thread
from functions.shared.runtime.throttled_log import LASTING_FAULT_SECONDS, LogThrottle

MESSAGE_LIMIT = 16 * 1024 * 1024
_WAITING_FRAMES = 16  # of messages that nobody has read yet: all are, as soon as they came
_READ_BYTES = 64 * 1024
_OPEN_TIMEOUT = 10.0
_CLOSE_TIMEOUT = 0.5
_ADDRESSES_TRIED = 4
_UNKNOWN_PRINTER = 403
_TOO_BIG = 1009

_log = logging.getLogger(__name__)


class Listener(Protocol):
    """Who gets what the socket gives. Called in the event loop; must not block."""

    def opened(self) -> None: ...

    def received(self, frame: str | bytes) -> None: ...

    def closed(self) -> None: ...


def printer_url(template: str, printer_id: str) -> str:
    """The template with the id in it, percent-encoded whatever it contains."""
    return template.replace("{printer_id}", quote(printer_id, safe="", errors="replace"))


class connect_to_server(connect):  # noqa: N801 - in place of the library's own, which is named so
    """The library's `connect`, which follows redirects to any server: here another one's is an answer."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        try:
            found = super().process_redirect(exc)
        except (ValueError, WebSocketException):  # what it leads to is no address of a WebSocket
            return exc
        return found if isinstance(found, str) and stays_on_server(self.uri, found) else exc


class Connection:
    """Keeps one printer connected for as long as `run` runs. An exception of the listener ends `run`.

    `reception` bounds what half messages of all connections take (None: of this one alone).
    """

    def __init__(
        self,
        printer_id: str,
        url: str,
        listener: Listener,
        backoff: Backoff,
        random: Callable[[], float],
        monotonic: Callable[[], float],
        reception: Reception | None = None,
    ) -> None:
        self.is_connected = False
        self.is_refused = False  # BambUI does not know the printer
        self._printer_id = printer_id
        self._url = url
        self._listener = listener
        self._backoff = backoff
        self._random = random
        self._failures = LogThrottle(monotonic, LASTING_FAULT_SECONDS)
        self._reception = reception or Reception()
        self._websocket: BoundedConnection | None = None
        self._closing: asyncio.Task[None] | None = None
        self._discovered = asyncio.Event()
        self._has_logged_refused = False
        self._has_failed = False

    async def run(self) -> None:
        """Connect again and again until cancelled."""
        while True:
            is_asked = await self._connect_and_read()
            if self.is_refused:
                self._discovered.clear()
                await self._discovered.wait()
            elif not is_asked:
                delay, self._backoff = self._backoff.next(self._random)
                await asyncio.sleep(delay)

    def reconnect(self) -> None:
        """Give the present connection up and connect anew at once."""
        if self._websocket is not None and self._closing is None:
            self._closing = asyncio.create_task(_close(self._websocket))

    def try_again(self) -> None:
        """The list of printers was read: a refused printer may be known now."""
        self._discovered.set()

    async def _connect_and_read(self) -> bool:
        """One connection from handshake to end; whether its end was asked for."""
        self.is_refused = False
        try:
            websocket = await self._open()
        except InvalidStatus as error:
            self._note_refusal(error.response.status_code)
            return False
        except (OSError, WebSocketException, ValueError, EOFError) as error:
            self._note_failure(_in_words(error))
            return False
        self._websocket = websocket
        try:
            self.is_connected = True
            self._has_logged_refused = False
            level = logging.INFO if self._has_failed else logging.DEBUG
            _log.log(level, "printer %r: connected", self._printer_id)
            self._has_failed = False
            self._listener.opened()
            await self._read(websocket)
            return self._closing is not None
        finally:
            self._websocket = None
            self.is_connected = False
            closing, self._closing = self._closing, None
            self._listener.closed()
            await (closing or _close(websocket))

    async def _read(self, websocket: BoundedConnection) -> None:
        received = self._listener.received
        try:
            received(await websocket.next_message())
            self._backoff = self._backoff.reset()
            while True:
                received(await websocket.next_message())
        except ConnectionClosed as end:
            if self._closing is not None:
                return
            if end.sent is not None and end.sent.code == _TOO_BIG:
                limit = MESSAGE_LIMIT // 1024 // 1024
                _log.warning("printer %r: a message over %d MiB was refused", self._printer_id, limit)
            else:
                code = end.rcvd.code if end.rcvd is not None else "no closing frame"
                self._note_failure(f"the connection ended ({code})")

    async def _open(self) -> BoundedConnection:
        """Raises what the last of the host's addresses raised."""
        parts = urlsplit(self._url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "wss" else 80)
        async with asyncio.timeout(_OPEN_TIMEOUT):
            addresses = await run_in_daemon_thread(lambda: _addresses(host, port))
        made = functools.partial(BoundedConnection, reception=self._reception)
        failure: Exception = OSError("no address")
        for address in addresses:
            try:
                websocket = await connect_to_server(
                    self._url,
                    host=address,
                    port=port,
                    compression=None,
                    proxy=None,
                    open_timeout=_OPEN_TIMEOUT / len(addresses),
                    ping_interval=None,
                    close_timeout=_CLOSE_TIMEOUT,
                    max_size=MESSAGE_LIMIT,
                    max_queue=_WAITING_FRAMES,
                    create_connection=cast("type[ClientConnection]", made),
                )
            except OSError as error:
                failure = error
            else:
                assert isinstance(websocket, BoundedConnection)
                _read_in_pieces(websocket)
                return websocket
        raise failure

    def _note_refusal(self, status: int) -> None:
        if status != _UNKNOWN_PRINTER:
            where = (
                ": a redirect, which is not followed, check WS_URL_TEMPLATE" if 300 <= status < 400 else ""
            )
            self._note_failure(f"BambUI answered {status} instead of opening the WebSocket{where}")
            return
        self.is_refused = True
        if not self._has_logged_refused:
            self._has_logged_refused = True
            _log.warning(
                "BambUI knows no printer %r: is PRINTER_ID right? Tried again whenever the list of printers "
                "is read",
                self._printer_id,
            )

    def _note_failure(self, reason: str) -> None:
        self._has_failed = True
        count = self._failures.take()
        if count is not None:
            times = f" ({count} times)" if count > 1 else ""
            _log.warning("printer %r: %s%s; connecting again", self._printer_id, reason, times)


def _read_in_pieces(websocket: BoundedConnection) -> None:
    """asyncio asks for 256 KiB at each read and gives back what did not come: over days that shreds the heap
    to three times its size (measured; pieces of 64 KiB cost no more CPU). Other event loops are left alone.
    """
    transport = websocket.transport
    for reader in (transport, getattr(transport, "_ssl_protocol", None)):
        if isinstance(getattr(reader, "max_size", None), int):
            reader.max_size = _READ_BYTES  # type: ignore[union-attr]


async def _close(websocket: BoundedConnection) -> None:
    """Politely, but not for long."""
    with contextlib.suppress(WebSocketException, OSError, TimeoutError):
        async with asyncio.timeout(_CLOSE_TIMEOUT):
            await websocket.close()
            return
    websocket.transport.abort()


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))[:_ADDRESSES_TRIED]


def _in_words(error: Exception) -> str:
    """Without the URL, which may hold a password."""
    if isinstance(error, TimeoutError):
        return "BambUI did not answer in time"
    if isinstance(error, OSError):
        return f"BambUI cannot be reached: {error.strerror or type(error).__name__}"
    return f"no WebSocket there ({type(error).__name__}): check WS_URL_TEMPLATE"
