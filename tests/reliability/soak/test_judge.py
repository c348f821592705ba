"""The judge finds growth, too much of something, and what was never looked at; steady noise it lets pass."""

import math
from collections.abc import Callable
from random import Random

import pytest

from tests.reliability.soak.bounds import Bound, bounds
from tests.reliability.soak.judge import Row, judge, slope
from tests.reliability.soak.sampling import Sample

BOUND = Bound("resident", "MiB", "for the test", growth=10, most=200)


def row_of(value: Callable[[float], float], bound: Bound = BOUND) -> Row:
    samples = [Sample(float(second), {"resident": value(second)}) for second in range(100)]
    [row] = judge(samples, [bound])
    return row


def test_noise_around_a_level_is_no_growth() -> None:
    chance = Random(1)
    row = row_of(lambda second: 100 + chance.uniform(-20, 20))
    assert row.faults == ()
    assert abs(row.per_hour) < 600


def test_slow_growth_is_found() -> None:
    row = row_of(lambda second: 100 + second * 0.25)
    assert [fault.split(" by")[0] for fault in row.faults] == ["resident grew"]
    assert row.per_hour == pytest.approx(900)


def test_one_high_moment_is_no_growth_but_may_be_too_much() -> None:
    assert row_of(lambda second: 190 if second == 99 else 100).faults == ()
    assert row_of(lambda second: 900 if second == 50 else 100).faults == (
        "resident reached 900.0, 200.0 are allowed",
    )


def test_what_happens_while_it_warms_up_is_not_judged() -> None:
    assert row_of(lambda second: 5000 if second < 15 else 100).faults == ()


def test_what_was_not_looked_at_is_a_fault_if_it_is_needed() -> None:
    samples = [Sample(float(second), {"resident": 1.0}) for second in range(100)]
    needed, other = judge(
        samples, [Bound("tasks", "", "for the test"), Bound("x", "", "for the test", is_needed=False)]
    )
    assert needed.faults == ("tasks was seen 0 times only",)
    assert other.faults == ()
    assert math.isnan(other.most)


def test_a_line_without_length_has_no_slope() -> None:
    assert slope([]) == 0.0
    assert slope([(1.0, 5.0), (1.0, 9.0)]) == 0.0


def test_a_leak_of_a_status_in_a_hundred_would_be_found_in_twenty_minutes() -> None:
    """200 printers, 5 kB kept of each hundredth status: 0.6 MB a minute of statuses alone is too little to be
    seen among noise, an image in a thousand is not."""
    resident = next(bound for bound in bounds(200, 20, 0, is_cloud=True) if bound.name == "resident")
    leak_of_images = 200 * 80_000 / 100 * 20 * 60 * 0.8 * 2 / 3
    assert resident.growth is not None
    assert leak_of_images > resident.growth
