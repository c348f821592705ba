"""When to wait for frames, and when to try again."""

from functions.timelapse.plan import FRAMES_WAIT_SECONDS, missing_frames, retry_delay, wait_for_frames


def test_the_whole_wait_is_half_an_hour_and_few_redeliveries() -> None:
    waited, times = 0.0, 0
    while (wait := wait_for_frames(10, 11, waited)) is not None:
        waited, times = waited + wait, times + 1
    assert FRAMES_WAIT_SECONDS <= waited <= FRAMES_WAIT_SECONDS + 5
    assert times <= 30


def test_no_wait_when_all_frames_are_here_or_nobody_counted_them() -> None:
    assert wait_for_frames(11, 11, 0) is None
    assert wait_for_frames(12, 11, 0) is None
    assert wait_for_frames(0, None, 0) is None


def test_a_failing_film_is_tried_five_times() -> None:
    delays = [retry_delay(failures) for failures in range(1, 6)]
    assert delays[-1] is None
    tried_again = [delay for delay in delays[:-1] if delay is not None]
    assert len(tried_again) == 4
    assert tried_again == sorted(tried_again)


def test_missing_frames_are_those_that_never_came_and_those_that_are_broken() -> None:
    assert missing_frames(arrived=8, kept=10, broken=3) == 5
    assert missing_frames(arrived=12, kept=10, broken=0) == 0
    assert missing_frames(arrived=12, kept=None, broken=1) == 1
