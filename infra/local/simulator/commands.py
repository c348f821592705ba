"""What a client may say to BambUI, and what it cannot understand (which silently ends the session).

Source: protocol note, "What a client may send"; the names of the commands are BambUI's.
"""

import json
from enum import Enum, auto
from typing import Any

_FIELDS: dict[str, dict[str, type]] = {
    "chamber_light": {"enable": bool},
    "extruder_temp": {"temperature": int},
    "bed_temp": {"temperature": int},
    "print_speed": {"speed": int},
    "fan_part": {"speed": int},
    "fan_aux": {"speed": int},
    "fan_chamber": {"speed": int},
    "move_x": {"distance": int},
    "move_y": {"distance": int},
    "move_z": {"distance": int},
    "move_e": {"distance": int},
    "upload_file": {"file": str, "file_name": str},
    **{
        name: {}
        for name in (
            "move_home", "stop_print", "pause_print", "resume_print", "force_refresh", "load_filament",
            "unload_filament", "calibrate",
        )
    },
}  # fmt: skip
_ONLY_IDLE = frozenset(
    {"move_x", "move_y", "move_z", "move_e", "move_home", "load_filament", "unload_filament", "calibrate",
     "upload_file"}
)  # fmt: skip


class Verdict(Enum):
    ACCEPTED = auto()
    NOT_IDLE = auto()
    SESSION_ENDS = auto()


def judge(message: str | bytes, *, is_idle: bool) -> Verdict:
    """What BambUI makes of a client's message."""
    if isinstance(message, bytes):
        return Verdict.SESSION_ENDS
    try:
        body: Any = json.loads(message)
    except (ValueError, RecursionError):
        return Verdict.SESSION_ENDS
    kind = body.get("type") if isinstance(body, dict) else None
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None or not all(isinstance(body.get(field), of) for field, of in fields.items()):
        return Verdict.SESSION_ENDS
    return Verdict.NOT_IDLE if kind in _ONLY_IDLE and not is_idle else Verdict.ACCEPTED
