"""Steps of field cases, built: each function gives the steps of one thing that happens."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

Step = Mapping[str, Any]

OLD: Final = {
    "gcode_state": "FINISH",
    "subtask_name": "Old part",
    "gcode_file": "",
    "task_id": "0",
    "subtask_id": "0",
    "mc_percent": 100,
    "layer_num": 25,
    "total_layer_num": 25,
    "mc_remaining_time": 0,
    "print_error": 0,
    "hms": [],
    "stg_cur": 255,
    "print_type": "idle",
}
CANCEL: Final = 0x0300_400C
CANCEL_BY_APP: Final = 0x0500_400E


def course(*parts: Step | Iterable[Step]) -> list[Step]:
    """Steps and lists of steps, as one list."""
    steps: list[Step] = []
    for part in parts:
        if isinstance(part, Mapping):
            steps.append(part)
        else:
            steps += part
    return steps


def sends(after: float = 1.0, **changed: Any) -> Step:
    """The printer sends what changed; None makes a key vanish."""
    return {"print": changed, "after": after}


def resting(word: str = "FINISH", **changed: Any) -> list[Step]:
    """The first that is heard: a printer that rests, its last print still in its fields."""
    return [{"print": OLD | {"gcode_state": word} | changed}, {"picture": 1}]


def begins(
    name: str = "Dragon",
    task_id: str | None = None,
    *,
    word: str = "RUNNING",
    prepares: bool = True,
    **changed: Any,
) -> list[Step]:
    """A print of 120 layers begins; without `task_id` it has none, as one from an SD card."""
    identity = {
        "subtask_name": name,
        "gcode_file": f"{name}.gcode.3mf",
        "task_id": task_id or "0",
        "print_type": "local",
    }
    figures = {"stg_cur": 0, "total_layer_num": 120, "layer_num": 0, "mc_percent": 0}
    if not prepares:
        return [sends(5, gcode_state=word, **identity, **(figures | changed)), {"picture": 1}]
    return [
        sends(5, gcode_state="PREPARE", **identity),
        {"picture": 1},
        sends(20, gcode_state=word, **(figures | changed)),
        sends(1, mc_remaining_time=60),
    ]


def at(percent: int, layer: int | None = None, after: float = 10.0, **changed: Any) -> Step:
    """The print comes to a percent, with the layer and the minutes left that go with it."""
    figures = {
        "mc_percent": percent,
        "layer_num": percent * 120 // 100 if layer is None else layer,
        "mc_remaining_time": (100 - percent) * 60 // 100,
    }
    return sends(after, **(figures | changed))


def prints(*percents: int, each: float = 60.0) -> list[Step]:
    """The print goes on by those percents, with `each` seconds after each."""
    return [step for percent in percents for step in (at(percent), alive(each))]


def ends(word: str = "FINISH", after: float = 5.0, **changed: Any) -> list[Step]:
    """The print ends by that word, a fine one at 100 %; a minute goes by."""
    reached = {"mc_percent": 100, "mc_remaining_time": 0} if word == "FINISH" else {}
    return [sends(after, gcode_state=word, **(reached | changed)), alive(60)]


def alive(seconds: float, *, pictures: bool = True) -> Step:
    return {"alive": seconds, "pictures": pictures}


def wait(seconds: float) -> Step:
    return {"wait": seconds}


def off(seconds: float) -> Step:
    """Our program is off for so long."""
    return {"off": seconds}


RECONNECT: Final[Step] = {"reconnect": True}
RESTART: Final[Step] = {"restart": True}
NEW_OUTBOX: Final[Step] = {"restart": "new outbox"}


def presence(is_online: bool) -> Step:
    return {"presence": is_online}


def look(label: str) -> Step:
    return {"look": label}


GAPS: Final[Mapping[str, Sequence[Step]]] = {
    "no gap": (),
    "reconnect": (RECONNECT,),
    "restart": (RESTART,),
    "off a minute": (off(60),),
    "new outbox": (NEW_OUTBOX,),
}
"""In which nothing of a print can have been missed that matters."""
