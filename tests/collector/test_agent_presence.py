"""BambUI's ping gets lost now and then: nobody is called offline from whom statuses come."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from collector.outbox.model import EdgeJob
from functions.shared.domain.job_identity import JobFingerprint
from functions.shared.domain.limits import BELIEVED_SECONDS
from functions.shared.live import Live
from functions.shared.messages.report import ReportKind
from tests.collector.running_agent import RUNNING, P, of_kind, running, until_reports
from tests.support.bambui_server import BambUI, bambui
from tests.support.edge_material import RememberingOutbox, status_text
from tests.support.timeouts import eventually

FASTER = 40.0
JOB = EdgeJob("before", 1.0, "images/A1M-1/Benchy/", JobFingerprint(None, "Benchy", 9, True), is_active=True)


class Clock:
    """The edge's measure of time, which goes on as its statuses are read: no busy machine makes them late."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def fast() -> float:
    """The edge's measure of time, so that a minute is over in a second and a half."""
    return time.monotonic() * FASTER


@pytest.fixture
async def server() -> AsyncIterator[BambUI]:
    async with bambui() as face:
        list_with(face, is_online=True)
        yield face


def list_with(server: BambUI, *, is_online: bool) -> None:
    server.listing = [{"name": P, "model": "A1M", "is_online": is_online}]


def announced(outbox: RememberingOutbox) -> list[bool | None]:
    return [report.is_online for report in of_kind(outbox.reports(P), ReportKind.PRESENCE)]


@asynccontextmanager
async def statuses(server: BambUI, clock: Clock) -> AsyncIterator[None]:
    """The printer says the same every two seconds."""

    async def pump() -> None:
        while True:
            await server.send(P, status_text(**RUNNING))
            for socket in list(server.sockets[P]):
                await (await socket.ping())  # answered once what was sent before it is there
            await asyncio.sleep(0.05)
            clock.now += 2.0

    pumping = asyncio.create_task(pump())
    try:
        yield
    finally:
        pumping.cancel()
        await asyncio.wait({pumping})


async def listed_for(server: BambUI, clock: Clock, seconds: float) -> None:
    """The list was read again and again for so long by the edge's measure."""
    begun, seen = clock(), server.listed
    await server.until(lambda: server.listed >= seen + 3 and clock() - begun >= seconds)


async def test_a_lost_ping_while_statuses_flow_makes_no_report_at_all(server: BambUI) -> None:
    outbox, live, clock = RememberingOutbox(), Live(), Clock()
    async with running(server, outbox, live=live, options={"monotonic": clock}) as collector:
        async with statuses(server, clock):
            await until_reports(outbox, lambda reports: len(of_kind(reports, ReportKind.STATUS)) == 1)
            await eventually(lambda: announced(outbox) == [True])
            list_with(server, is_online=False)
            await listed_for(server, clock, 2 * BELIEVED_SECONDS)
            (view,) = collector.printers()
            assert view.is_online is True
            assert live.printers() == {P: ("A1M", True, True)}
            list_with(server, is_online=True)
            await listed_for(server, clock, 1)
        assert announced(outbox) == [True]


async def test_offline_is_told_after_a_minute_without_a_status_and_online_when_one_comes(
    server: BambUI,
) -> None:
    outbox, clock = RememberingOutbox(), Clock()
    async with running(server, outbox, options={"monotonic": clock}):
        async with statuses(server, clock):
            await eventually(lambda: announced(outbox) == [True])
            list_with(server, is_online=False)
            await listed_for(server, clock, 1)
        last = clock()
        while announced(outbox) == [True]:
            clock.now += 1.0
            await asyncio.sleep(0.02)
        assert announced(outbox) == [True, False]
        assert clock() - last >= BELIEVED_SECONDS - 2
        async with statuses(server, clock):
            await eventually(lambda: announced(outbox) == [True, False, True])


async def test_a_restart_in_a_print_while_the_ping_is_lost_calls_nobody_offline(server: BambUI) -> None:
    list_with(server, is_online=False)
    outbox, clock = RememberingOutbox(jobs={P: JOB}), Clock()
    async with running(server, outbox, options={"monotonic": clock}):
        await listed_for(server, clock, 0)
        async with statuses(server, clock):
            await until_reports(outbox, lambda reports: len(of_kind(reports, ReportKind.STATUS)) == 1)
            await listed_for(server, clock, 2 * BELIEVED_SECONDS)
        assert False not in announced(outbox)
        assert False not in [report.is_online for report in outbox.reports(P)]


async def test_a_restart_while_the_printer_of_a_print_is_really_off_says_so_after_a_minute(
    server: BambUI,
) -> None:
    list_with(server, is_online=False)
    outbox = RememberingOutbox(jobs={P: JOB})
    begun = fast()
    async with running(server, outbox, options={"monotonic": fast}):
        await eventually(lambda: False in announced(outbox))
        assert fast() - begun >= BELIEVED_SECONDS
