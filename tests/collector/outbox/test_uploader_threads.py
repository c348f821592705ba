"""The uploader in its own threads, with real clocks: woken at once, not held up, ended quickly."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from collector.outbox.uploader import Uploader
from functions.shared.errors import TransientError
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report
from tests.support.memory_backend import MemoryFrames, MemoryQueue
from tests.support.timeouts import TIMEOUT


class Running:
    def __init__(self, folder: Path) -> None:
        self.queue = MemoryQueue()
        self.frames = MemoryFrames()
        self.outbox = Outbox(folder, 100_000_000, time.time)
        self.stop = threading.Event()
        uploader = Uploader(self.outbox, self.frames, self.queue)
        self.thread = threading.Thread(target=uploader.run, args=(self.stop,))
        self.thread.start()

    def change(self, printer_id: str = "A1M-1", *, with_frame: bool = False) -> None:
        captured = a_captured_frame(time.time()) if with_frame else None
        report = a_report(printer_id, time.time())
        self.outbox.add_report(NewReport(report, durable=True, job=a_job(printer_id), captured=captured))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.stop.set()
    running.thread.join(TIMEOUT)
    running.outbox.close()
    assert not running.thread.is_alive()


def test_what_is_added_is_shipped_without_being_asked_for(running: Running) -> None:
    for count in range(1, 21):
        running.change(with_frame=count % 2 == 0)
        assert running.queue.wait_for(count)
    assert len(running.frames.stored) == 10
    assert [report.sequence for report in running.queue.reports] == list(range(1, 21))


def test_a_frame_that_hangs_holds_up_neither_reports_nor_the_next_frame(running: Running) -> None:
    hangs, released = threading.Event(), threading.Event()

    def hang(key: str) -> None:
        if "Slow" in key:
            hangs.set()
            assert released.wait(TIMEOUT)

    running.frames.fault = hang
    running.outbox.keep_frame("A1M-1", a_job(token="slow", name="Slow"), a_captured_frame())
    assert hangs.wait(TIMEOUT)
    try:
        running.change("P1S", with_frame=True)
        assert running.queue.wait_for(1)
        assert running.frames.wait_for(1)
    finally:
        released.set()
    assert running.frames.wait_for(2)


def test_many_threads_may_add_at_once(running: Running) -> None:
    def add(name: str) -> None:
        for second in range(25):
            running.change(name, with_frame=second % 5 == 0)
            running.outbox.keep_frame(name, a_job(name), a_captured_frame(1_700_000_000.0 + second))

    names = [f"printer-{number}" for number in range(4)]
    threads = [threading.Thread(target=add, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    assert running.queue.wait_for(100)
    assert running.frames.wait_for(120)
    for name in names:
        assert [report.sequence for report in running.queue.of(name)] == list(range(1, 26))


def test_it_ends_while_the_remote_backend_hangs_and_what_was_under_way_is_sent_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.outbox.uploader._END_SECONDS", 0.1)
    running = Running(tmp_path)
    hangs, released = threading.Event(), threading.Event()

    def hang(entries: object) -> None:
        hangs.set()
        assert released.wait(TIMEOUT)
        raise TransientError("timed out")

    running.queue.fault = hang
    running.change()
    assert hangs.wait(TIMEOUT)
    running.stop.set()
    running.thread.join(TIMEOUT)
    assert not running.thread.is_alive()
    running.outbox.close()
    released.set()
    again = Running(tmp_path)
    try:
        assert again.queue.wait_for(1)
    finally:
        again.stop.set()
        again.thread.join(TIMEOUT)
        again.outbox.close()
