"""Signs of life stop when the work does, whatever part of it hangs."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from collector.agent import Collector, PrinterView
from collector.health import status_line, supervise
from collector.outbox.model import NewReport
from collector.outbox.outbox import OutboxFigures
from collector.systemd import Systemd
from functions.shared.messages.report import Report
from tests.collector.running_agent import RUNNING, P, running
from tests.support.bambui_server import BambUI, bambui
from tests.support.edge_material import RememberingOutbox, status_text
from tests.support.systemd_socket import SystemdSocket
from tests.support.timeouts import TIMEOUT, eventually

NOTHING = OutboxFigures(
    bytes=0,
    reports_waiting=0,
    frames_waiting=0,
    oldest_seconds=0.0,
    frames_thinned=0,
    reports_dropped=0,
    reports_set_aside=0,
    frames_set_aside=0,
    commits=0,
    is_disk_writable=True,
)
BUSY = (
    "1 of 1 printers connected; 12 reports and 340 frames waiting, for up to 14 min; "
    "the disk cannot be written"
)


@dataclass
class HangingOutbox(RememberingOutbox):
    """Its disk hangs while `works` is not set."""

    works: threading.Event = field(default_factory=threading.Event)

    def add_report(self, new: NewReport) -> Report:
        self.works.wait(TIMEOUT)
        return super().add_report(new)


@dataclass
class Watched:
    """A supervised collector: `looks` counts its looks at the time-outs."""

    systemd: SystemdSocket
    server: BambUI
    collector: Collector
    outbox: HangingOutbox
    looks: Callable[[], int]

    async def next_sign(self) -> dict[str, str]:
        self.systemd.take_all()
        return await asyncio.to_thread(
            self.systemd.take_until, lambda message: message.get("WATCHDOG") == "1"
        )

    async def no_sign_comes(self) -> None:
        """While the loop goes round fifty times."""
        first = self.looks()
        await eventually(lambda: self.looks() > first + 3)  # what was on its way
        self.systemd.take_all()
        first = self.looks()
        await eventually(lambda: self.looks() > first + 50)
        assert self.systemd.take_all() == []


@contextlib.asynccontextmanager
async def watched(folder: Path, figures: Callable[[], OutboxFigures]) -> AsyncIterator[Watched]:
    looks = 0

    def monotonic() -> float:
        nonlocal looks
        looks += 1
        return asyncio.get_running_loop().time()

    outbox = HangingOutbox()
    outbox.works.set()
    async with bambui() as server:
        with SystemdSocket(folder) as there:
            systemd = Systemd({"NOTIFY_SOCKET": str(there.path), "WATCHDOG_USEC": "3000"})
            async with running(server, outbox, options={"monotonic": monotonic}) as collector:
                task = asyncio.create_task(supervise(systemd, collector, figures))
                try:
                    await server.send(P, status_text(**RUNNING))
                    assert await asyncio.to_thread(there.take) == {"READY": "1"}
                    yield Watched(there, server, collector, outbox, lambda: looks)
                finally:
                    outbox.works.set()
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)


async def test_a_working_collector_gives_signs_with_its_state(tmp_path: Path) -> None:
    async with watched(tmp_path, lambda: NOTHING) as it:
        await eventually(lambda: any(printer.is_connected for printer in it.collector.printers()))
        assert (await it.next_sign())["STATUS"] == "1 of 1 printers connected; all delivered"


async def test_no_sign_while_the_disk_hangs_and_signs_again_afterwards(tmp_path: Path) -> None:
    async with watched(tmp_path, lambda: NOTHING) as it:
        await it.next_sign()
        it.outbox.works.clear()
        await it.server.send(P, status_text(gcode_state="PAUSE"))
        await it.no_sign_comes()
        it.outbox.works.set()
        await it.next_sign()


async def test_no_sign_while_the_outbox_does_not_answer(tmp_path: Path) -> None:
    works = threading.Event()
    works.set()

    def figures() -> OutboxFigures:
        works.wait(TIMEOUT)
        return NOTHING

    async with watched(tmp_path, figures) as it:
        await it.next_sign()
        works.clear()
        await it.no_sign_comes()
        works.set()
        await it.next_sign()


async def test_no_sign_when_nobody_looks_at_the_timeouts_any_more(tmp_path: Path) -> None:
    async with watched(tmp_path, lambda: NOTHING) as it:
        await it.next_sign()
        for task in asyncio.all_tasks():
            if "Collector._tick" in repr(task.get_coro()):
                task.cancel()
        await asyncio.sleep(0)
        it.systemd.take_all()
        settled = asyncio.create_task(it.collector.settle())
        for number in range(20):  # what it sees is written all the same
            await it.server.send(P, status_text(**RUNNING | {"subtask_name": f"Benchy {number}"}))
        await eventually(lambda: len(it.outbox.reports(P)) > 20)
        assert not settled.done()
        settled.cancel()


async def test_without_systemd_nothing_is_asked(tmp_path: Path) -> None:
    def figures() -> OutboxFigures:
        raise AssertionError

    async with bambui() as server, running(server, RememberingOutbox()) as collector:
        await supervise(Systemd({}), collector, figures)


@pytest.mark.parametrize(
    ("connected", "changed", "line"),
    [
        ([], {}, "0 of 0 printers connected; all delivered"),
        (
            [True, False],
            {"reports_waiting": 1, "oldest_seconds": 42.0},
            "1 of 2 printers connected; 1 report waiting, for up to 42 s",
        ),
        (
            [True],
            {
                "reports_waiting": 12,
                "frames_waiting": 340,
                "oldest_seconds": 840.0,
                "is_disk_writable": False,
            },
            BUSY,
        ),
    ],
)
def test_the_line_that_systemctl_status_shows(
    connected: list[bool], changed: dict[str, float], line: str
) -> None:
    printers = [PrinterView(f"P{place}", None, None, is_on) for place, is_on in enumerate(connected)]
    figures = OutboxFigures(**NOTHING.to_json() | changed)
    assert status_line(printers, figures) == line


def test_what_waits_behind_the_outbox_is_not_delivered() -> None:
    line = status_line([PrinterView("P", None, None, True)], NOTHING, ["7 messages wait for Telegram"])
    assert line == "1 of 1 printers connected; 7 messages wait for Telegram"
