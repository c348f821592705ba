"""Time for simulated prints that waits, without standing still, for what is to be seen of them."""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.rig import SCALE, known_word

Hold = tuple[int, Callable[[], bool]]
_SLOWER = 10.0
_PATIENCE = 3.0  # seconds of real time that a second of the script then takes


class SlowMotion:
    """`holds`: percents from which the print goes ten times slower for as long as something is awaited.

    How long a program takes to start and to look is a matter of the machine; statuses and images go on.
    """

    def __init__(self, printer: SimulatedPrinter, holds: Sequence[Hold]) -> None:
        self._printer = printer
        self._holds = holds
        self._real = time.monotonic()
        self._now = 0.0

    def clock(self) -> float:
        real = time.monotonic()
        percent = self._printer.status.data.get("mc_percent", 0)
        is_slow = self._is_printing() and any(percent >= since and waits() for since, waits in self._holds)
        self._now += (real - self._real) / (_SLOWER if is_slow else 1.0)
        self._real = real
        return self._now

    async def sleep(self, seconds: float) -> None:
        end = self.clock() + seconds
        while (left := end - self.clock()) > 0:  # noqa: ASYNC110 - its own clock says when
            await asyncio.sleep(min(left, 0.05))

    def _is_printing(self) -> bool:
        return self._printer.status.data.get("gcode_state") == "RUNNING"


def slowed_bambui(printers: Sequence[SimulatedPrinter], scale: float, *holds: Hold) -> SimulatedBambui:
    """The first printer's percent is what counts."""
    slow = SlowMotion(printers[0], holds)
    return SimulatedBambui(printers, time_scale=scale, clock=slow.clock, sleep=slow.sleep)


class UntilKnown:
    """All but stands still until the tracker knows the first word of every printer, which has to settle."""

    def __init__(self, printers: Sequence[SimulatedPrinter], scale: float, data_dir: Path) -> None:
        self._unknown = {printer.name for printer in printers}
        self._slower = scale * _PATIENCE
        self._data_dir = data_dir
        self._real = time.monotonic()
        self._now = 0.0

    def clock(self) -> float:
        real = time.monotonic()
        self._now += (real - self._real) / (self._slower if self._unknown else 1.0)
        self._real = real
        self._unknown = {name for name in self._unknown if known_word(self._data_dir, name) is None}
        return self._now

    async def sleep(self, seconds: float) -> None:
        end = self.clock() + seconds
        while (left := end - self.clock()) > 0:  # noqa: ASYNC110 - its own clock says when
            await asyncio.sleep(min(left, 0.05))


def patient_bambui(
    printers: Sequence[SimulatedPrinter], data_dir: Path, scale: float = SCALE
) -> SimulatedBambui:
    """For a bridge with that folder: it sees the printers idle before their prints begin."""
    until_known = UntilKnown(printers, scale, data_dir)
    return SimulatedBambui(printers, time_scale=scale, clock=until_known.clock, sleep=until_known.sleep)
