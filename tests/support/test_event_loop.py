"""A loop of a test leaves nothing open behind it."""

import asyncio
import gc
import socket
import warnings


def test_a_connection_that_was_accepted_and_is_not_served_yet_ends_with_its_loop() -> None:
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(lambda *_: None, "127.0.0.1", 0))
    with (
        warnings.catch_warnings(record=True) as warned,
        socket.create_connection(server.sockets[0].getsockname()) as client,
    ):
        warnings.simplefilter("always")
        loop.call_soon(loop.stop)
        loop.run_forever()  # once: it is accepted, and the task that serves it waits for its turn
        (serving,) = asyncio.all_tasks(loop)
        serving.cancel()
        del serving
        server.close()
        loop.close()
        assert client.recv(1) == b""
        gc.collect()
    assert [str(it.message) for it in warned] == []
