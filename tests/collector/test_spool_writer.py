"""Sessions never wait for the disk; a slow or full one costs pictures at most."""

import asyncio
import logging
import sqlite3
import threading

import pytest

from collector.spool import EdgeJob, Picture
from collector.spool_writer import WAITING_HEARTBEATS_LIMIT, SpoolWriter
from functions.bridge.contract import Report, ReportKind
from functions.bridge.job_identity import JobMarks
from tests.collector.printers import RememberingSpool
from tests.fakes.patience import PATIENCE

JOB = EdgeJob("t", 0.0, "images/P/Benchy/", JobMarks(None, "Benchy", 1, True), is_active=True)


class SlowSpool(RememberingSpool):
    """Its disk does nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def recall_job(self, printer_id: str) -> EdgeJob | None:
        self.go.wait(PATIENCE)
        return super().recall_job(printer_id)


def _report(number: int) -> Report:
    return Report("c1", 0, "P", ReportKind.STATUS, float(number))


@pytest.fixture
def spool() -> RememberingSpool:
    return RememberingSpool()


async def test_everything_is_written_in_order_and_answers_come_after_it(spool: RememberingSpool) -> None:
    writer = SpoolWriter(spool)
    writer.start()
    for number in range(50):
        writer.add_report(lambda number=number: _report(number), durable=True, job=JOB)  # type: ignore[misc]
        assert writer.keep_frame("P", JOB, Picture(b"x", float(number)))
    assert await writer.ask(lambda asked: asked.recall_job("P")) == JOB
    assert [report.observed_at for report in spool.reports()] == list(range(50))
    assert len(spool.frames()) == 50
    await writer.stop()


async def test_what_waits_is_written_before_the_end(spool: RememberingSpool) -> None:
    writer = SpoolWriter(spool)
    for number in range(100):
        writer.add_report(lambda number=number: _report(number), durable=False)  # type: ignore[misc]
    writer.start()
    await writer.stop()
    assert len(spool.reports()) == 100


async def test_while_the_disk_hangs_pictures_are_dropped_and_reports_are_not() -> None:
    spool = SlowSpool()
    writer = SpoolWriter(spool, waiting_bytes_limit=1000)
    writer.start()
    waiting = asyncio.ensure_future(writer.ask(lambda asked: asked.recall_job("P")))
    await asyncio.sleep(0)
    kept = [writer.keep_frame("P", JOB, Picture(b"x" * 300, float(number))) for number in range(5)]
    assert kept == [True, True, True, False, False]
    writer.add_report(lambda: _report(1), durable=True, job=JOB, picture=Picture(b"y" * 300, 1.0))
    assert writer.dropped_pictures == 3
    spool.go.set()
    await waiting
    await writer.ask(lambda asked: asked.collector_id)
    assert len(spool.frames()) == 3
    assert [one.picture for one in spool.kept if one.report] == [None]
    assert writer.keep_frame("P", JOB, Picture(b"z" * 900, 9.0))  # there is room again
    await writer.stop()


async def test_heartbeats_that_wait_are_bounded() -> None:
    spool = SlowSpool()
    writer = SpoolWriter(spool)
    writer.start()
    waiting = asyncio.ensure_future(writer.ask(lambda asked: asked.recall_job("P")))
    await asyncio.sleep(0)
    for number in range(WAITING_HEARTBEATS_LIMIT + 500):
        writer.add_report(lambda number=number: _report(number), durable=False)  # type: ignore[misc]
    spool.go.set()
    await waiting
    await writer.stop()
    assert WAITING_HEARTBEATS_LIMIT - 1 <= len(spool.reports()) <= WAITING_HEARTBEATS_LIMIT + 1


async def test_a_full_disk_delays_a_change_and_loses_only_pictures(
    spool: RememberingSpool, caplog: pytest.LogCaptureFixture
) -> None:
    writer = SpoolWriter(spool, retry_seconds=0.001)
    spool.faults = [OSError(28, "No space left on device"), sqlite3.OperationalError("disk is full")]
    with caplog.at_level(logging.ERROR):
        writer.start()
        writer.add_report(lambda: _report(1), durable=True)
        writer.add_report(lambda: _report(2), durable=True)
        assert len(await writer.ask(lambda _: spool.reports())) == 2
        spool.faults = [OSError(28, "No space left on device")]
        writer.keep_frame("P", JOB, Picture(b"x", 1.0))
        assert await writer.ask(lambda _: spool.frames()) == []
    await writer.stop()
    assert [report.observed_at for report in spool.reports()] == [1.0, 2.0]
    assert len(caplog.records) == 1  # a flood is one line a minute
    assert "No space left" in caplog.text


async def test_something_that_can_never_be_written_holds_up_nothing(
    spool: RememberingSpool, caplog: pytest.LogCaptureFixture
) -> None:
    writer = SpoolWriter(spool)
    writer.start()
    spool.faults = [TypeError("a bug")]
    writer.add_report(lambda: _report(1), durable=True)
    writer.add_report(lambda: _report(2), durable=True)
    await writer.stop()
    assert [report.observed_at for report in spool.reports()] == [2.0]
    assert "a bug" in caplog.text


async def test_a_disk_that_hangs_for_ever_does_not_hold_up_the_end(caplog: pytest.LogCaptureFixture) -> None:
    spool = SlowSpool()
    writer = SpoolWriter(spool)
    writer.start()
    waiting = asyncio.ensure_future(writer.ask(lambda asked: asked.recall_job("P")))
    await asyncio.sleep(0)
    await writer.stop(patience=0.05)
    assert "the disk is slow" in caplog.text
    waiting.cancel()
    spool.go.set()


async def test_an_answer_that_nobody_waits_for_any_more_does_no_harm(spool: RememberingSpool) -> None:
    writer = SpoolWriter(spool)
    asked = asyncio.ensure_future(writer.ask(lambda one: one.collector_id))
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    await asyncio.sleep(0)
    writer.start()
    assert await writer.ask(lambda one: one.collector_id) == "c1"
    with pytest.raises(ZeroDivisionError):
        await writer.ask(lambda _: 1 // 0)
    await writer.stop()
