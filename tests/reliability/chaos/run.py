"""A run from its first start to its verdict, whatever its shape."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tests.reliability.chaos.chat import message_of
from tests.reliability.chaos.faulty_process import FaultyProcess
from tests.reliability.chaos.flaky_telegram import FlakyTelegram
from tests.reliability.chaos.plan import Fault, Kind, Plan
from tests.reliability.chaos.printers import SimulatedPrinters
from tests.reliability.chaos.timeline import timeline
from tests.reliability.chaos.verdict import PROGRESS_STEP, Evidence, Verdict, judge

SETTLES_WITHIN = 75.0
_QUIET_SECONDS = 2.0
_WRITES = 12
_WRITE_TAKES = 0.006
FAST = {
    "RECONNECT_MIN_SECONDS": "0.05",
    "RECONNECT_MAX_SECONDS": "0.5",
    "WATCHDOG_TICK_SECONDS": "0.1",
    "PRINTERS_REFRESH_SECONDS": "1",
    "FORCED_RECONNECT_SECONDS": "23",
    "PROGRESS_STEP": str(PROGRESS_STEP),
    "PHOTO_INTERVAL_SECONDS": "0",
    "CHANGES_PER_MINUTE": "0",  # prints here are faster than life
    # A budget that keeps every image, so that each is counted.
    "TIMELAPSE_TARGET_DURATION_SECONDS": "600",
    "TIMELAPSE_FPS_CAP": "120",
    "LOG_LEVEL": "DEBUG",
}


class Run:
    """`done` counts the faults by kind as they were done; what the programs said is kept in `folder`."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.done: Counter[str] = Counter()
        self.seconds = 0.0

    def scene(
        self, printers: SimulatedPrinters, telegram: FlakyTelegram
    ) -> "AbstractAsyncContextManager[Scene]":
        """The programs of this shape, started."""
        raise NotImplementedError

    async def run(self) -> Verdict:
        """The faults done, the scripts played, everything settled: then the verdict."""
        begun = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        with FlakyTelegram() as telegram:
            async with SimulatedPrinters(self.plan) as printers, self.scene(printers, telegram) as scene:
                try:
                    await self._suffer(scene)
                    await printers.done()
                    return await self._settled(scene)
                finally:
                    self.seconds = time.monotonic() - begun
                    for program in scene.programs:
                        log = self.folder / f"{program.name}.log"
                        log.write_text(program.all, encoding="utf-8")

    async def _suffer(self, scene: "Scene") -> None:
        async with asyncio.TaskGroup() as tasks:
            begun = time.monotonic()
            for fault in self.plan.faults:
                await asyncio.sleep(max(0.0, begun + fault.at - time.monotonic()))
                self.done[fault.kind.value] += 1
                tasks.create_task(scene.suffering(fault))

    async def _settled(self, scene: "Scene") -> Verdict:
        """The verdict once it is good and nothing more comes, or when the time for that is over."""
        deadline = time.monotonic() + SETTLES_WITHIN
        while True:
            count = len(scene.telegram.messages)
            await asyncio.sleep(_QUIET_SECONDS)
            is_over = time.monotonic() > deadline
            if count == len(scene.telegram.messages) or is_over:
                evidence = await asyncio.to_thread(scene.evidence)
                verdict = await asyncio.to_thread(judge, self.plan, evidence)
                if verdict.is_good or is_over:
                    return verdict


class Scene:
    """The parts of a run. `edge` is the program that watches the printers."""

    def __init__(
        self,
        run: Run,
        printers: SimulatedPrinters,
        telegram: FlakyTelegram,
        edge: FaultyProcess,
        programs: Sequence[FaultyProcess],
    ) -> None:
        self.plan = run.plan
        self.printers = printers
        self.telegram = telegram
        self.edge = edge
        self.programs = programs

    def suffering(self, fault: Fault) -> Coroutine[None, None, None]:
        """What a fault does, from its begin to its end."""
        match fault.kind:
            case Kind.KILL:
                return self.edge.die(fault.seconds)
            case Kind.KILL_IN_WRITE:
                number = 1 + int(fault.dice * _WRITES)
                return self.edge.die_in_a_write(
                    number, round(fault.dice * 1000 % 1 * _WRITE_TAKES, 6), fault.seconds
                )
            case Kind.FREEZE:
                return self.edge.freeze(fault.seconds)
            case Kind.SLOW_DISK:
                return self.edge.slow_down(fault.seconds)
            case kind if kind.name.startswith("TELEGRAM"):
                return self.telegram.suffer(fault)
            case _:
                return self.printers.suffer(fault)

    def evidence(self) -> Evidence:
        """All that there is now."""
        raise NotImplementedError

    def evidence_with(
        self,
        sender: FaultyProcess,
        frames_of: Callable[[str, str], int],
        marks: int,
        dead_letters: int,
    ) -> Evidence:
        """`sender` is the program that speaks to Telegram; frames are counted by printer and job."""
        jobs = {
            run.job.name: printer.name
            for printer, scenario in zip(self.printers.printers, self.plan.printers, strict=True)
            for run in scenario.prints
        }
        items = list(self.printers.proxy.items)
        return Evidence(
            items={
                printer.name: timeline(
                    [item for name, item in items if name == printer.name],
                    self.edge.lives,
                    self.edge.hindrances,
                )
                for printer in self.printers.printers
            },
            messages=[
                message_of(posted.text, posted.at, self.telegram.answered.get(posted.id), jobs)
                for posted in self.telegram.messages
            ],
            interruptions=[*sender.interruptions, *self.telegram.interruptions],
            edge=self.edge.hindrances,
            senders=sender.hindrances,
            frames={job: frames_of(printer, job) for job, printer in jobs.items()},
            marks=marks,
            dead_letters=dead_letters,
            refusals=list(self.telegram.refusals),
            logs="".join(program.all for program in self.programs),
        )
