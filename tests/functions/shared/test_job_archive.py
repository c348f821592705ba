"""A job's history is whole whatever comes first, comes twice, or breaks off; on both back ends."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.shared import job_listing
from functions.shared.domain.job_keys import JobPart, job_part_key, month_of
from functions.shared.job_archive import JobArchive
from functions.shared.job_listing import JobFilter
from functions.shared.messages.job_figures import DayFigures, together
from functions.shared.messages.job_history import JobCheck, JobEnd, JobFilm, JobHistoryChange, JobLine
from functions.shared.ports import RecordStore
from tests.functions.shared.history_stores import (
    DAY,
    NOW,
    BrokenOff,
    ForgettingRecords,
    Meddled,
    breaking_off_at,
    change_of,
    dynamodb,
    end_of,
    sqlite,
)
from tests.support.clock import HandClock

Doing = Callable[[RecordStore], None]
FILM = JobFilm("images/A1/b/timelapse_20251122T130800.mp4", 5_000_000, NOW, 9_000, 60_000, NOW - 1)
CHECKS = [JobCheck(f"c{number}", NOW + number, "fine", "none", 0.1) for number in range(2)]


@pytest.fixture
def clock() -> HandClock:
    return HandClock(NOW)


@pytest.fixture(params=[sqlite, dynamodb])
def records(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> Iterator[RecordStore]:
    with request.param(tmp_path, clock) as store:
        yield store


def archive(records: RecordStore, days: float = 0.0) -> JobArchive:
    return JobArchive(records, HandClock(NOW), days)


def keeps(change: JobHistoryChange) -> Doing:
    return lambda records: archive(records).keep(change)


def films(film: JobFilm = FILM, job_id: str = "j1") -> Doing:
    return lambda records: archive(records).keep_film(job_id, film)


def checks(check: JobCheck) -> Doing:
    return lambda records: archive(records).keep_check("j1", check)


def lines(records: RecordStore, printer_id: str | None = None) -> list[JobLine]:
    return job_listing.page(records, JobFilter(printer_id), None, 100).lines


def total(records: RecordStore) -> DayFigures:
    found = job_listing.figures(records, JobFilter())
    return together(day for it in found.months for day in it.figures.all_days())


def seen(records: RecordStore) -> Any:
    """Everything that a reader can see of it."""
    found = [job_listing.find(records, job_id) for job_id in ("j1", "j2")]
    lists = [lines(records), lines(records, "A1"), lines(records, "B2")]
    return lists, found, total(records)


END = end_of("j1", NOW, "A1", result="failed", reason="clog")


def test_a_job_is_whole_in_whatever_order_its_parts_come_and_however_often(records: RecordStore) -> None:
    parts: list[Doing] = [keeps(change_of(END)), films(), checks(CHECKS[0]), checks(CHECKS[1])]
    memory = ForgettingRecords()
    for do in parts:
        do(memory)
    whole = seen(memory)
    assert [line.film for line in whole[0][0]] == [FILM]
    for order in itertools.permutations(range(3)):
        job_id = "j" + "".join(map(str, order))
        for place in (*order, *order[:2]):
            own = end_of(job_id, NOW + place, "A1")
            [keeps(change_of(own)), films(job_id=job_id), checks(CHECKS[0])][place](records)
    assert [line.film for line in lines(records, "A1")] == [FILM] * 6
    for do in (*parts, *reversed(parts), parts[1]):
        do(records)
    found = job_listing.find(records, "j1")
    assert found == whole[1][0]
    assert found is not None
    assert found.end == END
    assert len(found.checks.checks) == 2


def keeping_it_all(records: RecordStore) -> None:
    """Two jobs on one printer and one on another; the second job falls silent, is back, ends in the next
    month."""
    silent = end_of("j2", NOW, result="ended", end_is_known=False)
    for change in (
        change_of(end_of("j1", NOW - 2 * DAY)),
        change_of(silent),
        JobHistoryChange("j2", "A1", ended_before=NOW),
        change_of(silent),
        change_of(end_of("j2", NOW + 10 * DAY), ended_before=NOW),
    ):
        archive(records).keep(change)
    archive(records).keep_film("j2", FILM)


def test_a_job_that_came_back_stands_once_where_it_ended_at_last(records: RecordStore) -> None:
    keeping_it_all(records)
    assert [(line.end.job_id, line.end.result) for line in lines(records)] == [
        ("j2", "finished"),
        ("j1", "finished"),
    ]
    assert lines(records, "A1") == lines(records)
    assert job_listing.months(records) == ["2025-12", "2025-11"]
    assert (total(records).jobs, total(records).finished) == (2, 2)


def test_a_job_that_is_back_is_not_over(records: RecordStore) -> None:
    archive(records).keep(change_of(end_of("j1", NOW)))
    archive(records).keep_film("j1", FILM)
    archive(records).keep(JobHistoryChange("j1", "A1", ended_before=NOW))
    assert lines(records) == lines(records, "A1") == []
    assert total(records).jobs == 0
    found = job_listing.find(records, "j1")
    assert found is not None
    assert (found.end, found.film) == (None, FILM)
    archive(records).keep_film("j1", FILM)
    assert lines(records) == [], "its film does not end it"


@pytest.mark.parametrize(
    "steps",
    [
        [keeps(change_of(END))],
        [films(), keeps(change_of(END))],
        [keeps(change_of(END)), films(), checks(CHECKS[0])],
        [keeps(change_of(END)), keeps(JobHistoryChange("j1", "A1", ended_before=NOW))],
        [keeps(change_of(END)), keeps(change_of(end_of("j1", NOW + 10 * DAY), NOW)), films()],
    ],
)
def test_a_kill_between_any_two_calls_of_the_store_loses_and_doubles_nothing(steps: list[Doing]) -> None:
    """Whoever was killed does the same again: a report, an order, a check come again until they are done."""
    expected = ForgettingRecords()
    for do in steps:
        do(expected)
    for at in itertools.count():
        if at == len(steps):
            break
        for number in itertools.count(1):
            records = ForgettingRecords()
            for do in steps[:at]:
                do(records)
            broken = Meddled(records, breaking_off_at(number))
            try:
                steps[at](broken)
            except BrokenOff:
                pass
            else:
                break
            for do in steps[at:]:
                do(records)
            assert seen(records) == seen(expected), (at, number)


@pytest.mark.parametrize(
    ("one", "other", "before"),
    [
        (keeps(change_of(END)), films(), []),
        (films(), keeps(change_of(END)), []),
        (keeps(change_of(end_of("j1", NOW + 10 * DAY), NOW)), films(), [keeps(change_of(END))]),
        (films(), keeps(change_of(end_of("j1", NOW + 10 * DAY), NOW)), [keeps(change_of(END))]),
        (films(), keeps(JobHistoryChange("j1", "A1", ended_before=NOW)), [keeps(change_of(END))]),
        (keeps(JobHistoryChange("j1", "A1", ended_before=NOW)), films(), [keeps(change_of(END))]),
        (checks(CHECKS[0]), checks(CHECKS[1]), []),
        (keeps(change_of(END)), keeps(change_of(end_of("j2", NOW + 5, "B2"))), []),
    ],
)
def test_what_two_write_at_once_is_as_if_one_had_come_after_the_other(
    one: Doing, other: Doing, before: list[Doing]
) -> None:
    expected = ForgettingRecords()
    for do in (*before, one, other):
        do(expected)
    for number in itertools.count(1):
        records = ForgettingRecords()
        for do in before:
            do(records)

        def meddle(call: int, records: RecordStore = records, number: int = number) -> None:
            if call == number:
                other(records)

        meddled = Meddled(records, meddle)
        one(meddled)
        if meddled.calls < number:
            break
        assert seen(records) == seen(expected), number


def test_it_is_kept_for_as_long_as_it_is_set(records: RecordStore, clock: HandClock) -> None:
    ending = end_of("j1", NOW)
    kept = JobArchive(records, clock, 60.0)
    kept.keep(change_of(ending))
    kept.keep_film("j1", FILM)
    clock.pass_time(59 * DAY)
    assert [line.end for line in lines(records)] == [end_of("j1", NOW)]
    assert job_listing.find(records, "j1") is not None
    clock.pass_time(2 * DAY)
    assert lines(records) == lines(records, "A1") == []
    assert job_listing.find(records, "j1") is None
    clock.pass_time(40 * DAY)
    assert job_listing.months(records) == []
    assert total(records).jobs == 0


def test_a_film_that_cannot_be_read_is_none(records: RecordStore) -> None:
    records.put(job_part_key("j1", JobPart.FILM), {"from": "a version that is not known"}, 0)
    archive(records).keep(change_of(END))
    assert [line.film for line in lines(records)] == [None]
    archive(records).keep_film("j1", FILM)
    assert [line.film for line in lines(records)] == [FILM]


def test_an_end_that_cannot_be_read_is_no_end(records: RecordStore) -> None:
    records.put(job_part_key("j1", JobPart.END), {"from": "a version that is not known"}, 0)
    archive(records).keep_film("j1", FILM)
    assert lines(records) == []
    archive(records).keep(change_of(END))
    assert [line.film for line in lines(records)] == [FILM]


def test_an_end_costs_few_writes_and_a_repeat_none() -> None:
    records = Meddled(ForgettingRecords(), lambda _: None)
    archive(records).keep(change_of(end_of("j0", NOW - DAY)))
    records.writes = 0
    archive(records).keep(change_of(END))
    assert records.writes == 5  # its end, its course, a line in each list, its printer's figures
    archive(records).keep_film("j1", FILM)
    assert records.writes == 8  # the film, and both lines again
    archive(records).keep(change_of(END))
    archive(records).keep_film("j1", FILM)
    assert records.writes == 8


def test_a_clock_that_is_wrong_loses_no_job(records: RecordStore) -> None:
    ends: list[JobEnd] = [end_of("j1", 0.0), end_of("j2", 5e11)]
    for end in ends:
        archive(records).keep(change_of(end))
    assert [line.end.job_id for line in lines(records)] == ["j2", "j1"]
    assert job_listing.months(records) == [month_of(5e11), "1970-01"]
