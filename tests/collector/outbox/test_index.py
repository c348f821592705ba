"""What the outbox keeps in memory of reports that are on disk."""

from collector.outbox.index import HELD_BYTES, OutboxIndex
from collector.outbox.model import Contents, WaitingReport
from functions.shared.messages.report import Report, ReportKind


def add(index: OutboxIndex, number: int, size: int) -> WaitingReport:
    waiting = WaitingReport(number, "A1", 0.0, 0.0, size, None, None, is_change=True)
    index.add_report(waiting, Report("c", number, "A1", ReportKind.STATUS, 0.0, status={}))
    return waiting


def test_the_newest_changes_stay_in_memory_when_they_are_on_disk_and_no_more_than_the_bound() -> None:
    index = OutboxIndex(Contents("c"))
    half = HELD_BYTES // 2
    for number in (1, 2, 3):
        index.note_saved(add(index, number, half))
    assert list(index.held) == [2, 3]
    add(index, 4, HELD_BYTES)  # the disk fails: only memory has it
    assert list(index.held) == [2, 3, 4]


def test_what_is_shipped_makes_room_for_what_comes() -> None:
    index = OutboxIndex(Contents("c"))
    for number in range(1, 9):
        waiting = add(index, number, HELD_BYTES)
        index.note_saved(waiting)
        assert list(index.held) == [number]
        index.remove_report(waiting)
        assert index.held == {}


def test_one_that_is_larger_than_the_bound_is_read_from_disk() -> None:
    index = OutboxIndex(Contents("c"))
    index.note_saved(add(index, 1, HELD_BYTES + 1))
    assert index.held == {}
    assert index.reports_waiting == 1
