"""The bridge's own figures are what really happened: real sockets, a real outbox, a backend in all moods."""

import threading
from pathlib import Path

import pytest

from collector.metrics.agent import collector_families, outbox_families
from collector.metrics.exposition import MetricsPage
from collector.metrics.printers import printer_families
from collector.outbox.model import NewReport
from collector.outbox.outbox import Outbox
from collector.outbox.uploader import RemoteBackend, Uploader, upload_to
from functions.shared.errors import PermanentError, TransientError
from tests.collector.outbox.makers import a_captured_frame, a_job, a_report
from tests.collector.running_agent import RUNNING, P, running
from tests.support.bambui_server import bambui
from tests.support.clock import HandClock
from tests.support.edge_material import RememberingOutbox, image_text, jpeg, status_text
from tests.support.memory_backend import MemoryFrames, MemoryQueue
from tests.support.metrics.exposition import Exposition, read_exposition
from tests.support.open_databases import connection_in
from tests.support.timeouts import TIMEOUT, eventually


def told(outbox: Outbox) -> Exposition:
    return read_exposition(MetricsPage({"outbox": lambda: outbox_families(outbox)}).text())


async def test_every_kind_of_message_is_counted_and_so_are_bytes_and_connections() -> None:
    messages: list[str | bytes] = [
        status_text(**RUNNING),
        image_text(jpeg()),
        image_text(b"no picture"),
        '{"type":"error","message":"Printer Offline"}',
        '{"type":"message","message":"hello"}',
        "junk",
        b"binary",
    ]
    async with bambui() as server, running(server, RememberingOutbox()) as collector:
        page = MetricsPage(
            {
                "the printers": lambda: printer_families(collector.snapshots()),
                "the collector": lambda: collector_families(collector, "1.2.3"),
            },
            fresh_seconds=0,
        )

        def now() -> Exposition:
            return read_exposition(page.text())

        await server.until(lambda: bool(server.sockets.get(P)))
        await server.send(P, *messages)
        await eventually(lambda: now().value("printer_bridge_messages_total", kind="bad") == 2)
        exposition = now()
        kinds = exposition.having("printer_bridge_messages_total", "kind")
        assert kinds == {"status": 1, "picture": 2, "other": 2, "bad": 2}
        assert exposition.value("printer_bridge_received_bytes_total") == sum(len(one) for one in messages)
        assert exposition.value("printer_bridge_connects_total", printer=P) == 1
        assert exposition.value("printer_bridge_job_progress_ratio", printer=P) == 0.1
        assert exposition.value("printer_bridge_build_info", version="1.2.3") == 1
        assert exposition.value("printer_bridge_frames_refused_total") == 1
        assert (exposition.value("printer_bridge_tasks") or 0) >= 5
        assert (exposition.value("printer_bridge_start_time_seconds") or 0) > 1.7e9
        await server.drop(P)
        await eventually(lambda: now().value("printer_bridge_connects_total", printer=P) == 2)
        assert now().having("printer_bridge_messages_total", "kind") == kinds  # over all connections


def test_what_waits_and_what_was_sent_is_counted(tmp_path: Path) -> None:
    clock = HandClock()
    outbox = Outbox(tmp_path, 10**9, clock.wall, clock.monotonic)
    job = a_job()
    outbox.keep_frame("A1M-1", job, a_captured_frame(clock.wall()))
    outbox.add_report(
        NewReport(
            a_report(observed_at=clock.wall()),
            durable=True,
            job=job,
            captured=a_captured_frame(clock.wall() + 0.5),
        )
    )
    outbox.add_report(NewReport(a_report(observed_at=clock.wall()), durable=False))
    outbox.add_report(NewReport(a_report(observed_at=clock.wall()), durable=False))
    clock.pass_time(7)
    exposition = told(outbox)
    for name, value in (
        ("outbox_reports", 2), ("outbox_frames", 2), ("outbox_age_seconds", 7), ("outbox_disk_writable", 1),
        ("frames_kept_total", 2), ("heartbeats_dropped_total", 1), ("frames_thinned_total", 0),
    ):  # fmt: skip
        assert exposition.value(f"printer_bridge_{name}") == value, name
    assert (exposition.value("printer_bridge_outbox_bytes") or 0) > 200
    assert exposition.having("printer_bridge_reports_made_total", "kind") == {"change": 1, "heartbeat": 2}
    uploader = Uploader(outbox, MemoryFrames(), MemoryQueue(), monotonic=clock.monotonic)
    while uploader.upload_once() == 0:
        pass
    exposition = told(outbox)
    assert exposition.having("printer_bridge_shipped_total", "what") == {"reports": 2, "frames": 2}
    assert exposition.value("printer_bridge_outbox_reports") == 0
    assert exposition.value("printer_bridge_outbox_age_seconds") == 0
    assert set(exposition.having("printer_bridge_send_failures_total", "kind").values()) == {0}
    outbox.close()


