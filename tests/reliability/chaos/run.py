"""A run from its first start to its verdict, whatever its shape."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tests.reliability.chaos.chat import is_headline, is_of, message_of
from tests.reliability.chaos.faulty_process import FaultyProcess
from tests.reliability.chaos.flaky_telegram import TOPIC, FlakyTelegram
from tests.reliability.chaos.plan import Fault, Kind, Plan
from tests.reliability.chaos.printers import FLAPPER, SimulatedPrinters
from tests.reliability.chaos.timeline import timeline
from tests.reliability.chaos.verdict import (
    CHANGES_A_MINUTE,
    PLATE_HASTE,
    PROGRESS_STEP,
    Evidence,
    Verdict,
    judge,
)

SETTLES_WITHIN = 75.0
# Of a minute's places the flapper may have had all but a few; in the next each printer has its share.
SETTLES_BESIDE_A_FLAPPER = 120.0
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
    # A budget that keeps every image, so that each is counted.
    "TIMELAPSE_TARGET_DURATION_SECONDS": "600",
    "TIMELAPSE_FPS_CAP": "120",
    "LOG_LEVEL": "DEBUG",
    "TELEGRAM_THREAD_ID": str(TOPIC),
    # Prints that play faster than life change faster too.
    "CHANGES_PER_MINUTE": "0",
    "TELEGRAM_MESSAGES_PER_MINUTE": "0",
    # A minute is as an hour of Telegram's.
    "CHAOS_CHAT_HASTE": "60",
}
_MESSAGES_A_MINUTE = 20  # what a group takes


class Run:
    """`done` counts the faults by kind as they were done; what the programs said is kept in `folder`."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.done: Counter[str] = Counter()
        self.seconds = 0.0

    @property
    def settings(self) -> dict[str, str]:
        """What all programs of the run are told."""
        scale = self.plan.scale
        paced = {  # as much faster as the prints play
            "CHANGES_PER_MINUTE": f"{CHANGES_A_MINUTE * scale:g}",
            "TELEGRAM_MESSAGES_PER_MINUTE": f"{_MESSAGES_A_MINUTE * scale:.0f}",
        }
        haste = {"CHAOS_PLATE_HASTE": f"{PLATE_HASTE * scale:g}"}
        return FAST | haste | (paced if self.plan.has_flapper else {})

    def scene(
        self, printers: SimulatedPrinters, telegram: FlakyTelegram
    ) -> "AbstractAsyncContextManager[Scene]":
        """The programs of this shape, started."""
        raise NotImplementedError

    async def run(self) -> Verdict:
        """The faults done, the scripts played, everything settled: then the verdict."""
        begun = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        pace = round(_MESSAGES_A_MINUTE * self.plan.scale) if self.plan.has_flapper else None
        with FlakyTelegram(pace) as telegram:
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
        deadline = time.monotonic() + (SETTLES_BESIDE_A_FLAPPER if self.plan.has_flapper else SETTLES_WITHIN)
        while True:
            count = scene.told()
            await asyncio.sleep(_QUIET_SECONDS)
            is_over = time.monotonic() > deadline
            if count == scene.told() or is_over:
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
            case kind if kind.name.startswith(("TELEGRAM", "CHAT")):
                return self.telegram.suffer(fault)
            case _:
                return self.printers.suffer(fault)

    def told(self) -> int:
        """How many messages there are, those of a flapper left out, who never comes to an end."""
        return sum(not is_of(posted.text, FLAPPER) for posted in self.telegram.messages)

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
        names = {name: jobs[job] for name, job in self.plan.files.items()}
        items = list(self.printers.proxy.items)
        posted = self.telegram.messages
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
                message_of(one.text, one.at, self.telegram.answered.get(one.id), names)
                for one in posted
                if not is_headline(one.text) and not is_of(one.text, FLAPPER)
            ],
            flaps=[one.at for one in posted if is_of(one.text, FLAPPER)],
            headlines=[one.at for one in posted if is_headline(one.text)],
            doubts=list(self.telegram.doubts),
            sends=list(self.telegram.sends),
            waits=list(self.telegram.waits),
            interruptions=[*sender.interruptions, *self.telegram.interruptions],
            edge=self.edge.hindrances,
            senders=sender.hindrances,
            frames={name: frames_of(printer, name) for name, printer in names.items()},
            marks=marks,
            dead_letters=dead_letters,
            refusals=list(self.telegram.refusals),
            logs="".join(program.all for program in self.programs),
        )
