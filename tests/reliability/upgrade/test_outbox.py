"""The outbox of a former release, opened by today's collector: nothing lost, nothing twice, all in order."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from collector.outbox.model import EdgeJob, NewReport
from collector.outbox.outbox import Outbox
from collector.outbox.uploader import Uploader, upload_to
from functions.shared.domain.job_identity import JobFingerprint
from functions.shared.messages.report import ReportKind
from functions.shared.ports import FrameStore, Queue
from tests.collector.outbox.makers import a_report
from tests.support.clock import HandClock
from tests.support.memory_backend import EventLog, MemoryFrames, MemoryQueue
from tests.support.samples import COLLECTOR, ENDED, FORMER, IDLE, NOW, SILENT, WATCHED, copied, without_added

WAITING_REPORTS, WAITING_FRAMES = 19, 7
LATEST = "latest/X1C_links~99f62ba27216.jpg"


def opened(folder: Path, clock: HandClock) -> Outbox:
    return Outbox(folder / "data_dir" / "outbox", 2**31, clock.wall, clock.monotonic)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied("collector", tmp_path)


def as_it_was_kept() -> list[str]:
    """The body of every report in that outbox, in the order in which they were kept."""
    database = FORMER / "collector" / "data_dir" / "outbox" / "outbox.db"
    with closing(sqlite3.connect(f"file:{database}?immutable=1", uri=True)) as connection:
        return [body for (body,) in connection.execute("SELECT body FROM reports ORDER BY number")]


def test_all_that_waits_is_shipped_once_in_the_same_bytes_and_in_order(folder: Path) -> None:
    clock = HandClock(NOW)
    outbox = opened(folder, clock)
    events: EventLog = []
    queue, frames = MemoryQueue(events), MemoryFrames(events)
    shipper = Uploader(outbox, frames, queue, monotonic=clock.monotonic)
    while outbox.figures().reports_waiting or outbox.figures().frames_waiting:
        assert shipper.upload_once() == 0, "nothing has to wait"

    shipped_at = f'"shipped_at":{NOW}'
    kept = [body.replace('"shipped_at":null', shipped_at) for body in as_it_was_kept()]
    assert len(kept) == WAITING_REPORTS
    assert [without_added(entry.body) for entry in queue.taken] == kept
    assert {report.kind for report in queue.reports} == set(ReportKind)
    assert [what for what, _ in events[:2]] == ["reports", "reports"], "what is late waits for no frame"
    assert [len(batch) for batch in queue.batches] == [10, 9]

    assert len(frames.puts) == len(set(frames.puts)) == WAITING_FRAMES
    assert frames.puts.index(LATEST) == 5, "by the time at which they were taken"
    assert [key.split("/")[1] for key in frames.puts if key != LATEST] == [
        *("A1-mini", "A1-mini", "Keller_No2_b~587ab66a0a51"),
        *("A1-mini", "A1-mini", "A1-mini"),
    ]
    assert all(data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9") for data in frames.stored.values())
    named = {report.frame.key for report in queue.reports if report.frame is not None}
    assert named < set(frames.puts)
    assert len(named) == WAITING_FRAMES - 2, "two were kept for the film alone"
    outbox.close()

    again = opened(folder, clock)
    figures = again.figures()
    assert (figures.reports_waiting, figures.frames_waiting) == (0, 0)
    again.close()


def test_the_jobs_numbers_and_the_time_go_on_where_they_stood(folder: Path) -> None:
    outbox = opened(folder, HandClock(NOW))
    assert outbox.collector_id == COLLECTOR
    assert outbox.last_stamp == NOW - 100
    assert set(outbox.busy_printers()) == {SILENT, IDLE}
    assert outbox.recall_job(WATCHED) == EdgeJob(
        token="809c17fbe697801d",
        started_at=NOW - 400,
        prefix="images/A1-mini/Wurfel_Turm~3c09c8a4c87b/",
        fingerprint=JobFingerprint(task_id="815", name="Würfel & <Turm>", percent=10, has_run=True),
        is_active=False,
    )
    assert outbox.recall_job(ENDED) is None
    figures = outbox.figures()
    assert (figures.reports_waiting, figures.frames_waiting) == (WAITING_REPORTS, WAITING_FRAMES)
    assert figures.oldest_seconds == 400
    assert figures.is_disk_writable

    job = outbox.recall_job(WATCHED)
    next_one = outbox.add_report(NewReport(a_report(WATCHED, NOW), durable=True, job=job))
    assert next_one.sequence == 101, "numbers that may have been used are never given again"
    assert next_one.frames_kept == 5
    assert next_one.frame is not None
    assert next_one.frame.taken_at == NOW - 190
    outbox.close()


def test_what_was_refused_for_good_stays_aside_and_is_counted(folder: Path) -> None:
    outbox = opened(folder, HandClock(NOW))
    counted = outbox.figures().to_json()
    assert (counted["reports_set_aside"], counted["frames_set_aside"]) == (1, 1)
    assert len(list((folder / "data_dir" / "outbox" / "set_aside").iterdir())) == 1
    outbox.close()


def test_the_uploader_itself_empties_it(folder: Path) -> None:
    outbox = opened(folder, HandClock(NOW))
    queue, frames = MemoryQueue(), MemoryFrames()
    stop = threading.Event()

    def open_backend() -> tuple[FrameStore, Queue]:
        return frames, queue

    shipping = threading.Thread(target=upload_to, args=(open_backend, outbox, stop), daemon=True)
    shipping.start()
    assert queue.wait_for(WAITING_REPORTS)
    assert frames.wait_for(WAITING_FRAMES)
    stop.set()
    shipping.join(10)
    assert not shipping.is_alive()
    for printer_id in {report.printer_id for report in queue.reports}:
        sequences = [report.sequence for report in queue.of(printer_id)]
        assert sequences == sorted(set(sequences))
    outbox.close()
