"""Figures count each job once, however often it is told and however it ends at last."""

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.messages.job_figures import (
    OTHER_REASONS,
    CountedJob,
    DayFigures,
    MonthFigures,
    counted_job,
    figures_of,
    figures_to_json,
    together,
    with_job,
    without_job,
)
from functions.shared.messages.job_history import JobEnd

_RESULTS = st.sampled_from(["finished", "failed", "cancelled", "ended", "a word of a newer version"])
_JOBS = st.builds(
    CountedJob,
    job_id=st.just(""),
    day=st.integers(1, 31),
    result=_RESULTS,
    seconds=st.none() | st.integers(0, 500_000).map(float),
    is_timed=st.booleans(),
    reason=st.none() | st.sampled_from(["clog", "runout"]),
)


def counted(jobs: list[CountedJob]) -> DayFigures:
    """The same by counting all at once."""
    figures = MonthFigures(recent=tuple(jobs))
    return together(figures.all_days())


@settings(max_examples=80)
@given(st.data(), st.lists(_JOBS, max_size=12))
def test_a_job_counts_once_as_it_was_told_last(data: st.DataObject, drawn: list[CountedJob]) -> None:
    jobs = [
        CountedJob(f"j{number}", job.day, job.result, job.seconds, job.is_timed, job.reason)
        for number, job in enumerate(drawn)
    ]
    figures = MonthFigures()
    for job in jobs:
        for earlier in data.draw(st.lists(_JOBS, max_size=2)):  # it was taken to have ended another way
            first = CountedJob(job.job_id, earlier.day, earlier.result, earlier.seconds, earlier.is_timed)
            figures = with_job(figures, first)
            if data.draw(st.booleans()):  # and came back
                figures = without_job(figures, job.job_id)
        for _ in range(data.draw(st.integers(1, 3))):
            figures = figures_of(figures_to_json(with_job(figures, job)))
    assert together(figures.all_days()) == counted(jobs)
    assert together(figures.all_days()).jobs == len(jobs)


def test_a_job_that_comes_back_counts_no_more() -> None:
    job = CountedJob("j", 3, "ended")
    assert without_job(with_job(MonthFigures(), job), "j").all_days() == ()


def test_figures_of_days_add_up() -> None:
    days = [
        DayFigures(1, finished=2, failed=1, seconds=50.0, timed=2, timed_seconds=40.0, longest=30.0,
                   reasons=(("clog", 1),)),
        DayFigures(2, failed=3, seconds=9.0, timed=1, timed_seconds=9.0, longest=9.0,
                   reasons=(("runout", 2), ("clog", 1))),
    ]  # fmt: skip
    total = together(days)
    assert (total.jobs, total.finished, total.failed) == (6, 2, 4)
    assert (total.seconds, total.timed, total.timed_seconds, total.longest) == (59.0, 3, 49.0, 30.0)
    assert total.reasons == (("clog", 2), ("runout", 2))


def test_reasons_without_end_are_told_together() -> None:
    figures = MonthFigures()
    for number in range(100):
        figures = with_job(figures, CountedJob(f"j{number}", 1, "failed", reason=f"reason {number}"))
    (day,) = figures.all_days()
    assert len(day.reasons) <= 13
    assert sum(count for _, count in day.reasons) == 100
    assert dict(day.reasons)[OTHER_REASONS] > 80


def test_what_never_began_does_not_count_and_only_a_failure_has_a_reason() -> None:
    facts = {"job_id": "j", "printer_id": "p", "started_at": 0.0, "ended_at": 90.0, "reason": "why"}
    assert counted_job(JobEnd(result="never_began", **facts)) is None  # type: ignore[arg-type]
    cancelled = counted_job(JobEnd(result="cancelled", **facts))  # type: ignore[arg-type]
    failed = counted_job(JobEnd(result="failed", end_is_known=True, start_is_known=True, **facts))  # type: ignore[arg-type]
    assert cancelled == CountedJob("j", 1, "cancelled")
    assert failed == CountedJob("j", 1, "failed", 90.0, True, "why")
