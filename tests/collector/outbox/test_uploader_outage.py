"""Six hours without a remote backend, four printers, a restart in the middle; then all arrives."""

from itertools import pairwise
from pathlib import Path

import pytest

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from collector.outbox.uploader import Uploader
from functions.shared.errors import TransientError
from functions.shared.messages.report import Report
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report
from tests.support.clock import HandClock
from tests.support.memory_backend import EventLog, MemoryFrames, MemoryQueue

PRINTERS = ("A1M-1", "A1-2", "P1S-3", "P1P-4")
HOURS = 6
FRAME_BYTES = 2000
FRAME_EVERY = 60


@pytest.mark.parametrize("max_bytes", [100_000_000, 1_000_000])
def test_six_hours_of_four_printers_arrive_in_order_with_true_times_once(
    tmp_path: Path, max_bytes: int
) -> None:
    clock = HandClock()
    events: EventLog = []
    queue, frames = MemoryQueue(events), MemoryFrames(events)
    is_away = True

    def fault(what: object) -> None:
        if is_away:
            raise TransientError("no route to host")

    queue.fault = frames.fault = fault

    def start() -> tuple[Outbox, Uploader]:
        outbox = Outbox(tmp_path, max_bytes, clock.wall, clock.monotonic)
        return outbox, Uploader(outbox, frames, queue, monotonic=clock.monotonic, jitter=lambda: 0.5)

    outbox, uploader = start()
    changes: list[Report] = []
    due = 0.0
    for second in range(0, HOURS * 3600, 30):
        if second == 3 * 3600:
            outbox.close()
            outbox, uploader = start()
            due = 0.0
        for place, name in enumerate(PRINTERS):
            job, now = a_job(name, f"run-{place}"), clock.wall()
            if second % FRAME_EVERY == 0:
                outbox.keep_frame(name, job, a_captured_frame(now, FRAME_BYTES))
            if second % 240 == 60 * place:
                changes.append(outbox.add_report(NewReport(a_report(name, now), durable=True, job=job)))
            elif second % 120 == 0:
                outbox.add_report(NewReport(a_report(name, now), durable=False, job=job))
        clock.pass_time(30)
        if clock.monotonic() >= due:
            due = clock.monotonic() + uploader.upload_once()
    tries_while_away = queue.calls + len(frames.puts)
    assert tries_while_away < HOURS * 60 * 4
    assert outbox.figures().bytes <= max_bytes

    waiting = outbox.figures()
    is_away = False
    back_at = clock.wall()
    calls = queue.calls
    alive_beats = waiting.reports_waiting - len(changes)
    while outbox.figures().reports_waiting:
        clock.pass_time(min(60.0, uploader.upload_once()))
    assert clock.wall() - back_at <= 60  # no longer than the longest wait between two tries
    assert queue.calls - calls <= -(-waiting.reports_waiting // 10)
    assert 0 <= alive_beats <= len(PRINTERS)
    assert [kind for kind, _ in events].count("frame") <= 1  # reports first
    while uploader.upload_once() < 1.0:
        pass

    arrived = {report.id: report for report in queue.reports}
    assert len(queue.taken) == len(arrived) == len(changes) + alive_beats
    for sent in changes:
        assert arrived[sent.id].observed_at == sent.observed_at
        assert (arrived[sent.id].shipped_at or 0) >= back_at
    for name in PRINTERS:
        sequences = [report.sequence for report in queue.of(name)]
        assert sequences == sorted(sequences)

    figures = outbox.figures()
    made = len(PRINTERS) * HOURS * 3600 // FRAME_EVERY
    assert (figures.reports_waiting, figures.frames_waiting, figures.bytes) == (0, 0, 0)
    assert len(frames.stored) == waiting.frames_waiting
    if max_bytes > made * FRAME_BYTES * 2:
        assert len(frames.stored) == made
    for place, name in enumerate(PRINTERS):
        times = [found.taken_at for found in frames.list(f"images/{name}/")]
        assert times[0] == 1_700_000_000.0
        assert times[-1] == 1_700_000_000.0 + HOURS * 3600 - FRAME_EVERY
        gaps = sorted(later - earlier for earlier, later in pairwise(times))
        assert gaps[-1] <= 4 * gaps[0]
        end = outbox.add_report(NewReport(a_report(name), durable=True, job=a_job(name, f"run-{place}")))
        assert end.frames_kept == len(times)
    outbox.close()
