"""Clients that ask for large pictures and do not take them: what is held for them, counted in bytes."""

import contextlib
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from functions.api.app import create_app
from functions.api.picture_sending import PictureSending
from functions.shared.errors import TransientError
from tests.functions.api.bridge_data import NOW, BridgeData
from tests.functions.api.serving import Served, served
from tests.support.edge_material import large_jpeg
from tests.support.timeouts import TIMEOUT, wait_until

SIZE = 6_000_000  # more than the buffers of a connection take
PRINTERS = ("P1", "P2", "P3", "P4")


@pytest.fixture
def sending() -> PictureSending:
    return PictureSending(limit=2 * SIZE)


@pytest.fixture
def server(bridge: BridgeData, sending: PictureSending) -> Iterator[Served]:
    for number, name in enumerate(PRINTERS):
        bridge.put_image(name, large_jpeg(SIZE, number), NOW)
    app = create_app(bridge.records, bridge.frames, bridge.live, bridge.clock, sending=sending)
    with served(app) as server:
        yield server


def ask(server: Served, name: str, clients: ExitStack) -> socket.socket:
    """Ask for a picture and take no more than the first bytes of the answer: they are given back."""
    client = clients.enter_context(contextlib.closing(socket.socket()))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(TIMEOUT)
    client.connect(("127.0.0.1", server.port))
    client.sendall(f"GET /api/printer/{name}/image HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return client


def status(client: socket.socket) -> bytes:
    return client.recv(12).split()[1]


def test_pictures_that_nobody_takes_are_bounded_and_then_all_is_given_back(
    server: Served, sending: PictureSending, caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as clients:
        assert [status(ask(server, name, clients)) for name in PRINTERS] == [b"200", b"200", b"503", b"503"]
        assert (sending.bytes, sending.refused) == (2 * SIZE, 2)
        assert [status(ask(server, "P1", clients)) for _ in range(5)] == [b"200"] * 5  # the very same bytes
        assert sending.bytes == 2 * SIZE
        refused = server.ask("/api/printer/P3/image")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
        assert b"try again" in refused.body
        assert server.ask("/api/printers").status == 200
    assert sum("PICTURES_MAX_BYTES" in line for line in caplog.messages) == 1
    wait_until(lambda: sending.bytes == 0, lambda: f"{sending.bytes} bytes are held")
    answer = server.ask("/api/printer/P3/image")
    assert (answer.status, answer.body) == (200, large_jpeg(SIZE, 2))


def test_one_that_is_larger_than_the_limit_is_sent_alone() -> None:
    sending = PictureSending(limit=10)
    large, small = bytes(100), bytes(5)
    assert sending.hold(large)
    assert not sending.hold(small)
    sending.release(large)
    assert sending.hold(small)


def test_only_a_few_pictures_are_read_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("functions.api.picture_sending._PATIENCE_SECONDS", 0)
    sending = PictureSending()
    with ExitStack() as readers:
        for _ in range(4):
            readers.enter_context(sending.reading())
        with pytest.raises(TransientError), sending.reading():
            pass
    with sending.reading():
        pass
