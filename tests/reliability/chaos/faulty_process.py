"""A program of ours under the launcher: killed as a group, frozen, on a disk that is slow or full, exchanged
for an older release, and when that was.
"""

import asyncio
import contextlib
import hashlib
import os
import re
import signal
import time
from collections.abc import Awaitable
from pathlib import Path

from tests.e2e.program import Program
from tests.reliability.chaos.auditor import Interruption
from tests.reliability.chaos.launcher import KILL, SLOW
from tests.reliability.chaos.timeline import Hindrances, Killed, Span, Started
from tests.support.disk import SmallDisk

ROOT = Path(__file__).parents[3]
_WRITES_WITHIN = 3.0
_LONGEST_SLICE = 0.02
_FILLED_EVERY = 0.1
_BACK_ON_DISK_WITHIN = 2.5
_FILM_WITHIN = 15.0
_FFMPEG = "ffmpeg"
_REFUSED = 2
_IS_UP = re.compile(r"Ctrl-C ends it|watching the printers of")


class FaultyProcess(Program):
    """`lives` are its starts and kills; `hindrances` what slowed it down; one fault of a kind at a time."""

    module = "tests.reliability.chaos.launcher"
    patience = 30.0  # until it is up

    def __init__(self, folder: Path, program: str, **settings: str) -> None:
        self._flags = folder.with_name(f"{folder.name}-flags")  # beside a disk that may be full
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
        self.full: list[Span] = []
        self.troubles: list[str] = []
        self._former: list[Span] = []
        self._frozen: list[Span] = []
        self._slow: list[Span] = []
        self._is_frozen = False
        self._life = asyncio.Lock()

    @property
    def hindrances(self) -> Hindrances:
        return Hindrances(tuple(self._frozen), tuple(self._slow))

    @property
    def former(self) -> list[Span]:
        """When an older release ran."""
        return list(self._former)

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

    async def die_after(self, happening: Awaitable[bool], after: float, seconds: float) -> None:
        """Kill it so long after that has happened, if it does."""
        async with self._life:
            if await happening:
                await asyncio.sleep(after)
                await self._start_again(seconds)

    async def lose_ffmpeg(self, after: float) -> None:
        """Kill the next ffmpeg that it starts, so long after it was seen."""
        deadline = time.monotonic() + _FILM_WITHIN
        while time.monotonic() < deadline:
            found = await asyncio.to_thread(_children, self._process.pid if self._process else 0, _FFMPEG)
            if found:
                await asyncio.sleep(after)
                for process_id in found:
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process_id, signal.SIGKILL)
                return
            await asyncio.sleep(_LONGEST_SLICE)

    async def fill(self, disk: SmallDisk, seconds: float) -> None:
        """Somebody else takes all the room there is, whatever is made free, and then gives it back.

        It is not killed meanwhile: what only memory has would be lost with it, as it says in its log.
        """
        async with self._life:
            await self._until_up()
            begun = time.time()
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                await asyncio.to_thread(disk.fill)
                await asyncio.sleep(_FILLED_EVERY)
            await asyncio.to_thread(disk.free)
            self.full.append((begun, time.time()))
            awake = 0.0
            while awake < _BACK_ON_DISK_WITHIN:
                await asyncio.sleep(_FILLED_EVERY)
                awake += 0.0 if self._is_frozen else _FILLED_EVERY
            self._slow.append((begun, time.time()))

    async def be_former(self, root: Path, seconds: float) -> None:
        """End it as a service is ended, have the release in that folder go on with its data for a while, and
        then today's again."""
        async with self._life:
            await self._until_up()
            await self._end()
            before = await asyncio.to_thread(_contents, self.folder / "data")
            self.settings["PYTHONPATH"] = str(root)
            self.start()
            begun = time.time()
            await self._until_up()
            end = time.monotonic() + seconds
            while self.is_running and time.monotonic() < end:  # noqa: ASYNC110 - nobody tells of it
                await asyncio.sleep(_LONGEST_SLICE)
            if self.is_running:
                await self._end()
            else:
                self._note_refusal(before)
            self._former.append((begun, time.time()))
            self.settings["PYTHONPATH"] = str(ROOT)
            self.start()

    def was_former(self, at: float) -> bool:
        """Whether the older release ran then, with the faults of its own that were mended since."""
        return any(begin <= at <= end for begin, end in self._former)

    def _note_refusal(self, before: dict[str, str]) -> None:
        self.lives.append(Killed(time.time()))
        code = self.wait()
        if code != _REFUSED:
            self.troubles.append(f"the former release ended with code {code}")
        elif _contents(self.folder / "data") != before:
            self.troubles.append("the former release refused the data, but not without touching it")

    async def _until_up(self) -> None:
        """Or until it has ended, or takes too long for that."""
        deadline = time.monotonic() + self.patience
        while self.is_running and _IS_UP.search(self.newest) is None and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_LONGEST_SLICE)

    async def _end(self) -> None:
        asked_at, is_up = time.time(), _IS_UP.search(self.newest) is not None
        code = await asyncio.to_thread(self.stop)
        self.lives.append(Killed(time.time(), asked_at))
        if code != 0 and (is_up or code != -signal.SIGTERM):  # nobody listens for it in the first second
            self.troubles.append(f"{self.name} ended with code {code} when it was asked to")

    @property
    def is_frozen(self) -> bool:
        return self._is_frozen

    async def freeze(self, seconds: float) -> None:
        begun = time.time()
        process = self._process
        self._signal(signal.SIGSTOP)
        self._is_frozen = True
        try:
            end = time.monotonic() + seconds
            while process is self._process and time.monotonic() < end:  # noqa: ASYNC110 - the same
                await asyncio.sleep(_LONGEST_SLICE)
        finally:
            if process is self._process:
                self._signal(signal.SIGCONT)
            self._is_frozen = False
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

    async def _start_again(self, seconds: float) -> None:
        await asyncio.to_thread(self.kill)
        await asyncio.sleep(seconds)
        self.start()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def _contents(folder: Path) -> dict[str, str]:
    """Every file below, with a digest of what is in it."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _children(parent: int, name: str) -> list[int]:
    """The running processes of that name that it has started."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            command, _, rest = (
                (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(") ")
            )
            state, parent_id, *_ = rest.split()
            if int(parent_id) == parent and state != "Z" and command.partition("(")[2].startswith(name):
                found.append(int(folder.name))
    return found
