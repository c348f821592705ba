"""A run from its first start to its verdict, whatever its shape."""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from pathlib import Path

from tests.reliability.chaos.asking import People, is_of_people
from tests.reliability.chaos.chat import is_headline, is_of, is_of_disk, message_of
from tests.reliability.chaos.crowd import Crowd, is_answered
from tests.reliability.chaos.faulty_process import FaultyProcess
from tests.reliability.chaos.flaky_telegram import TOPIC, FlakyTelegram
from tests.reliability.chaos.former_release import unpack_former
from tests.reliability.chaos.people import Request
from tests.reliability.chaos.plan import Fault, Kind, Plan
from tests.reliability.chaos.printers import FLAPPER, SimulatedPrinters
from tests.reliability.chaos.timeline import Started, timeline
from tests.reliability.chaos.verdict import (
    CHANGES_A_MINUTE,
    PLATE_HASTE,
    PROGRESS_STEP,
    Evidence,
    Verdict,
    judge,
    messages_a_minute,
)
from tests.support.disk import SmallDisk, mount_small, unmount

SETTLES_WITHIN = 75.0
# Of a minute's places the flapper may have had all but a few; in the next each printer has its share.
SETTLES_WHERE_PACED = 120.0
_QUIET_SECONDS = 2.0
_WRITES = 12
_WRITE_TAKES = 0.006
_SEND_WITHIN, _SEND_TAKES = 5.0, 0.1
_ANSWER_TAKES = 0.2
_ENCODING_TAKES = 0.3
_DISK_SIZE = "64m"
DESCRIPTORS = 256  # of the program that the crowd knocks at
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
    "CHAOS_DISK_HASTE": "40",
}
_BEFORE_A_FAULT = 5.0


class Run:
    """`edge_folder` is that of the program that watches the printers.

    `done` counts the faults by kind as they were done, `left_out` those that cannot be done here, with the
    reason; what the programs said is kept in `folder`."""

    edge_folder: str

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.done: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.seconds = 0.0
        self.cannot: dict[Kind, str] = {}
        self.disk: SmallDisk | None = None
        self.former: Path | None = None

    @property
    def settings(self) -> dict[str, str]:
        """What all programs of the run are told."""
        scale = self.plan.scale  # as much faster as the prints play
        told = {"CHAOS_PLATE_HASTE": f"{PLATE_HASTE * scale:g}"}
        if self.plan.has_flapper:
            told["CHANGES_PER_MINUTE"] = f"{CHANGES_A_MINUTE * scale:g}"
        if self.plan.is_paced:
            told["TELEGRAM_MESSAGES_PER_MINUTE"] = str(messages_a_minute(self.plan))
        if self.plan.requests:
            told |= {"CHAT_ANSWERS": "1", "TIMEZONE": "UTC"}
        return FAST | told

    def scene(
        self, printers: SimulatedPrinters, telegram: FlakyTelegram
    ) -> "AbstractAsyncContextManager[Scene]":
        """The programs of this shape, started."""
        raise NotImplementedError

    async def run(self) -> Verdict:
        """The faults done, the scripts played, everything settled: then the verdict."""
        begun = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        pace = messages_a_minute(self.plan) if self.plan.is_paced else None
        with FlakyTelegram(pace) as telegram, self._surroundings():
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

    @contextmanager
    def _surroundings(self) -> Iterator[None]:
        """A disk and an older release, where the plan asks for them and they can be had."""
        kinds = {fault.kind for fault in self.plan.faults}
        edge = self.folder / self.edge_folder
        with ExitStack() as stack:
            if Kind.FULL_DISK in kinds:
                edge.mkdir(parents=True)
                try:
                    self.disk = mount_small(edge, _DISK_SIZE)
                except OSError as error:
                    self.cannot[Kind.FULL_DISK] = str(error)
                else:
                    stack.callback(_keep_and_unmount, edge)
            if Kind.ROLLBACK in kinds:
                try:
                    self.former = unpack_former(self.folder / "former")
                except OSError as error:
                    self.cannot[Kind.ROLLBACK] = str(error)
            yield

    async def _suffer(self, scene: "Scene") -> None:
        async with asyncio.TaskGroup() as tasks:
            begun = time.monotonic()
            scene.begun = time.time()
            tasks.create_task(scene.asking(self.plan.requests, begun))
            for fault in self.plan.faults:
                await asyncio.sleep(max(0.0, begun + fault.at - time.monotonic()))
                if fault.kind in self.cannot:
                    self.left_out[f"{fault.kind.value}: {self.cannot[fault.kind]}"] += 1
                    continue
                self.done[fault.kind.value] += 1
                tasks.create_task(scene.suffering(fault))

    async def _settled(self, scene: "Scene") -> Verdict:
        """The verdict once it is good and nothing more comes, or when the time for that is over."""
        deadline = time.monotonic() + (SETTLES_WHERE_PACED if self.plan.is_paced else SETTLES_WITHIN)
        while True:
            count = scene.told()
            await asyncio.sleep(_QUIET_SECONDS)
            is_over = time.monotonic() > deadline
            if count == scene.told() or is_over:
                evidence = await asyncio.to_thread(scene.evidence)
                verdict = await asyncio.to_thread(judge, self.plan, evidence)
                if verdict.is_good or is_over:
                    return verdict


