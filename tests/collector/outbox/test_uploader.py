"""One step after the other, with clocks moved by hand and a remote backend that fails in every way."""

import itertools
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from collector.outbox.uploader import Uploader
from functions.shared.domain.keys import digest, latest_key
from functions.shared.errors import PermanentError, TransientError
from functions.shared.messages.report import Report
from functions.shared.ports import Outgoing
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report
from tests.support.clock import HandClock
from tests.support.memory_backend import EventLog, MemoryFrames, MemoryQueue


class Post:
    """An outbox with its uploader and the remote backend."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = HandClock()
        self.events: EventLog = []
        self.queue = MemoryQueue(self.events)
        self.frames = MemoryFrames(self.events)
        self.open()

    def open(self) -> None:
        self.outbox = Outbox(self.folder, 100_000_000, self.clock.wall, self.clock.monotonic)
        self.uploader = Uploader(
            self.outbox, self.frames, self.queue, monotonic=self.clock.monotonic, jitter=lambda: 1.0
        )

    def restart(self) -> None:
        self.outbox.close()
        self.open()

    def change(self, printer_id: str = "A1M-1", *, with_frame: bool = False) -> Report:
        now = self.clock.wall()
        captured = a_captured_frame(now) if with_frame else None
        job = a_job(printer_id)
        return self.outbox.add_report(
            NewReport(a_report(printer_id, now), durable=True, job=job, captured=captured)
        )

    def film_frame(self, printer_id: str = "A1M-1") -> None:
        self.outbox.keep_frame(printer_id, a_job(printer_id), a_captured_frame(self.clock.wall()))

    def drain(self) -> int:
        """Steps until there is nothing more to do now."""
        steps = 1
        while self.uploader.upload_once() == 0.0:
            steps += 1
            assert steps < 10_000
        return steps

    def run_for(self, seconds: float) -> None:
        """Let time pass, shipping whenever it is due."""
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0:
            self.clock.pass_time(min(left, max(0.01, self.uploader.upload_once())))
        self.drain()


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    post = Post(tmp_path / "outbox")
    yield post
    post.outbox.close()


def away(entries: object) -> None:
    raise TransientError("no route to host")


def fine(entries: object) -> None:
    """The remote backend works."""


def test_reports_arrive_once_in_order_with_stable_ids_and_their_times(post: Post) -> None:
    first = post.change()
    post.clock.pass_time(2)
    post.change()
    post.drain()
    assert [report.sequence for report in post.queue.reports] == [1, 2]
    entry = post.queue.taken[0]
    assert (entry.group, entry.deduplication_id) == (first.group, digest(first.id))
    assert post.queue.reports[0].observed_at == first.observed_at
    assert post.queue.reports[0].shipped_at == first.observed_at + 2
    assert post.outbox.figures().reports_waiting == 0


def test_a_frame_is_there_before_the_report_that_names_it(post: Post) -> None:
    report = post.change(with_frame=True)
    assert report.frame is not None
    post.drain()
    assert post.events == [("frame", report.frame.key), ("reports", 1)]


def test_no_alert_waits_more_than_ten_seconds_for_its_frame_which_follows(post: Post) -> None:
    post.frames.fault = away
    report = post.change(with_frame=True)
    post.run_for(9.9)
    assert post.queue.reports == []
    post.run_for(0.2)
    (arrived,) = post.queue.reports
    assert arrived.frame == report.frame
    post.frames.fault = fine
    post.run_for(60)
    assert report.frame is not None
    assert post.frames.get(report.frame.key)


def test_a_report_of_another_run_of_the_program_waits_for_no_frame(post: Post) -> None:
    post.frames.fault = away
    post.change(with_frame=True)
    post.restart()
    post.uploader.upload_once()
    assert len(post.queue.reports) == 1


def test_while_the_frame_store_is_away_reports_go_on(post: Post) -> None:
    post.frames.fault = away
    post.film_frame()
    post.drain()
    for _ in range(5):
        post.change("P1S")
        post.drain()
    assert len(post.queue.of("P1S")) == 5


def test_while_the_queue_is_away_frames_go_on(post: Post) -> None:
    post.queue.fault = away
    for _ in range(5):
        post.change()
        post.film_frame()
        post.run_for(5)
    assert len(post.frames.stored) == 5
    assert post.queue.reports == []


def test_tries_are_spaced_from_one_second_doubling_to_a_minute(post: Post) -> None:
    post.queue.fault = away
    post.change()
    waits = []
    for _ in range(9):
        waits.append(post.uploader.upload_reports_once())
        post.clock.pass_time(waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_the_other_sides_wish_to_be_left_alone_is_obeyed(post: Post) -> None:
    def throttled(entries: Sequence[Outgoing]) -> None:
        raise TransientError("slow down", retry_after=300)

    post.queue.fault = throttled
    post.frames.fault = away
    post.change()
    post.film_frame()
    post.uploader.upload_once()
    post.queue.fault = fine
    calls = post.queue.calls
    post.run_for(299)
    assert post.queue.calls == calls
    post.run_for(2)
    assert len(post.queue.reports) == 1


def test_when_a_batch_fails_for_now_the_same_goes_again_in_the_same_order(post: Post) -> None:
    seen: list[list[str]] = []

    def fail_twice(entries: Sequence[Outgoing]) -> None:
        seen.append([entry.deduplication_id for entry in entries])
        if len(seen) <= 2:
            raise TransientError("only some were taken")

    post.queue.fault = fail_twice
    for name in ("A1M-1", "P1S", "A1M-1", "P1S"):
        post.change(name)
    post.run_for(10)
    assert seen[0] == seen[1] == seen[2]
    assert [report.sequence for report in post.queue.of("A1M-1")] == [1, 2]


def test_a_lost_answer_repeats_the_batch_and_nothing_arrives_twice(post: Post) -> None:
    def lost() -> None:
        post.queue.answer_lost = lambda: None
        raise TransientError("connection reset")

    post.queue.answer_lost = lost
    post.change()
    post.change()
    post.run_for(5)
    assert len(post.queue.batches) == 2
    assert [report.sequence for report in post.queue.reports] == [1, 2]


def test_an_entry_refused_for_good_is_dead_lettered_and_holds_up_nothing(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    post.queue.refuses = lambda report: "too strange" if report.sequence == 2 else None
    for _ in range(3):
        post.change()
    post.drain()
    assert [report.sequence for report in post.queue.reports] == [1, 3]
    assert post.outbox.figures().reports_set_aside == 1
    assert any("too strange" in record.getMessage() for record in caplog.records)
    post.restart()
    assert post.outbox.figures().reports_set_aside == 1
    post.drain()
    assert len(post.queue.reports) == 2


def test_a_batch_refused_as_a_whole_loses_only_the_report_that_is_meant(post: Post) -> None:
    bad = digest(post.change().id)

    def refuse(entries: Sequence[Outgoing]) -> None:
        if any(entry.deduplication_id == bad for entry in entries):
            raise PermanentError("a message is not valid")

    post.queue.fault = refuse
    for _ in range(4):
        post.change()
    post.drain()
    assert [report.sequence for report in post.queue.reports] == [2, 3, 4, 5]
    assert post.outbox.figures().reports_set_aside == 1


def test_a_fault_that_may_pass_while_the_bad_one_is_looked_for_keeps_the_order(post: Post) -> None:
    def refuse(entries: Sequence[Outgoing]) -> None:
        if len(entries) > 1:
            raise PermanentError("a message is not valid")
        if post.queue.calls == 3:
            raise TransientError("reset")

    post.queue.fault = refuse
    for _ in range(4):
        post.change()
    post.run_for(10)
    assert [report.sequence for report in post.queue.reports] == [1, 2, 3, 4]
    assert post.outbox.figures().reports_set_aside == 0


def test_a_frame_refused_for_good_is_dead_lettered_and_not_counted(post: Post, tmp_path: Path) -> None:
    def refuse(key: str) -> None:
        if len(post.frames.puts) == 1:
            raise PermanentError("not a picture")

    post.frames.fault = refuse
    for _ in range(3):
        post.film_frame()
    post.drain()
    assert len(post.frames.stored) == 2
    figures = post.outbox.figures()
    assert (figures.frames_set_aside, figures.frames_waiting) == (1, 0)
    assert len(list((tmp_path / "outbox" / "set_aside").iterdir())) == 1
    assert post.change().frames_kept == 2


def test_a_fault_that_no_one_foresaw_is_taken_as_passing(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    def defect(entries: Sequence[Outgoing]) -> None:
        if post.queue.calls == 1:
            raise KeyError("Messages")

    post.queue.fault = defect
    post.change()
    post.run_for(3)
    assert len(post.queue.reports) == 1
    assert any("KeyError" in record.getMessage() for record in caplog.records)


def test_a_frame_whose_file_is_gone_holds_up_nothing(post: Post) -> None:
    post.film_frame()
    post.film_frame()
    next((post.folder / "frames").iterdir()).unlink()
    post.drain()
    assert len(post.frames.stored) == 1
    assert post.outbox.figures().frames_waiting == 0


def test_an_hour_away_is_a_line_a_minute_and_one_when_it_is_back(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    post.queue.fault = away
    for _ in range(60):
        post.change()
        post.run_for(60)
    lines = [record.getMessage() for record in caplog.records]
    assert 20 <= len(lines) <= 62
    assert "reports cannot be delivered: no route to host; 1 waiting" in lines[0]
    caplog.clear()
    post.queue.fault = fine
    post.run_for(120)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == "reports are delivered again after 1 h 0 min: 60 caught up"


def test_after_an_outage_of_both_reports_go_before_any_frame(post: Post) -> None:
    post.queue.fault = post.frames.fault = away
    for _ in range(35):
        post.change()
        post.film_frame()
        post.run_for(61)
    post.queue.fault = post.frames.fault = fine
    post.run_for(120)
    assert [kind for kind, _ in post.events] == ["reports"] * 4 + ["frame"] * 35
    assert [count for kind, count in post.events if kind == "reports"] == [10, 10, 10, 5]


def test_reports_go_first_though_the_next_try_of_the_frames_was_due_sooner(post: Post) -> None:
    jitters = itertools.cycle([1.0, 0.3])  # the reports' wait is the longer one each time
    post.uploader = Uploader(
        post.outbox,
        post.frames,
        post.queue,
        monotonic=post.clock.monotonic,
        jitter=lambda: next(jitters),
    )
    post.queue.fault = post.frames.fault = away
    for _ in range(15):
        post.change()
        post.film_frame()
        post.run_for(50)
    post.queue.fault = post.frames.fault = fine
    post.run_for(120)
    assert [kind for kind, _ in post.events] == ["reports"] * 2 + ["frame"] * 15


def test_after_an_outage_what_happens_now_is_announced_with_its_frame_as_soon_as_the_old_reports_are(
    post: Post,
) -> None:
    post.queue.fault = post.frames.fault = away
    for _ in range(40):
        post.change()
        post.film_frame()
        post.run_for(30)
    post.queue.fault = post.frames.fault = fine
    post.clock.pass_time(60)
    now = post.change("P1S", with_frame=True)
    post.drain()
    assert now.frame is not None
    log = post.events
    assert ("frame", now.frame.key) in log[:6]
    assert [kind for kind, _ in log].index("frame") == log.index(("frame", now.frame.key))
    (arrived,) = post.queue.of("P1S")
    assert arrived.shipped_at == now.observed_at


def test_a_clock_that_jumps_makes_no_report_late_nor_early(post: Post) -> None:
    post.queue.fault = away
    reports = []
    for jump in (3600.0, -7200.0, 86_400.0):
        reports.append(post.change())
        post.clock.jump(jump)
    post.clock.pass_time(10)
    post.queue.fault = fine
    post.drain()
    late = [(report.shipped_at or 0) - report.observed_at for report in post.queue.reports]
    assert late == [10.0, 10.0, 10.0]


def test_an_idle_frame_is_shipped_before_its_heartbeat(post: Post) -> None:
    post.outbox.add_report(
        NewReport(a_report(), durable=False, captured=a_captured_frame(), is_overwriting=True)
    )
    post.drain()
    assert post.events == [("frame", latest_key("A1M-1")), ("reports", 1)]


def test_nothing_is_sent_after_the_outbox_is_closed(post: Post) -> None:
    post.change()
    post.film_frame()
    post.outbox.close()
    assert post.uploader.upload_once() > 0
    assert post.events == []
    post.open()


def test_large_reports_are_split_into_batches_that_the_queue_takes(post: Post) -> None:
    for _ in range(12):
        post.outbox.add_report(NewReport(a_report(note="x" * 250_000), durable=True))
    post.drain()
    assert [len(batch) for batch in post.queue.batches] == [3, 3, 3, 3]
