"""A dead connection is given up in time; one that only looks odd is left alone."""

from hypothesis import given
from hypothesis import strategies as st

from collector.printer.watchdog import Cause, Watch, WatchdogRules, check, is_silent

NEVER = WatchdogRules(image_timeout=1e9, forced_interval=0, status_timeout=1e9)
RULES = WatchdogRules(image_timeout=60, forced_interval=300, status_timeout=30)


def _run(
    rules: WatchdogRules, *, seconds: int, statuses: bool = True, images: bool = True
) -> list[tuple[int, Cause]]:
    """A printer that reconnects at once; what was given up when."""
    watch = Watch(started_at=0.0).opened(0.0)
    given_up = []
    for now in range(1, seconds + 1):
        if statuses:
            watch = watch.with_status(now)
        if images:
            watch = watch.with_image(now)
        watch, cause = check(watch, rules, now)
        if cause is not None:
            given_up.append((now, cause))
            watch = watch.opened(now)
    return given_up


def test_a_healthy_connection_is_only_renewed_at_the_forced_interval() -> None:
    assert _run(RULES, seconds=700) == [(300, Cause.FORCED), (600, Cause.FORCED)]


def test_a_forced_interval_of_zero_or_less_means_never() -> None:
    for interval in (0.0, -1.0):
        rules = WatchdogRules(image_timeout=60, forced_interval=interval, status_timeout=30)
        assert _run(rules, seconds=5000) == []


def test_without_images_it_connects_anew_twice_and_then_every_ten_minutes() -> None:
    rules = WatchdogRules(image_timeout=60, forced_interval=0, status_timeout=30)
    assert [at for at, _ in _run(rules, seconds=2000, images=False)] == [60, 120, 720, 1320, 1920]


def test_an_image_makes_the_next_time_out_an_early_one_again() -> None:
    rules = WatchdogRules(image_timeout=60, forced_interval=0, status_timeout=1e6)
    watch = Watch(0.0, connected_at=0.0, status_at=100.0, image_timeouts=2).with_image(100.0)
    assert check(watch, rules, 159.0)[1] is None
    assert check(watch, rules, 160.0)[1] is Cause.NO_IMAGE


def test_a_dead_status_task_is_revived_before_it_is_silence_and_then_more_and_more_rarely() -> None:
    rules = WatchdogRules(image_timeout=60, forced_interval=0, status_timeout=30)
    tries = _run(rules, seconds=4000, statuses=False)
    assert {cause for _, cause in tries} == {Cause.NO_STATUS}
    assert [at for at, _ in tries] == [15, 45, 105, 225, 465, 945, 1545, 2145, 2745, 3345, 3945]


def test_stalls_of_ten_seconds_are_outlasted_and_short_time_outs_obeyed() -> None:
    for timeout, patience in ((30, 15), (20, 12), (12, 12), (8, 8), (1, 1), (600, 300)):
        rules = WatchdogRules(image_timeout=1e6, forced_interval=0, status_timeout=timeout)
        assert rules.revive_after == patience


def test_nothing_is_given_up_while_it_is_not_connected() -> None:
    watch = Watch(started_at=0.0)
    assert check(watch, RULES, 1e6) == (watch, None)


def test_one_cause_is_announced_once() -> None:
    watch = Watch(0.0, connected_at=0.0)
    watch, cause = check(watch, RULES, 1000.0)
    assert cause is Cause.FORCED
    assert check(watch, RULES, 1001.0)[1] is None


def test_silence_counts_from_the_later_of_start_and_last_status() -> None:
    watch = Watch(started_at=100.0)
    assert not is_silent(watch, RULES, 129.9)
    assert is_silent(watch, RULES, 130.0)
    watch = watch.with_status(200.0).opened(229.0)  # a reconnect alone ends no silence
    assert not is_silent(watch, RULES, 229.9)
    assert is_silent(watch, RULES, 230.0)


RULE = st.floats(1, 86_400)


@given(
    st.builds(WatchdogRules, RULE, st.floats(-10, 86_400), RULE),
    st.lists(st.tuples(st.sampled_from("osipc"), st.floats(0, 700)), max_size=60),
)
def test_no_course_of_events_raises_and_a_dead_connection_never_stays(
    rules: WatchdogRules, events: list[tuple[str, float]]
) -> None:
    watch, now = Watch(started_at=0.0), 0.0
    for kind, step in events:
        now += step
        match kind:
            case "o":
                watch = watch.opened(now)
            case "c":
                watch = watch.closed()
            case "s":
                watch = watch.with_status(now)
            case "i":
                watch = watch.with_image(now)
        watch, _ = check(watch, rules, now)
    watch = watch.opened(now)
    assert check(watch, rules, now + 86_401)[1] is not None
