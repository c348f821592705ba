"""Which frames a film shows, and how fast."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.settings import Settings
from functions.timelapse.plan import FilmSpec, Timing, choose_evenly, film_timing, most_frames

times = st.lists(st.integers(0, 5000), min_size=2, max_size=400).map(sorted)


@settings(max_examples=150, deadline=None)
@given(times, st.integers(2, 60))
def test_first_and_last_are_shown_and_never_more_than_allowed(moments: list[int], most: int) -> None:
    chosen = choose_evenly(moments, most)
    assert len(chosen) <= most
    assert chosen == sorted(set(chosen))
    assert (chosen[0], chosen[-1]) == (0, len(moments) - 1)


@settings(max_examples=50, deadline=None)
@given(times)
def test_few_frames_are_all_shown(moments: list[int]) -> None:
    assert choose_evenly(moments, len(moments)) == list(range(len(moments)))


@settings(max_examples=50, deadline=None)
@given(st.integers(100, 3000), st.integers(2, 99))
def test_a_steady_camera_gives_even_steps(count: int, most: int) -> None:
    chosen = choose_evenly([6.0 * place for place in range(count)], most)
    assert len(chosen) == most
    steps = [later - earlier for earlier, later in pairwise(chosen)]
    assert max(steps) - min(steps) <= 1


def test_even_by_time_and_not_by_number() -> None:
    slow_then_fast = [100.0 * place for place in range(10)] + [1000.0 + place for place in range(1000)]
    chosen = choose_evenly(slow_then_fast, 21)
    assert set(range(10)) <= set(chosen)  # the slow half of the time has its half of the film


def test_a_gap_leaves_its_share_to_the_other_frames() -> None:
    with_a_gap = [float(place) for place in range(500)] + [10_000.0 + place for place in range(500)]
    assert len(choose_evenly(with_a_gap, 200)) >= 190


def test_frames_of_one_second_stay_in_order_and_apart() -> None:
    assert choose_evenly([7.0] * 100, 5) == [0, 25, 49, 74, 99]


def test_ten_thousand_frames_make_the_film_of_the_settings() -> None:
    most = most_frames(45, 30)
    timing = film_timing(most, 45, 30)
    assert (timing.rate, timing.seconds) == (Fraction(30), 45.0)
    assert timing.film_frames == 45 * 30
    assert timing.held / timing.rate == 2


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 4000), st.floats(1, 600), st.integers(1, 120))
def test_the_film_lasts_its_target_or_one_frame_a_second(count: int, target: float, cap: int) -> None:
    count = min(count, most_frames(target, cap))
    timing = film_timing(count, target, cap)
    assert 0 < timing.rate <= cap
    assert timing.film_frames == count - 1 + timing.held
    if timing.rate == 1:
        assert timing.seconds <= target + 1.5
    else:
        assert timing.seconds == pytest.approx(target, abs=0.01 + 1.5 / cap)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (2, Timing(Fraction(1), 2, 3)),
        (10, Timing(Fraction(1), 2, 11)),
        (44, Timing(Fraction(1), 2, 45)),
        (87, Timing(Fraction(2), 4, 90)),
    ],
)
def test_a_short_job_is_shown_at_one_frame_a_second(count: int, expected: Timing) -> None:
    assert film_timing(count, 45, 30) == expected


@pytest.mark.parametrize("count", [100, 400, 1000])
def test_the_last_frame_stands_still_for_two_seconds(count: int) -> None:
    timing = film_timing(count, 45, 30)
    assert timing.held / timing.rate == pytest.approx(2, abs=0.3)
    assert timing.seconds == pytest.approx(45)


def test_the_settings_become_what_a_film_shall_be() -> None:
    chosen = Settings(
        timelapse_target_duration_seconds=9.0,
        timelapse_fps_cap=12,
        timelapse_max_width=640,
        timelapse_max_bytes=200_000,
    )
    assert FilmSpec.from_settings(chosen) == FilmSpec(
        target_seconds=9.0, fps_cap=12, max_width=640, max_bytes=200_000
    )