def _keep_and_unmount(folder: Path) -> None:
    """What lies on the disk outlives it, for whoever looks into a fault."""
    try:
        shutil.copytree(folder, folder.with_name(f"{folder.name}-disk"))
    finally:
        unmount(folder)


class Scene:
    """The parts of a run. `edge` is the program that watches the printers, `sender` the one that speaks to
    Telegram, `port` where the edge listens. So long after a fault it may still delay what is told: those
    wait longest that were refused again and again."""

    over_a_fault = 20.0

    def __init__(
        self,
        run: Run,
        printers: SimulatedPrinters,
        telegram: FlakyTelegram,
        edge: FaultyProcess,
        sender: FaultyProcess,
        port: int,
    ) -> None:
        self.plan = run.plan
        self.unanswered: list[str] = []
        self.begun = 0.0
        self.people = People(telegram, [printer.name for printer in printers.printers])
        self._disk, self._former = run.disk, run.former
        self._port, self._port_lock = port, asyncio.Lock()
        self.printers = printers
        self.telegram = telegram
        self.edge = edge
        self.sender = sender
        self.programs = [edge] if sender is edge else [edge, sender]

    async def asking(self, requests: Iterable[Request], begun: float) -> None:
        """What people ask, each in its time; `begun`: of the run, by the monotonic clock."""
        for request in requests:
            await asyncio.sleep(max(0.0, begun + request.at - time.monotonic()))
            self.people.ask(request)

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
            case Kind.FULL_DISK if self._disk is not None:
                return self.edge.fill(self._disk, fault.seconds)
            case Kind.FLOOD:
                return self._flood(fault.seconds)
            case Kind.ROLLBACK if self._former is not None:
                return self._roll_back(self._former, fault.seconds)
            case Kind.KILL_IN_SEND:
                sending = self.telegram.next_send(_SEND_WITHIN)
                return self.sender.die_after(sending, _SEND_TAKES * fault.dice, fault.seconds)
            case Kind.KILL_IN_UPDATE:
                given = self.telegram.next_update(_SEND_WITHIN)
                return self.sender.die_after(given, _ANSWER_TAKES * fault.dice, fault.seconds)
            case Kind.KILL_FFMPEG:
                return self.sender.lose_ffmpeg(_ENCODING_TAKES * fault.dice)
            case kind if kind.name.startswith(("TELEGRAM", "CHAT")):
                return self.telegram.suffer(fault)
            case _:
                return self.printers.suffer(fault)

    async def _flood(self, seconds: float) -> None:
        """The older release has no bound on strangers: it meets none."""
        async with self._port_lock:
            if not await is_answered(self._port):
                return
            starts = len(self.edge.lives)
            async with Crowd(self._port):
                await asyncio.sleep(seconds)
                if not await is_answered(self._port) and starts == len(self.edge.lives):
                    self.unanswered.append(f"nobody got an answer beside a crowd, at {time.time():.1f}")

    async def _roll_back(self, former: Path, seconds: float) -> None:
        async with self._port_lock:
            await self.edge.be_former(former, seconds)

    def told(self) -> int:
        """How many messages there are, those of a flapper left out, who never comes to an end."""
        return sum(not is_of(posted.text, FLAPPER) for posted in self.telegram.messages)

    def evidence(self) -> Evidence:
        """All that there is now."""
        raise NotImplementedError

    def evidence_with(
        self,
        frames_of: Callable[[str, str], int],
        marks: int,
        dead_letters: int,
        unknown_digests: int = 0,
    ) -> Evidence:
        """Frames are counted by printer and job."""
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
                if not (
                    is_headline(one.text)
                    or is_of(one.text, FLAPPER)
                    or is_of_disk(one.text)
                    or is_of_people(one)
                )
            ],
            disks=[one.at for one in posted if is_of_disk(one.text)],
            full=list(self.edge.full),
            troubles=[*self.unanswered, *(trouble for one in self.programs for trouble in one.troubles)],
            flaps=[one.at for one in posted if is_of(one.text, FLAPPER)],
            headlines=[one.at for one in posted if is_headline(one.text)],
            doubts=list(self.telegram.doubts),
            sends=list(self.telegram.sends),
            waits=[wait for wait in self.telegram.waits if not self.sender.was_former(wait[0])],
            interruptions=[*self.sender.interruptions, *self.telegram.interruptions],
            edge=self.edge.hindrances,
            senders=self.sender.hindrances,
            frames={name: frames_of(printer, name) for name, printer in names.items()},
            marks=marks,
            dead_letters=dead_letters,
            unknown_digests=unknown_digests,
            refusals=list(self.telegram.refusals),
            logs="".join(program.all for program in self.programs),
            conversation=self.people.conversation(self.sender.former) if self.plan.requests else None,
            troubled=[
                (
                    self.begun + fault.at - _BEFORE_A_FAULT,
                    self.begun + fault.at + fault.seconds + self.over_a_fault,
                )
                for fault in self.plan.faults
            ],
            answering_since=[one.at for one in self.sender.lives if isinstance(one, Started)],
        )
