"""The messages of a soak as WebSocket frames, all but ready: each differs from the last in a few bytes."""

import base64
import json
import struct
from functools import cache
from typing import Any

from infra.simulator.camera import Painter
from infra.simulator.timeline import Scene
from tests.support.recordings import load_recording

STATUS_BYTES = 5_000
IMAGE_SIZE = (1120, 630)  # about 60 kB as a JPEG
IMAGES = 8
_COMMENT_BYTES = 15  # of a JPEG comment, so that it ends where a base64 quantum ends: 2 + 4 + 15 = 21
_BEGIN = '{"type":"jpeg_image","image":"'
_OWN_KEYS = """
    sequence_id nozzle_temper wifi_signal total_layer_num gcode_state subtask_name mc_percent layer_num
    mc_remaining_time stg_cur print_error hms sent_at task_id padding
""".split()  # noqa: SIM905 - a list of such length is read more easily so


def text_frame(payload: bytes) -> bytes:
    """A whole unmasked text frame, as a server sends it (RFC 6455, section 5.2)."""
    return _head(len(payload)) + payload


def _head(length: int) -> bytes:
    if length < 126:
        return bytes((0x81, length))
    if length < 65536:
        return struct.pack("!BBH", 0x81, 126, length)
    return struct.pack("!BBQ", 0x81, 127, length)


class Images:
    """A few images, each made distinct by a number in a comment of the JPEG."""

    def __init__(self) -> None:
        painter = Painter(IMAGE_SIZE)
        self._parts: list[tuple[bytes, bytes]] = []
        for number in range(IMAGES):
            jpeg = painter.jpeg(Scene(number, lines=("soak",)))
            rest = base64.b64encode(jpeg[2:]) + b'"}'
            length = len(_BEGIN) + 28 + len(rest)
            self._parts.append((_head(length) + _BEGIN.encode(), rest))

    def frame(self, number: int) -> bytes:
        """The image of that number as a WebSocket frame."""
        head, rest = self._parts[number % len(self._parts)]
        comment = b"\xff\xd8\xff\xfe" + struct.pack("!H", 2 + _COMMENT_BYTES) + b"%015d" % (number % 10**15)
        return head + base64.b64encode(comment) + rest

    @property
    def bytes(self) -> float:
        """Of one JPEG, about."""
        return sum(len(rest) for _, rest in self._parts) / len(self._parts) * 3 / 4


@cache
def _constant_part() -> str:
    """What a real status says besides, padded to the wanted size."""
    data = next(message["data"] for _, message in load_recording("full_print_a1mini") if "data" in message)
    rest = {key: value for key, value in data.items() if key not in _OWN_KEYS}
    text = json.dumps(rest | {"print_error": 0, "hms": []}, separators=(",", ":"))[1:-1]
    return text + ',"padding":"' + "x" * max(0, STATUS_BYTES - len(text) - 330) + '"'


def status_frame(fields: dict[str, Any], sent_at: float) -> bytes:
    """A status as a WebSocket frame; `sent_at` goes along, so that lag can be seen at the other end."""
    own = json.dumps(fields | {"sent_at": sent_at}, separators=(",", ":"))[1:-1]
    return text_frame(f'{{"type":"printer_status","data":{{{own},{_constant_part()}}}}}'.encode())
