"""The collector's own `/metrics` port: answers Prometheus, and bears whoever else knocks."""

import asyncio
import http.client
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress

import pytest

from collector.metrics.exposition import MetricsServer, open_server
from functions.shared.errors import TransientError
from functions.shared.runtime.connections import ConnectionRoom
from tests.support.http_server import free_port
from tests.support.timeouts import TIMEOUT

TEXT = b"# HELP x y\n# TYPE x gauge\nx 1.0\n"


@pytest.fixture
def server() -> Iterator[MetricsServer]:
    """Cuts slow ones off after a moment."""
    made = MetricsServer(lambda: TEXT, "127.0.0.1", 0, seconds=0.15, room=ConnectionRoom(4, 4))
    made.start()
    yield made
    made.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "metrics"]


def ask(port: int, path: str = "/metrics", method: str = "GET") -> tuple[int, bytes, str]:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)) as connection:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read(), response.headers["Content-Type"]


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)


def all_of(connection: socket.socket) -> bytes:
    """What comes until the server ends the connection, politely or not."""
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionError:
        pass
    return received


def test_it_answers_as_prometheus_wants(server: MetricsServer) -> None:
    assert ask(server.port) == (200, TEXT, "text/plain; version=0.0.4; charset=utf-8")
    assert ask(server.port, "/metrics?name=x")[:2] == (200, TEXT)
    assert ask(server.port, method="HEAD")[:2] == (200, b"")


def test_everything_else_is_refused_with_words(server: MetricsServer) -> None:
    assert ask(server.port, "/")[:2] == (404, b"the metrics are at /metrics\n")
    assert ask(server.port, "/metrics/")[0] == 404
    assert ask(server.port, method="POST")[:2] == (405, b"only GET\n")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\r\n\r\n", b"\x00" * 100 + b"\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /metrics\r\n\r\n", b"GET /metrics SMTP/9\r\n\r\n", "GET /ü HTTP/1.1\r\n\r\n".encode(),
        b"x" * 100_000, b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 20_000,
    ],
)  # fmt: skip
def test_garbage_gets_a_refusal_or_nothing_and_the_next_one_is_served(
    server: MetricsServer, garbage: bytes
) -> None:
    with connected(server.port) as connection:
        with suppress(ConnectionError):  # cut off in the middle of it
            connection.sendall(garbage)
        assert b"200 OK" not in all_of(connection)
    assert ask(server.port)[0] == 200


def test_who_says_nothing_or_says_it_drop_by_drop_is_cut_off(server: MetricsServer) -> None:
    with connected(server.port) as silent, connected(server.port) as dripping:
        dripping.sendall(b"GET /met")
        assert all_of(silent) == all_of(dripping) == b""


def test_who_does_not_read_the_answer_is_cut_off() -> None:
    big, cut_off = b"x" * 50_000_000, threading.Event()

    class Watched(MetricsServer):
        async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await super()._serve(reader, writer)
            cut_off.set()

    server = Watched(lambda: big, "127.0.0.1", 0, seconds=0.1)
    server.start()
    try:
        with connected(server.port) as deaf:
            deaf.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            assert cut_off.wait(TIMEOUT)
            assert len(all_of(deaf)) < len(big)
    finally:
        server.stop()


def test_a_crowd_of_idle_ones_is_turned_away_and_leaves_nothing_behind(server: MetricsServer) -> None:
    with ExitStack() as stack:
        crowd = [stack.enter_context(connected(server.port)) for _ in range(50)]
        assert all(all_of(one) == b"" for one in crowd)
    assert ask(server.port)[0] == 200
    assert len(server._serving) <= 1  # noqa: SLF001 - a task that leaks is seen nowhere else


def test_while_the_metrics_cannot_be_read_it_says_so() -> None:
    def fails() -> bytes:
        raise TransientError("the disk is slow")

    server = MetricsServer(fails, "127.0.0.1", 0)
    server.start()
    try:
        assert ask(server.port)[:2] == (503, b"the disk is slow\n")
    finally:
        server.stop()


def test_it_ends_at_once_while_somebody_is_connected() -> None:
    server = MetricsServer(lambda: TEXT, "127.0.0.1", 0)
    server.start()
    with connected(server.port) as connection:
        connection.sendall(b"GET ")
        server.stop()
        assert all_of(connection) == b""
    assert "metrics" not in {thread.name for thread in threading.enumerate()}


def test_port_0_means_off(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert open_server(lambda: TEXT, "127.0.0.1", 0) is None
    assert caplog.records == []


def test_where_the_metrics_are_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "collector")
    port = free_port()
    server = open_server(lambda: TEXT, "127.0.0.1", port)
    assert server is not None
    server.start()
    server.stop()
    assert f"metrics: http://127.0.0.1:{port}/metrics" in caplog.text


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("127.0.0.1", "it is in use; set METRICS_PORT to a free port. The printers are watched all the same"),
        ("203.0.113.1", "METRICS_HOST must be an address of this computer. The printers are watched"),
        ("no such host", "METRICS_HOST must be an address of this computer"),
        ("ü" * 70, "METRICS_HOST is no name of a computer"),
    ],
)
def test_an_address_that_cannot_be_had_is_said_and_costs_nothing_else(
    host: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert open_server(lambda: TEXT, host, taken.getsockname()[1]) is None
    assert words in caplog.text
