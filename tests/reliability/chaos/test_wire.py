"""What the proxy notes of a connection: whole statuses only, whatever pieces they came in."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reliability.chaos.wire import Heard, ServerFrames, printer_of

_HEAD = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def frame(text: bytes, opcode: int = 1) -> bytes:
    size = len(text)
    if size < 126:
        return bytes([0x80 | opcode, size]) + text
    if size < 65536:
        return bytes([0x80 | opcode, 126]) + size.to_bytes(2, "big") + text
    return bytes([0x80 | opcode, 127]) + size.to_bytes(8, "big") + text


def status(**data: object) -> bytes:
    body = {"type": "printer_status", "data": {"gcode_state": "RUNNING", **data}}
    return frame(json.dumps(body, separators=(",", ":")).encode())


def jpeg_image(size: int) -> bytes:
    return frame(b'{"type":"jpeg_image","image":"' + b"A" * size + b'"}')


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(1, 400), max_size=30))
def test_statuses_are_read_whatever_the_pieces(cuts: list[int]) -> None:
    pieces = [
        _HEAD,
        status(mc_percent=1),
        jpeg_image(70_000),
        frame(b"", 9),
        status(mc_percent=2, pad="x" * 300),
    ]
    stream, frames, heard = b"".join(pieces), ServerFrames(), list[Heard]()
    for cut in cuts:
        heard += frames.feed(stream[:cut])
        stream = stream[cut:]
    heard += frames.feed(stream)
    assert frames.is_open
    assert [one.percent for one in heard] == [1, 2]


def test_a_status_cut_off_was_not_given() -> None:
    frames = ServerFrames()
    assert frames.feed(_HEAD + status(mc_percent=1)[:-1]) == []


def test_what_it_says_is_taken_from_the_wire() -> None:
    (heard,) = ServerFrames().feed(
        _HEAD + status(subtask_name="Hook", print_error=5, hms=[{"attr": 1, "code": 2}])
    )
    assert heard == Heard("RUNNING", "Hook", None, 5, ((1, 2),))


def test_a_refused_handshake_opens_nothing() -> None:
    frames = ServerFrames()
    assert frames.feed(b"HTTP/1.1 403 Forbidden\r\n\r\n") == []
    assert not frames.is_open


def test_the_printer_is_read_from_the_request() -> None:
    assert printer_of(b"GET /ws/printer/P%201 HTTP/1.1\r\n\r\n") == "P 1"
    assert printer_of(b"GET /api/printers HTTP/1.1\r\n\r\n") is None
