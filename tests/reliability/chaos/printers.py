"""The printers of a run with their BambUI, and the faults of that side: network and BambUI itself."""

import asyncio
import functools
import itertools
from types import TracebackType
from typing import Self

from infra.simulator.camera import Painter
from infra.simulator.server import SimulatedBambui
from infra.simulator.simulated_printer import SimulatedPrinter
from infra.simulator.timeline import Scene
from tests.reliability.chaos.plan import Fault, Kind, Plan, name_of
from tests.reliability.chaos.proxy import FaultyProxy
from tests.reliability.chaos.quirks import recording_of

_IMAGE_INTERVAL = 2.0
_CLOSE_CODE = 1012
_MODEL = "A1M"
FLAPPER = "Flapper"
_FLAPS_EVERY = 0.006  # 165 changes a second


@functools.cache
def _image() -> bytes:
    return Painter((160, 120)).jpeg(Scene(1, lines=("chaos",)))


class SimulatedPrinters:
    """Use as a context; the printers' scripts begin with their first client."""

    def __init__(self, plan: Plan) -> None:
        self.printers = [
            SimulatedPrinter(
                name_of(number),
                _MODEL,
                recording=recording_of(
                    scenario, plan.quirks, model=_MODEL, seed=plan.seed, image_interval=_IMAGE_INTERVAL
                ),
                image=_image(),
            )
            for number, scenario in enumerate(plan.printers)
        ]
        self._flapper = SimulatedPrinter(FLAPPER, _MODEL, image=_image()) if plan.has_flapper else None
        all_printers = [*self.printers, *([self._flapper] if self._flapper else [])]
        self.bambui = SimulatedBambui(all_printers, time_scale=plan.scale)
        self._flapping: asyncio.Task[None] | None = None
        self._port_lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.bambui.__aenter__()
        self.proxy = await FaultyProxy(self.bambui.port).__aenter__()
        if self._flapper is not None:
            self._flapping = asyncio.create_task(_flap(self._flapper))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._flapping is not None:
            self._flapping.cancel()
            await asyncio.gather(self._flapping, return_exceptions=True)
        await self.proxy.__aexit__()
        await self.bambui.__aexit__(kind, error, trace)

    @property
    def flaps(self) -> int:
        """How many statuses the flapper has sent."""
        return 0 if self._flapper is None else self._flapper.statuses_sent

    @property
    def settings(self) -> dict[str, str]:
        """How a program finds it."""
        return {
            "PRINTER_ID": self.printers[0].name,
            "PRINTERS_API_URL": f"http://{self.proxy.url}/api/printers",
            "WS_URL_TEMPLATE": f"ws://{self.proxy.url}/ws/printer/{{printer_id}}",
        }

    async def done(self) -> None:
        """Every script is over, and its last status out."""
        for printer in self.printers:
            await printer.done.wait()

    async def suffer(self, fault: Fault) -> None:
        """One planned fault, from its begin to its end."""
        printer = self.printers[fault.target]
        match fault.kind:
            case Kind.DROP:
                self.proxy.drop(printer.name if fault.dice < 0.6 else None)
            case Kind.HALF_OPEN:
                self.proxy.swallow(printer.name)
            case Kind.STALL:
                self.proxy.hold()
                await asyncio.sleep(fault.seconds)
                self.proxy.flow()
            case Kind.DEAD_STATUS_TASK:
                printer.is_status_task_dead = True
            case Kind.BAMBUI_STOPPED | Kind.BAMBUI_KILLED:
                async with self._port_lock:
                    await self.bambui.stop(_CLOSE_CODE if fault.kind is Kind.BAMBUI_STOPPED else None)
                    await asyncio.sleep(fault.seconds)
                    await self.bambui.start()
            case _:
                raise ValueError(fault.kind)


async def _flap(printer: SimulatedPrinter) -> None:
    """Paused and resumed without end."""
    await printer.wait_for_clients()
    await printer.push_status(gcode_state="IDLE")
    words = itertools.cycle(("RUNNING", "PAUSE"))
    while True:
        await printer.push_status(gcode_state=next(words), subtask_name="flap", mc_percent=1)
        await asyncio.sleep(_FLAPS_EVERY)
