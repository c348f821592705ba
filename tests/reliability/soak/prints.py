"""What the printers of a soak do: some idle, some in one long print, some begin and end prints all the time.

Pure: everything follows from the printer's place and the seconds since the load began.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Habit(StrEnum):
    IDLE = "idle"
    LONG = "long"
    SHORT = "short"


LONG_PRINT_SECONDS = 36_000.0
LAYERS = 300
_SPREAD = 17
_PREPARES, _SHORTEST_WITH_IT = 5.0, 60.0


@dataclass(frozen=True)
class Printing:
    """How a printer's job stands; the name is its own, so that it can be looked for among what was told."""

    name: str
    share: float  # 0..1
    seconds: float
    is_done: bool = False

    @property
    def is_preparing(self) -> bool:
        """For longer than a reconnect takes, or the print would be found already running."""
        return self.seconds >= _SHORTEST_WITH_IT and self.share * self.seconds < _PREPARES


@dataclass(frozen=True)
class PrinterScript:
    """`job_seconds` and `rest_seconds` of a printer of short jobs."""

    place: int
    habit: Habit
    job_seconds: float = 120.0
    rest_seconds: float = 30.0

    @property
    def printer_id(self) -> str:
        return f"P{self.place:03d}"

    def printing(self, seconds: float) -> Printing | None:
        """The job at that moment, done or not; None before the first."""
        spread = min(10.0, self.job_seconds / 4)
        begin = self.place % _SPREAD / _SPREAD * spread
        elapsed = seconds - begin
        if self.habit is Habit.IDLE or elapsed < 0:
            return None
        if self.habit is Habit.LONG:
            share = min(1.0, elapsed / LONG_PRINT_SECONDS)
            return Printing(f"job-{self.place}-0", share, LONG_PRINT_SECONDS)
        number, into = divmod(elapsed, self.job_seconds + self.rest_seconds)
        share = min(1.0, into / self.job_seconds)
        return Printing(
            f"job-{self.place}-{int(number)}", share, self.job_seconds, is_done=into >= self.job_seconds
        )

    def fields(self, seconds: float) -> dict[str, Any]:
        """What its status says at that moment; without what always stays."""
        job = self.printing(seconds)
        told: dict[str, Any] = {
            "sequence_id": str(int(seconds * 1000)),
            "nozzle_temper": 24 + int(seconds) % 32 / 32 if job is None else 220 + int(seconds) % 32 / 32,
            "wifi_signal": f"-{40 + int(seconds) % 20}dBm",
            "total_layer_num": LAYERS,
        }
        if job is None or job.is_done:
            name = job.name if job else ""
            return told | {
                "gcode_state": "FINISH" if job else "IDLE",
                "subtask_name": name,
                "mc_percent": 100,
            }
        return told | {
            "gcode_state": "PREPARE" if job.is_preparing else "RUNNING",
            "subtask_name": job.name,
            "stg_cur": 0,
            "mc_percent": int(job.share * 100),
            "layer_num": int(job.share * LAYERS),
            "mc_remaining_time": int((1 - job.share) * job.seconds / 60),
        }


def scripts(count: int, job_seconds: float, rest_seconds: float) -> list[PrinterScript]:
    """A tenth prints short jobs one after another, a quarter is idle, all others are in a long print."""
    made = []
    for place in range(count):
        habit = Habit.SHORT if place % 10 == 0 else Habit.IDLE if place % 4 == 1 else Habit.LONG
        made.append(PrinterScript(place, habit, job_seconds, rest_seconds))
    return made
