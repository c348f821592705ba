"""Reconnects come quickly at first and rarely in the end."""

import random

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.runtime.backoff import JITTER, Backoff


def test_waits_double_up_to_the_longest_and_begin_anew_after_a_message() -> None:
    backoff = Backoff(1.0, 30.0)
    waits = []
    for _ in range(8):
        wait, backoff = backoff.next(lambda: 1.0)
        waits.append(wait)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    assert backoff.reset().next(lambda: 1.0)[0] == 1.0


@given(st.floats(0.01, 3600), st.floats(0, 3600), st.integers(0, 10_000), st.floats(0, 1))
def test_a_wait_is_never_over_the_longest_nor_under_half_the_shortest(
    least: float, more: float, failures: int, chance: float
) -> None:
    longest = min(3600.0, least + more)
    wait, _ = Backoff(least, longest, failures).next(lambda: chance)
    assert least / 2 <= wait <= longest


def test_a_wait_draws_from_nobody_else_s_random_numbers() -> None:
    state = random.getstate()
    waits = {Backoff(1.0, 30.0).next(JITTER)[0] for _ in range(3)}
    assert len(waits) == 3
    assert random.getstate() == state
