"""A TCP server of a test's own that leaves no connection behind, whatever its tests broke off."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_ROUNDS_OF_ACCEPTING = 3  # of the event loop, from the accepted socket to the call that is told of it


@contextlib.asynccontextmanager
async def stream_server(serve: Serve, limit: int = 1 << 16) -> AsyncIterator[int]:
    """Its port on 127.0.0.1. At the end what is still served is cancelled and cut off.

    asyncio's own server only stops listening: connections that stand are left to the garbage collector, which
    finds them in the middle of another test.
    """
    open_ones: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(served(reader, writer))
        open_ones[task] = writer
        task.add_done_callback(lambda done: None if done.cancelled() else done.exception())

    server = await asyncio.start_server(accepted, "127.0.0.1", 0, limit=limit)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for _ in range(_ROUNDS_OF_ACCEPTING):
            await asyncio.sleep(0)
        for task, writer in open_ones.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*open_ones, return_exceptions=True)
        await asyncio.sleep(0)  # an aborted connection closes its socket in the next round