def test_a_failure_is_counted_by_what_failed_and_whether_it_may_pass(tmp_path: Path) -> None:
    clock = HandClock()
    outbox = Outbox(tmp_path, 10**9, clock.wall, clock.monotonic)
    queue, frames = MemoryQueue(), MemoryFrames()
    uploader = Uploader(outbox, frames, queue, monotonic=clock.monotonic, jitter=lambda: 1.0)

    def away(_: object) -> None:
        raise TransientError("away")

    def refuses(_: str) -> None:
        raise PermanentError("no such bucket")

    queue.fault = frames.fault = away
    outbox.add_report(NewReport(a_report(observed_at=clock.wall()), durable=True))
    outbox.keep_frame("A1M-1", a_job(), a_captured_frame(clock.wall()))
    uploader.upload_reports_once()
    clock.pass_time(100)
    uploader.upload_reports_once()
    uploader.upload_frames_once()
    queue.fault, frames.fault = (lambda _: None), refuses
    queue.refuses = lambda _: "too long"
    clock.pass_time(1000)
    uploader.upload_reports_once()
    uploader.upload_frames_once()
    exposition = told(outbox)
    for what, kind, count in (
        ("reports", "transient", 2), ("frames", "transient", 1), ("reports", "refused", 1),
        ("frames", "refused", 1),
    ):  # fmt: skip
        assert exposition.value("printer_bridge_send_failures_total", what=what, kind=kind) == count, (
            what,
            kind,
        )
    assert exposition.value("printer_bridge_outbox_set_aside_reports") == 1
    assert exposition.value("printer_bridge_outbox_set_aside_frames") == 1
    outbox.close()


def test_a_remote_backend_that_cannot_be_opened_is_counted(tmp_path: Path) -> None:
    clock, stop = HandClock(), threading.Event()
    outbox = Outbox(tmp_path, 10**9, clock.wall, clock.monotonic)
    tries: list[int] = []

    def opens() -> RemoteBackend:
        tries.append(1)
        if len(tries) == 3:
            stop.set()
        raise TransientError("no credentials yet")

    upload_to(opens, outbox, stop, wait=lambda _: None)
    assert told(outbox).value("printer_bridge_send_failures_total", what="opening", kind="transient") == 3
    outbox.close()


def test_a_full_outbox_says_how_many_frames_it_gave_up(tmp_path: Path) -> None:
    clock = HandClock()
    outbox = Outbox(tmp_path, 20_000, clock.wall, clock.monotonic)
    for number in range(30):
        outbox.keep_frame("A1M-1", a_job(), a_captured_frame(clock.wall() + number, size=1000))
    exposition = told(outbox)
    assert exposition.value("printer_bridge_frames_kept_total") == 30
    kept = outbox.figures().frames_waiting
    assert exposition.value("printer_bridge_frames_thinned_total") == 30 - kept
    assert (exposition.value("printer_bridge_frames_thinned_total") or 0) > 0
    outbox.close()


def test_while_the_outbox_waits_for_the_disk_only_its_own_figures_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.metrics.agent._OUTBOX_TIMEOUT", 0.01)
    clock = HandClock()
    outbox = Outbox(tmp_path, 10**9, clock.wall, clock.monotonic)
    held, release = threading.Event(), threading.Event()

    def wait_for_the_disk(_: str) -> None:
        held.set()
        assert release.wait(TIMEOUT)

    connection_in(tmp_path).set_trace_callback(wait_for_the_disk)
    thread = threading.Thread(target=outbox.keep_frame, args=("A1M-1", a_job(), a_captured_frame()))
    thread.start()
    assert held.wait(TIMEOUT)
    assert told(outbox).values == {}
    release.set()
    thread.join(TIMEOUT)
    assert told(outbox).value("printer_bridge_outbox_reports") == 0
    outbox.close()
