"""A flood of faults is one line a minute."""

from functions.shared.runtime.throttled_log import LogThrottle


def test_one_line_a_minute_stands_for_all_before_it() -> None:
    times = iter([0.0, 1.0, 30.0, 59.9, 60.0, 200.0])
    limit = LogThrottle(lambda: next(times), 60.0)
    assert [limit.take() for _ in range(6)] == [1, None, None, None, 4, 1]
