"""A printer stays connected through everything that a network and BambUI do."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection, serve

from collector.bambui.client import Connection, connect_to_server, printer_url
from functions.shared.runtime.backoff import Backoff
from tests.support.bambui_server import BambUI, bambui
from tests.support.stream_server import stream_server
from tests.support.timeouts import TIMEOUT, eventually

P = "A1M-1"
QUICK = Backoff(0.001, 0.01)


class Remembering:
    """What a connection told its listener."""

    def __init__(self) -> None:
        self.frames: list[str | bytes] = []
        self.openings = 0
        self.closings = 0
        self.changed = asyncio.Condition()
        self.fault: Exception | None = None

    def opened(self) -> None:
        self.openings += 1
        self._note()

    def received(self, frame: str | bytes) -> None:
        if self.fault is not None:
            raise self.fault
        self.frames.append(frame)
        self._note()

    def closed(self) -> None:
        self.closings += 1
        self._note()

    def _note(self) -> None:
        async def notify() -> None:
            async with self.changed:
                self.changed.notify_all()

        self._last = asyncio.ensure_future(notify())

    async def until_frames(self, count: int) -> None:
        async with asyncio.timeout(TIMEOUT), self.changed:
            await self.changed.wait_for(lambda: len(self.frames) >= count)

    async def until_closed(self, count: int) -> None:
        async with asyncio.timeout(TIMEOUT), self.changed:
            await self.changed.wait_for(lambda: self.closings >= count)


@dataclass(frozen=True, slots=True)
class RememberingBackoff(Backoff):
    """`asked`: how many failures in a row it knew of whenever it was asked for a wait."""

    asked: list[int] = field(default_factory=list)

    def next(self, random: Callable[[], float]) -> tuple[float, Backoff]:
        self.asked.append(self.failures)
        return Backoff.next(self, random)


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> list[ClientConnection]:
    """Every WebSocket that a connection opens."""
    opened: list[ClientConnection] = []

    async def remembering(*arguments: Any, **options: Any) -> ClientConnection:
        opened.append(await connect_to_server(*arguments, **options))
        return opened[-1]

    monkeypatch.setattr("collector.bambui.client.connect_to_server", remembering)
    return opened


@pytest.fixture
async def server() -> AsyncIterator[BambUI]:
    async with bambui() as face:
        yield face


@contextlib.asynccontextmanager
async def connected(url: str, listener: Remembering, backoff: Backoff = QUICK) -> AsyncIterator[Connection]:
    time = asyncio.get_running_loop().time
    connection = Connection(P, url, listener, backoff, lambda: 1.0, time)
    task = asyncio.create_task(connection.run())
    try:
        yield connection
    finally:
        task.cancel()
        async with asyncio.timeout(TIMEOUT):
            await asyncio.gather(task, return_exceptions=True)


def _url(server: BambUI, name: str = P) -> str:
    return printer_url(server.socket_template, name)


async def test_frames_arrive_and_nothing_is_ever_sent(
    server: BambUI, sockets: list[ClientConnection]
) -> None:
    listener = Remembering()
    async with connected(_url(server), listener) as connection:
        await server.send(P, "one", b"two", "three")
        await listener.until_frames(3)
        assert connection.is_connected
        assert [socket.ping_interval for socket in sockets] == [None]
        assert server.request_headers[0].get("sec-websocket-extensions") is None
    await server.until(lambda: not server.sockets[P])
    assert listener.frames == ["one", b"two", "three"]
    assert server.received == []
    assert not connection.is_connected


async def test_a_large_message_arrives_whole_and_is_read_in_small_pieces(
    server: BambUI, sockets: list[ClientConnection]
) -> None:
    """Reads of 256 KiB, as asyncio has them, would make the memory of a long run grow."""
    listener = Remembering()
    async with connected(_url(server), listener):
        await server.send(P, "x" * 3_000_000)
        await listener.until_frames(1)
        assert [vars(socket.transport)["max_size"] for socket in sockets] == [64 * 1024]
    assert listener.frames == ["x" * 3_000_000]


@pytest.mark.parametrize("name", ["../../x", "<b>&\"' %2F?#", "\U0001f5a8\ufe0f", "x" * 300, ".."])
async def test_hostile_names_reach_bambui_as_they_are(server: BambUI, name: str) -> None:
    server.names.add(name)
    async with connected(_url(server, name), Remembering()):
        await server.until(lambda: server.opened.get(name, 0) == 1)


async def test_it_connects_again_whenever_the_connection_goes(
    server: BambUI, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Remembering()
    with caplog.at_level(logging.WARNING):
        async with connected(_url(server), listener):
            for round_ in range(1, 6):
                await server.send(P, f"frame {round_}")
                await listener.until_frames(round_)
                await server.drop(P)
                await listener.until_closed(round_)
            await server.send(P, "last")
            await listener.until_frames(6)
    assert listener.openings == 6
    assert len(caplog.records) == 1  # not one line per reconnect


async def test_a_handshake_alone_does_not_reset_the_back_off(server: BambUI) -> None:
    async def slam(name: str, socket: ServerConnection) -> None:
        socket.transport.abort()

    server.on_open = slam
    listener = Remembering()
    backoff = RememberingBackoff(0.005, 1000)
    async with connected(_url(server), listener, backoff):
        await listener.until_closed(4)
        assert backoff.asked[:3] == [0, 1, 2]
        server.on_open = None
        await server.send(P, "a message")
        await listener.until_frames(1)
        known = len(backoff.asked)
        await server.drop(P)
        await eventually(lambda: len(backoff.asked) > known)
        assert backoff.asked[known] == 0


async def test_an_unknown_printer_is_said_once_and_waits_for_the_next_look_at_the_list(
    server: BambUI, caplog: pytest.LogCaptureFixture
) -> None:
    server.names.clear()
    listener = Remembering()
    with caplog.at_level(logging.WARNING):
        async with connected(_url(server), listener) as connection:
            for count in (1, 2, 3):
                await server.until(lambda count=count: len(server.refused) == count)  # type: ignore[misc]
                await eventually(lambda: connection.is_refused)
                for _ in range(200):  # it does not try by itself, whatever the back-off
                    await asyncio.sleep(0)
                assert len(server.refused) == count
                if count == 3:
                    server.names.add(P)
                connection.try_again()
            await server.send(P, "known now")
            await listener.until_frames(1)
            assert not connection.is_refused
    assert len(caplog.records) == 1
    assert "knows no printer 'A1M-1'" in caplog.text


async def test_a_reconnect_that_was_asked_for_is_immediate(server: BambUI) -> None:
    listener = Remembering()
    async with connected(_url(server), listener, Backoff(1000, 1000)) as connection:
        for count in (1, 2, 3):
            await server.until(lambda count=count: server.opened.get(P) == count)  # type: ignore[misc]
            await eventually(lambda: connection.is_connected)
            connection.reconnect()
            connection.reconnect()
            await listener.until_closed(count)
        await server.send(P, "here")
        await listener.until_frames(1)
    assert listener.openings == 4


async def test_a_message_over_the_limit_costs_a_line_and_a_reconnect(
    server: BambUI, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Remembering()
    with caplog.at_level(logging.WARNING):
        async with connected(_url(server), listener):
            big = asyncio.create_task(server.send(P, "x" * 40_000_000))
            await listener.until_closed(1)
            big.cancel()
            await asyncio.gather(big, return_exceptions=True)
            await server.until(lambda: server.opened[P] == 2 and len(server.sockets[P]) == 1)
            await server.send(P, "small")
            await listener.until_frames(1)
    assert listener.frames == ["small"]
    assert len(caplog.records) == 1
    assert "over 16 MiB" in caplog.text


async def test_text_that_is_no_utf_8_costs_a_reconnect(server: BambUI) -> None:
    async def send_broken(name: str, socket: ServerConnection) -> None:
        server.on_open = None
        await socket.send(b"\xff\xfe", text=True)

    server.on_open = send_broken
    listener = Remembering()
    async with connected(_url(server), listener):
        await listener.until_closed(1)
        await server.send(P, "good")
        await listener.until_frames(1)


async def test_where_there_is_no_bambui_it_tries_for_ever_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serve(lambda _: asyncio.sleep(0), "127.0.0.1", 0) as gone:
        port = next(iter(gone.sockets)).getsockname()[1]
    url = f"ws://user:topsecret@127.0.0.1:{port}/ws/printer/x"
    with caplog.at_level(logging.DEBUG, logger="collector"):
        backoff = RememberingBackoff(0.001, 0.01)
        async with connected(url, Remembering(), backoff):
            await eventually(lambda: len(backoff.asked) >= 5)
    assert sum("cannot be reached" in record.getMessage() for record in caplog.records) == 1
    assert "topsecret" not in caplog.text


async def test_something_else_than_bambui_is_a_line_that_says_what_to_check(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 302 Found\r\nlocation: http://elsewhere.invalid/\r\ncontent-length: 0\r\n\r\n"
        )
        await writer.drain()

    async with stream_server(babble) as port:
        backoff = RememberingBackoff(0.001, 0.01)
        async with connected(f"ws://127.0.0.1:{port}/", Remembering(), backoff):
            await eventually(lambda: len(backoff.asked) >= 2)
    assert "WS_URL_TEMPLATE" in caplog.text


async def test_a_fault_of_the_listener_ends_the_run_with_that_fault(server: BambUI) -> None:
    listener = Remembering()
    listener.fault = ZeroDivisionError("a bug")
    time = asyncio.get_running_loop().time
    connection = Connection(P, _url(server), listener, Backoff(0.001, 0.01), lambda: 1.0, time)
    running = asyncio.create_task(connection.run())
    await server.send(P, "frame")
    async with asyncio.timeout(TIMEOUT):
        with pytest.raises(ZeroDivisionError):
            await running
    assert listener.closings == 1
    assert not connection.is_connected
