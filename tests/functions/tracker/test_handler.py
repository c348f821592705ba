"""Reports from SQS through the tracker's Lambda handler, on MiniStack's queues and table."""

import json
from typing import Any

import pytest

from functions.shared.domain.keys import digest, frame_key, job_prefix, printer_key
from functions.shared.errors import ConflictError, TransientError
from functions.shared.messages.report import FrameReference, Report, ReportKind, encode_report
from functions.shared.ports import Outgoing
from functions.tracker.handler import handle
from tests.support.lambda_runtime.event_source import Context
from tests.support.lambda_runtime.stack import LambdaStack, forget_containers, log_lines, metrics

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)


class Edge:
    """Says what printers do, in order."""

    def __init__(self, stack: LambdaStack) -> None:
        self._stack = stack
        self._sequence = 0

    def says(self, state: str, printer_id: str = "p", **status: Any) -> Report:
        self._sequence += 1
        now = self._stack.now()
        report = Report(
            collector_id="c1",
            sequence=self._sequence,
            printer_id=printer_id,
            kind=ReportKind.STATUS,
            observed_at=now,
            shipped_at=now,
            status={"gcode_state": state, "subtask_name": "Benchy", **status},
            frame=FrameReference(frame_key(job_prefix(printer_id, "Benchy"), now, self._sequence), now, 10),
        )
        self._stack.send("REPORTS", Outgoing(encode_report(report), report.group, digest(report.id)))
        return report


@pytest.fixture
def edge(stack: LambdaStack) -> Edge:
    return Edge(stack)


def told(stack: LambdaStack) -> list[str]:
    return [body["category"] for body in stack.bodies("NOTIFICATIONS")]


def state_of(stack: LambdaStack, printer_id: str = "p") -> str | None:
    stored = stack.records.get(printer_key(printer_id))
    return stored.value["state"] if stored else None


class Failing:
    """Stands before a record store's `put`, for one printer: fails so often, and then no more."""

    def __init__(self, stack: LambdaStack, error: Exception, times: int, printer_id: str = "p") -> None:
        real = type(stack.records).put
        self.left = times

        def put(records: Any, key: str, *arguments: Any) -> int:
            if self.left and key == printer_key(printer_id):
                self.left -= 1
                raise error
            return real(records, key, *arguments)

        stack.patch.setattr(type(stack.records), "put", put)


def test_reports_become_records_and_messages(stack: LambdaStack, edge: Edge) -> None:
    edge.says("IDLE")
    edge.says("RUNNING")
    edge.says("FINISH")
    assert stack.turn("REPORTS", handle) == 3
    assert told(stack) == ["started", "finished"]
    assert [body["prefix"] for body in stack.bodies("TIMELAPSES")] == ["images/p/Benchy/"]
    assert state_of(stack) == "FINISH"
    stack.pass_time(1000)
    assert stack.turn("REPORTS", handle) == 0


def test_a_collectors_full_disk_is_told(stack: LambdaStack) -> None:
    for sequence, is_full in enumerate([True, True, False]):
        status = {"outbox": {"is_disk_full": is_full}, "printers": [{"printer_id": "p"}]}
        now = stack.now()
        own = Report("c1", sequence, "collector", kind=ReportKind.COLLECTOR, observed_at=now, status=status)
        stack.send("REPORTS", Outgoing(encode_report(own), own.group, digest(own.id)))
    assert stack.turn("REPORTS", handle) == 3
    assert told(stack) == ["collector_disk_full", "collector_disk_free"]


def test_checks_are_ordered_only_when_a_key_is_named(stack: LambdaStack, edge: Edge) -> None:
    for is_on in (False, True):
        if is_on:
            stack.set(OPENROUTER_API_KEY_PARAMETER="/printer-bridge/openrouter-key")
            forget_containers()
        edge.says("IDLE")
        edge.says("RUNNING")
        stack.turn("REPORTS", handle)
        stack.pass_time(400)
        edge.says("RUNNING", mc_percent=10)
        stack.turn("REPORTS", handle)
        assert len(stack.bodies("INSPECTIONS")) == is_on


def test_an_unreadable_report_goes_to_the_dead_letters_at_once_and_stops_nobody(
    stack: LambdaStack, edge: Edge
) -> None:
    edge.says("IDLE")
    good = edge.says("RUNNING")
    stack.send("REPORTS", Outgoing('{"version": 99}', good.group, digest("bad")))
    edge.says("FINISH")
    edge.says("IDLE", "q")
    assert stack.turn("REPORTS", handle) == 5
    assert told(stack) == ["started", "finished"]
    assert state_of(stack, "q") == "IDLE"
    ((body, reason),) = stack.dead("REPORTS")
    assert body == '{"version": 99}'
    assert "version" in reason


