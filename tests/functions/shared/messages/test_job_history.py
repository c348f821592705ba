"""Parts of a job's history: merged in any order and again, read back, bounded."""

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.job_curve import CurvePoint, encode_curve
from functions.shared.messages.codec import recall
from functions.shared.messages.job_history import (
    CHECKS_LIMIT,
    CODES_LIMIT,
    PAUSES_LIMIT,
    JobCheck,
    JobChecks,
    JobCourse,
    JobEnd,
    JobFilm,
    JobLine,
    Pause,
    line_of,
    merged_course,
    newest_film,
    part_of,
    part_to_json,
    paused_in,
    with_check,
)
from functions.shared.messages.report import FrameReference
from functions.shared.ports import Stored

_PAUSES = st.lists(st.integers(0, 20), unique=True, max_size=4).flatmap(
    lambda begins: st.tuples(
        *(st.sampled_from([Pause(float(at), None, "r"), Pause(float(at), at + 0.5, "r")]) for at in begins)
    )
)
_COURSES = st.builds(
    JobCourse,
    st.lists(st.integers(0, 40), unique=True, max_size=5).map(
        lambda at: encode_curve([CurvePoint(30 * it, it) for it in sorted(at)])
    ),
    _PAUSES,
    st.lists(st.sampled_from(["0300-8004", "0300-8001", "HMS_1"]), unique=True, max_size=3).map(tuple),
)

END = JobEnd(
    job_id="j",
    printer_id="p",
    model="A1M",
    name="Benchy",
    result="failed",
    reason="It is stuck",
    codes=("0300-8004",),
    started_at=100.0,
    start_is_known=True,
    ended_at=500.0,
    end_is_known=True,
    percent=40,
    layer=12,
    total_layers=30,
    paused_seconds=12.5,
    frame=FrameReference("images/p/Benchy/x.jpg", 499.0, 60_000),
    last_point="400;40;220;60;",
)


@given(_COURSES, _COURSES, _COURSES)
def test_merging_knows_no_order_and_no_repeats(one: JobCourse, two: JobCourse, three: JobCourse) -> None:
    merged = merged_course(merged_course(one, two), three)
    for again in (one, two, three, merged):
        repeated = merged_course(merged, again)
        assert (repeated.curve, repeated.pauses) == (merged.curve, merged.pauses)
        assert repeated.codes == merged.codes
    other_way = merged_course(three, merged_course(two, one))
    assert other_way.curve == merged.curve
    assert other_way.pauses == merged.pauses
    assert set(other_way.codes) == set(merged.codes)


def test_a_pause_that_is_over_stays_so() -> None:
    still, over = Pause(5.0, None, "r"), Pause(5.0, 9.0, "r")
    for first, second in ((still, over), (over, still)):
        assert merged_course(JobCourse("", (first,)), JobCourse("", (second,))).pauses == (over,)
    assert paused_in([still, over, Pause(8.0)], 10.0) == 5.0 + 4.0 + 2.0


def test_nothing_grows_without_bound() -> None:
    course, checks = JobCourse(), JobChecks()
    for number in range(300):
        one = JobCourse("", (Pause(float(number), number + 0.5),), (f"0300-{number:04d}",))
        course = merged_course(course, one)
        checks = with_check(checks, JobCheck(f"c{number}", float(number), "fine"))
    assert len(course.pauses) == PAUSES_LIMIT
    assert len(course.codes) == CODES_LIMIT
    assert [check.at for check in checks.checks] == [float(it) for it in range(300 - CHECKS_LIMIT, 300)]


def test_a_check_that_is_told_again_takes_its_own_place() -> None:
    first, again = JobCheck("c1", 5.0, "suspicious"), JobCheck("c1", 6.0, "fine", "none", 0.1, "all well")
    known = with_check(with_check(JobChecks(), first), JobCheck("c2", 5.5, "fine"))
    assert [check.id for check in with_check(known, again).checks] == ["c2", "c1"]
    assert with_check(with_check(known, again), again) == with_check(known, again)


def test_the_film_of_the_later_end_stands() -> None:
    first, second = JobFilm("images/p/b/1.mp4", 5, 100.0), JobFilm("images/p/b/2.mp4", 9, 200.0)
    assert newest_film(first, second) == newest_film(second, first) == second
    assert newest_film(None, first) == first


def test_parts_are_read_back_as_they_were_written() -> None:
    film = JobFilm("images/p/b/1.mp4", 5, 100.0, 9_000, 60_000, 99.0)
    for part in (
        END,
        film,
        JobCourse("0;1;2;3;", (Pause(1.0),), ("c",)),
        JobChecks((JobCheck("c", 1.0, "fine"),)),
    ):
        assert part_of(type(part), Stored("k", part_to_json(part), 1)) == part
    line = line_of(END, film)
    assert recall(JobLine, part_to_json(line)) == line
    assert (line.end.codes, line.end.last_point) == ((), "")
    assert line_of(END, None).film is None


def test_times_that_were_not_seen_make_no_duration() -> None:
    facts = {"job_id": "j", "printer_id": "p", "started_at": 100.0, "ended_at": 160.0}
    seen = JobEnd(result="finished", start_is_known=True, end_is_known=True, **facts)  # type: ignore[arg-type]
    found = JobEnd(result="finished", end_is_known=True, **facts)  # type: ignore[arg-type]
    unseen = JobEnd(result="ended", start_is_known=True, **facts)  # type: ignore[arg-type]
    never = JobEnd(result="never_began", start_is_known=True, end_is_known=True, **facts)  # type: ignore[arg-type]
    assert [(it.seconds, it.duration_seconds) for it in (seen, found, unseen, never)] == [
        (60.0, 60.0), (60.0, None), (None, None), (60.0, None),
    ]  # fmt: skip
