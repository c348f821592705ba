"""A collector that starts while BambUI is away still knows which prints it was watching."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collector.outbox.model import EdgeJob, NewReport
from collector.outbox.outbox import Outbox
from functions.shared.domain.job_identity import JobFingerprint
from functions.shared.messages.report import Report, ReportKind
from tests.collector.running_agent import of_kind, running, until_reports
from tests.support.bambui_server import BambUI, bambui
from tests.support.edge_material import RememberingOutbox


@pytest.fixture
async def server() -> AsyncIterator[BambUI]:
    async with bambui() as face:
        yield face


def _job(*, is_active: bool) -> EdgeJob:
    return EdgeJob(
        "t", 1000.0, "images/B/Benchy/", JobFingerprint(None, "Benchy", 40, has_run=True), is_active=is_active
    )


async def test_a_print_under_way_is_missed_though_no_list_names_its_printer(server: BambUI) -> None:
    server.listing = b"broken"
    outbox = RememberingOutbox(jobs={"B": _job(is_active=True), "C": _job(is_active=False)})
    nowhere = "ws://127.0.0.1:1/ws/printer/{printer_id}"
    async with running(server, outbox, ws_url_template=nowhere, status_timeout_seconds=0.05) as collector:
        reports = await until_reports(outbox, lambda made: bool(of_kind(made, ReportKind.SILENCE)), "B")
        assert [view.printer_id for view in collector.printers()] == ["A1M-1", "B"]
    assert reports[0].kind is ReportKind.SILENCE
    assert outbox.reports("C") == []


def test_the_outbox_knows_over_a_restart_which_printers_were_printing(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, 10**6, lambda: 1000.0)
    for name, is_active in (("B", True), ("C", False)):
        report = Report("", 0, name, ReportKind.STATUS, 1000.0, status={})
        outbox.add_report(NewReport(report, durable=True, job=_job(is_active=is_active)))
    outbox.close()
    again = Outbox(tmp_path, 10**6, lambda: 1000.0)
    assert again.busy_printers() == ["B"]
    again.close()
