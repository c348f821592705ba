"""A crowd that asks for half of something and holds its connections; and whether others still get in."""

import asyncio
import contextlib
import random
import socket

_ADDRESSES = 12  # of this machine, all in 127.0.0.0/8
_OF_EACH = 40
_HALF = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n"
_WHOLE = _HALF + b"Connection: close\r\n\r\n"
_PATIENCE = 20.0
_BELOW_EPHEMERAL = range(20_000, 30_000)  # nobody gets such a port by chance while the program is down


def fixed_port() -> int:
    """One that is free, for a program that shall have the same after each start."""
    while True:
        port = random.choice(_BELOW_EPHEMERAL)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port


class Crowd:
    """Use as a context: there from the begin to the end of it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> "Crowd":
        for number in range(_ADDRESSES * _OF_EACH):
            await self._open(f"127.0.2.{1 + number % _ADDRESSES}")
        return self

    async def __aexit__(self, *_: object) -> None:
        for writer in self._writers:
            writer.transport.abort()
        for writer in self._writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _open(self, source: str) -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1.0):
                _, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(source, 0))
            self._writers.append(writer)
            writer.write(_HALF)


async def is_answered(port: int) -> bool:
    """Whether a request of another address is, whatever the answer says."""
    writer = None
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(_WHOLE)
            return (await reader.readline()).startswith(b"HTTP/")
    except (OSError, TimeoutError):
        return False
    finally:
        if writer is not None:
            writer.transport.abort()
