"""The outbox on a disk that is really full or really read-only: no change is lost, and it is said."""

import logging
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from functions.shared.domain.keys import taken_at_of
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report, waiting_sequences
from tests.collector.outbox.test_disk_faults import errors, files_cannot_grow
from tests.support.clock import HandClock
from tests.support.disk import SmallDisk, read_only_view, small_disk
from tests.support.open_databases import connection_in

PLENTY = 100_000_000
MINUTES = 30


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", "12m") as disk:
        yield disk


def an_outbox(disk: SmallDisk, clock: HandClock | None = None) -> Outbox:
    clock = clock or HandClock()
    return Outbox(disk.folder / "outbox", PLENTY, clock.wall, clock.monotonic)


def test_on_a_disk_that_somebody_else_fills_every_change_is_kept_and_frames_give_way_evenly(
    disk: SmallDisk, caplog: pytest.LogCaptureFixture
) -> None:
    clock = HandClock()
    outbox = an_outbox(disk, clock)
    for _ in range(100):
        outbox.keep_frame("A1M-1", a_job(), a_captured_frame(clock.wall(), 40_000))
        clock.pass_time(10)
    disk.fill()
    for _ in range(MINUTES):
        outbox.add_report(
            NewReport(a_report(observed_at=clock.wall(), note="x" * 2000), durable=True, job=a_job())
        )
        outbox.keep_frame("A1M-1", a_job(), a_captured_frame(clock.wall(), 40_000))
        clock.pass_time(60)
    figures = outbox.figures()
    assert figures.frames_thinned > 0
    assert figures.reports_waiting == MINUTES
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert 1 <= len(said) <= 2 * MINUTES  # of each of two kinds at most one a minute
    assert any("the outbox's disk fails" in line or "the outbox is full" in line for line in said)
    keys = connection_in(disk.folder / "outbox").execute("SELECT key FROM frames").fetchall()
    assert len(keys) == figures.frames_waiting
    times = sorted(taken_at_of(key) or 0.0 for (key,) in keys)
    assert times[0] == 1_700_000_000.0  # thinned, not cut off
    early = [later - earlier for earlier, later in pairwise(t for t in times if t < 1_700_001_000.0)]
    assert max(early) <= 8 * min(early)
    outbox.close()
    reopened = an_outbox(disk)
    assert waiting_sequences(reopened) == list(range(1, MINUTES + 1))
    reopened.close()


def test_with_no_frame_to_give_up_changes_go_on_in_memory_and_are_saved_when_there_is_room(
    disk: SmallDisk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = HandClock()
    outbox = an_outbox(disk, clock)
    disk.fill()
    for _ in range(MINUTES * 6):
        outbox.add_report(NewReport(a_report(note="x" * 20_000), durable=True, job=a_job()))
        clock.pass_time(10)
    assert not outbox.figures().is_disk_writable
    lines = errors(caplog)
    assert 1 <= len(lines) <= MINUTES + 1
    assert "the outbox's disk fails: database or disk is full (free some space)" in lines[-1]
    disk.free()
    outbox.add_report(NewReport(a_report(), durable=True))
    assert outbox.figures().is_disk_writable
    assert "the outbox's disk works again after " in caplog.records[-1].getMessage()
    outbox.close()
    reopened = an_outbox(disk)
    assert waiting_sequences(reopened) == list(range(1, MINUTES * 6 + 2))
    reopened.close()


def test_started_on_a_read_only_disk_it_ships_from_memory_and_leaves_what_is_there(
    disk: SmallDisk, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = an_outbox(disk)
    outbox.add_report(NewReport(a_report(), durable=True))
    outbox.keep_frame("A1M-1", a_job(), a_captured_frame())
    outbox.close()
    disk.make_read_only()
    on_read_only = an_outbox(disk)
    on_read_only.add_report(NewReport(a_report("P1S"), durable=True, captured=a_captured_frame()))
    assert waiting_sequences(on_read_only) == [1]
    assert not on_read_only.figures().is_disk_writable
    assert "cannot be written" in errors(caplog)[0]
    assert "make the folder writable or set another DATA_DIR" in errors(caplog)[0]
    on_read_only.close()
    disk.make_writable()
    reopened = an_outbox(disk)
    assert (reopened.figures().reports_waiting, reopened.figures().frames_waiting) == (1, 1)
    reopened.close()


def test_a_disk_that_becomes_read_only_costs_frames_and_no_change(
    disk: SmallDisk, caplog: pytest.LogCaptureFixture
) -> None:
    clock = HandClock()
    outbox = an_outbox(disk, clock)
    outbox.add_report(NewReport(a_report(), durable=True, job=a_job()))
    outbox.keep_frame("A1M-1", a_job(), a_captured_frame(clock.wall()))
    with read_only_view(disk.folder), files_cannot_grow():  # files to be opened, and those that are open
        for _ in range(MINUTES):
            outbox.keep_frame("A1M-1", a_job(), a_captured_frame(clock.wall()))
            outbox.add_report(NewReport(a_report(observed_at=clock.wall()), durable=True, job=a_job()))
            clock.pass_time(60)
        assert outbox.figures().frames_waiting == 1
        assert not outbox.figures().is_disk_writable
    lines = errors(caplog)
    assert 1 <= len(lines) <= MINUTES + 1
    assert "Read-only file system" in lines[0]
    outbox.add_report(NewReport(a_report(), durable=True))
    outbox.keep_frame("A1M-1", a_job(), a_captured_frame(clock.wall()))
    assert outbox.figures().frames_waiting == 2
    outbox.close()
    reopened = an_outbox(disk)
    assert waiting_sequences(reopened) == list(range(1, MINUTES + 3))
    reopened.close()
