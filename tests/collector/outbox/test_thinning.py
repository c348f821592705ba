from hypothesis import given, settings
from hypothesis import strategies as st

from collector.outbox.model import WaitingFrame
from collector.outbox.thinning import plan_room, thin


def film(times: list[float], token: str = "run", size: int = 100) -> list[WaitingFrame]:
    return [
        WaitingFrame(
            f"{token}/{place}", f"{token}-{place}", "A", token, at, size, is_film=True, is_saved=True
        )
        for place, at in enumerate(times)
    ]


def left(frames: list[WaitingFrame], dropped: list[WaitingFrame]) -> list[float]:
    gone = {frame.file for frame in dropped}
    return [frame.taken_at for frame in frames if frame.file not in gone]


def test_every_second_frame_of_an_even_film_goes_and_both_ends_stay() -> None:
    frames = film([float(second) for second in range(0, 110, 10)])
    assert left(frames, thin(frames, ())) == [0, 20, 40, 60, 80, 100]


def test_frames_that_do_not_come_quite_regularly_are_thinned_as_evenly() -> None:
    frames = film([0, 9.6, 20.3, 30.1, 39.8, 50.4, 60])
    assert left(frames, thin(frames, ())) == [0, 20.3, 39.8, 60]


def test_a_film_thinned_before_loses_frames_where_it_is_still_dense() -> None:
    frames = film([0, 20, 40, 60, 80, 90, 100, 110, 120, 130, 140, 150, 160])
    assert left(frames, thin(frames, ())) == [0, 20, 40, 60, 80, 100, 120, 140, 160]


def test_a_pause_in_the_film_does_not_cost_what_lies_before_and_after_it() -> None:
    frames = film([float(at) for at in [*range(10), *range(5000, 5010)]])
    kept = left(frames, thin(frames, ()))
    assert len([at for at in kept if at < 100]) == 6
    assert len([at for at in kept if at > 100]) == 6


def test_the_oldest_job_is_thinned_first_and_then_the_next() -> None:
    old, new = film([float(n) for n in range(41)], "old"), film([1000.0 + n for n in range(41)], "new")
    first = plan_room([*old, *new], 500, ())
    assert {frame.token for frame in first} == {"old"}
    second = plan_room([*old, *new], 3000, ())
    assert len(left(old, second)) == 21
    assert len(left(new, second)) == 21


def test_a_job_that_has_just_begun_is_left_alone_while_a_long_one_can_give() -> None:
    short, long = film([0.0, 1.0, 2.0, 3.0], "short"), film([10.0 + n for n in range(100)], "long")
    assert {frame.token for frame in plan_room([*short, *long], 3000, ())} == {"long"}


def test_a_frame_that_a_waiting_report_names_is_the_last_to_go() -> None:
    frames = film([float(n) for n in range(33)])
    named = frames[7].key
    assert frames[7] not in plan_room(frames, 3100, {named})
    assert frames[7] in plan_room(frames, 3300, {named})


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.floats(0, 1e6), st.integers(1, 500)), max_size=60),
    st.integers(1, 20_000),
    st.sets(st.integers(0, 59)),
)
def test_enough_is_freed_if_there_is_enough_and_nothing_is_dropped_twice(
    made: list[tuple[str, float, int]], bytes_to_free: int, spared_places: set[int]
) -> None:
    frames = [
        WaitingFrame(f"k{n}", f"f{n}", "A", token, at, size, is_film=True, is_saved=True)
        for n, (token, at, size) in enumerate(made)
    ]
    dropped = plan_room(frames, bytes_to_free, {f"k{n}" for n in spared_places})
    files = [frame.file for frame in dropped]
    assert len(files) == len(set(files))
    freed = sum(frame.size for frame in dropped)
    assert freed >= bytes_to_free or len(dropped) == len(frames)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=3, max_size=60))
def test_one_round_always_gives_something_and_never_an_end(times: list[float]) -> None:
    frames = film(sorted(times))
    dropped = thin(frames, ())
    assert dropped
    assert frames[0] not in dropped
    assert frames[-1] not in dropped
