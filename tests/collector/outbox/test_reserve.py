"""Room that is kept for state, and given up on a disk that is really full."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from collector.outbox.reserve import RESERVE_BYTES, RESERVE_FILE, DiskReserve
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report, waiting_sequences
from tests.support.clock import HandClock
from tests.support.disk import SmallDisk, small_disk


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", "16m") as disk:
        yield disk


def test_it_really_takes_the_room_and_gives_it_back_once(tmp_path: Path) -> None:
    reserve = DiskReserve(tmp_path)
    assert reserve.is_short
    assert reserve.take()
    facts = (tmp_path / RESERVE_FILE).stat()
    assert (facts.st_size, facts.st_mode & 0o777) == (RESERVE_BYTES, 0o600)
    assert facts.st_blocks * 512 >= RESERVE_BYTES
    assert DiskReserve(tmp_path).take()  # of an earlier run
    assert reserve.give_up()
    assert not reserve.give_up()
    assert reserve.is_short
    assert not list(tmp_path.iterdir())


def test_where_there_is_no_folder_there_is_no_reserve(tmp_path: Path) -> None:
    assert not DiskReserve(tmp_path / "not there").take()


def test_on_a_small_disk_it_is_small_and_it_is_taken_again_only_when_there_is_plenty(disk: SmallDisk) -> None:
    reserve = DiskReserve(disk.folder)
    assert reserve.take()
    assert (disk.folder / RESERVE_FILE).stat().st_size == 1024 * 1024
    disk.fill()
    assert reserve.give_up()
    assert not reserve.take()  # what is free now is what it gave up
    disk.free()
    assert reserve.take()


def test_on_a_full_disk_changes_are_saved_from_it_frames_are_not_and_all_comes_back(
    disk: SmallDisk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clock = HandClock()
    folder = disk.folder / "outbox"
    outbox = Outbox(folder, 100_000_000, clock.wall, clock.monotonic, DiskReserve(folder))
    assert not outbox.figures().is_disk_full
    disk.fill()
    for _ in range(50):
        report = NewReport(a_report(note="x" * 4000), durable=True, job=a_job(), captured=a_captured_frame())
        outbox.add_report(report)
    figures = outbox.figures()
    assert (figures.is_disk_full, figures.is_disk_writable, figures.frames_waiting) == (True, True, 0)
    killed_now = Outbox(copied(folder, disk), 100_000_000, clock.wall, clock.monotonic)
    assert waiting_sequences(killed_now) == list(range(1, 51))  # all are on the disk
    killed_now.close()
    disk.free()
    outbox.reader.tidy()
    assert not outbox.figures().is_disk_full
    outbox.keep_frame("A1M-1", a_job(), a_captured_frame())
    assert outbox.figures().frames_waiting == 1
    outbox.close()


def test_a_start_on_a_full_disk_finds_what_waited_and_goes_on_saving(disk: SmallDisk) -> None:
    clock, folder = HandClock(), disk.folder / "outbox"
    outbox = Outbox(folder, 100_000_000, clock.wall, clock.monotonic, DiskReserve(folder))
    outbox.add_report(NewReport(a_report(), durable=True, job=a_job()))
    outbox.close()
    disk.fill()
    again = Outbox(folder, 100_000_000, clock.wall, clock.monotonic, DiskReserve(folder))
    again.add_report(NewReport(a_report(), durable=True, job=a_job()))
    figures = again.figures()
    assert (figures.is_disk_full, figures.is_disk_writable, figures.reports_waiting) == (True, True, 2)
    again.close()


def test_what_only_memory_had_is_on_the_disk_as_soon_as_there_is_room(disk: SmallDisk) -> None:
    clock, folder = HandClock(), disk.folder / "outbox"
    outbox = Outbox(folder, 100_000_000, clock.wall, clock.monotonic, DiskReserve(folder))
    disk.fill()
    count = 0
    while outbox.figures().is_disk_writable:
        outbox.add_report(NewReport(a_report(note="x" * 4000), durable=True, job=a_job()))
        disk.fill()  # others take what was reserved
        count += 1
    assert outbox.figures().is_disk_full
    assert outbox.reader.tidy() <= 5.0
    disk.free()
    outbox.reader.tidy()
    assert not outbox.figures().is_disk_full
    killed_now = Outbox(copied(folder, disk), 100_000_000, clock.wall, clock.monotonic)
    assert waiting_sequences(killed_now) == list(range(1, count + 1))
    killed_now.close()
    outbox.close()


def copied(folder: Path, disk: SmallDisk) -> Path:
    """As it lies on the disk in this moment, elsewhere."""
    target = disk.folder.parent / "copy"
    target.mkdir()
    for file in folder.iterdir():
        if file.is_file():
            (target / file.name).write_bytes(file.read_bytes())
    return target
