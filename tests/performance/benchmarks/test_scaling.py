"""What must cost no more than its size: CPU time against that of a tenth of it, in one run."""

import time
from collections.abc import Callable
from random import Random

import pytest

from collector.metrics.exposition import MetricsPage
from collector.metrics.printers import printer_families
from tests.performance.benchmarks.receiving import show
from tests.reliability.fuzz.mutations import Mutator
from tests.support.metrics.farm import farm

pytestmark = pytest.mark.benchmark

TIMES = 10
RATIO_LIMIT = 4.0 * TIMES
"""What grows with the square would cost a hundred times; caches that overflow cost two or three."""


def cost(work: Callable[[], object]) -> float:
    """Seconds of CPU, the least of five: the first loads what it needs."""
    spent = []
    for _ in range(5):
        begun = time.thread_time()
        work()
        spent.append(time.thread_time() - begun)
    return min(spent)


def scrape(printers: int) -> Callable[[], object]:
    snapshots = farm(printers)
    return MetricsPage({"printers": lambda: printer_families(snapshots)}, fresh_seconds=0).text


def mutation(letters: int) -> Callable[[], object]:
    mutator = Mutator(["gcode_state"])
    message = '{"type":"' + "A" * letters
    chances = [Random(number) for number in range(30)]
    return lambda: [mutator.mutate(message, chance, "{}") for chance in chances]


@pytest.mark.parametrize(
    ("what", "work", "size"),
    [("a scrape of printers", scrape, 20), ("damage to letters", mutation, 100_000)],
)
def test_ten_times_as_much_costs_ten_times_as_much(
    what: str, work: Callable[[int], Callable[[], object]], size: int
) -> None:
    little, much = cost(work(size)), cost(work(TIMES * size))
    show(
        f"{what}: {size} {little * 1e3:.1f} ms, {TIMES * size} {much * 1e3:.1f} ms of CPU, "
        f"{much / little:.1f} x"
    )
    assert much < RATIO_LIMIT * little
