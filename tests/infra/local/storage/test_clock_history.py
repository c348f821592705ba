"""What a wrong clock has stamped is as old as it really is, however the clock jumps afterwards."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.runtime.clocks import MonotonicWallClock
from infra.local.storage.clock_history import ClockHistory, since_boot
from tests.support.clock import HandClock

DAY = 86_400.0
UNNOTICED = 600.0
TODAY = 1_790_000_000.0

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["pass", "jump", "keep", "look"]),
        st.floats(0, 20 * DAY) | st.floats(-5 * DAY, TODAY),
    ),
    max_size=30,
)


def test_what_was_stamped_before_the_clock_was_set_counts_as_new_until_it_is_old() -> None:
    clock = HandClock(start=60.0)
    history = ClockHistory(clock.wall, clock.monotonic)
    clock.pass_time(30)
    assert history.update() is None
    clock.pass_time(30)
    clock.jump(TODAY)
    assert history.update() == TODAY
    assert history.wrong_times(7) == [(60.0, 120.0 + TODAY)]
    clock.pass_time(6.9 * DAY)
    assert history.update() is None
    assert history.wrong_times(7) == [(60.0, 120.0 + TODAY)]
    clock.pass_time(0.2 * DAY)
    assert history.wrong_times(7) == []
    assert history.wrong_times(30) == [(60.0, 120.0 + TODAY)]


def test_a_clock_that_is_right_has_no_wrong_times() -> None:
    clock = HandClock()
    history = ClockHistory(clock.wall, clock.monotonic)
    for _ in range(1000):
        clock.pass_time(3600)
        clock.jump(0.5)  # drift, corrected
        assert history.update() is None
    assert history.wrong_times(7) == []


def test_a_laptop_that_sleeps_at_night_has_a_clock_that_is_right() -> None:
    uptime = Path("/proc/uptime")
    if not uptime.exists():
        pytest.skip("no system that tells")
    assert since_boot() == pytest.approx(float(uptime.read_text().split()[0]), abs=30.0)
    assert since_boot() <= since_boot()


def test_a_system_that_does_not_count_sleep_has_its_monotonic_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    assert since_boot() == pytest.approx(time.monotonic(), abs=30.0)


@settings(max_examples=100)
@given(STEPS, st.sampled_from([1.0, 7.0, 30.0]))
def test_nothing_counts_as_old_before_it_is(steps: list[tuple[str, float]], days: float) -> None:
    hand = HandClock(start=1000.0)
    clock = MonotonicWallClock(wall=hand.wall, monotonic=hand.monotonic)
    history = ClockHistory(clock, hand.monotonic)
    kept: list[tuple[float, float]] = []
    looks = 0
    for step, amount in steps:
        match step:
            case "pass":
                hand.pass_time(abs(amount) % (20 * DAY))
            case "jump":
                hand.jump(amount)
            case "keep":
                kept.append((clock(), hand.monotonic()))
            case "look":
                looks += 1
                history.update()
                now, spared = clock(), history.wrong_times(days)
                for stamp, kept_at in kept:
                    age = hand.monotonic() - kept_at
                    is_old = stamp < now - days * DAY and not any(a <= stamp <= b for a, b in spared)
                    assert not is_old or age > days * DAY - UNNOTICED * looks
