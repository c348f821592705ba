"""A disk that fails: full, read-only, broken. Reports go on; the log says what is wrong, once."""

import logging
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from collector.outbox.database import (
    BROKEN_DATABASE,
    BROKEN_FRAMES,
    DATABASE,
    OUTBOX_SCHEMA,
    open_database,
)
from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from functions.shared.errors import NewerVersionError
from functions.shared.runtime.sqlite_schema import copy_of_version
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report, waiting_sequences
from tests.support.clock import HandClock
from tests.support.open_databases import connection_in

PLENTY = 100_000_000


def an_outbox(folder: Path, clock: HandClock | None = None) -> Outbox:
    clock = clock or HandClock()
    return Outbox(folder, PLENTY, clock.wall, clock.monotonic)


@contextmanager
def files_cannot_grow() -> Iterator[None]:
    """No file of this process can grow: the kernel refuses every write as on a failing disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def database_is_full(folder: Path) -> Iterator[None]:
    """SQLite itself says "database or disk is full"."""
    connection = connection_in(folder)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        connection.execute("PRAGMA max_page_count = 1000000")


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_while_the_disk_refuses_writes_reports_are_still_shipped_and_saved_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = HandClock()
    outbox = an_outbox(tmp_path, clock)
    outbox.add_report(NewReport(a_report(), durable=True, job=a_job()))
    with files_cannot_grow():
        for _ in range(20):
            outbox.add_report(NewReport(a_report(), durable=True, job=a_job(), captured=a_captured_frame()))
        outbox.add_report(NewReport(a_report(), durable=False))
        outbox.keep_frame("A1M-1", a_job(), a_captured_frame())
        assert not outbox.figures().is_disk_writable
        batch, _ = outbox.reader.take_batch()
        assert [item.report.sequence for item in batch] == list(range(1, 11))
        outbox.reader.acknowledge(batch)
    assert len(errors(caplog)) == 1
    assert "the outbox's disk fails" in errors(caplog)[0]
    outbox.add_report(NewReport(a_report(), durable=True))
    assert outbox.figures().is_disk_writable
    outbox.close()
    reopened = an_outbox(tmp_path)
    assert waiting_sequences(reopened) == [*range(11, 22), 23]
    reopened.close()


def test_numbers_are_not_repeated_though_the_disk_was_full_for_long_and_the_program_killed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = an_outbox(tmp_path)
    name = outbox.collector_id
    with files_cannot_grow():
        given = [outbox.add_report(NewReport(a_report(), durable=False)) for _ in range(300)]
    identities = [(report.collector_id, report.sequence) for report in given]
    assert len(set(identities)) == 300
    assert outbox.collector_id != name
    after = outbox.add_report(NewReport(a_report(), durable=True))
    assert (after.collector_id, after.sequence) == (given[-1].collector_id, given[-1].sequence + 1)
    outbox.close()
    reopened = an_outbox(tmp_path)
    assert reopened.collector_id == after.collector_id
    assert reopened.add_report(NewReport(a_report(), durable=True)).sequence > after.sequence
    reopened.close()


def test_on_a_full_disk_old_frames_make_room_for_what_is_new(tmp_path: Path) -> None:
    outbox = an_outbox(tmp_path)
    for second in range(400):
        outbox.keep_frame("A1M-1", a_job(), a_captured_frame(1_700_000_000.0 + second))
    with database_is_full(tmp_path):
        for _ in range(50):
            outbox.add_report(NewReport(a_report(note="x" * 3000), durable=True, job=a_job()))
    assert outbox.figures().frames_thinned > 0
    assert outbox.figures().frames_waiting < 400
    assert outbox.figures().reports_waiting == 50
    outbox.close()


def test_memory_is_bounded_while_the_disk_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("collector.outbox.eviction.MEMORY_BYTES", 20_000)
    outbox = an_outbox(tmp_path)
    with files_cannot_grow():
        for _ in range(60):
            outbox.add_report(NewReport(a_report(note="x" * 1000), durable=True))
    figures = outbox.figures()
    assert figures.bytes <= 20_000
    assert figures.reports_dropped == 60 - figures.reports_waiting
    assert waiting_sequences(outbox)[-1] == 60
    assert any("the oldest is dropped" in line for line in errors(caplog))
    outbox.close()


@pytest.mark.parametrize("junk", [b"this is not a database" * 400, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_broken_database_is_moved_aside_and_a_fresh_one_begun(
    tmp_path: Path, junk: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = an_outbox(tmp_path)
    name = outbox.collector_id
    outbox.keep_frame("A1M-1", a_job(), a_captured_frame())
    outbox.close()
    (tmp_path / DATABASE).write_bytes(junk)
    fresh = an_outbox(tmp_path)
    assert fresh.collector_id != name
    assert fresh.add_report(NewReport(a_report(), durable=True)).sequence == 1
    assert fresh.figures().frames_waiting == 0
    assert not list((tmp_path / "frames").iterdir())
    assert len(list((tmp_path / BROKEN_FRAMES).iterdir())) == 1
    assert (tmp_path / BROKEN_DATABASE).read_bytes() == junk
    (line,) = errors(caplog)
    assert "moved to" in line
    fresh.close()


def test_a_database_with_damaged_pages_is_found_out_at_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = an_outbox(tmp_path)
    for _ in range(200):
        outbox.add_report(NewReport(a_report(note="x" * 500), durable=True))
    outbox.close()
    data = bytearray((tmp_path / DATABASE).read_bytes())
    for page in range(2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 200] = b"\x55" * 200
    (tmp_path / DATABASE).write_bytes(data)
    fresh = an_outbox(tmp_path)
    assert fresh.figures().reports_waiting == 0
    assert (tmp_path / BROKEN_DATABASE).exists()
    fresh.close()


def set_version(folder: Path, version: int) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")


def test_what_waits_in_an_outbox_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    outbox = an_outbox(tmp_path)
    for _ in range(5):
        outbox.add_report(NewReport(a_report(), durable=True, job=a_job(), captured=a_captured_frame()))
    outbox.close()
    set_version(tmp_path, 2)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(NewerVersionError, match="newer version"):
        an_outbox(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    set_version(tmp_path, 1)
    reopened = an_outbox(tmp_path)
    assert (reopened.figures().reports_waiting, reopened.figures().frames_waiting) == (5, 5)
    reopened.close()


def test_a_step_forward_keeps_what_waits_and_leaves_a_copy(tmp_path: Path) -> None:
    outbox = an_outbox(tmp_path)
    outbox.add_report(NewReport(a_report(), durable=True))
    outbox.close()
    database, contents, is_on_disk = open_database(tmp_path, (*OUTBOX_SCHEMA, ("CREATE TABLE later (x)",)))
    database.close()
    assert is_on_disk
    assert [report.number for report in contents.reports] == [1]
    copy_of_version(tmp_path / DATABASE, 1).replace(tmp_path / DATABASE)
    reopened = an_outbox(tmp_path)
    assert waiting_sequences(reopened) == [1]
    reopened.close()


def test_a_kill_between_tables_and_identity_costs_nothing(tmp_path: Path) -> None:
    an_outbox(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as connection:
        connection.execute("DELETE FROM identity")
    reopened = an_outbox(tmp_path)
    assert len(reopened.collector_id) == 16
    assert not (tmp_path / BROKEN_DATABASE).exists()
    reopened.close()


def test_where_no_folder_can_be_made_everything_goes_on_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    outbox = an_outbox(tmp_path / "file" / "outbox")
    report = outbox.add_report(NewReport(a_report(), durable=True, job=a_job(), captured=a_captured_frame()))
    assert report.frame is None
    assert waiting_sequences(outbox) == [1]
    assert not outbox.figures().is_disk_writable
    assert "kept in memory only" in errors(caplog)[0]
    assert len(errors(caplog)) == 2  # the folder, and the frame that could not be kept
    outbox.close()


def test_a_database_that_cannot_be_opened_for_writing_leaves_its_frames_alone(tmp_path: Path) -> None:
    outbox = an_outbox(tmp_path)
    outbox.keep_frame("A1M-1", a_job(), a_captured_frame())
    outbox.close()
    with files_cannot_grow():
        broken = an_outbox(tmp_path)
        assert not broken.figures().is_disk_writable or broken.figures().frames_waiting == 1
        broken.close()
    assert len(list((tmp_path / "frames").iterdir())) == 1
    reopened = an_outbox(tmp_path)
    assert reopened.figures().frames_waiting == 1
    reopened.close()


def test_a_saved_report_that_is_none_is_dead_lettered_and_holds_up_nothing(tmp_path: Path) -> None:
    outbox = an_outbox(tmp_path)
    outbox.add_report(NewReport(a_report(), durable=True))
    outbox.add_report(NewReport(a_report(), durable=True))
    outbox.close()
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        connection.execute("UPDATE reports SET body = '[]' WHERE number = 1")
    connection.close()
    reopened = an_outbox(tmp_path)
    assert waiting_sequences(reopened) == [2]
    assert reopened.figures().reports_set_aside == 1
    reopened.close()
