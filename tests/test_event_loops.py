"""A test that breaks off in the middle of a connection leaves none to the tests after it."""

import asyncio
import gc
import socket
import warnings

import pytest


@pytest.mark.parametrize("is_sending", [False, True])
def test_a_connection_that_stands_when_its_loop_ends_is_cut_off(is_sending: bool) -> None:
    async def breaks_off() -> socket.socket:
        served = asyncio.Event()

        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if is_sending:
                writer.write(bytes(1 << 24))  # nobody takes it
                writer.close()
            served.set()
            await asyncio.Event().wait()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        client = socket.create_connection(server.sockets[0].getsockname())
        await served.wait()
        server.close()
        return client

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        client = asyncio.run(breaks_off())
        gc.collect()
    with client:
        client.settimeout(60)
        try:
            while client.recv(1 << 20):
                pass
        except ConnectionResetError:
            pass
    assert [str(one.message) for one in warned] == []
