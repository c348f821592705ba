"""A print that goes on whoever watches, and the one who kills the watcher at random moments of it."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from infra.simulator.scenarios import HMS_NOZZLE_WARNING
from infra.simulator.simulated_printer import SimulatedPrinter
from tests.e2e.program import Program
from tests.e2e.rig import settle
from tests.reliability.kills.auditor import line_of
from tests.support.telegram.calls import CallError
from tests.support.telegram.server import TelegramServer
from tests.support.timeouts import TIMEOUT

PRINTER = "A1M-1"
PAUSES = range(10, 100, 10)  # percent
ERROR_AT = 45
OUTAGE_AT = 60
STEP_SECONDS = 0.15
AT_MOST_IDLE_SECONDS = 1.0
ANSWER_SECONDS = 0.05
AWAY = "away for a while"
WANTED = [
    ("print started", None),
    *(
        (words, percent)
        for percent in sorted([*PAUSES, ERROR_AT])
        for words in (("error",) if percent == ERROR_AT else ("print paused", "print resumed"))
    ),
    ("print finished", None),
]


class FarTelegram(TelegramServer):
    """Has a message some time before its sender knows that, as over a real network; may be away."""

    is_away = False

    def result_of(self, path: str, content_type: str, body: bytes) -> dict[str, Any]:
        if self.is_away:
            raise CallError(502, AWAY)
        result = super().result_of(path, content_type, body)
        time.sleep(ANSWER_SECONDS)
        return result


@dataclass
class KilledPrint:
    """Each stop of the print lasts until somebody was told of it, and each tenth of it sees two kills.

    One pause comes and goes while Telegram is away, and then a kill: only the program's own disk remembers
    it. The program must log at DEBUG, so that it can be seen when it has noticed something.
    """

    printer: SimulatedPrinter
    program: Program
    telegram: FarTelegram
    random: Random
    kills: int
    killed_at: list[float] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    calm: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self) -> None:
        """The whole print with all the kills in it."""
        await asyncio.to_thread(self.program.wait_for, ": connected")
        await settle(self.printer, self.program.folder / "data", gcode_state="IDLE")
        killing = asyncio.create_task(self._kill_again_and_again())
        try:
            await self._print()
            await killing
        finally:
            killing.cancel()
        await self._until_told("timelapse", None)

    async def _print(self) -> None:
        await self._say(gcode_state="PREPARE", subtask_name="Hook", mc_percent=0)
        await self._until_told("print started", None)
        await self._say(gcode_state="RUNNING")
        for percent in range(1, 100):
            await self._say(mc_percent=percent)
            while len(self.killed_at) < (percent * self.kills) // 100:
                await self._say()
            if percent == OUTAGE_AT:
                await self._pause_while_telegram_is_away()
            elif percent in PAUSES:
                await self._say(gcode_state="PAUSE")
                await self._until_told("print paused", percent)
                await self._say(gcode_state="RUNNING")
            if percent in PAUSES:
                await self._until_told("print resumed", percent)
            if percent == ERROR_AT:
                entries = [{"attr": attr, "code": code} for attr, code in HMS_NOZZLE_WARNING]
                await self._say(hms=entries)
                await self._until_told("error", percent)
                await self._say(hms=[])
        await self._say(gcode_state="FINISH", mc_percent=100)
        await self._until_told("print finished", None)

    async def _pause_while_telegram_is_away(self) -> None:
        async with self.calm:
            await asyncio.to_thread(self.program.wait_for, ": connected")
            self.telegram.is_away = True
            await self._until_noticed("paused", gcode_state="PAUSE")
            await self._until_noticed("resumed", gcode_state="RUNNING")
            await self._kill()
            self.telegram.is_away = False

    async def _say(self, **fields: object) -> None:
        if fields:
            self.changed.set()
        await self.printer.push_status(fields)
        await self.printer.push_image()
        await asyncio.sleep(STEP_SECONDS)

    async def _until_told(self, words: str, percent: int | None) -> None:
        """The printer stands still, saying the same again and again."""
        await self._repeat_until(
            lambda: (words, percent) in {line_of(text, 0.0).key for text in self.telegram.texts},
            f"told: {words} {percent}",
        )

    async def _until_noticed(self, category: str, **fields: object) -> None:
        """The printer says something new, until the log shows that the tracker has taken it."""
        mark = f"{PRINTER}: {category}\n"
        before = self.program.err.count(mark)
        await self._say(**fields)
        await self._repeat_until(lambda: self.program.err.count(mark) > before, f"noticed: {fields}")

    async def _repeat_until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            if time.monotonic() > deadline:
                chat = "\n---\n".join(self.telegram.texts)
                raise TimeoutError(f"never {what}\n{chat}\n{self.program.all}")
            await self._say()

    async def _kill_again_and_again(self) -> None:
        """At moments of four kinds: while starting, whenever, in the middle of telling, right at a change."""
        kinds = [self._while_starting, self._whenever, self._while_telling, self._at_a_change]
        moments = [kinds[number % len(kinds)] for number in range(self.kills - 1)]
        self.random.shuffle(moments)
        for moment in moments:
            async with self.calm:
                await moment()
                await self._kill()

    async def _kill(self) -> None:
        self.killed_at.append(time.time())
        await asyncio.to_thread(self.program.kill)
        await asyncio.to_thread(self.program.start)

    async def _while_starting(self) -> None:
        await asyncio.sleep(self.random.uniform(0.0, 1.0))

    async def _whenever(self) -> None:
        await asyncio.to_thread(self.program.wait_for, ": connected")
        await asyncio.sleep(self.random.uniform(0.0, 1.0))

    async def _while_telling(self) -> None:
        await asyncio.to_thread(self.program.wait_for, ": connected")
        with contextlib.suppress(TimeoutError):
            await asyncio.to_thread(
                self.telegram.wait_for_calls, self.telegram.calls + 1, AT_MOST_IDLE_SECONDS
            )
        await asyncio.sleep(self.random.uniform(0.0, 0.02))

    async def _at_a_change(self) -> None:
        await asyncio.to_thread(self.program.wait_for, ": connected")
        self.changed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.changed.wait(), AT_MOST_IDLE_SECONDS)
        await asyncio.sleep(self.random.uniform(0.0, 0.06))
