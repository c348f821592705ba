"""uvicorn in a thread of its own, so that nobody's request holds up the collector; who may be connected, and
for how long, is bounded.
"""

import asyncio
import contextlib
import errno
import functools
import logging
import socket
import threading
import time
from typing import cast

import uvicorn
from fastapi import FastAPI

from functions.shared.errors import PermanentError
from functions.shared.runtime.connections import ConnectionRoom
from functions.shared.runtime.throttled_log import LogThrottle
from infra.local.api_connection import ApiConnection, Deadlines

_TICK_SECONDS = 1.0
_log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """uvicorn's own loop looks at a flag ten times a second, for months; this one waits to be told.

    Each second it renews the Date of the answers and looks who is over a deadline.
    """

    def __init__(
        self, config: uvicorn.Config, room: ConnectionRoom[ApiConnection], tick_seconds: float
    ) -> None:
        super().__init__(config)
        self._room = room
        self._tick_seconds = tick_seconds
        self._throttle = LogThrottle(time.monotonic)
        self._refused_said = 0
        self._ended = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), self._tick_seconds)
            now = time.monotonic()
            for connection in self._room:
                connection.look(now)
            self._say_refused()

    def _say_refused(self) -> None:
        refused = self._room.refused - self._refused_said
        if refused and self._throttle.take() is not None:
            self._refused_said += refused
            _log.warning(
                "connections to the API that were turned away (too many at a time) or cut off (too slow): %d",
                refused,
            )

    def end(self) -> None:
        """From any thread."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended meanwhile
                self._loop.call_soon_threadsafe(self._ended.set)


class ApiServer:
    """Bound at once (a port in use is said before anything starts), serving after `start`.

    `room`: who may be connected at a time.
    """

    def __init__(
        self,
        app: FastAPI,
        host: str,
        port: int,
        room: ConnectionRoom[ApiConnection] | None = None,
        deadlines: Deadlines = Deadlines(),  # noqa: B008 - frozen
        tick_seconds: float = _TICK_SECONDS,
    ) -> None:
        self.room = ConnectionRoom() if room is None else room
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            host.encode("idna")  # what is no name of a computer at all is a UnicodeError here
            self._socket = socket.create_server((host, port), family=family, backlog=self.room.backlog)
        except (OSError, UnicodeError) as error:
            raise PermanentError(f"cannot listen on HOST {host}, PORT {port}: {_in_words(error)}") from None
        protocol = functools.partial(ApiConnection, room=self.room, deadlines=deadlines)
        config = uvicorn.Config(
            app,
            http=cast("type[asyncio.Protocol]", protocol),
            ws="none",  # nothing here speaks WebSocket, and whoever switched to it would leave the room
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            backlog=self.room.backlog,
            timeout_keep_alive=deadlines.idle,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config, self.room, tick_seconds)
        self._thread = threading.Thread(target=self._run, name="api", daemon=True)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self, wait_seconds: float) -> None:
        self._server.end()
        if self._thread.is_alive():
            self._thread.join(wait_seconds)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


def _in_words(error: OSError | UnicodeError) -> str:
    if not isinstance(error, OSError):
        return "HOST is no name of a computer"
    if error.errno == errno.EADDRINUSE:
        return "it is in use. Is another one running? Set PORT to a free port."
    words = (error.strerror or type(error).__name__).split(" (")[0]
    return f"{words}. HOST must be an address of this computer, such as 127.0.0.1 or 0.0.0.0."
