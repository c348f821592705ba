"""The steady clock: never back, runs on while the wall clock is behind, and takes it up again."""

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.runtime.clocks import MonotonicWallClock
from tests.support.clock import HandClock


def clocks(start: float = 0.0, wall: float = 1000.0) -> tuple[MonotonicWallClock, HandClock, HandClock]:
    wall_clock, monotonic = HandClock(wall), HandClock(5.0)
    return MonotonicWallClock(start, wall_clock, monotonic), wall_clock, monotonic


def test_it_shows_the_wall_clock_when_nothing_is_wrong() -> None:
    steady, wall, _ = clocks()
    assert steady() == 1000.0
    wall.pass_time(5)
    assert steady() == 1005.0


def test_it_runs_on_when_the_wall_clock_jumps_back_and_follows_when_overtaken() -> None:
    steady, wall, monotonic = clocks(wall=10_000.0)
    assert steady() == 10_000.0
    wall.jump(-3600)
    seen = []
    for _ in range(4):
        wall.pass_time(1200)
        monotonic.pass_time(1200)
        seen.append(steady())
    assert seen == [11_200.0, 12_400.0, 13_600.0, 14_800.0]
    wall.jump(20_000.0 - wall())
    assert steady() == 20_000.0


def test_after_a_start_in_the_past_it_goes_on_from_the_last_stamp_on_disk() -> None:
    steady, wall, monotonic = clocks(start=5000.0, wall=1000.0)
    monotonic.pass_time(7)
    assert steady() == 5007.0
    wall.jump(6000.0 - wall())
    assert steady() == 6000.0


def test_a_stamp_read_later_is_never_undercut() -> None:
    steady, _, monotonic = clocks()
    steady.advance_to(5000.0)
    monotonic.pass_time(1)
    assert steady() == 5001.0
    steady.advance_to(3000.0)
    assert steady() == 5001.0


@given(
    moves=st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e4), st.none() | st.floats(0, 1e7)), max_size=30
    ),
    start=st.floats(0, 1e7),
)
def test_it_never_goes_back_and_never_runs_slower_than_time(
    moves: list[tuple[float, float, float | None]], start: float
) -> None:
    steady, wall, monotonic = clocks(start, 1e6)
    last = steady()
    assert last >= start
    for jump, passed, stamp in moves:
        wall.pass_time(jump)
        monotonic.pass_time(passed)
        if stamp is not None:
            steady.advance_to(stamp)
        now = steady()
        assert now >= last
        assert now >= wall() or now >= last
        assert stamp is None or now >= stamp
        last = now
