"""uvicorn in a thread of its own, so that nobody's request holds up the collector."""

import asyncio
import contextlib
import errno
import socket
import threading

import uvicorn
from fastapi import FastAPI

from functions.shared.errors import PermanentError

_DATE_SECONDS = 1.0


class _Server(uvicorn.Server):
    """uvicorn's own loop looks at a flag ten times a second, for months; this one waits to be told.

    It still renews the Date of the answers each second.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _DATE_SECONDS)

    def end(self) -> None:
        """From any thread."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended meanwhile
                self._loop.call_soon_threadsafe(self._ended.set)


class ApiServer:
    """Bound at once (a port in use is said before anything starts), serving after `start`."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            host.encode("idna")  # what is no name of a computer at all is a UnicodeError here
            self._socket = socket.create_server((host, port), family=family, backlog=128)
        except (OSError, UnicodeError) as error:
            raise PermanentError(f"cannot listen on HOST {host}, PORT {port}: {_in_words(error)}") from None
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
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
