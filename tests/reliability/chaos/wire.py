"""What went over the wire to a client: the server's side of a WebSocket connection, read as it passes by."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

_STATUS = b'{"type":"printer_status"'
_TEXT = 1


@dataclass(frozen=True, slots=True)
class Heard:
    """What a status said that the rules go by; `state` None: no word, `task` None: no id of the cloud."""

    state: str | None
    name: str | None
    percent: int | None
    print_error: int
    hms: tuple[tuple[int, int], ...]
    fail_reason: int = 0
    task: str | None = None


def heard_of(data: dict[str, Any]) -> Heard:
    """The facts of one `printer_status.data` of a simulated printer; only its word may be missing."""
    return Heard(
        data.get("gcode_state") or None,
        data.get("subtask_name") or None,
        data.get("mc_percent"),
        data.get("print_error", 0),
        tuple((entry["attr"], entry["code"]) for entry in data.get("hms", [])),
        int(data.get("fail_reason", 0)),
        task if (task := data.get("task_id", "0")) != "0" else None,
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


_OF_A_CANCEL = frozenset({"0300400C", "0500400E"})
_PHASES_BELOW = 0x4000
_PLATE = " plate 1"


def causes_of(heard: Heard) -> frozenset[str]:
    """Errors, and what shows of a cancel, each with its place: in another it is another. Small numbers are
    phases; of health messages only those of a cancel count."""
    errors = (("error", heard.print_error), ("reason", heard.fail_reason))
    shown = [f"{place} {value:08X}" for place, value in errors if value & 0xFFFF >= _PHASES_BELOW]
    health = [
        f"health {one:08X}{two:08X}" for one, two in heard.hms if _health_error(one, two) in _OF_A_CANCEL
    ]
    return frozenset([*shown, *health])


def is_cancel(cause: str) -> bool:
    place, _, code = cause.partition(" ")
    return place == "health" or code in _OF_A_CANCEL


def is_stop(cause: str) -> bool:
    """Whether it says that the print was stopped, cancels among them."""
    return cause[-4] == "4"


def codes_of(heard: Heard) -> list[str]:
    """What a person is told of: errors but for cancels, and health messages."""
    errors = {cause.partition(" ")[2] for cause in causes_of(heard) if not is_cancel(cause)}
    health = [(one, two) for one, two in heard.hms if _health_error(one, two) not in _OF_A_CANCEL]
    return [*sorted(errors), *(f"{attribute:08X}{code:08X}" for attribute, code in health)]


def is_same_file(name: str | None, other: str | None) -> bool:
    """Whether both may be the name of one file; here a plate's name is the file's with a number."""
    if name is None or other is None:
        return True
    return name.removesuffix(_PLATE) == other.removesuffix(_PLATE)


def _health_error(attribute: int, code: int) -> str:
    return f"{attribute >> 16:04X}{code & 0xFFFF:04X}"
