"""A scrape never fails because one part fails, and nobody makes the bridge busy by scraping."""

import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from collector.metrics.exposition import MetricsPage, alone, gauge
from functions.shared.errors import TransientError
from tests.support.clock import HandClock
from tests.support.metrics.exposition import read_exposition
from tests.support.timeouts import TIMEOUT

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric


class Sometimes:
    """A part that fails in its middle while `fault` is set."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.asked = 0

    def __call__(self) -> "Iterator[Metric]":
        self.asked += 1
        yield gauge("first", "words", alone(1))
        if self.fault:
            raise self.fault
        yield gauge("second", "words", alone(2))


def test_a_part_that_fails_is_left_out_whole_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "collector")
    part = Sometimes()
    page = MetricsPage(
        {"the queues": part, "the others": lambda: [gauge("third", "words", alone(3))]}, fresh_seconds=0
    )
    part.fault = TransientError("database is locked")
    for _ in range(3):
        assert set(read_exposition(page.text()).values) == {("printer_bridge_third", frozenset())}
    assert [record.getMessage() for record in caplog.records] == [
        "metrics of the queues are left out until they can be read: TransientError: database is locked"
    ]
    part.fault = None
    assert len(read_exposition(page.text()).values) == 3
    part.fault = ZeroDivisionError("a defect")
    assert len(read_exposition(page.text()).values) == 1
    assert [record.getMessage() for record in caplog.records[1:]] == [
        "metrics of the queues are there again",
        "metrics of the queues are left out until they can be read: ZeroDivisionError: a defect",
    ]


def test_asked_again_at_once_it_gives_the_same_text_without_any_work() -> None:
    clock, part = HandClock(), Sometimes()
    page = MetricsPage({"part": part}, fresh_seconds=0.5, monotonic=clock.monotonic)
    texts = [page.text() for _ in range(100)]
    assert (part.asked, len(set(texts))) == (1, 1)
    clock.pass_time(0.5)
    page.text()
    assert part.asked == 2


def test_while_one_scrape_hangs_the_next_is_announced_so_instead_of_hanging_too() -> None:
    entered, release = threading.Event(), threading.Event()

    def hangs() -> "list[Metric]":
        entered.set()
        assert release.wait(TIMEOUT)
        return [gauge("first", "words", alone(1))]

    page = MetricsPage({"part": hangs}, timeout_seconds=0.01)
    first: list[bytes] = []
    thread = threading.Thread(target=lambda: first.append(page.text()))
    thread.start()
    assert entered.wait(TIMEOUT)
    with pytest.raises(TransientError, match="disk slow"):
        page.text()
    release.set()
    thread.join(TIMEOUT)
    assert page.text() == first[0]
