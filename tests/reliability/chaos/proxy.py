"""Between the program and BambUI: a TCP proxy that drops, swallows and stalls, and notes what passed."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Self

from tests.reliability.chaos.timeline import Closed, Item, Opened, Status
from tests.reliability.chaos.wire import ServerFrames, printer_of
from tests.support.stream_server import stream_server

_READ_BYTES = 64 * 1024


@dataclass(eq=False)
class _Way:
    """One client's connection. `is_swallowing`: nothing comes through any more, and nobody is told."""

    writer: asyncio.StreamWriter
    printer: str | None = None
    is_swallowing: bool = False
    frames: ServerFrames = field(default_factory=ServerFrames)


class FaultyProxy:
    """Listens on a port of its own; `items` is what the client was given, in order."""

    def __init__(self, port: int) -> None:
        self.items: list[tuple[str, Item]] = []
        self._behind = port
        self._ways: set[_Way] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._port = 0
        self._listening = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._port = await self._listening.enter_async_context(stream_server(self._serve))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._listening.aclose()

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self._port}"

    def drop(self, printer: str | None = None) -> None:
        """Cut the printer's connection (None: all), as a router does that was switched off."""
        for way in list(self._ways):
            if printer is None or way.printer == printer:
                way.writer.transport.abort()

    def swallow(self, printer: str) -> None:
        """What is connected for that printer stays connected, and nothing ever comes through."""
        for way in self._ways:
            if way.printer == printer:
                way.is_swallowing = True

    def hold(self) -> None:
        """Nothing comes through until `flow`; then it comes all at once."""
        self._flows.clear()

    def flow(self) -> None:
        self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._pass(reader, writer)
        finally:
            writer.transport.abort()  # what the client has not taken yet is lost with a connection

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        way = _Way(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            request = await reader.readuntil(b"\r\n\r\n")
            way.printer = printer_of(request)
            bambui_reader, bambui_writer = await asyncio.open_connection("127.0.0.1", self._behind)
            self._ways.add(way)
            try:
                bambui_writer.write(request)
                there = asyncio.create_task(self._up(reader, bambui_writer))
                back = asyncio.create_task(self._down(bambui_reader, way))
                await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
                if way.is_swallowing and not there.done():
                    await there  # the other end is gone, and the client does not learn of it
                there.cancel()
                back.cancel()
                await asyncio.gather(there, back, return_exceptions=True)
            finally:
                self._ways.discard(way)
                bambui_writer.transport.abort()
                if way.printer is not None and way.frames.is_open:
                    self.items.append((way.printer, Closed(time.time())))

    async def _up(self, reader: asyncio.StreamReader, bambui: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_READ_BYTES):
                bambui.write(data)
                await bambui.drain()

    async def _down(self, bambui: asyncio.StreamReader, way: _Way) -> None:
        """Always read on, so that a stall is this client's alone; what waits is handed over in order."""
        waiting: asyncio.Queue[bytes] = asyncio.Queue()
        handing = asyncio.create_task(self._hand_over(waiting, way))
        try:
            with contextlib.suppress(OSError):
                while data := await bambui.read(_READ_BYTES):
                    waiting.put_nowait(data)
            waiting.put_nowait(b"")
            await handing
        finally:
            handing.cancel()

    async def _hand_over(self, waiting: "asyncio.Queue[bytes]", way: _Way) -> None:
        while data := await waiting.get():
            await self._flows.wait()
            if way.is_swallowing:
                continue
            if way.writer.transport.is_closing():
                return
            way.writer.write(data)
            was_open = way.frames.is_open
            heard = way.frames.feed(data)
            if way.printer is None:
                continue
            now = time.time()
            if way.frames.is_open and not was_open:
                self.items.append((way.printer, Opened(now)))
            self.items += [(way.printer, Status(now, one)) for one in heard]
            with contextlib.suppress(OSError):
                await way.writer.drain()
