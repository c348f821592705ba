"""Messages of which only a part has come: what they take in memory, bounded over all connections.

The event loop reads a piece of every socket in turn. Sixty pictures of ten megabytes would so grow side by
side to 800 MB before the first is whole. Over the limit they are read one after another: whoever has most
goes on, the others wait in their sockets, where TCP slows the sender down. Small messages never wait.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from functions.shared.picture_memory import picture_shares
from functions.shared.runtime.throttled_log import LASTING_FAULT_SECONDS, LogThrottle

# Above what a status (256 KiB at most) or a usual picture takes, so that those of other printers never wait.
SMALL_BYTES = 512 * 1024
# A message of 16 MiB at 7 Mbit/s, and shorter than the silence for which the others would be taken.
TURN_SECONDS = 20.0

_log = logging.getLogger(__name__)


class Timer(Protocol):
    """What a call that is to come is called off by."""

    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Timer]


def _call_later(seconds: float, callback: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(seconds, callback)


class Reception:
    """In the event loop only. `most`: the most bytes that there ever were; `cut_off`: how many messages were
    given up because others waited for them too long."""

    def __init__(
        self,
        limit: int = picture_shares().receiving,
        monotonic: Callable[[], float] = time.monotonic,
        call_later: CallLater = _call_later,
    ) -> None:
        self.bytes = 0
        self.most = 0
        self.cut_off = 0
        self._limit = limit
        self._call_later = call_later
        self._unread: dict[BoundedConnection, int] = {}
        self._waiting: dict[BoundedConnection, None] = {}
        self._turn: BoundedConnection | None = None
        self._turn_end: Timer | None = None
        self._lines = LogThrottle(monotonic, LASTING_FAULT_SECONDS)

    @property
    def waiting(self) -> int:
        """How many connections are not read just now."""
        return len(self._waiting)

    def came(self, connection: "BoundedConnection", count: int) -> None:
        """So many bytes came of a message that is not read yet."""
        unread = self._unread.get(connection, 0) + count
        self._unread[connection] = unread
        self.bytes += count
        self.most = max(self.most, self.bytes)
        if self.bytes <= self._limit:
            return
        if self._turn is None:
            self._give_turn(max(self._unread, key=self._unread.__getitem__))
        if connection is not self._turn and unread > SMALL_BYTES and connection not in self._waiting:
            self._waiting[connection] = None
            connection.transport.pause_reading()

    def read(self, connection: "BoundedConnection") -> None:
        """What had come was read as a message, or the connection has ended."""
        self.bytes -= self._unread.pop(connection, 0)
        if connection is self._turn:
            self._end_turn()
        if not self._waiting:
            return
        if self.bytes <= self._limit:
            self._end_turn()
            waiting, self._waiting = self._waiting, {}
            for one in waiting:
                one.transport.resume_reading()
        elif self._turn is None:
            self._give_turn(max(self._waiting, key=lambda one: self._unread.get(one, 0)))

    def left(self, connection: "BoundedConnection") -> None:
        """The connection has ended."""
        self._waiting.pop(connection, None)
        self.read(connection)

    def _give_turn(self, connection: "BoundedConnection") -> None:
        self._turn = connection
        if connection in self._waiting:
            del self._waiting[connection]
            connection.transport.resume_reading()
        self._turn_end = self._call_later(TURN_SECONDS, lambda: self._cut_off(connection))

    def _end_turn(self) -> None:
        self._turn = None
        if self._turn_end is not None:
            self._turn_end.cancel()
            self._turn_end = None

    def _cut_off(self, connection: "BoundedConnection") -> None:
        """Its turn took too long: the connection is given up if others wait for it."""
        self._end_turn()
        if not self._waiting:
            return
        self.cut_off += 1
        count = self._lines.take()
        if count is not None:
            _log.warning(
                "messages of many MB come from several printers at once, more than %.0f MB of memory: one "
                "that took over %.0f s was given up (%d times)",
                self._limit / 1e6,
                TURN_SECONDS,
                count,
            )
        connection.transport.abort()
        self.left(connection)


_DATA = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})


class BoundedConnection(ClientConnection):
    """A connection whose half messages are counted, and whose whole ones are read by `next_message`."""

    def __init__(self, *arguments: Any, reception: Reception, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._reception = reception
        self._unread: deque[Frame] = deque()

    async def next_message(self) -> str | bytes:
        """As `recv`; nothing of the message is left behind here.

        The library's parser keeps the last frame until the next one is whole: of sixty printers that sent a
        large picture last, another 800 MB.
        """
        message = await self.recv()
        while self._unread:
            frame = self._unread.popleft()
            frame.data = b""
            if frame.fin:
                break
        self._reception.read(self)
        return message

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._reception.came(self, len(data))

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode in _DATA:
            self._unread.append(event)
        super().process_event(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._reception.left(self)
        super().connection_lost(exc)
