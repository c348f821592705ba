"""Half a request, half a body, an answer nobody takes: no client keeps a place for ever, and no crowd keeps
another client out.
"""

import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
from fastapi import FastAPI, Response

from functions.shared.runtime.connections import ConnectionRoom
from infra.local.api_connection import ApiConnection, Deadlines
from infra.local.api_server import ApiServer
from tests.support.timeouts import TIMEOUT, wait_until

LARGE = b"x" * 20_000_000
SOON = Deadlines(request=0.2, answer=0.2, stall=0.2, whole=0.4, idle=1)
LATE = Deadlines(request=TIMEOUT, answer=TIMEOUT, stall=TIMEOUT, whole=TIMEOUT)


def application() -> FastAPI:
    app = FastAPI()

    @app.get("/small")
    def show_small() -> Response:
        return Response(b"small")

    @app.get("/large")
    def show_large() -> Response:
        return Response(LARGE)

    return app


@contextmanager
def serving(deadlines: Deadlines, most: int = 6, of_one: int = 4) -> Iterator[ApiServer]:
    room = ConnectionRoom[ApiConnection](most, of_one)
    server = ApiServer(application(), "127.0.0.1", 0, room, deadlines, tick_seconds=0.05)
    server.start()
    try:
        yield server
        wait_until(lambda: len(room) == 0, lambda: f"{len(room)} left")
    finally:
        server.stop(TIMEOUT)


def connected(server: ApiServer, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), TIMEOUT, source_address=(source, 0))


def all_of(connection: socket.socket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(1 << 20):
            received += piece
    except ConnectionError:
        pass
    return received


def ask(server: ApiServer, path: str = "/small", source: str = "127.0.0.1") -> bytes:
    with closing(
        http.client.HTTPConnection("127.0.0.1", server.port, TIMEOUT, source_address=(source, 0))
    ) as connection:
        connection.request("GET", path)
        return connection.getresponse().read()


def is_gone_after_a_drop(connection: socket.socket) -> bool:
    connection.settimeout(0.05)
    try:
        connection.sendall(b"x")
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"GET /small HT",
        b"GET /small HTTP/1.1\r\nHost: a\r\n",
        b"POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
        b"GET /small HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET",
        b"GET /small HTTP/1.1\r\nHost: a\r\n\r\nGET /small",
    ],
)
def test_half_a_request_is_ended(half: bytes) -> None:
    with serving(SOON) as server, connected(server) as connection:
        connection.sendall(half)
        all_of(connection)
        assert ask(server) == b"small"


def test_who_sends_drop_by_drop_gains_nothing() -> None:
    with serving(SOON) as server, connected(server) as connection:
        wait_until(lambda: is_gone_after_a_drop(connection), lambda: "it is still there")


def test_who_does_not_take_its_answer_is_cut_off() -> None:
    with serving(SOON) as server, connected(server) as deaf:
        deaf.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_until(lambda: server.room.refused == 1, lambda: "it is still there")
        assert len(all_of(deaf)) < len(LARGE)


def test_who_takes_its_answer_slowly_gets_all_of_it() -> None:
    patient = Deadlines(request=0.2, answer=0.2, stall=30.0, whole=TIMEOUT)
    with serving(patient) as server, connected(server) as slow:
        slow.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        received = slow.recv(1000)
        wait_until(lambda: len(server.room) == 1, lambda: "it is gone")
        assert (received + all_of(slow)).endswith(b"x" * 1000)


def test_one_connection_serves_many_requests() -> None:
    with serving(Deadlines(request=0.3, answer=0.3, stall=0.3, whole=0.3)) as server:
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)) as connection:
            for _ in range(200):
                connection.request("GET", "/small")
                assert connection.getresponse().read() == b"small"
        assert server.room.refused == 0


def test_one_address_has_its_share_and_no_more() -> None:
    with serving(LATE) as server, ExitStack() as stack:
        crowd = [stack.enter_context(connected(server)) for _ in range(20)]
        wait_until(lambda: server.room.refused == 16, lambda: str(server.room.refused))
        assert len(server.room) == 4
        assert ask(server, source="127.0.0.2") == b"small"
        for one in crowd:
            one.close()


def test_a_crowd_of_many_addresses_keeps_nobody_out() -> None:
    with serving(LATE) as server, ExitStack() as stack:
        for number in range(2, 22):
            stack.enter_context(connected(server, f"127.0.0.{2 + number % 2}"))
        assert ask(server, source="127.0.0.9") == b"small"
        assert len(server.room) <= 6
