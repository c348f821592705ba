"""The shipper in its own threads, with real clocks: woken at once, not held up, ended quickly."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.outbox import Outbox
from collector.shipper import Shipper
from functions.bridge.errors import TransientError
from tests.collector.outbox_makers import a_job, a_picture, a_report
from tests.fakes.far_side import FarFrames, FarQueue
from tests.fakes.patience import PATIENCE


class Running:
    def __init__(self, folder: Path) -> None:
        self.queue = FarQueue()
        self.frames = FarFrames()
        self.outbox = Outbox(folder, 100_000_000, time.time)
        self.stop = threading.Event()
        shipper = Shipper(self.outbox, self.frames, self.queue)
        self.thread = threading.Thread(target=shipper.run, args=(self.stop,))
        self.thread.start()

    def change(self, printer_id: str = "A1M-1", *, with_picture: bool = False) -> None:
        picture = a_picture(time.time()) if with_picture else None
        report = a_report(printer_id, time.time())
        self.outbox.add_report(report, durable=True, job=a_job(printer_id), picture=picture)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.stop.set()
    running.thread.join(PATIENCE)
    running.outbox.close()
    assert not running.thread.is_alive()


def test_what_is_added_is_shipped_without_being_asked_for(running: Running) -> None:
    for count in range(1, 21):
        running.change(with_picture=count % 2 == 0)
        assert running.queue.wait_for(count)
    assert len(running.frames.stored) == 10
    assert [report.sequence for report in running.queue.reports] == list(range(1, 21))


def test_a_frame_that_hangs_holds_up_neither_reports_nor_the_next_frame(running: Running) -> None:
    hangs, released = threading.Event(), threading.Event()

    def hang(key: str) -> None:
        if "Slow" in key:
            hangs.set()
            assert released.wait(PATIENCE)

    running.frames.fault = hang
    running.outbox.keep_frame("A1M-1", a_job(token="slow", name="Slow"), a_picture())
    assert hangs.wait(PATIENCE)
    try:
        running.change("P1S", with_picture=True)
        assert running.queue.wait_for(1)
        assert running.frames.wait_for(1)
    finally:
        released.set()
    assert running.frames.wait_for(2)


def test_many_threads_may_add_at_once(running: Running) -> None:
    def add(name: str) -> None:
        for second in range(25):
            running.change(name, with_picture=second % 5 == 0)
            running.outbox.keep_frame(name, a_job(name), a_picture(1_700_000_000.0 + second))

    names = [f"printer-{number}" for number in range(4)]
    threads = [threading.Thread(target=add, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert running.queue.wait_for(100)
    assert running.frames.wait_for(120)
    for name in names:
        assert [report.sequence for report in running.queue.of(name)] == list(range(1, 26))


def test_it_ends_while_the_far_side_hangs_and_what_was_under_way_is_sent_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.shipper._END_SECONDS", 0.1)
    running = Running(tmp_path)
    hangs, released = threading.Event(), threading.Event()

    def hang(entries: object) -> None:
        hangs.set()
        assert released.wait(PATIENCE)
        raise TransientError("timed out")

    running.queue.fault = hang
    running.change()
    assert hangs.wait(PATIENCE)
    running.stop.set()
    running.thread.join(PATIENCE)
    assert not running.thread.is_alive()
    running.outbox.close()
    released.set()
    again = Running(tmp_path)
    try:
        assert again.queue.wait_for(1)
    finally:
        again.stop.set()
        again.thread.join(PATIENCE)
        again.outbox.close()
