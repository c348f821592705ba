"""Bad messages cost a session a line of log and nothing else."""

import logging

import pytest

from functions.shared.messages.report import ReportKind
from tests.collector.printer.session_harness import RUNNING, SessionHarness


@pytest.mark.parametrize(
    "bad",
    [
        b"\x00binary",
        "junk",
        '{"type":"printer_status","data":{"gcode_state":"PAUSE","x":NaN}}',
        '{"type":"printer_status","data":{"gcode_state":"PAUSE","x":1e999}}',
        '{"type":"printer_status","data":{"gcode_state":"PAUSE","x":' + "[" * 900 + "]" * 900 + "}}",
        '{"type":"printer_status","data":{"gcode_state":"PAUSE","x":' + "9" * 5000 + "}}",
        '{"type":"printer_status","data":{"gcode_state":"PAUSE","x":"' + "y" * 300_000 + '"}}',
        '{"type":"printer_status","data":7}',
    ],
    ids=["binary", "junk", "nan", "infinite", "deep", "digits", "oversized", "no object"],
)
def test_a_bad_message_costs_a_line_and_nothing_else(
    bad: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    harness = SessionHarness()
    harness.status(**RUNNING)
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            harness.session.received(bad)
            harness.wait(1)
    assert len(caplog.records) == 1
    assert len(caplog.records[0].getMessage()) < 250
    assert len(harness.reports) == 1
    harness.status(**{**RUNNING, "gcode_state": "PAUSE"})
    assert len(harness.reports) == 2
    assert harness.reports[-1].durable


def test_a_bad_message_in_place_of_a_held_percent_does_not_lose_it() -> None:
    harness = SessionHarness()
    harness.status(**RUNNING)
    harness.wait(5)
    harness.status(**{**RUNNING, "mc_percent": 11})
    harness.session.received(
        '{"type":"printer_status","data":{"gcode_state":"RUNNING","mc_percent":12,"x":1e999}}'
    )
    harness.wait(5)
    harness.status(**{**RUNNING, "mc_percent": 12})
    last = harness.reports[-1].report
    assert last is not None
    assert last.status is not None
    assert last.status["mc_percent"] == 12


def test_what_bambui_says_of_itself_is_one_line_and_no_sign_of_life(
    caplog: pytest.LogCaptureFixture,
) -> None:
    harness = SessionHarness()
    harness.status(**RUNNING)
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            harness.wait(11)
            harness.session.received('{"type":"error","message":"Printer Offline\\u001b[31m"}')
            harness.session.received('{"type":"message","message":"Print started"}')
            harness.session.tick()
    assert sum("Offline" in record.getMessage() for record in caplog.records) == 1
    kinds = [one.report.kind for one in harness.reports if one.report]
    assert kinds[:2] == [
        ReportKind.STATUS,
        ReportKind.SILENCE,
    ]
