"""What receiving costs in CPU time, beside a loop that parses nothing, in one run; lag, memory: `make bench`.

One status of 5,000 bytes and one image of 60,000 a second and printer. The loop compared with runs on the
same event loop as the collector.
"""

import asyncio
from pathlib import Path

import pytest

from tests.performance.benchmarks.collector_alone import collector_alone
from tests.performance.benchmarks.receiving import Measured, load_of, resident_megabytes, show

PRINTERS, SECONDS = 100, 20
RATIO_LIMIT = 3.0
MOST_PRINTERS, MOST_SECONDS, P99_LIMIT_MS = 500, 30, 50.0
MEMORY_SECONDS, MEMORY_LIMIT_MB = 60, 120
GENERATOR_LATE_MS = 25.0  # or it is the generator that was measured


@pytest.mark.benchmark
async def test_receiving_costs_little_more_than_a_bare_loop(tmp_path: Path) -> None:
    pytest.importorskip("uvloop")
    async with load_of(PRINTERS) as load:
        figures = {
            (kind, loop): await load.measure(kind, loop, SECONDS, tmp_path / f"{kind}-{loop}")
            for kind in ("bare", "collector")
            for loop in ("asyncio", "uvloop")
        }
    ratios = {}
    for loop in ("asyncio", "uvloop"):
        bare, ours = figures["bare", loop].microseconds, figures["collector", loop].microseconds
        ratios[loop] = ours / bare
        show(
            f"receiving, {PRINTERS} printers, {loop}: bare loop {bare:.0f} us of CPU a message, "
            f"collector {ours:.0f} us ({ratios[loop]:.2f} x; {ours * 2 * PRINTERS / 1e4:.1f} % of a core)",
            figures["collector", loop].of_load,
        )
    gain = 1 - figures["collector", "uvloop"].microseconds / figures["collector", "asyncio"].microseconds
    show(f"uvloop saves the collector {gain * 100:.0f} %")
    assert max(ratios.values()) <= RATIO_LIMIT


@pytest.mark.benchmark
async def test_many_printers_in_one_process_are_heard_at_once(tmp_path: Path) -> None:
    pytest.importorskip("uvloop")
    async with load_of(MOST_PRINTERS) as load:
        for loop in ("asyncio", "uvloop"):
            figures = await load.measure("collector", loop, MOST_SECONDS, tmp_path / loop)
            show(
                f"lag, {MOST_PRINTERS} printers, {loop}: p50 {figures.lag(0.5):.1f} ms, "
                f"p99 {figures.lag(0.99):.1f} ms, max {figures.lag(1.0):.1f} ms; "
                f"{figures.microseconds * 2 * MOST_PRINTERS / 1e4:.0f} % of a core, "
                f"{figures.megabytes:.0f} MB",
                figures.of_load,
            )
            assert len(figures.lags) == figures.load["messages"]
            assert figures.load["late_p99_ms"] < GENERATOR_LATE_MS
            assert figures.lag(0.99) < P99_LIMIT_MS


@pytest.mark.benchmark
async def test_the_collector_on_its_own_stays_small(tmp_path: Path) -> None:
    """The whole program, shipping to AWS with boto3, after a minute."""
    async with load_of(PRINTERS) as load, collector_alone(tmp_path, load) as (process_id, sink):
        await load.ask("wait clients")
        sent = await load.ask(f"send {MEMORY_SECONDS}")
        megabytes = resident_megabytes(process_id)
    reports, frames = len(sink.reports), len(sink.keys)
    show(
        f"memory, {PRINTERS} printers, {sent['messages']:.0f} messages: {megabytes:.0f} MB "
        f"({reports} reports and {frames} frames shipped)"
    )
    assert reports >= 2 * PRINTERS
    assert frames >= PRINTERS
    assert megabytes <= MEMORY_LIMIT_MB


async def test_every_message_of_fifty_printers_is_received(tmp_path: Path) -> None:
    """The same run in short; what it costs is judged by the long ones."""

    async def measure(kind: str) -> Measured:
        async with load_of(50) as load:
            return await load.measure(kind, "asyncio", 2, tmp_path / kind, warm_up=1)

    bare, ours = await asyncio.gather(measure("bare"), measure("collector"))
    assert bare.microseconds > 0
    assert len(ours.lags) == ours.load["messages"] == 200
