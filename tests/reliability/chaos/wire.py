"""What went over the wire to a client: the server's side of a WebSocket connection, read as it passes by."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

_STATUS = b'{"type":"printer_status"'
_TEXT = 1


@dataclass(frozen=True, slots=True)
class Heard:
    """What a status said that the rules go by. `codes` are those of errors, as they stand on the wire."""

    state: str
    name: str | None
    percent: int | None
    print_error: int
    hms: tuple[tuple[int, int], ...]


def heard_of(data: dict[str, Any]) -> Heard:
    """The facts of one `printer_status.data` of the simulated printer, which is always well-formed."""
    return Heard(
        data["gcode_state"],
        data.get("subtask_name") or None,
        data.get("mc_percent"),
        data.get("print_error", 0),
        tuple((entry["attr"], entry["code"]) for entry in data.get("hms", [])),
    )


def printer_of(request: bytes) -> str | None:
    """The printer whose WebSocket an HTTP request asks for; None: it asks for something else."""
    path = request.split(b" ", 2)[1].decode() if request.count(b" ") >= 2 else ""
    _, found, name = path.partition("/ws/printer/")
    return unquote(name) if found else None


@dataclass
class ServerFrames:
    """Feed it the bytes a server sends; it gives the statuses that are complete, and knows of the handshake.

    Frames of a server are not masked; the collector asks for no compression (RFC 6455, 5.2).
    """

    is_open: bool = False
    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> list[Heard]:
        self._buffer += data
        if not self.is_open:
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found or b" 101 " not in head.split(b"\r\n", 1)[0]:
                return []
            self.is_open = True
            self._buffer = bytearray(rest)
        statuses = []
        while (frame := self._take_frame()) is not None:
            opcode, payload = frame
            if opcode == _TEXT and payload.startswith(_STATUS):
                statuses.append(heard_of(json.loads(payload)["data"]))
        return statuses

    def _take_frame(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        length, begins = buffer[1] & 0x7F, 2
        if length >= 126:
            begins += 2 if length == 126 else 8
            if len(buffer) < begins:
                return None
            length = int.from_bytes(buffer[2:begins], "big")
        if len(buffer) < begins + length:
            return None
        frame = buffer[0] & 0x0F, bytes(buffer[begins : begins + length])
        del buffer[: begins + length]
        return frame
