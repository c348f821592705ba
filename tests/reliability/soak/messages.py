"""The messages of a soak, all but ready: each differs from the last in a few bytes."""

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
_BEGIN = b'{"type":"jpeg_image","image":"'
_OWN_KEYS = """
    sequence_id nozzle_temper wifi_signal total_layer_num gcode_state subtask_name mc_percent layer_num
    mc_remaining_time stg_cur print_error hms sent_at task_id padding
""".split()  # noqa: SIM905 - a list of such length is read more easily so


class Images:
    """A few images, each made distinct by a number in a comment of the JPEG."""

    def __init__(self) -> None:
        painter = Painter(IMAGE_SIZE)
        self._rests: list[bytes] = []
        for number in range(IMAGES):
            jpeg = painter.jpeg(Scene(number, lines=("soak",)))
            self._rests.append(base64.b64encode(jpeg[2:]) + b'"}')

    def message(self, number: int) -> bytes:
        """With the image of that number."""
        rest = self._rests[number % len(self._rests)]
        comment = b"\xff\xd8\xff\xfe" + struct.pack("!H", 2 + _COMMENT_BYTES) + b"%015d" % (number % 10**15)
        return _BEGIN + base64.b64encode(comment) + rest

    @property
    def bytes(self) -> float:
        """Of one JPEG, about."""
        return sum(map(len, self._rests)) / len(self._rests) * 3 / 4


@cache
def _constant_part() -> str:
    """What a real status says besides, padded to the wanted size."""
    data = next(message["data"] for _, message in load_recording("full_print_a1mini") if "data" in message)
    rest = {key: value for key, value in data.items() if key not in _OWN_KEYS}
    text = json.dumps(rest | {"print_error": 0, "hms": []}, separators=(",", ":"))[1:-1]
    return text + ',"padding":"' + "x" * max(0, STATUS_BYTES - len(text) - 330) + '"'


def status_message(fields: dict[str, Any], sent_at: float) -> bytes:
    """A status; `sent_at` goes along, so that lag can be seen at the other end."""
    own = json.dumps(fields | {"sent_at": sent_at}, separators=(",", ":"))[1:-1]
    return f'{{"type":"printer_status","data":{{{own},{_constant_part()}}}}}'.encode()
