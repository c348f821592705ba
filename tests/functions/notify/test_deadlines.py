"""A call of Telegram ends in time, however slowly the other side reads or answers."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO

import pytest

from functions.notify.telegram import Telegram
from functions.notify.transports import Answer, Outcome
from functions.shared.messages.effects import Film
from functions.shared.telegram.calls import CallTimes
from tests.functions.notify.harness import TEXT, film_bytes
from tests.support.telegram.server import CHAT_ID, TelegramServer
from tests.support.timeouts import TIMEOUT

SIZE = 12_000_000  # more than the buffers between two sockets of one machine hold
FILM = Film("images/a/b/c.mp4", SIZE, 45.0, 1280, 720, 1350)
BODY = b'{"ok": true, "result": {"message_id": 7}}'
HEADERS = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY)
_PAUSE = 0.01  # far below every time-out of a single wait


@dataclass
class SlowServer:
    """A server of one connection. `hurries`: from then on it is slow no more; `was_cut_off` by its client."""

    url: str = ""
    hurries: threading.Event = field(default_factory=threading.Event)
    was_cut_off: threading.Event = field(default_factory=threading.Event)

    def reads_slowly(self, connection: socket.socket, pieces: int) -> None:
        """So many small pieces of the film slowly, the rest at once."""
        received = 0
        while received < SIZE:
            is_slow = pieces > 0 and not self.hurries.wait(_PAUSE)
            pieces -= 1
            received += _some(connection, 1024 if is_slow else 1 << 20)
        connection.sendall(HEADERS + BODY)

    def answers_slowly(self, connection: socket.socket) -> None:
        """A byte at a time, of headers that have no end while it is slow."""
        connection.recv(1 << 16)
        connection.sendall(b"HTTP/1.1 200 OK\r\nx-more: ")
        while not self.hurries.wait(_PAUSE):
            connection.sendall(b"x")
        while True:  # what is left of the request, up to its end
            _some(connection, 1 << 16)


Serve = Callable[[SlowServer, socket.socket], None]


def _some(connection: socket.socket, size: int) -> int:
    piece = connection.recv(size)
    if not piece:
        raise ConnectionError("cut off")
    return len(piece)


@contextmanager
def slow_server(serve: Serve) -> Iterator[SlowServer]:
    server = SlowServer()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    serve(server, connection)
                except OSError:
                    server.was_cut_off.set()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        server.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        yield server
        server.hurries.set()
        thread.join(TIMEOUT)


def telegram_at(url: str, whole: float, film: float) -> Telegram:
    return Telegram("1:x", str(CHAT_ID), api_url=url, times=CallTimes(TIMEOUT, TIMEOUT, whole, film))


def send_film(telegram: Telegram) -> Answer:
    return telegram.send_film(TEXT, FILM, BytesIO(film_bytes(SIZE)), None)


CASES: dict[str, tuple[Serve, Callable[[Telegram], Answer]]] = {
    "an upload that trickles": (partial(SlowServer.reads_slowly, pieces=1 << 30), send_film),
    "an answer that trickles": (SlowServer.answers_slowly, lambda telegram: telegram.send_text(TEXT)),
}


@pytest.mark.parametrize("case", CASES)
def test_a_call_ends_at_its_deadline_and_goes_on_nowhere(case: str) -> None:
    serve, call = CASES[case]
    with slow_server(serve) as server:
        answer = call(telegram_at(server.url, 1.0, 1.0))
        assert answer.outcome is Outcome.UNAVAILABLE
        assert answer.reason == "not sent and answered within 1.0 s"
        server.hurries.set()
        assert server.was_cut_off.wait(TIMEOUT)


def test_a_film_that_is_slow_and_in_time_is_sent() -> None:
    with slow_server(partial(SlowServer.reads_slowly, pieces=20)) as server:
        assert send_film(telegram_at(server.url, 0.001, TIMEOUT)).is_sent
    assert not server.was_cut_off.is_set()


def test_a_run_without_time_makes_no_call(telegram: TelegramServer) -> None:
    left = 2.0
    transport = Telegram(telegram.token, str(CHAT_ID), api_url=telegram.url, time_left=lambda: left)
    answer = transport.send_text(TEXT)
    assert (answer.outcome, answer.reason) == (
        Outcome.UNAVAILABLE,
        "no time is left for it in this run",
    )
    assert telegram.calls == 0
    left = 30.0
    assert transport.send_text(TEXT).is_sent
