"""At most N messages in any 60 s to a group, and no second lost beyond that."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.notify.chat_state import back_off
from functions.shared.messages.chat_record import Window
from functions.shared.telegram.pace import PERIOD_SECONDS, current, is_group, seconds_to_wait


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 25), st.lists(st.floats(0, 40), min_size=1, max_size=80))
def test_never_more_than_n_in_any_minute_and_never_later_than_needed(most: int, gaps: list[float]) -> None:
    window: Window = ()
    sent: list[float] = []
    now = 1_000_000.0
    for gap in gaps:
        now += gap
        asked_at = now
        while (wait := seconds_to_wait(window, now, most)) > 0:
            now += wait
        window = (*current(window, now), now)
        sent.append(now)
        if now > asked_at:
            assert now - sent[-1 - most] <= PERIOD_SECONDS + 1e-6
    for index, at in enumerate(sent):
        within = [other for other in sent[index:] if other - at < PERIOD_SECONDS - 1e-6]
        assert len(within) <= most
    assert len(window) <= most + 1


def test_zero_means_no_pacing() -> None:
    assert seconds_to_wait((100.0,) * 50, 100.0, 0) == 0


def test_a_clock_that_was_put_back_holds_nothing_up() -> None:
    assert seconds_to_wait((7200.0,) * 20, 3600.0, 20) == 0


def test_a_lower_limit_than_before_is_kept_at_once() -> None:
    assert seconds_to_wait((1.0, 2.0, 3.0), 10.0, 1) == 53.0


@pytest.mark.parametrize(
    ("chat_id", "expected"), [("-1001234567890", True), ("-5", True), ("@channel", True), ("4242", False)]
)
def test_groups_are_announced_from_people(chat_id: str, expected: bool) -> None:
    assert is_group(chat_id) is expected


def test_the_back_off_doubles_from_a_second_to_fifteen_minutes() -> None:
    waits = [back_off(failures) for failures in range(1, 13)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert back_off(10**9) == 900
