"""A film has its images, evenly spaced, and no job costs without bound."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.printer.frames import FrameSampler, sample

BUDGET = 1350.0


def _kept(length: float, camera: float, remaining: "list[float]", budget: float = BUDGET) -> list[float]:
    """The times of the images kept; `remaining` is what the printer says, spread over the job (seconds)."""
    sampler = FrameSampler("t", began_at=0.0)
    kept = []
    count = int(length / camera)
    for index in range(count):
        now = index * camera
        says = remaining[index * len(remaining) // count]
        sampler, is_wanted = sample(sampler, now, says, budget)
        if is_wanted:
            kept.append(now)
    return kept


@pytest.mark.parametrize("minutes", [1, 10, 22, 23, 25, 60, 240, 6000])
def test_with_a_right_estimate_a_job_keeps_what_the_film_needs_and_no_more(minutes: int) -> None:
    length = minutes * 60.0
    camera = 1.0 if minutes < 1000 else 10.0
    sampler, kept = FrameSampler("t", began_at=0.0), 0
    for index in range(int(length / camera)):
        now = index * camera
        remaining = math.ceil((length - now) / 60) * 60.0
        sampler, is_wanted = sample(sampler, now, remaining, BUDGET)
        kept += is_wanted
    available = length / camera
    assert 0.93 * min(available, BUDGET) <= kept <= min(available, BUDGET) + 2


def test_images_are_evenly_spaced_though_the_interval_is_no_multiple_of_the_cameras() -> None:
    kept = _kept(1500.0, 1.0, [1500.0 - 60 * i for i in range(25)])
    assert len(kept) > 1250  # "so long after the last one" would keep only every second image: 750
    gaps = [after - before for before, after in pairwise(kept)]
    assert max(gaps) <= 2.0


@settings(max_examples=25, deadline=None)
@given(
    st.floats(60, 360_000),
    st.lists(st.sampled_from([0.0, 0.0, 60.0, 600.0, 7200.0, 360_000.0, 6e7]), min_size=1, max_size=20),
)
def test_with_missing_or_wrong_estimates_the_number_stays_bounded(
    length: float, remaining: list[float]
) -> None:
    camera = max(0.5, length / 40_000)
    filled = BUDGET * camera
    bound = BUDGET * (1 + max(0.0, math.log(length / filled))) + 2
    assert len(_kept(length, camera, remaining)) <= bound


def test_without_any_estimate_ten_times_the_job_costs_little_more() -> None:
    short, long = len(_kept(4 * 3600.0, 1.0, [0.0])), len(_kept(40 * 3600.0, 1.0, [0.0]))
    assert 3000 < short < long < 2 * short


@pytest.mark.parametrize("remaining", [0.0, 7200.0, 6e7])
def test_without_a_bound_every_image_is_kept(remaining: float) -> None:
    assert len(_kept(4 * 3600.0, 1.0, [remaining], math.inf)) == 4 * 3600


def test_after_a_restart_it_goes_on_at_the_jobs_pace() -> None:
    sampler = FrameSampler("t", began_at=-7200.0)  # two hours into the job
    sampler, is_first = sample(sampler, 0.0, 7200.0, BUDGET)
    assert is_first
    assert sample(sampler, 10.0, 7200.0, BUDGET)[1] is False
    assert sample(sampler, 10.7, 7200.0, BUDGET)[1] is True
