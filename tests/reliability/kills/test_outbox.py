"""kill -9 in the middle of adding: nothing that was kept is lost, no number is given twice."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from tests.collector.outbox.makers import a_job, a_report, waiting_sequences
from tests.support.clock import HandClock

PROGRAM = """
import sys, time
from pathlib import Path
from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report

outbox = Outbox(Path(sys.argv[1]), 100_000_000, time.time)
job = a_job()
count = 0
while True:
    count += 1
    durable = count % 3 != 0
    captured = a_captured_frame(1_700_000_000.0 + count, 3000) if count % 4 == 0 else None
    report = outbox.add_report(NewReport(a_report(), durable=durable, job=job, captured=captured))
    if count % 2 == 0:
        outbox.keep_frame("A1M-1", job, a_captured_frame(1_700_000_000.0 + count, 3000))
    print(report.sequence, int(durable), report.frames_kept, flush=True)
"""


def run_and_kill(folder: Path, after_lines: int) -> list[tuple[int, bool, int]]:
    """What the program was told was kept, until it was killed: sequence, durable, frames kept."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process:
        lines = [process.stdout.readline() for _ in range(after_lines)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    fields = [line.split() for line in lines if line.endswith("\n")]
    return [(int(sequence), durable == "1", int(kept)) for sequence, durable, kept in fields]


@pytest.mark.parametrize("after_lines", [1, 40])
def test_killed_again_and_again_nothing_kept_is_lost_and_no_sequence_is_used_twice(
    tmp_path: Path, after_lines: int
) -> None:
    clock = HandClock()
    known: set[int] = set()
    durable: list[int] = []
    frames_kept = 0
    for _ in range(3):
        told = run_and_kill(tmp_path, after_lines)
        sequences = {sequence for sequence, _, _ in told}
        assert len(told) >= after_lines
        assert not sequences & known
        assert min(sequences) > max(known, default=0)
        known |= sequences
        durable += [sequence for sequence, is_durable, _ in told if is_durable]
        frames_kept = max(kept for _, _, kept in told)
    outbox = Outbox(tmp_path, 100_000_000, clock.wall, clock.monotonic)
    try:
        assert outbox.recall_job("A1M-1") == a_job()
        figures = outbox.figures()
        report = outbox.add_report(NewReport(a_report(), durable=False, job=a_job()))
        assert report.sequence > max(known)
        assert report.frames_kept is not None
        assert report.frames_kept == figures.frames_waiting  # nothing was shipped
        assert report.frames_kept >= frames_kept
        assert len(list((tmp_path / "frames").iterdir())) == figures.frames_waiting
        shipped = waiting_sequences(outbox)
        assert shipped == sorted(shipped)
        assert set(durable) <= set(shipped)
    finally:
        outbox.close()


SHIPPING_PROGRAM = """
import sys, time
from pathlib import Path
from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from tests.collector.outbox.makers import a_report

outbox = Outbox(Path(sys.argv[1]), 100_000_000, time.time)
while True:
    outbox.add_report(NewReport(a_report(), durable=True))
    batch, _ = outbox.reader.take_batch()
    for item in batch:
        print(item.report.sequence, 1, 0, flush=True)
    outbox.reader.acknowledge(batch)
"""


def test_killed_between_the_sending_and_the_noting_reports_are_sent_again_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "PROGRAM", SHIPPING_PROGRAM)
    clock = HandClock()
    arrived = [sequence for sequence, _, _ in run_and_kill(tmp_path, 30)]
    outbox = Outbox(tmp_path, 100_000_000, clock.wall, clock.monotonic)
    try:
        again = waiting_sequences(outbox)
    finally:
        outbox.close()
    assert set(range(1, max(arrived) + 1)) <= set(arrived) | set(again)
    assert again == sorted(again)
