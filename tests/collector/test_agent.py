"""The collector whole: real sockets, real list, every printer on its own."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import pytest

from collector.agent import Collector
from collector.outbox.model import EdgeJob
from functions.shared.domain.job_identity import JobFingerprint
from functions.shared.live import Live
from functions.shared.messages.report import ReportKind
from functions.shared.runtime.clocks import MonotonicWallClock
from functions.shared.settings import Settings
from tests.collector.running_agent import RUNNING, P, of_kind, running, until_reports
from tests.support.bambui_server import BambUI, bambui
from tests.support.edge_material import RememberingOutbox, image_text, jpeg, status_text
from tests.support.timeouts import TIMEOUT, eventually


@pytest.fixture
async def server() -> AsyncIterator[BambUI]:
    async with bambui() as face:
        yield face


async def test_what_a_printer_says_becomes_reports_and_kept_frames(server: BambUI) -> None:
    outbox, live = RememberingOutbox(), Live()
    async with running(server, outbox, live=live) as collector:
        await server.send(P, status_text(**RUNNING), image_text(jpeg(1)), status_text(**RUNNING))
        await server.send(P, status_text(**{**RUNNING, "gcode_state": "FINISH"}))
        await until_reports(outbox, lambda reports: len(of_kind(reports, ReportKind.STATUS)) == 2)
        await eventually(lambda: collector.printers()[0].is_online is True)
        (view,) = collector.printers()
        assert (view.printer_id, view.model, view.is_online, view.is_connected) == (P, "A1M", True, True)
    states = [status["gcode_state"] for status in outbox.statuses(P)]
    assert states == ["RUNNING", "FINISH"]
    assert [kept.captured.data for kept in outbox.frames() if kept.captured] == [jpeg(1)]
    assert live.printers() == {P: ("A1M", True, True)}
    frame = live.frame(P)
    assert frame is not None
    assert frame.data == jpeg(1)


async def test_only_online_printers_are_connected_and_stay_so_and_presence_is_announced(
    server: BambUI,
) -> None:
    server.names = {P, "B"}
    server.listing = [
        {"name": P, "model": "A1M", "is_online": True},
        {"name": "B", "model": "P1S", "is_online": False},
    ]
    outbox = RememberingOutbox()
    async with running(server, outbox) as collector:
        await until_reports(outbox, lambda reports: len(reports) == 1, "B")
        await server.until(lambda: server.opened.get(P) == 1)
        assert server.opened.get("B") is None
        server.listing[1]["is_online"] = True
        await server.until(lambda: server.opened.get("B") == 1)
        server.listing[1]["is_online"] = False
        await until_reports(outbox, lambda reports: len(of_kind(reports, ReportKind.PRESENCE)) == 3, "B")
        await server.send("B", status_text(gcode_state="IDLE"))
        await until_reports(outbox, lambda reports: len(of_kind(reports, ReportKind.STATUS)) == 1, "B")
        assert [view.is_connected for view in collector.printers()] == [True, True]
    presence = of_kind(outbox.reports("B"), ReportKind.PRESENCE)
    assert [(one.model, one.is_online) for one in presence] == [
        ("P1S", is_online)
        for is_online in (False, True, False, True)  # a status outranks a ping
    ]
    status = of_kind(outbox.reports("B"), ReportKind.STATUS)[0]
    assert (status.model, status.is_online) == ("P1S", False)
    assert all(kept.durable for kept in outbox.kept if kept.report in presence)


async def test_a_broken_list_takes_nobody_away(server: BambUI) -> None:
    outbox = RememberingOutbox()
    async with running(server, outbox) as collector:
        await eventually(lambda: any(view.is_online for view in collector.printers()))
        server.content_type, server.listing = "text/html", b"<html>"
        seen = server.listed
        await server.until(lambda: server.listed > seen + 3)
        server.content_type, server.listing = "application/json", []
        seen = server.listed
        await server.until(lambda: server.listed > seen + 3)
        await server.send(P, status_text(**RUNNING))
        await until_reports(outbox, lambda reports: len(of_kind(reports, ReportKind.STATUS)) == 1)
        assert [view.printer_id for view in collector.printers()] == [P]
    assert len(of_kind(outbox.reports(P), ReportKind.PRESENCE)) == 1


async def test_an_unknown_seed_is_said_once_and_has_no_reports(
    server: BambUI, caplog: pytest.LogCaptureFixture
) -> None:
    server.names = {"B"}
    outbox = RememberingOutbox()
    with caplog.at_level(logging.WARNING):
        async with running(server, outbox, status_timeout_seconds=0.05) as collector:
            await server.until(lambda: len(server.refused) >= 4)
            await eventually(lambda: any(view.is_refused for view in collector.printers()))
            assert len(server.refused) <= server.listed + 1  # tried at each look at the list only
            await until_reports(outbox, lambda reports: bool(of_kind(reports, ReportKind.SILENCE)), "B")
    assert outbox.reports(P) == []
    assert sum("knows no printer" in record.getMessage() for record in caplog.records) == 1


async def test_silence_is_reported_and_the_status_task_of_bambui_revived(server: BambUI) -> None:
    outbox = RememberingOutbox()
    async with running(server, outbox, status_timeout_seconds=0.05):
        await server.send(P, status_text(**RUNNING))
        await server.until(lambda: server.opened[P] >= 2)
        await until_reports(outbox, lambda reports: bool(of_kind(reports, ReportKind.SILENCE)))
        await server.send(P, status_text(**RUNNING))
        reports = await until_reports(outbox, lambda reports: len(of_kind(reports, ReportKind.STATUS)) >= 2)
    assert of_kind(reports, ReportKind.STATUS)[1].after_gap


async def test_without_images_and_at_the_forced_interval_it_connects_anew(server: BambUI) -> None:
    async with running(server, RememberingOutbox(), image_timeout_seconds=0.03, forced_reconnect_seconds=0):
        await server.until(lambda: server.opened.get(P, 0) >= 3)
    server.opened.clear()
    async with running(server, RememberingOutbox(), forced_reconnect_seconds=0.03):
        await server.until(lambda: server.opened.get(P, 0) >= 3)


async def test_after_a_restart_the_job_is_recalled_and_ends_as_the_same(server: BambUI) -> None:
    job = EdgeJob(
        "before", 1.0, "images/A1M-1/Benchy/", JobFingerprint(None, "Benchy", 9, True), is_active=True
    )
    outbox = RememberingOutbox(jobs={P: job})
    async with running(server, outbox):
        await server.send(P, status_text(**{**RUNNING, "gcode_state": "FINISH"}))
        await until_reports(outbox, lambda reports: bool(of_kind(reports, ReportKind.STATUS)))
    end = next(kept for kept in outbox.kept if kept.report and kept.report.kind is ReportKind.STATUS)
    assert end.report is not None
    assert end.report.after_gap
    assert end.job is not None
    assert (end.job.token, end.job.is_active) == ("before", False)


async def test_the_collector_reports_on_itself(server: BambUI) -> None:
    outbox = RememberingOutbox()
    options = {"own_report_interval": 0.02, "outbox_figures": lambda: {"waiting_reports": 4}}
    expected = [{"printer_id": P, "model": "A1M", "is_online": True, "is_connected": True}]
    async with running(server, outbox, options=options):
        await eventually(lambda: expected in [body["printers"] for body in outbox.statuses("collector")])
    own = outbox.reports("collector")
    assert {one.kind for one in own} == {ReportKind.COLLECTOR}
    body = outbox.statuses("collector")[-1]
    assert body["version"] == "1.2.3"
    assert body["outbox"] == {"waiting_reports": 4}
    assert body["started_at"] <= own[-1].observed_at
    assert not any(kept.durable for kept in outbox.kept if kept.report in own)
    json.dumps(body)


async def test_that_the_disk_is_full_is_reported_at_once_and_that_it_is_over_too(server: BambUI) -> None:
    outbox, full = RememberingOutbox(), [False]
    options = {"outbox_figures": lambda: {"is_disk_full": full[0]}, "is_disk_full": lambda: full[0]}
    async with running(server, outbox, options=options, watchdog_tick_seconds=0.01):
        for count, full[0] in enumerate((False, True, False), start=1):
            await eventually(lambda count=count: len(outbox.statuses("collector")) == count)  # type: ignore[misc]
    said = [body["outbox"]["is_disk_full"] for body in outbox.statuses("collector")]
    assert said == [False, True, False]


def own_tasks() -> list[str]:
    """What runs of a collector, beside its `run`."""
    running = [repr(task.get_coro()) for task in asyncio.all_tasks()]
    return [one for one in running if "Collector._" in one or "Connection." in one]


async def test_it_ends_though_bambui_does_not_let_go(server: BambUI) -> None:
    server.names = {f"P{number}" for number in range(20)} | {P}
    outbox = RememberingOutbox()
    async with running(server, outbox) as collector:
        await server.until(lambda: len(server.opened) == 21)
        for sockets in server.sockets.values():
            for socket in sockets:
                socket.transport.pause_reading()  # half-open: no closing frame will be answered
        assert len(own_tasks()) == 3 + 21  # its own three, and a connection to each printer
        async with asyncio.timeout(TIMEOUT):
            await collector.stop()
        assert own_tasks() == []


async def test_a_collector_can_be_stopped_before_and_after_it_runs(server: BambUI) -> None:
    idle = Collector(Settings(), RememberingOutbox(), clock=MonotonicWallClock())
    await idle.stop()
    outbox = RememberingOutbox()
    async with running(server, outbox) as collector:
        await server.until(lambda: server.opened.get(P) == 1)
        await asyncio.gather(collector.stop(), collector.stop())


async def test_at_a_site_printers_have_its_name_everywhere_but_in_bambui(server: BambUI) -> None:
    server.names = {P, "B"}
    server.listing = [{"name": "B", "model": "P1S", "is_online": True}]
    outbox = RememberingOutbox()
    async with running(server, outbox, site="berlin") as collector:
        await server.until(lambda: server.opened.get(P) == server.opened.get("B") == 1)
        await server.send("B", status_text(**RUNNING), image_text(jpeg(1)), status_text(**RUNNING))
        await until_reports(outbox, lambda reports: bool(of_kind(reports, ReportKind.STATUS)), "berlin.B")
        assert [view.printer_id for view in collector.printers()] == [f"berlin.{P}", "berlin.B"]
    assert {report.printer_id for report in outbox.reports()} <= {f"berlin.{P}", "berlin.B", "collector"}
    assert outbox.frames()