def test_after_a_transient_fault_the_rest_of_that_printer_waits_two_seconds_and_others_go_on(
    stack: LambdaStack, edge: Edge
) -> None:
    Failing(stack, TransientError("the table is throttled"), times=1)
    edge.says("IDLE")
    edge.says("IDLE", "q")
    edge.says("RUNNING")
    edge.says("RUNNING", "q")
    stack.turn("REPORTS", handle)
    assert state_of(stack, "p") is None
    assert state_of(stack, "q") == "RUNNING"
    assert stack.turn("REPORTS", handle) == 0, "not before two seconds are over"
    stack.pass_time(2.5)
    assert stack.turn("REPORTS", handle) == 2
    assert state_of(stack, "p") == "RUNNING"
    assert sorted(told(stack)) == ["started", "started"]


def test_who_loses_a_conditional_write_tries_again_and_says_nothing_twice(
    stack: LambdaStack, edge: Edge
) -> None:
    edge.says("IDLE")
    stack.turn("REPORTS", handle)
    Failing(stack, ConflictError("another writer was faster"), times=1)
    edge.says("RUNNING")
    stack.turn("REPORTS", handle)
    stack.pass_time(2.5)
    assert stack.turn("REPORTS", handle) == 1
    assert told(stack) == ["started"], "the effect was sent before the write was lost; its repeat is dropped"
    assert state_of(stack) == "RUNNING"


def test_a_report_that_breaks_the_program_stops_its_printer_for_seconds_only(
    stack: LambdaStack, edge: Edge, capsys: pytest.CaptureFixture[str]
) -> None:
    Failing(stack, ZeroDivisionError("a defect of ours"), times=5)
    edge.says("IDLE")
    edge.says("RUNNING", "q")
    edge.says("RUNNING")
    turns = 0
    while state_of(stack) is None and turns < 20:
        stack.turn("REPORTS", handle)
        stack.pass_time(5)
        turns += 1
    assert state_of(stack, "q") == "RUNNING"
    assert state_of(stack) == "RUNNING"
    ((_, reason),) = stack.dead("REPORTS")
    assert "ZeroDivisionError" in reason
    assert turns * 5 <= 60
    assert metrics(capsys.readouterr().out)["Defects"] == 5


def test_a_report_delivered_twice_changes_and_says_nothing(stack: LambdaStack, edge: Edge) -> None:
    edge.says("IDLE")
    edge.says("RUNNING")
    event = stack.take("REPORTS")
    assert handle(event, Context()) == {"batchItemFailures": []}
    version = stack.records.get(printer_key("p"))
    assert handle(event, Context()) == {"batchItemFailures": []}  # killed before Lambda deleted them
    assert stack.records.get(printer_key("p")) == version
    assert told(stack) == ["started"]


def test_when_time_runs_out_the_rest_comes_again_at_once(stack: LambdaStack, edge: Edge) -> None:
    edge.says("IDLE")
    edge.says("RUNNING")
    assert stack.turn("REPORTS", handle, context=Context(seconds=3)) == 2
    assert state_of(stack) is None
    stack.pass_time(2.5)
    assert stack.turn("REPORTS", handle) == 2
    assert told(stack) == ["started"]


def test_log_lines_say_which_printer_and_report_they_are_about(
    stack: LambdaStack, edge: Edge, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.set(LOG_LEVEL="DEBUG")
    edge.says("IDLE")
    second = edge.says("RUNNING")
    stack.turn("REPORTS", handle)
    (line,) = [line for line in log_lines(capsys.readouterr().out) if line["message"] == "p: started"]
    assert (line["printer_id"], line["message_id"]) == ("p", second.id)
    assert (line["request_id"], line["service"], line["level"]) == ("request-1", "tracker", "DEBUG")


def test_metrics_have_one_dimension_and_none_is_of_a_printer(
    stack: LambdaStack, edge: Edge, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.set(POWERTOOLS_SERVICE_NAME="my-stack")
    edge.says("IDLE")
    edge.says("RUNNING", "q")
    stack.turn("REPORTS", handle)
    output = capsys.readouterr().out
    assert metrics(output)["ReportsHandled"] == 2
    assert 0 <= metrics(output)["ReportDelay"] < 60
    (line,) = [json.loads(line) for line in output.splitlines() if '"_aws"' in line]
    assert line["service"] == "my-stack"
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("PrinterBridge", [["service"]])


def test_a_variable_that_the_template_forgot_is_named(stack: LambdaStack, edge: Edge) -> None:
    stack.patch.delenv("TABLE_NAME")
    edge.says("IDLE")
    with pytest.raises(Exception, match="TABLE_NAME is not set"):
        stack.turn("REPORTS", handle)
