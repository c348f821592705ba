"""Time-outs count the time in which the program ran, so that its own standstill is nobody's silence."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.messages.report import ReportKind
from functions.shared.runtime.clocks import SuspendAwareClock
from tests.collector.running_agent import RUNNING, P, of_kind, running, until_reports
from tests.support.bambui_server import BambUI, bambui
from tests.support.clock import HandClock
from tests.support.edge_material import RememberingOutbox, status_text

TICK = 5.0


@pytest.fixture
async def server() -> AsyncIterator[BambUI]:
    async with bambui() as face:
        yield face


def test_it_is_the_monotonic_clock_while_it_is_looked_at_in_time() -> None:
    clock = HandClock()
    awake = SuspendAwareClock(clock.monotonic)
    begun = awake()
    for _ in range(10):
        clock.pass_time(TICK + 0.9)
        assert awake.check(TICK) is None
    assert awake() - begun == pytest.approx(59)


def test_a_standstill_is_left_out_and_announced_once() -> None:
    clock = HandClock()
    awake = SuspendAwareClock(clock.monotonic)
    begun = awake()
    clock.pass_time(TICK + 40)
    assert awake.check(TICK) == pytest.approx(40)
    assert awake() - begun == pytest.approx(TICK)
    clock.pass_time(TICK)
    assert awake.check(TICK) is None
    assert awake() - begun == pytest.approx(2 * TICK)


@given(st.lists(st.floats(0, 1e5), max_size=20))
def test_it_never_goes_back_and_never_runs_ahead(gaps: list[float]) -> None:
    clock = HandClock()
    awake = SuspendAwareClock(clock.monotonic)
    begun, last = awake(), awake()
    for gap in gaps:
        clock.pass_time(gap)
        awake.check(TICK)
        assert last - 1e-6 <= awake() <= last + min(gap, TICK + 1) + 1e-6
        last = awake()
    assert last - begun <= sum(gaps) + 1e-6


async def test_a_program_that_stood_still_calls_no_printer_silent(
    server: BambUI, caplog: pytest.LogCaptureFixture
) -> None:
    clock, outbox = HandClock(), RememberingOutbox()
    async with running(
        server, outbox, options={"monotonic": clock.monotonic}, status_timeout_seconds=30.0
    ) as collector:
        await server.send(P, status_text(**RUNNING))
        await until_reports(outbox, lambda reports: len(of_kind(reports, ReportKind.STATUS)) == 1)
        clock.pass_time(3600.0)
        await collector.settle()
        await collector.settle()
        assert of_kind(outbox.reports(P), ReportKind.SILENCE) == []
        for _ in range(40):  # a printer that is silent while the program runs is told as ever
            clock.pass_time(0.9)
            await collector.settle()
        await until_reports(outbox, lambda reports: len(of_kind(reports, ReportKind.SILENCE)) == 1)
    assert "the program stood still for 3600 s" in caplog.text
