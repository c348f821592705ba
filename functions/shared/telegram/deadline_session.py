"""An HTTP session whose calls end in time, however slowly the other side takes what is sent or answers.

A time-out of `requests` bounds each wait on the socket; a film is 800 waits, and an answer that trickles is
as many as it has bytes.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection


class DeadlineSession(Session):
    """For one thread, and one call at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._connection: HTTPConnection | None = None  # the last that was opened: the one in use
        self._ends_at: float | None = None
        adapter = _Adapter(self._begins_to_connect)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What is still under way after that time is cut off: it raises what a broken connection raises."""
        ends_at = time.monotonic() + seconds
        self._ends_at = ends_at
        timer = threading.Timer(seconds, self._cut_off, (ends_at,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._lock:  # a timer that could not be cancelled any more finds nothing to cut off
                self._ends_at = None

    def cut_off(self) -> None:
        """Whatever is under way, from another thread."""
        with self._lock:
            self._shut()

    def _begins_to_connect(self, connection: HTTPConnection) -> None:
        """Raises TimeoutError when there is no time for it."""
        self._connection = connection
        if self._ends_at is None:
            return
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if connection.timeout is None or connection.timeout > left:
            connection.timeout = left

    def _cut_off(self, ends_at: float) -> None:
        with self._lock:
            if self._ends_at == ends_at:
                self._shut()

    def _shut(self) -> None:
        open_socket = getattr(self._connection, "sock", None)
        if not isinstance(open_socket, socket.socket):
            return
        with suppress(OSError):
            # Not the method of an SSL socket: it would go on in the clear for a moment.
            socket.socket.shutdown(open_socket, socket.SHUT_RDWR)


_Opening = Callable[[HTTPConnection], None]


class _Adapter(HTTPAdapter):
    def __init__(self, opening: _Opening) -> None:
        self._pools = _pools(opening)
        super().__init__()

    def init_poolmanager(self, *args: Any, **named: Any) -> None:
        super().init_poolmanager(*args, **named)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **named: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(proxy, **named)
        if not proxy.lower().startswith("socks"):  # that kind has connections of its own
            manager.pool_classes_by_scheme = self._pools
        return manager


def _pools(opening: _Opening) -> dict[str, type[HTTPConnectionPool]]:
    """Of connections that say when they are opened."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            opening(self)
            super().connect()
            opening(self)

    class Encrypted(HTTPSConnection):
        def connect(self) -> None:
            opening(self)
            super().connect()
            opening(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}
