"""A remote backend that cannot be opened yet is tried again, and nothing is lost over it."""

import logging
import threading
from pathlib import Path

import pytest

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from collector.outbox.uploader import RemoteBackend, upload_to
from functions.shared.errors import TransientError
from tests.collector.outbox.makers import a_report
from tests.support.memory_backend import MemoryFrames, MemoryQueue
from tests.support.timeouts import TIMEOUT


def ship(tmp_path: Path, outcomes: list[Exception | RemoteBackend]) -> int:
    """Ship one report over a remote backend that opens as told; how often it was opened."""
    outbox = Outbox(tmp_path, 100_000_000, lambda: 1_700_000_000.0)
    outbox.add_report(NewReport(a_report(), durable=True))
    stop = threading.Event()
    opened = 0

    def open_remote_backend() -> RemoteBackend:
        nonlocal opened
        opened += 1
        outcome = outcomes[min(opened, len(outcomes)) - 1]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    waits: list[float] = []
    thread = threading.Thread(target=upload_to, args=(open_remote_backend, outbox, stop, waits.append))
    thread.start()
    frames, queue = next(outcome for outcome in outcomes if not isinstance(outcome, Exception))
    assert isinstance(queue, MemoryQueue)
    assert isinstance(frames, MemoryFrames)
    assert queue.wait_for(1)
    stop.set()
    thread.join(TIMEOUT)
    assert not thread.is_alive()
    outbox.close()
    assert waits == sorted(waits)
    assert len(waits) == len(outcomes) - 1
    return opened


def test_it_is_opened_once_when_it_can_be(tmp_path: Path) -> None:
    assert ship(tmp_path, [(MemoryFrames(), MemoryQueue())]) == 1


def test_it_is_opened_again_until_it_can_be_and_that_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    faults: list[Exception] = [
        TransientError("no network"),
        TransientError("no network"),
        OSError("helper gave nothing"),
    ]
    with caplog.at_level(logging.INFO, "collector.outbox.uploader"):
        assert ship(tmp_path, [*faults, (MemoryFrames(), MemoryQueue())]) == 4
    said = [record.getMessage() for record in caplog.records if record.name == "collector.outbox.uploader"]
    assert len(said) == 1
    assert "no network" in said[0]
    assert "next try in" in said[0]


def test_it_ends_while_it_waits_to_open(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, 100_000_000, lambda: 1_700_000_000.0)
    stop = threading.Event()
    has_failed = threading.Event()

    def open_remote_backend() -> RemoteBackend:
        has_failed.set()
        raise TransientError("no network")

    thread = threading.Thread(target=upload_to, args=(open_remote_backend, outbox, stop))
    thread.start()
    assert has_failed.wait(TIMEOUT)
    stop.set()
    thread.join(TIMEOUT)
    assert not thread.is_alive()
    outbox.close()
