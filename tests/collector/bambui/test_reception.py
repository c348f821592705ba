"""Large messages from many connections at once: how much of them is in memory, counted in bytes."""

import asyncio
import contextlib
import gc
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from websockets.frames import Frame, Opcode

from collector.bambui.client import Connection
from collector.bambui.reception import SMALL_BYTES, TURN_SECONDS, Reception
from functions.shared.runtime.backoff import Backoff
from tests.support.bambui_server import BambUI, bambui
from tests.support.timeouts import TIMEOUT, eventually

MEGABYTE = 1024 * 1024
PIECE = 256 * 1024  # what an event loop reads of a socket at most


class Counting:
    """A listener that keeps nothing of what it gets but the sizes."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def opened(self) -> None: ...

    def closed(self) -> None: ...

    def received(self, frame: str | bytes) -> None:
        self.sizes.append(len(frame))


class HandTimers:
    """Timers that go off when they are told to."""

    def __init__(self) -> None:
        self.due: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, seconds: float, callback: Callable[[], None]) -> "HandTimer":
        entry = (seconds, callback)
        self.due.append(entry)
        return HandTimer(self, entry)

    def go_off(self) -> None:
        ((_, callback),) = self.due
        self.due.clear()
        callback()


class HandTimer:
    def __init__(self, timers: HandTimers, entry: tuple[float, Callable[[], None]]) -> None:
        self._timers, self._entry = timers, entry

    def cancel(self) -> None:
        with contextlib.suppress(ValueError):
            self._timers.due.remove(self._entry)


@pytest.fixture
async def server() -> AsyncIterator[BambUI]:
    async with bambui() as face:
        yield face


@contextlib.asynccontextmanager
async def connected(
    server: BambUI, reception: Reception, names: list[str]
) -> AsyncIterator[dict[str, Counting]]:
    server.names = set(names)
    listeners = {name: Counting() for name in names}
    time = asyncio.get_running_loop().time
    tasks = [
        asyncio.create_task(
            Connection(
                name,
                server.socket_template.replace("{printer_id}", name),
                listener,
                Backoff(0.001, 0.01),
                lambda: 1.0,
                time,
                reception,
            ).run()
        )
        for name, listener in listeners.items()
    ]
    try:
        await server.until(lambda: all(server.sockets.get(name) for name in names))
        yield listeners
    finally:
        for task in tasks:
            task.cancel()
        async with asyncio.timeout(TIMEOUT):
            await asyncio.gather(*tasks, return_exceptions=True)


def written(size: int) -> bytes:
    """A message of that size as it goes over the wire."""
    return Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)


def send(server: BambUI, name: str, wire: bytes) -> None:
    (socket,) = server.sockets[name]
    socket.transport.write(wire)


async def test_large_messages_of_many_printers_do_not_grow_side_by_side(server: BambUI) -> None:
    names = [f"P-{number}" for number in range(12)]
    reception, wire = Reception(limit=4 * MEGABYTE), written(4 * MEGABYTE)
    async with connected(server, reception, names) as listeners:
        for name in names:
            send(server, name, wire)
            send(server, name, written(3))
        await eventually(lambda: all(one.sizes == [4 * MEGABYTE, 3] for one in listeners.values()))
    small = len(names) * (SMALL_BYTES + PIECE)
    assert reception.most <= 4 * MEGABYTE + 4 * MEGABYTE + small < 12 * 2 * MEGABYTE
    assert (reception.bytes, reception.waiting, reception.cut_off) == (0, 0, 0)


async def test_one_that_stops_in_mid_message_holds_nobody_up(
    server: BambUI, caplog: pytest.LogCaptureFixture
) -> None:
    timers = HandTimers()
    reception = Reception(limit=2 * MEGABYTE, call_later=timers.call_later)
    whole = written(2 * MEGABYTE)
    async with connected(server, reception, ["slow", "small", "P-1", "P-2"]) as listeners:
        send(server, "slow", whole[:-1])
        await eventually(lambda: reception.bytes >= len(whole) - 1)
        for name in ("P-1", "P-2"):
            send(server, name, whole)
        await eventually(lambda: reception.waiting == 2)
        send(server, "small", written(200_000))
        await eventually(lambda: listeners["small"].sizes == [200_000])  # it waits for nobody
        assert [seconds for seconds, _ in timers.due] == [TURN_SECONDS]
        timers.go_off()
        await eventually(lambda: all(listeners[name].sizes == [2 * MEGABYTE] for name in ("P-1", "P-2")))
        await server.until(lambda: server.opened["slow"] == 2)
        send(server, "slow", whole)
        await eventually(lambda: listeners["slow"].sizes == [2 * MEGABYTE])
        assert (reception.bytes, reception.cut_off) == (0, 1)
    assert sum("given up" in line for line in caplog.messages) == 1


async def test_a_connection_that_ends_in_mid_message_gives_its_bytes_back(server: BambUI) -> None:
    reception, whole = Reception(limit=MEGABYTE), written(2 * MEGABYTE)
    async with connected(server, reception, ["P-1", "P-2"]) as listeners:
        send(server, "P-1", whole[:-1])
        await eventually(lambda: reception.bytes >= len(whole) - 1)
        send(server, "P-2", whole)
        await eventually(lambda: reception.waiting == 1)
        (socket,) = server.sockets["P-1"]
        socket.transport.abort()
        await eventually(lambda: listeners["P-2"].sizes == [2 * MEGABYTE])
        assert (reception.bytes < 1000, reception.waiting) == (True, 0)  # P-1 shook hands again


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.usefixtures("traced")
async def test_nothing_of_a_message_stays_once_it_was_read(server: BambUI) -> None:
    async with connected(server, Reception(), ["P-1"]) as listeners:
        send(server, "P-1", written(3))
        await eventually(lambda: len(listeners["P-1"].sizes) == 1)
        before = tracemalloc.get_traced_memory()[0]
        send(server, "P-1", written(8 * MEGABYTE))
        await eventually(lambda: len(listeners["P-1"].sizes) == 2)
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < MEGABYTE
