"""One connection to the API: a place among the others, and a deadline for all that a client can dawdle over.

uvicorn has a deadline for an idle connection only. A client that sends half a head or half a body, or does
not take its answer, would hold a descriptor of the program that watches the printers for ever.
"""

from asyncio import AbstractEventLoop
from dataclasses import dataclass
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from functions.shared.runtime.connections import ConnectionRoom


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: for head and body of a request together; until its answer begins (the slowest one waits for a
    disk); of an answer of which the client takes nothing; for a whole answer (a film over a bad line);
    between two requests."""

    request: float = 10.0
    answer: float = 30.0
    stall: float = 15.0
    whole: float = 1800.0
    idle: int = 5


_READING, _ANSWERING, _SENDING, _IDLE = "reading", "answering", "sending", "idle"


class ApiConnection(H11Protocol):
    """uvicorn's protocol within bounds. Whoever owns the room calls `look` about once a second."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
        *,
        room: "ConnectionRoom[ApiConnection]",
        deadlines: Deadlines,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._room = room
        self._deadlines = deadlines
        self._is_cut = False
        self._answers = 0
        self._phase: tuple[str, int] = ("", 0)
        self._phase_since = 0.0
        self._unsent = 0
        self._taken_at = 0.0
        self._is_taken = False  # since the last look

    @property
    def is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def cut(self) -> None:
        self._is_cut = True
        self.transport.abort()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if not self._room.enter(self, self._address):
            self.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        self._room.leave(self, self._address)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._is_cut:
            super().data_received(data)

    def on_response_complete(self) -> None:
        self._answers += 1
        super().on_response_complete()
        if self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY:
            self.transport.close()  # refused before its body was there: nobody waits for the rest

    def resume_writing(self) -> None:
        self._is_taken = True
        super().resume_writing()

    def look(self, now: float) -> None:
        """End the connection if it is over a deadline. `now`: by the monotonic clock."""
        if not self._is_cut and self._is_late(now):
            self._room.refused += 1
            self.cut()

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _is_late(self, now: float) -> bool:
        limits = self._deadlines
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent or self._is_taken:
            self._unsent, self._taken_at, self._is_taken = unsent, now, False
        phase = (self._phase_now(unsent), self._answers)
        if phase != self._phase:
            self._phase, self._phase_since = phase, now
            self._taken_at = now
        lasted = now - self._phase_since
        if phase[0] == _READING:
            return lasted > limits.request
        if phase[0] == _ANSWERING:
            return lasted > limits.answer
        return phase[0] == _SENDING and (lasted > limits.whole or now - self._taken_at > limits.stall)

    def _phase_now(self, unsent: int) -> str:
        if unsent:
            return _SENDING
        if self.is_answering:
            return _SENDING if self.cycle.response_started else _ANSWERING
        # Between two requests uvicorn has a deadline of its own, until the next byte comes.
        return _READING if self.timeout_keep_alive_task is None else _IDLE
