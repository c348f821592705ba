"""Sessions never wait for the disk; a slow or full one costs frames at most."""

import asyncio
import logging
import sqlite3
import threading

import pytest

from collector.outbox.model import CapturedFrame, EdgeJob, NewReport
from collector.outbox.writer import WAITING_HEARTBEATS_LIMIT, OutboxWriter
from functions.shared.domain.job_identity import JobFingerprint
from functions.shared.messages.report import Report, ReportKind
from tests.support.edge_material import RememberingOutbox
from tests.support.timeouts import TIMEOUT

JOB = EdgeJob("t", 0.0, "images/P/Benchy/", JobFingerprint(None, "Benchy", 1, True), is_active=True)


class SlowOutbox(RememberingOutbox):
    """Its disk does nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def recall_job(self, printer_id: str) -> EdgeJob | None:
        self.go.wait(TIMEOUT)
        return super().recall_job(printer_id)


def _report(number: int) -> Report:
    return Report("c1", 0, "P", ReportKind.STATUS, float(number))


@pytest.fixture
def outbox() -> RememberingOutbox:
    return RememberingOutbox()


async def test_everything_is_written_in_order_and_answers_come_after_it(outbox: RememberingOutbox) -> None:
    writer = OutboxWriter(outbox)
    writer.start()
    for number in range(50):
        writer.add_report(NewReport(_report(number), durable=True, job=JOB))
        assert writer.keep_frame("P", JOB, CapturedFrame(b"x", float(number)))
    assert await writer.ask(lambda asked: asked.recall_job("P")) == JOB
    assert [report.observed_at for report in outbox.reports()] == list(range(50))
    assert len(outbox.frames()) == 50
    await writer.stop()


async def test_what_waits_is_written_before_the_end(outbox: RememberingOutbox) -> None:
    writer = OutboxWriter(outbox)
    for number in range(100):
        writer.add_report(NewReport(_report(number), durable=False))
    writer.start()
    await writer.stop()
    assert len(outbox.reports()) == 100


async def test_while_the_disk_hangs_frames_are_dropped_and_reports_are_not() -> None:
    outbox = SlowOutbox()
    writer = OutboxWriter(outbox, waiting_bytes_limit=1000)
    writer.start()
    waiting = asyncio.ensure_future(writer.ask(lambda asked: asked.recall_job("P")))
    await asyncio.sleep(0)
    kept = [writer.keep_frame("P", JOB, CapturedFrame(b"x" * 300, float(number))) for number in range(5)]
    assert kept == [True, True, True, False, False]
    writer.add_report(NewReport(_report(1), durable=True, job=JOB, captured=CapturedFrame(b"y" * 300, 1.0)))
    assert writer.dropped_frames == 3
    outbox.go.set()
    await waiting
    await writer.ask(lambda asked: asked.collector_id)
    assert len(outbox.frames()) == 3
    assert [one.captured for one in outbox.kept if one.report] == [None]
    assert writer.keep_frame("P", JOB, CapturedFrame(b"z" * 900, 9.0))  # there is room again
    await writer.stop()


async def test_heartbeats_that_wait_are_bounded() -> None:
    outbox = SlowOutbox()
    writer = OutboxWriter(outbox)
    writer.start()
    waiting = asyncio.ensure_future(writer.ask(lambda asked: asked.recall_job("P")))
    await asyncio.sleep(0)
    for number in range(WAITING_HEARTBEATS_LIMIT + 500):
        writer.add_report(NewReport(_report(number), durable=False))
    outbox.go.set()
    await waiting
    await writer.stop()
    assert WAITING_HEARTBEATS_LIMIT - 1 <= len(outbox.reports()) <= WAITING_HEARTBEATS_LIMIT + 1


async def test_a_full_disk_delays_a_change_and_loses_only_frames(
    outbox: RememberingOutbox, caplog: pytest.LogCaptureFixture
) -> None:
    writer = OutboxWriter(outbox, retry_seconds=0.001)
    outbox.faults = [OSError(28, "No space left on device"), sqlite3.OperationalError("disk is full")]
    with caplog.at_level(logging.ERROR):
        writer.start()
        writer.add_report(NewReport(_report(1), durable=True))
        writer.add_report(NewReport(_report(2), durable=True))
        assert len(await writer.ask(lambda _: outbox.reports())) == 2
        outbox.faults = [OSError(28, "No space left on device")]
        writer.keep_frame("P", JOB, CapturedFrame(b"x", 1.0))
        assert await writer.ask(lambda _: outbox.frames()) == []
    await writer.stop()
    assert [report.observed_at for report in outbox.reports()] == [1.0, 2.0]
    assert len(caplog.records) == 1  # a flood is one line a minute
    assert "No space left" in caplog.text


async def test_something_that_can_never_be_written_holds_up_nothing(
    outbox: RememberingOutbox, caplog: pytest.LogCaptureFixture
) -> None:
    writer = OutboxWriter(outbox)
    writer.start()
    outbox.faults = [TypeError("a bug")]
    writer.add_report(NewReport(_report(1), durable=True))
    writer.add_report(NewReport(_report(2), durable=True))
    await writer.stop()
    assert [report.observed_at for report in outbox.reports()] == [2.0]
    assert "a bug" in caplog.text


async def test_a_disk_that_hangs_for_ever_does_not_hold_up_the_end(caplog: pytest.LogCaptureFixture) -> None:
    outbox = SlowOutbox()
    writer = OutboxWriter(outbox)
    writer.start()
    waiting = asyncio.ensure_future(writer.ask(lambda asked: asked.recall_job("P")))
    await asyncio.sleep(0)
    await writer.stop(seconds=0.05)
    assert "the disk is slow" in caplog.text
    waiting.cancel()
    outbox.go.set()


async def test_an_answer_that_nobody_waits_for_any_more_does_no_harm(outbox: RememberingOutbox) -> None:
    writer = OutboxWriter(outbox)
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
