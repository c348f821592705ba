"""A worker whose queue cannot be written: said once, and what is in hand goes back as soon as it can."""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from functions.shared.dispatch import Done, Received, Settlement
from functions.shared.errors import TransientError
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.queue import SqliteQueue
from infra.local.workers import DigestTimer, Worker
from tests.support.clock import HandClock
from tests.support.contracts.queue import message, send
from tests.support.timeouts import TIMEOUT


@dataclass(frozen=True)
class Note:
    id: str
    printer_id: str = "A1M-1"


class Harness:
    """A service whose work is done, unless the disk takes nothing: `full` does that."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.database = SqliteDatabase(folder / "state.sqlite3")
        self.queue = SqliteQueue(self.database, "q", True, 3600.0, None, self.clock.wall)
        self.fills_in_mid_work = True
        self.defect = ""
        self.tried, self.done = threading.Event(), threading.Event()
        self.worker = Worker("tracker", self.queue, self, batch=10)

    decode = staticmethod(Note)

    def refuse(self, error: Exception) -> Settlement:
        raise AssertionError("each note is one") from error

    def handle(self, message: Received[Note]) -> Settlement:
        if message.content.id == self.defect:
            self.defect = ""
            raise ZeroDivisionError
        if self.fills_in_mid_work:
            self.set_full(True)
        else:
            self.done.set()
        self.tried.set()
        return Done()

    def set_full(self, is_full: bool) -> None:
        with self.database.reading() as connection:
            connection.execute(f"PRAGMA query_only = {int(is_full)}")


def test_a_disk_full_in_mid_work_holds_a_delivery_up_only_while_it_lasts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.workers._PAUSE_AFTER_FAULT", 0.01)
    caplog.set_level(logging.INFO)
    harness = Harness(tmp_path)
    send(harness.queue, message("an alert"))
    harness.worker.thread.start()
    assert harness.tried.wait(TIMEOUT)
    harness.worker.thread.join(0.2)  # it goes on trying to give it back
    (said,) = [record.getMessage() for record in caplog.records]
    assert said.startswith("tracker: a delivery comes again in a minute: state.sqlite3: ")
    harness.fills_in_mid_work = False
    harness.set_full(False)
    while not harness.done.wait(0.01):
        harness.clock.pass_time(1.0)
        harness.database.signal("q").announce()
    harness.worker.ask_to_stop()
    harness.queue.close()
    harness.worker.thread.join(TIMEOUT)
    assert harness.queue.count() == 0
    assert not harness.worker.thread.is_alive()
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1
    assert "tracker: works again after " in caplog.records[-1].getMessage()
    harness.database.close()


def test_a_queue_that_can_be_read_again_and_is_empty_works_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.workers._PAUSE_AFTER_FAULT", 0.01)
    monkeypatch.setattr("infra.local.workers._WAIT_SECONDS", 0.01)
    caplog.set_level(logging.INFO)
    harness = Harness(tmp_path)
    said, told = threading.Event(), threading.Event()

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            (told if "works again" in record.getMessage() else said).set()

    ear = Ear()
    logging.getLogger("infra.local.workers").addHandler(ear)
    with harness.database.reading() as connection:
        connection.execute("ALTER TABLE delivery RENAME TO away")
    harness.worker.thread.start()
    assert said.wait(TIMEOUT)
    with harness.database.reading() as connection:
        connection.execute("ALTER TABLE away RENAME TO delivery")
    assert told.wait(TIMEOUT)
    harness.worker.ask_to_stop()
    harness.queue.close()
    harness.worker.thread.join(TIMEOUT)
    logging.getLogger("infra.local.workers").removeHandler(ear)
    assert [record.getMessage()[:28] for record in caplog.records] == [
        "tracker: the queue cannot be",
        "tracker: works again after 0",
    ]
    harness.database.close()


def test_a_fault_of_ours_brings_what_was_not_settled_of_its_batch_again_in_a_minute(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.workers._PAUSE_AFTER_FAULT", 0.01)
    harness = Harness(tmp_path)
    harness.fills_in_mid_work = False
    harness.defect = "b1"
    send(harness.queue, message("a1"), message("b1", "b"), message("c1", "c"))
    harness.worker.thread.start()
    while not caplog.records:
        harness.worker.thread.join(0.01)
    assert caplog.records[0].getMessage() == "tracker: a delivery failed and comes again in a minute"
    assert harness.queue.count() == 2
    while harness.queue.count():
        harness.clock.pass_time(20.0)
        harness.database.signal("q").announce()
        harness.worker.thread.join(0.01)
    harness.worker.ask_to_stop()
    harness.queue.close()
    harness.worker.thread.join(TIMEOUT)
    assert len([record for record in caplog.records if record.levelno >= logging.ERROR]) == 1
    harness.database.close()


class LostSchedule:
    """Cannot look at first."""

    def __init__(self) -> None:
        self.looks = 0

    def check(self) -> bool:
        self.looks += 1
        if self.looks == 1:
            raise TransientError("the disk hangs")
        return False


def test_a_look_for_a_digest_that_fails_is_said_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    schedule = LostSchedule()
    timer = DigestTimer(schedule)  # type: ignore[arg-type]
    timer.check_once()
    timer.check_once()
    assert schedule.looks == 2
    assert [line for line in caplog.messages if "the disk hangs" in line]
    timer.thread.start()
    timer.ask_to_stop()
    timer.thread.join(TIMEOUT)
    assert not timer.thread.is_alive()
