"""Bad input, lost connections and faults of the program itself cost a line, and nobody else anything."""

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from collector.printer.session import Session
from functions.shared.messages.report import ReportKind
from tests.collector.running_agent import RUNNING, P, of_kind, running, until_reports
from tests.support.bambui_server import BambUI, bambui
from tests.support.edge_material import RememberingOutbox, image_text, jpeg, status_text


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged, but for a busy machine's standstills."""
    lines = [record.getMessage() for record in caplog.records]
    return [line for line in lines if not line.startswith("the program stood still")]


@pytest.fixture
async def server() -> AsyncIterator[BambUI]:
    async with bambui() as face:
        yield face


BAD: dict[str, str | bytes] = {
    "binary": b"\x00\x01\x02",
    "junk": "no json at all",
    "nan": '{"type":"printer_status","data":{"gcode_state":"FAILED","x":NaN}}',
    "deep": '{"type":"printer_status","data":{"gcode_state":"FAILED","x":'
    + "[" * 50_000
    + "]" * 50_000
    + "}}",
    "types": '{"type":"printer_status","data":"RUNNING"}',
    "large": status_text(gcode_state="FAILED", x="y" * 300_000),
    "base64": '{"type":"jpeg_image","image":"%%%"}',
    "cut": image_text(jpeg(1)[:-30]),
    "no jpeg": image_text(b"<svg/>"),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input_costs_a_line_and_the_next_good_status_still_arrives(
    server: BambUI, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    outbox = RememberingOutbox()
    with caplog.at_level(logging.WARNING, logger="collector"):
        async with running(server, outbox):
            await server.send(P, status_text(**RUNNING), *[BAD[name]] * 20)
            await server.send(P, status_text(**{**RUNNING, "gcode_state": "PAUSE"}))
            await until_reports(outbox, lambda reports: len(of_kind(reports, ReportKind.STATUS)) == 2)
    assert [status["gcode_state"] for status in outbox.statuses(P)] == ["RUNNING", "PAUSE"]
    assert len(said(caplog)) == 1
    assert outbox.frames() == []
    assert server.opened[P] == 1


async def test_a_message_of_40_mb_costs_a_line_and_a_reconnect(
    server: BambUI, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = RememberingOutbox()
    with caplog.at_level(logging.WARNING, logger="collector"):
        async with running(server, outbox):
            await server.send(P, status_text(**RUNNING))
            with contextlib.suppress(Exception):
                await server.send(P, status_text(gcode_state="FAILED", x="y" * 40_000_000))
            await server.until(lambda: server.opened[P] == 2 and len(server.sockets[P]) == 1)
            await server.send(P, status_text(**{**RUNNING, "gcode_state": "PAUSE"}))
            await until_reports(outbox, lambda reports: len(of_kind(reports, ReportKind.STATUS)) == 2)
    assert [status["gcode_state"] for status in outbox.statuses(P)] == ["RUNNING", "PAUSE"]
    assert len(said(caplog)) == 1


async def test_a_storm_of_reconnects_tells_nobody_anything_new(
    server: BambUI, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = RememberingOutbox()
    with caplog.at_level(logging.WARNING, logger="collector"):
        async with running(server, outbox):
            for round_ in range(1, 31):
                await server.until(lambda round_=round_: server.opened.get(P) == round_)  # type: ignore[misc]
                await server.send(P, status_text(**RUNNING))
                await server.drop(P)
            await server.until(lambda: server.opened[P] == 31)
            await server.until(lambda: len(server.sockets[P]) == 1)
            await server.send(P, status_text(**{**RUNNING, "mc_percent": 50}))
            await until_reports(
                outbox, lambda reports: any(one.status and one.status["mc_percent"] == 50 for one in reports)
            )
    statuses = of_kind(outbox.reports(P), ReportKind.STATUS)
    assert [dict(one.status or {})["mc_percent"] for one in statuses] == [10, 50]
    tokens = {kept.job.token for kept in outbox.kept if kept.job is not None}
    assert len(tokens) == 1
    assert len(said(caplog)) == 1


async def test_a_fault_in_one_printers_handling_costs_the_others_nothing(
    server: BambUI, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.names = {P, "B"}
    honest, honest_tick = Session.received, Session.tick

    def received(self: Session, frame: str | bytes) -> None:
        if "poison" in str(frame):
            raise ZeroDivisionError("a bug")
        honest(self, frame)

    def tick(self: Session) -> Any:
        if ticks_fail:
            ticks_fail.pop()
            raise ZeroDivisionError("another bug")
        return honest_tick(self)

    ticks_fail: list[int] = []
    monkeypatch.setattr(Session, "received", received)
    monkeypatch.setattr(Session, "tick", tick)
    outbox = RememberingOutbox()
    with caplog.at_level(logging.ERROR, logger="collector"):
        async with running(server, outbox):
            await server.send("B", status_text(**RUNNING))
            for round_ in range(1, 4):
                await server.until(lambda round_=round_: server.opened.get(P) == round_)  # type: ignore[misc]
                await server.send(P, "poison")
            await server.until(lambda: server.opened.get(P) == 4)
            ticks_fail += [1, 1]
            await server.until(lambda: server.opened[P] + server.opened["B"] >= 7)
            await server.send(P, status_text(**RUNNING))
            await server.send("B", status_text(**{**RUNNING, "mc_percent": 11}))
            await until_reports(outbox, lambda reports: len(of_kind(reports, ReportKind.STATUS)) >= 1, P)
            await until_reports(
                outbox, lambda all_: [s["mc_percent"] for s in outbox.statuses("B")][-1:] == [11], "B"
            )
    assert "a bug" in caplog.text
    assert 1 <= len(caplog.records) <= 2  # once per printer, not once per fault
