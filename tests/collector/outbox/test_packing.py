"""Which frames travel together, and when they set out."""

from hypothesis import given
from hypothesis import strategies as st

from collector.outbox.model import JobKey, WaitingFrame
from collector.outbox.packing import PACK_SECONDS, PackQueue, PackRules, may_be_packed
from functions.shared.domain.frame_packs import PACK_BYTES, PACK_FRAMES, SPAN_SECONDS
from functions.shared.domain.keys import frame_key, job_prefix

BEGIN = 1_750_000_000.0


def a_frame(
    number: int, at: float, *, printer: str = "A1", token: str = "run", size: int = 100
) -> WaitingFrame:
    key = frame_key(job_prefix(printer, "benchy"), BEGIN + at, number)
    return WaitingFrame(key, f"{printer}-{number}.jpg", printer, token, BEGIN + at, size, True, True)


class Jobs:
    """The jobs that run, and since when."""

    def __init__(self, **since: float) -> None:
        self.since = since

    def __call__(self, key: JobKey) -> float | None:
        return self.since.get(key[1] or "")


def running(at: float = 0.0) -> Jobs:
    return Jobs(run=BEGIN + at)


def test_sixty_frames_are_a_pack() -> None:
    queue = PackQueue(running(), PackRules())
    frames = [a_frame(number, number) for number in range(PACK_FRAMES)]
    queue.add(frames[:-1])
    assert queue.take(BEGIN + PACK_FRAMES) == []
    queue.add(frames[-1:])
    assert queue.due_frames(BEGIN + PACK_FRAMES) == (PACK_FRAMES, BEGIN)
    assert queue.take(BEGIN + PACK_FRAMES) == frames
    assert queue.take(BEGIN + 1e6) == []


def test_five_megabytes_are_a_pack() -> None:
    queue = PackQueue(running(), PackRules())
    frames = [a_frame(number, number, size=PACK_BYTES // 3) for number in range(4)]
    queue.add(frames)
    assert queue.take(BEGIN + 4) == frames[:3]
    assert queue.take(BEGIN + 4) == []


def test_ten_minutes_are_enough_for_any_frame() -> None:
    queue = PackQueue(running(), PackRules())
    frames = [a_frame(1, 0), a_frame(2, 300)]
    queue.add(frames)
    assert queue.take(BEGIN + PACK_SECONDS - 1) == []
    assert queue.take(BEGIN + PACK_SECONDS) == frames


def test_the_pack_of_a_long_job_has_more_time() -> None:
    queue = PackQueue(running(-12 * 3600), PackRules())
    queue.add([a_frame(1, 0), a_frame(2, 3600)])
    assert queue.take(BEGIN + SPAN_SECONDS - 1) == []
    assert len(queue.take(BEGIN + SPAN_SECONDS)) == 2


def test_where_checks_are_made_no_frame_waits_longer_than_ten_minutes() -> None:
    queue = PackQueue(running(-12 * 3600), PackRules(has_checks=True))
    queue.add([a_frame(1, 0)])
    assert len(queue.take(BEGIN + PACK_SECONDS)) == 1


def test_a_job_s_end_is_waited_for_by_no_frame() -> None:
    jobs = running()
    queue = PackQueue(jobs, PackRules())
    queue.add([a_frame(1, 0), a_frame(2, 1)])
    jobs.since.clear()
    assert len(queue.take(BEGIN + 2)) == 2


def test_jobs_and_printers_have_packs_of_their_own_the_oldest_first() -> None:
    queue = PackQueue(Jobs(), PackRules())
    frames = [a_frame(3, 30, token="b"), a_frame(1, 10, printer="P1S"), a_frame(2, 20, token="a")]
    queue.add(frames)
    assert [queue.take(BEGIN + 40) for _ in range(4)] == [[frames[1]], [frames[2]], [frames[0]], []]


def test_what_came_back_from_a_failed_put_is_in_its_place_again() -> None:
    queue = PackQueue(Jobs(), PackRules())
    frames = [a_frame(number, number) for number in range(5)]
    queue.add(frames)
    taken = queue.take(BEGIN)
    queue.add([a_frame(9, 9)])
    for frame in reversed(taken):
        queue.add([frame])
    assert queue.take(BEGIN) == [*frames, a_frame(9, 9)]


def test_a_frame_that_is_dropped_or_goes_alone_is_in_no_pack() -> None:
    queue = PackQueue(Jobs(), PackRules())
    frames = [a_frame(number, number) for number in range(3)]
    queue.add(frames)
    assert queue.discard(frames[1])
    assert not queue.discard(frames[1])
    assert queue.take(BEGIN) == [frames[0], frames[2]]
    assert not queue.discard(frames[0])


def test_only_frames_of_films_no_larger_than_a_pack_are_packed() -> None:
    assert may_be_packed(a_frame(1, 0))
    assert not may_be_packed(a_frame(1, 0, size=PACK_BYTES))
    latest = WaitingFrame("latest/A1.jpg", "f", "A1", None, BEGIN, 9, is_film=False, is_saved=False)
    assert not may_be_packed(latest)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("A1", "P1S")),
            st.sampled_from(("run", "over")),
            st.integers(0, 20_000),
            st.integers(1, PACK_BYTES),
        ),
        max_size=200,
    )
)
def test_every_frame_leaves_once_and_no_pack_is_over_a_bound(
    made: list[tuple[str, str, int, int]],
) -> None:
    queue = PackQueue(running(), PackRules())
    frames = [
        a_frame(number, at, printer=printer, token=token, size=size)
        for number, (printer, token, at, size) in enumerate(made)
    ]
    for frame in frames:
        queue.add([frame])
    packs = []
    while pack := queue.take(BEGIN + 1e6):
        packs.append(pack)
        assert len(pack) <= PACK_FRAMES
        assert sum(frame.size for frame in pack) <= PACK_BYTES
        assert pack[-1].taken_at - pack[0].taken_at <= SPAN_SECONDS
        assert len({(frame.printer_id, frame.token) for frame in pack}) == 1
        assert [frame.key for frame in pack] == sorted(frame.key for frame in pack)
    assert sorted(frame.file for pack in packs for frame in pack) == sorted(frame.file for frame in frames)
    assert queue.due_frames(BEGIN + 1e6) == (0, None)
