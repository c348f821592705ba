"""A program of ours under the launcher: killed as a group, frozen, with a slow disk, and when that was."""

import asyncio
import contextlib
import os
import signal
import time
from pathlib import Path

from tests.e2e.program import Program
from tests.reliability.chaos.auditor import Interruption
from tests.reliability.chaos.launcher import KILL, SLOW
from tests.reliability.chaos.timeline import Hindrances, Killed, Span, Started

ROOT = Path(__file__).parents[3]
_WRITES_WITHIN = 3.0
_LONGEST_SLICE = 0.02


class FaultyProcess(Program):
    """`lives` are its starts and kills; `hindrances` what slowed it down; one fault of a kind at a time."""

    module = "tests.reliability.chaos.launcher"

    def __init__(self, folder: Path, program: str, **settings: str) -> None:
        self._flags = folder / "flags"
        self._flags.mkdir(parents=True)
        super().__init__(
            folder,
            PYTHONPATH=str(ROOT),
            CHAOS_PROGRAM=program,
            CHAOS_FLAGS=str(self._flags),
            **settings,
        )
        self.name = program
        self.lives: list[Started | Killed] = []
        self._frozen: list[Span] = []
        self._slow: list[Span] = []
        self._life = asyncio.Lock()

    @property
    def hindrances(self) -> Hindrances:
        return Hindrances(tuple(self._frozen), tuple(self._slow))

    @property
    def interruptions(self) -> list[Interruption]:
        return [Interruption(one.at, "kill") for one in self.lives if isinstance(one, Killed)]

    def start(self) -> None:
        self.lives.append(Started(time.time()))
        super().start()

    def kill(self) -> None:
        process = self._process
        if process is None:
            return
        self.lives.append(Killed(time.time()))
        self._signal(signal.SIGKILL)
        process.kill()  # it may not have come to be a group yet
        self.wait()

    async def die(self, seconds: float) -> None:
        """Kill it, start it again after so many seconds."""
        async with self._life:
            await self._start_again(seconds)

    async def die_in_a_write(self, number: int, after: float, seconds: float) -> None:
        """Have it die so many seconds after that write, counted from now, has begun."""
        async with self._life:
            flag = self._flags / KILL
            flag.write_text(f"{number} {after}", encoding="ascii")
            deadline = time.monotonic() + _WRITES_WITHIN
            while self.is_running and time.monotonic() < deadline:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(_LONGEST_SLICE)
            flag.unlink()
            await self._start_again(seconds)

    async def freeze(self, seconds: float) -> None:
        begun = time.time()
        process = self._process
        self._signal(signal.SIGSTOP)
        try:
            end = time.monotonic() + seconds
            while process is self._process and time.monotonic() < end:  # noqa: ASYNC110 - the same
                await asyncio.sleep(_LONGEST_SLICE)
        finally:
            if process is self._process:
                self._signal(signal.SIGCONT)
            self._frozen.append((begun, time.time()))

    async def slow_down(self, seconds: float) -> None:
        begun = time.time()
        flag = self._flags / SLOW
        flag.touch()
        try:
            await asyncio.sleep(seconds)
        finally:
            flag.unlink(missing_ok=True)
            self._slow.append((begun, time.time()))

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def _start_again(self, seconds: float) -> None:
        await asyncio.to_thread(self.kill)
        await asyncio.sleep(seconds)
        self.start()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
