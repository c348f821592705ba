"""How long what waits takes to arrive after an outage, over real HTTP with boto3: `make bench`.

The remote backend is 30 ms away; the short version in `make test` has minutes instead of hours.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from collector.outbox.packing import PackRules
from collector.outbox.uploader import Uploader, open_aws
from functions.shared.messages.report import Report
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report
from tests.collector.outbox.six_hour_outage import HOURS, PRINTERS, Waiting, fill
from tests.performance.benchmarks.receiving import show
from tests.support.aws.sink import AwsSink
from tests.support.clock import HandClock

LATENCY_SECONDS = 0.030
FRAME_BYTES = 60_000
DRAIN_LIMIT_SECONDS = 30.0
TOLD_WITHIN_SECONDS = 2.0
NEWS = "X1-now"


@dataclass
class Drained:
    """Seconds until the last old report had come, until the last frame had, and until a change that happened
    while frames were still going was there; and the calls that it took."""

    reports: float
    frames: float
    news: float
    calls: int


@pytest.fixture(autouse=True)
def aws_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@contextmanager
def shipping(outbox: Outbox, sink: AwsSink) -> Iterator[float]:
    """The real uploader in its threads; when it began, by the monotonic clock."""
    os.environ["AWS_ENDPOINT_URL"] = sink.url
    frames, queue = open_aws(f"{sink.url}/123456789012/reports.fifo", "frames", "eu-central-1")
    stop = threading.Event()
    thread = threading.Thread(target=Uploader(outbox, frames, queue).run, args=(stop,))
    begun = time.monotonic()
    thread.start()
    try:
        yield begun
    finally:
        stop.set()
        thread.join(20)
        del os.environ["AWS_ENDPOINT_URL"]


def drain(
    folder: Path, hours: float, frame_bytes: int, *, in_packs: bool = True
) -> tuple[Drained, Waiting, list[Report]]:
    clock = HandClock()
    packs = PackRules() if in_packs else None
    outbox = Outbox(folder, 2**31, clock.wall, lambda: clock.monotonic(), packs=packs)
    waiting = fill(outbox, clock, frame_bytes, hours)
    outbox.close()
    # As after a restart: with the real clock for its waits.
    outbox = Outbox(folder, 2**31, clock.wall, packs=packs)
    with AwsSink(LATENCY_SECONDS) as sink, shipping(outbox, sink) as begun:
        sink.wait_for(waiting.reports)
        reports_after = sink.arrivals_of_reports()[-1].at - begun
        added_at = time.monotonic()
        captured = a_captured_frame(clock.wall(), frame_bytes)
        news = outbox.add_report(
            NewReport(a_report(NEWS, clock.wall()), durable=True, job=a_job(NEWS), captured=captured)
        )
        assert outbox.figures().frames_waiting > 10
        sink.wait_for(waiting.reports + 1)
        told_after = sink.arrivals_of_reports()[-1].at - added_at
        assert news.frame is not None
        assert news.frame.key in sink.keys
        sink.wait_for(waiting.reports + 1, waiting.frames + 1, seconds=300)
        frames_after = sink.arrivals[-1].at - begun
        arrived, calls = sink.reports, sink.calls
        assert len(sink.keys) == len(set(sink.keys)) == waiting.frames + 1
    outbox.close()
    return Drained(reports_after, frames_after, told_after, calls), waiting, arrived


def assert_true(waiting: Waiting, arrived: list[Report]) -> None:
    """All of it came, once, in order, with its times."""
    assert len(arrived) == waiting.reports + 1
    for name in PRINTERS:
        told = [(report.id, report.observed_at) for report in arrived if report.printer_id == name]
        assert told == [(report.id, report.observed_at) for report in waiting.changes[name]]
    assert all((report.shipped_at or 0) >= report.observed_at for report in arrived)


@pytest.mark.benchmark
def test_six_hours_of_four_printers_are_caught_up_in_half_a_minute(tmp_path: Path) -> None:
    taken: dict[bool, Drained] = {}
    for form, in_packs in (("one by one", False), ("in packs", True)):
        drained, waiting, arrived = drain(tmp_path / str(in_packs), HOURS, FRAME_BYTES, in_packs=in_packs)
        show(
            f"catching up after {HOURS} h of {len(PRINTERS)} printers, {LATENCY_SECONDS * 1e3:.0f} ms away, "
            f"frames {form}: {waiting.reports} reports in {drained.reports:.1f} s, {waiting.frames} frames "
            f"({waiting.frames * FRAME_BYTES / 1e6:.0f} MB) in {drained.frames:.1f} s, {drained.calls} calls"
            f"; a change in the meantime with its picture in {drained.news * 1e3:.0f} ms"
        )
        assert_true(waiting, arrived)
        assert drained.reports < DRAIN_LIMIT_SECONDS
        assert drained.news < TOLD_WITHIN_SECONDS
        taken[in_packs] = drained
    assert taken[True].frames < taken[False].frames
    assert taken[True].calls < taken[False].calls / 2  # nearly all that are left are reports


def test_a_few_minutes_are_caught_up_and_nothing_is_missing(tmp_path: Path) -> None:
    _, waiting, arrived = drain(tmp_path, 0.1, 2000)
    assert_true(waiting, arrived)
