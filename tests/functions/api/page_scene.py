"""Six printers in six states, as the page shows them."""

from functools import cache
from typing import Any

from infra.simulator.camera import Painter
from infra.simulator.timeline import Scene
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData

PRINTING, PAUSED, FAILED, FINISHED, SILENT, OFF = (
    "A1 mini desk",
    "P1S garage",
    "X1C rack 2",
    "A1 kitchen",
    "A1 attic",
    "P1P shelf",
)
FILAMENT_OUT = 50364437
HOUR = 3600.0
PICTURE_SIZE = (640, 400)
MODELS = {PRINTING: "A1 mini", PAUSED: "P1S", FAILED: "X1C", FINISHED: "A1", SILENT: "A1", OFF: "P1P"}


@cache
def painter(size: tuple[int, int]) -> Painter:
    return Painter(size)


def picture(number: int, subject: str, built: float, tangle: float = 0.0, is_printing: bool = True) -> bytes:
    """What its camera sees."""
    return painter(PICTURE_SIZE).jpeg(Scene(number, 60.0, subject, built, tangle, is_printing))


def fill(data: BridgeData) -> None:
    """The six."""
    status = dict(RUNNING)
    data.put_collector("c1", NOW - 30, *(it for it in MODELS if it != OFF))
    data.put_collector("c2", NOW - 30, OFF, is_online=False)
    _put(
        data,
        PRINTING,
        status | {"subtask_name": "Phone stand (blue)"},
        3,
        Scene(7, 60, "Phone stand (blue)", 0.62, 0, True),
    )
    paused = status | {
        "gcode_state": "PAUSE",
        "subtask_name": "Gridfinity 4x2 bin",
        "mc_percent": 34,
        "layer_num": 51,
        "stg_cur": 6,
        "print_error": FILAMENT_OUT,
    }
    _put(data, PAUSED, paused, 4, Scene(11, 60, "Gridfinity 4x2 bin", 0.34, 0, False))
    failed = status | {
        "gcode_state": "FAILED",
        "subtask_name": "Dragon, articulated",
        "print_error": 0x0300_8002,
        "nozzle_temper": 41.0,
        "nozzle_target_temper": 0,
        "bed_temper": 35,
        "bed_target_temper": 0,
    }
    _put(
        data,
        FAILED,
        failed,
        6,
        Scene(4, 60, "Dragon, articulated", 0.41, 0.8, False),
        result="failed",
        ended=NOW - 1800,
        percent=41,
        layer=102,
    )
    finished = status | {
        "gcode_state": "FINISH",
        "subtask_name": "Benchy",
        "nozzle_temper": 31.0,
        "nozzle_target_temper": 0,
        "bed_temper": 29,
        "bed_target_temper": 0,
    }
    _put(
        data,
        FINISHED,
        finished,
        2,
        Scene(9, 60, "Benchy", 1.0, 0, False),
        result="finished",
        ended=NOW - 2 * HOUR,
        percent=100,
        layer=200,
    )
    lost = status | {"subtask_name": "Lamp shade", "mc_percent": 78, "layer_num": 310, "total_layer_num": 400}
    data.put_record(
        SILENT,
        model="A1",
        status=lost,
        received_at=NOW - 720,
        state="IDLE",
        state_inferred=True,
        silent_since=NOW - 700,
        job=_job("Lamp shade", percent=78, layer=310, total_layers=400, phase="lost"),
    )
    data.put_image(SILENT, picture(5, "Lamp shade", 0.78), NOW - 725)
    data.put_inspection(PRINTING, last_look_at=NOW - 240, verdict="fine")


def _put(
    data: BridgeData,
    name: str,
    status: dict[str, Any],
    age: float,
    scene: Scene,
    *,
    result: str | None = None,
    ended: float | None = None,
    percent: int = 62,
    layer: int = 89,
) -> None:
    data.put_live(name, status, NOW - age)
    data.put_image(name, painter(PICTURE_SIZE).jpeg(scene), NOW - age)
    job = _job(
        status["subtask_name"], percent=percent, layer=layer, total_layers=200, state=status["gcode_state"]
    )
    if ended is not None:
        job |= {"ended_at": ended, "result": result, "phase": "ended"}
    else:
        job |= {"percent": status["mc_percent"], "layer": status["layer_num"], "remaining_minutes": 72}
    data.put_record(
        name,
        model=MODELS[name],
        status=status,
        received_at=NOW - age - 1,
        state=status["gcode_state"],
        job=job,
    )


def _job(name: str, **fields: Any) -> dict[str, Any]:
    return {"id": f"job-{name}", "name": name, "started_at": NOW - 2 * HOUR} | fields
