"""Past jobs in order, page by page, within bounds; on both back ends."""

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest

from functions.shared import job_listing
from functions.shared.domain.job_keys import line_keys
from functions.shared.job_archive import JobArchive
from functions.shared.job_listing import JobFilter
from functions.shared.messages.job_figures import together
from functions.shared.messages.job_history import JobCourse, JobHistoryChange
from functions.shared.ports import RecordStore
from tests.functions.shared.history_stores import (
    DAY,
    NOW,
    ForgettingRecords,
    Meddled,
    change_of,
    dynamodb,
    end_of,
    sqlite,
)
from tests.support.clock import HandClock

RESULTS = ("finished", "failed", "finished", "cancelled")
COUNT = 18


def filled(records: RecordStore) -> RecordStore:
    """Jobs on two printers, nine days apart: half a year."""
    archive = JobArchive(records, HandClock(NOW))
    for number in range(COUNT):
        printer_id = "A1" if number % 3 else "B2"
        end = end_of(f"j{number}", NOW - number * 9 * DAY, printer_id, result=RESULTS[number % 4])
        change = change_of(end)
        archive.keep(change if number == 7 else replace(change, course=JobCourse()))
    return records


@pytest.fixture(scope="module", params=[sqlite, dynamodb])
def records(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RecordStore]:
    with request.param(tmp_path_factory.mktemp("history"), HandClock(NOW)) as store:
        yield filled(store)


def ids(records: RecordStore, wanted: JobFilter, limit: int = 100) -> list[str]:
    """Of all pages."""
    found: list[str] = []
    cursor = None
    for _ in range(200):
        page = job_listing.page(records, wanted, cursor, limit)
        assert len(page.lines) <= limit
        found += [line.end.job_id for line in page.lines]
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError("pages without end")


def those(*numbers: int) -> list[str]:
    return [f"j{number}" for number in numbers]


@pytest.mark.parametrize("limit", [4, 100])
def test_the_newest_come_first_page_by_page(records: RecordStore, limit: int) -> None:
    assert ids(records, JobFilter(), limit) == those(*range(COUNT))
    assert ids(records, JobFilter("A1"), limit) == those(*(it for it in range(COUNT) if it % 3))
    failed = [it for it in range(COUNT) if it % 4 == 1]
    assert ids(records, JobFilter(result="failed"), limit) == those(*failed)
    assert ids(records, JobFilter("B2", "failed"), limit) == those(*(it for it in failed if not it % 3))


def test_a_span_of_time_has_its_own(records: RecordStore) -> None:
    since, until = NOW - 81 * DAY, NOW - 36 * DAY
    assert ids(records, JobFilter(since=since, until=until), 3) == those(*range(5, 10))
    assert ids(records, JobFilter(until=until + 1)) == those(*range(4, COUNT))
    assert ids(records, JobFilter("A1", since=since)) == those(*(it for it in range(10) if it % 3))
    assert ids(records, JobFilter(since=NOW + 1)) == []
    assert ids(records, JobFilter(until=-math.inf)) == []


def test_the_last_page_says_that_it_is(records: RecordStore) -> None:
    page = job_listing.page(records, JobFilter(), None, COUNT)
    assert (len(page.lines), page.next_cursor) == (COUNT, None)
    assert job_listing.page(records, JobFilter(), None, COUNT - 1).next_cursor is not None


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "ä", "LzEy", "MjAyNS0xMS8uLi8uLg", "x" * 5000])
def test_a_cursor_that_was_made_up_begins_with_the_newest(records: RecordStore, cursor: str) -> None:
    assert [it.end.job_id for it in job_listing.page(records, JobFilter(), cursor, 2).lines] == those(0, 1)


def test_a_job_is_found_by_its_id_with_one_query(records: RecordStore) -> None:
    counted = Meddled(records, lambda _: None)
    found = job_listing.find(counted, "j7")
    assert counted.calls == 1
    assert found is not None
    assert found.end is not None
    assert found.end.job_id == "j7"
    assert found.course.codes == ("0300-8004",)
    for other in ("j99", "", "j7/end", "../j7", "j" * 100):
        assert job_listing.find(records, other) is None


def test_figures_are_of_the_months_that_are_asked_for(records: RecordStore) -> None:
    def jobs(wanted: JobFilter) -> int:
        found = job_listing.figures(records, wanted)
        return together(day for it in found.months for day in it.figures.all_days()).jobs

    assert jobs(JobFilter()) == COUNT
    assert jobs(JobFilter("B2")) == COUNT // 3
    assert [it.month for it in job_listing.figures(records, JobFilter("A1")).months][:2] == [
        "2025-11",
        "2025-10",
    ]
    assert jobs(JobFilter(since=NOW)) == 3  # of November
    assert jobs(JobFilter(until=NOW - 22 * DAY)) == COUNT - 3


def test_pages_follow_each_other_while_jobs_come_and_go() -> None:
    records = filled(ForgettingRecords())
    archive = JobArchive(records, HandClock(NOW))
    first = job_listing.page(records, JobFilter(), None, 10)
    archive.keep(change_of(end_of("new", NOW + DAY)))
    gone, there = end_of("j9", NOW - 81 * DAY, "B2"), end_of("j12", NOW - 108 * DAY, "B2")
    for end in (gone, there):  # the last of the page before, and one of the next
        archive.keep(JobHistoryChange(end.job_id, "B2", ended_before=end.ended_at))
    second = job_listing.page(records, JobFilter(), first.next_cursor, 4)
    assert [line.end.job_id for line in second.lines] == those(10, 11, 13, 14)


def test_one_page_reads_a_bounded_number_of_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    records = filled(ForgettingRecords())
    monkeypatch.setattr(job_listing, "LINES_LIMIT", 4)
    monkeypatch.setattr(job_listing, "MONTHS_LIMIT", 2)
    page = job_listing.page(records, JobFilter(result="nothing"), None, 10)
    assert (page.lines, page.next_cursor is None) == ([], False)
    assert ids(records, JobFilter(result="failed"), 3) == those(*(it for it in range(COUNT) if it % 4 == 1))
    assert ids(records, JobFilter("B2"), 3) == those(*range(0, COUNT, 3))
    assert ids(records, JobFilter("nobody"), 3) == []


def test_a_line_that_cannot_be_read_is_left_out() -> None:
    records = filled(ForgettingRecords())
    for key in line_keys("A1", NOW - 1.0, "strange"):
        records.put(key, {"of": "another version"}, 0)
    assert ids(records, JobFilter(), 3) == those(*range(COUNT))


def test_figures_of_very_many_printers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    records = filled(ForgettingRecords())
    whole = job_listing.figures(records, JobFilter())
    printers = len(whole.months)
    assert not whole.is_partial
    for limit, is_partial in ((3, True), (printers - 1, True), (printers, False)):
        monkeypatch.setattr(job_listing, "FIGURES_LIMIT", limit)
        found = job_listing.figures(records, JobFilter())
        assert (found.months, found.is_partial) == (whole.months[:limit], is_partial)
    monkeypatch.setattr(job_listing, "FIGURES_LIMIT", 2)
    of_one = job_listing.figures(records, JobFilter("A1"))
    assert (len(of_one.months), of_one.is_partial) == (2, True)
