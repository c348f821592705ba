"""Runs a program of ours as a process group of its own, on a disk that can be made slow, and that may die in
the middle of a write: `python -m tests.reliability.chaos.launcher`.

CHAOS_PROGRAM names the module, CHAOS_FLAGS a folder: while `slow` lies there each commit, fsync and rename
takes a while; `kill` holds "N SECONDS": so long after the N-th of them has begun, the whole group is killed.
CHAOS_PLATE_HASTE and CHAOS_CHAT_HASTE divide what the programs wait for by minutes: until a percent that fell
is believed to be another plate, and until a refusal of the chat is tried again or taken for the message's,
until the bot asks again for what people write after it was refused, and looks whether a mute is over.
CHAOS_DISK_HASTE does so for a film that failed or whose frames are missing, and for a look at the disk.
"""

import os
import runpy
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

SLOW, KILL = "slow", "kill"
_SLOW_SECONDS = (0.05, 0.3)
_PARENT_LOOKED_AT_EVERY = 1.0


class Disk:
    """What every write passes by."""

    def __init__(self, flags: Path) -> None:
        self._slow = flags / SLOW
        self._kill = flags / KILL
        self._writes = 0
        self._random = Random(0)

    def passing(self) -> None:
        if self._kill.exists():
            self._count()
        if self._slow.exists():
            time.sleep(self._random.uniform(*_SLOW_SECONDS))

    def _count(self) -> None:
        words = self._kill.read_text(encoding="ascii").split()
        if len(words) != 2:
            return
        self._writes += 1
        if self._writes == int(words[0]):
            threading.Thread(target=_die, args=(float(words[1]),), daemon=True).start()

    def watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def passing_by(*arguments: Any, **named: Any) -> Any:
            self.passing()
            return call(*arguments, **named)

        return passing_by


def _die(seconds: float) -> None:
    time.sleep(seconds)
    os.killpg(0, signal.SIGKILL)


def end_with(parent: int) -> None:
    """A run that is cut off leaves nothing behind."""
    while os.getppid() == parent:
        time.sleep(_PARENT_LOOKED_AT_EVERY)
    os.killpg(0, signal.SIGKILL)


def hinder(disk: Disk) -> None:
    """From now on, in this process."""

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            if sql == "COMMIT":
                disk.passing()
            return super().execute(sql, *arguments)

    connect = sqlite3.connect
    sqlite3.connect = lambda *arguments, **named: connect(*arguments, **{"factory": Connection} | named)
    os.fsync = disk.watched(os.fsync)
    os.replace = disk.watched(os.replace)


def hasten() -> None:
    """The prints play faster than life, and so do the hours of Telegram. Before anything else is imported."""
    from functions.notify import chat_state
    from functions.tracker import reached_figures

    reached_figures.BELIEVED_AFTER_SECONDS /= float(os.environ.get("CHAOS_PLATE_HASTE", "1"))
    chat = float(os.environ.get("CHAOS_CHAT_HASTE", "1"))
    chat_state.LONGEST_BACK_OFF /= chat
    from functions.notify import refusals

    for name in ("LONGEST_WAIT", "TOPIC_GRACE_SECONDS", "TOPIC_RETRY_SECONDS", "DOUBT_SECONDS"):
        setattr(refusals, name, getattr(refusals, name) / chat)
    from functions.timelapse import plan

    disk = float(os.environ.get("CHAOS_DISK_HASTE", "1"))
    plan.FRAMES_WAIT_SECONDS /= disk
    first, second, third, fourth = plan.RETRY_DELAYS
    plan.RETRY_DELAYS = (first / disk, second / disk, third / disk, fourth / disk)
    from functions.timelapse import service
    from infra.local import disk_watch

    for module, name in ((service, "_STORE_RETRY_SECONDS"), (disk_watch, "CHECK_SECONDS")):
        setattr(module, name, getattr(module, name) / disk)
    if os.environ.get("CHAT_ANSWERS") == "1":
        from infra.local import chat_polling, workers

        polled = ("_LONGEST_WAIT_SECONDS", "_RIVAL_SECONDS", "_REFUSED_SECONDS")
        for module, name in (*((chat_polling, name) for name in polled), (workers, "_DIGEST_SECONDS")):
            setattr(module, name, getattr(module, name) / chat)


if __name__ == "__main__":
    os.setsid()
    threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()
    hinder(Disk(Path(os.environ["CHAOS_FLAGS"])))
    hasten()
    sys.argv = [os.environ["CHAOS_PROGRAM"]]
    runpy.run_module(os.environ["CHAOS_PROGRAM"], run_name="__main__", alter_sys=True)
