"""Liveness as Lambda runs it every five minutes, beside the tracker's handler."""

import pytest

from functions.liveness.handler import handle
from functions.shared.domain.keys import digest
from functions.shared.messages.report import Report, ReportKind, encode_report
from functions.shared.ports import Outgoing
from functions.tracker.handler import handle as track
from tests.support.lambda_runtime.event_source import Context
from tests.support.lambda_runtime.stack import LambdaStack, metrics

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)

SCHEDULED = {
    "version": "0",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/liveness"],
    "detail": {},
}


def report(stack: LambdaStack, sequence: int) -> None:
    status = {"version": "1", "printers": [{"printer_id": "A1M-1"}, {"printer_id": "P1S"}]}
    made = Report("pi", sequence, "collector", ReportKind.COLLECTOR, stack.now(), status=status)
    stack.send("REPORTS", Outgoing(encode_report(made), made.group, digest(made.id)))
    assert stack.turn("REPORTS", track) == 1


def test_a_silence_and_its_end_are_announced_once_and_counted(
    stack: LambdaStack, capsys: pytest.CaptureFixture[str]
) -> None:
    report(stack, 1)
    silent = []
    for _ in range(6):
        stack.pass_time(290)
        capsys.readouterr()
        handle(SCHEDULED, Context())
        silent.append(metrics(capsys.readouterr().out)["SilentCollectors"])
    assert silent == [0, 0, 0, 1, 1, 1]
    report(stack, 2)
    handle(SCHEDULED, Context())
    assert metrics(capsys.readouterr().out)["SilentCollectors"] == 0
    told = stack.bodies("NOTIFICATIONS")
    assert [(body["category"], body["printer_id"]) for body in told] == [
        ("collector_lost", "2 printers"),
        ("collector_back", "2 printers"),
    ]


def test_before_the_first_collector_nothing_is_silent(
    stack: LambdaStack, capsys: pytest.CaptureFixture[str]
) -> None:
    handle(SCHEDULED, Context())
    assert metrics(capsys.readouterr().out) == {"SilentCollectors": 0}
