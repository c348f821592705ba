"""A full outbox: what it gives up, and in which order."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report, waiting_sequences
from tests.support.clock import HandClock
from tests.support.open_databases import connection_in

BOUND = 100_000


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    clock = HandClock()
    outbox = Outbox(tmp_path, BOUND, clock.wall, clock.monotonic)
    yield outbox
    outbox.close()


def kept_times(outbox: Outbox, token: str = "run-1") -> list[float]:
    frames = outbox._store.index.frames.values()  # noqa: SLF001 - the rows come to the disk in groups, later
    return [frame.taken_at - 1_700_000_000.0 for frame in frames if frame.token == token]


def test_the_outbox_stays_in_its_bound_and_its_film_keeps_both_ends_and_an_even_pace(
    outbox: Outbox, tmp_path: Path
) -> None:
    for place in range(1000):
        outbox.keep_frame("A1M-1", a_job(), a_captured_frame(1_700_000_000.0 + 10 * place, 1000))
        assert outbox.figures().bytes <= BOUND
    times = kept_times(outbox)
    assert times[0] == 0.0
    assert times[-1] == 9990.0
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert len(times) >= BOUND / 1000 / 2
    assert max(gaps) <= 4 * sorted(gaps)[len(gaps) // 2]
    on_disk = list((tmp_path / "frames").iterdir())
    assert len(on_disk) == len(times)
    report = outbox.add_report(NewReport(a_report(), durable=True, job=a_job()))
    assert report.frames_kept == len(times)
    assert outbox.figures().frames_thinned == 1000 - len(times)


def test_a_film_thinned_after_its_end_was_reported_is_not_waited_for_in_vain(outbox: Outbox) -> None:
    for place in range(60):
        outbox.keep_frame("A1M-1", a_job(), a_captured_frame(1_700_000_000.0 + 10 * place, 1000))
    end = outbox.add_report(NewReport(a_report(), durable=True, job=a_job()))
    assert end.frames_kept == 60
    for place in range(60):
        outbox.keep_frame("P1S", a_job("P1S", "later"), a_captured_frame(1_700_001_000.0 + 10 * place, 1000))
    batch, _ = outbox.reader.take_batch()
    assert batch == []  # it waits for the frame that it names
    frame = outbox.reader.take_frame(is_old_allowed=False)
    assert frame is not None
    outbox.reader.frame_uploaded(frame)
    (item,), _ = outbox.reader.take_batch()
    assert item.report.frames_kept == len(kept_times(outbox)) + 1
    assert item.report.frames_kept < 60


def test_the_frame_that_a_waiting_alert_names_survives_the_thinning(outbox: Outbox, tmp_path: Path) -> None:
    keys = set()
    for place in range(600):
        at = 1_700_000_000.0 + 10 * place
        if place % 100 == 50:
            report = outbox.add_report(
                NewReport(
                    a_report(observed_at=at), durable=True, job=a_job(), captured=a_captured_frame(at, 1000)
                )
            )
            assert report.frame is not None
            keys.add(report.frame.key)
        else:
            outbox.keep_frame("A1M-1", a_job(), a_captured_frame(at, 1000))
    assert outbox.figures().frames_thinned > 0
    assert keys <= {key for (key,) in connection_in(tmp_path).execute("SELECT key FROM frames")}


def test_changes_go_last_the_oldest_first_and_are_counted(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    outbox.add_report(NewReport(a_report("idle", note="x" * 1000), durable=False))
    for place in range(40):
        outbox.keep_frame("A1M-1", a_job(), a_captured_frame(1_700_000_000.0 + place, 1000))
    for _ in range(150):
        outbox.add_report(NewReport(a_report(note="x" * 1000), durable=True))
    figures = outbox.figures()
    assert figures.bytes <= BOUND
    assert figures.frames_waiting == 0
    assert figures.reports_waiting == 150 - figures.reports_dropped
    assert figures.reports_dropped > 0
    sequences = waiting_sequences(outbox)
    assert sequences == list(range(figures.reports_dropped + 1, 151))
    assert any("the oldest is dropped" in record.getMessage() for record in caplog.records)


def test_what_was_dead_lettered_is_the_first_to_go(outbox: Outbox, tmp_path: Path) -> None:
    for place in range(50):
        outbox.keep_frame("A1M-1", a_job(), a_captured_frame(1_700_000_000.0 + place, 1000))
        frame = outbox.reader.take_frame(is_old_allowed=True)
        assert frame is not None
        outbox.reader.quarantine_frame(frame, "refused")
    assert len(list((tmp_path / "set_aside").iterdir())) == 50
    for place in range(90):
        outbox.keep_frame("A1M-1", a_job(), a_captured_frame(1_700_001_000.0 + place, 1000))
    assert outbox.figures().frames_thinned == 0
    assert outbox.figures().bytes <= BOUND
    assert len(list((tmp_path / "set_aside").iterdir())) < 10


def test_a_frame_that_is_lost_is_named_by_no_later_report(outbox: Outbox) -> None:
    outbox.keep_frame("A1M-1", a_job(), a_captured_frame(size=1000))
    frame = outbox.reader.take_frame(is_old_allowed=True)
    assert frame is not None
    outbox.reader.quarantine_frame(frame, "refused")
    assert outbox.add_report(NewReport(a_report(), durable=True, job=a_job())).frame is None
