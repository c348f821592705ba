"""The short soak of both modes, and that a soak sees what is lost, repeated or invented."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from collector.bambui.messages import ImageMessage, StatusMessage, decode_image, read_message
from functions.shared.domain.keys import digest
from functions.shared.messages.report import Report, ReportKind, encode_report
from tests.reliability.soak.messages import STATUS_BYTES, Images, status_message
from tests.reliability.soak.prints import Habit, PrinterScript, scripts
from tests.reliability.soak.remote_backend import RemoteBackend
from tests.reliability.soak.run import Mode, Plan, kept_frames, soak
from tests.reliability.soak.sampling import folder_bytes, process_values, read_metrics
from tests.reliability.soak.table import table
from tests.support.http_server import Request
from tests.support.timeouts import TIMEOUT


@pytest.mark.parametrize("mode", ["embedded", "cloud"])
def test_a_few_printers_for_a_few_seconds(mode: Mode, tmp_path: Path) -> None:
    plan = Plan(
        mode, printers=4, seconds=6.0, job_seconds=2.0, rest_seconds=60, sample_every=0.2, images_every=1,
        told_within=TIMEOUT, settings={"REPORT_INTERVAL_SECONDS": "1"},
    )  # fmt: skip
    outcome = soak(plan, tmp_path)
    of_use = {fault for row in outcome.rows for fault in row.faults}  # so short a time tells nothing of that
    assert [fault for fault in outcome.faults if fault not in of_use] == []
    assert outcome.figures["statuses sent a second"] > 0
    assert ("✔ within all bounds, nothing lost" in table(outcome)) is (not outcome.faults)


def test_the_load_is_of_real_size_and_no_two_images_are_alike() -> None:
    images = Images()
    read = [read_message(images.message(number).decode()) for number in (1, 9, 10)]
    jpegs = [decode_image(one) for one in read if isinstance(one, ImageMessage)]
    assert len(set(jpegs)) == 3
    assert all(55_000 < len(jpeg) < 70_000 for jpeg in jpegs)
    text = status_message(PrinterScript(0, Habit.SHORT).fields(30.0), 1.5).decode()
    assert len(text) == pytest.approx(STATUS_BYTES, rel=0.1)
    status = read_message(text)
    assert isinstance(status, StatusMessage)
    assert status.facts.state == "RUNNING"
    assert status.facts.job_name == "job-0-0"


def test_printers_begin_and_end_prints_and_some_do_nothing() -> None:
    habits = [script.habit for script in scripts(200, 240, 30)]
    assert {habit: habits.count(habit) for habit in Habit} == {
        Habit.SHORT: 20, Habit.IDLE: 50, Habit.LONG: 130,
    }  # fmt: skip
    assert PrinterScript(0, Habit.SHORT).fields(-0.1)["gcode_state"] == "IDLE"
    short = PrinterScript(0, Habit.SHORT, job_seconds=10, rest_seconds=5)
    states = [short.fields(float(second))["gcode_state"] for second in range(20)]
    assert states == ["RUNNING"] * 10 + ["FINISH"] * 5 + ["RUNNING"] * 5
    assert short.fields(18.0)["subtask_name"] == "job-0-1"
    longer = PrinterScript(0, Habit.SHORT, job_seconds=120)
    assert [longer.fields(at)["gcode_state"] for at in (4.9, 5.1)] == ["PREPARE", "RUNNING"]


def test_the_frames_that_may_be_kept_follow_the_picker() -> None:
    assert kept_frames(PrinterScript(0, Habit.IDLE), 600) == 0
    assert kept_frames(PrinterScript(0, Habit.LONG), 600) == pytest.approx(600 / (36_000 / 1350), abs=2)
    assert kept_frames(PrinterScript(0, Habit.SHORT, job_seconds=100), 60) == pytest.approx(60, abs=2)


def _send(far: RemoteBackend, *reports: Report) -> None:
    entries = [
        {
            "Id": str(number),
            "MessageBody": encode_report(report),
            "MessageGroupId": report.group,
            "MessageDeduplicationId": digest(report.id),
        }
        for number, report in enumerate(reports)
    ]
    target = {"x-amz-target": "AmazonSQS.SendMessageBatch"}
    far.answer(Request("POST", "/", target, json.dumps({"Entries": entries}).encode()))


def _report(sequence: int, state: str = "RUNNING", **values: object) -> Report:
    status = {"gcode_state": state, "subtask_name": "job-1-0", "sent_at": 1.0}
    return Report("c1", sequence, "P001", ReportKind.STATUS, 5.0, status=status, **values)  # type: ignore[arg-type]


def test_the_remote_backend_counts_what_arrives_and_says_what_is_wrong() -> None:
    far = RemoteBackend()
    _send(far, _report(1), _report(2), _report(3, "FINISH", frames_kept=4))
    figures = far.figures()
    assert (figures["reports"], figures["faults"]) == (3, [])
    assert list(figures["begun"]) == list(figures["ended"]) == ["job-1-0"]
    assert figures["lag_median"] > 0
    _send(far, _report(3, "FINISH", frames_kept=4))
    assert (far.reports, far.repeats) == (3, 1)
    _send(far, replace(_report(4, "FINISH"), frames_kept=None))  # a heartbeat after the end is of no job
    assert (far.reports, far.faults) == (4, [])
    _send(far, replace(_report(2), collector_id="c2"))
    _send(far, replace(_report(5), kind=ReportKind.SILENCE, status=None))
    assert far.faults == ["P001: 2 after 4", "P001 is said to be silent"]


def test_the_remote_backend_refuses_frames_that_are_none() -> None:
    far = RemoteBackend()
    tag = {"x-amz-tagging": "kind=frame"}
    read = read_message(Images().message(1).decode())
    assert isinstance(read, ImageMessage)
    jpeg = decode_image(read)
    far.answer(Request("PUT", "/frames/images/P001/job/20260101T000000_000001_job.jpg", tag, jpeg))
    chunked = b"%x\r\n" % len(jpeg) + jpeg + b"\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n"
    encoding = {"content-encoding": "aws-chunked"}
    far.answer(Request("PUT", "/frames/images/P001/job/2_2_job.jpg", tag | encoding, chunked))
    assert (far.frames, far.frame_bytes, far.faults) == (2, 2 * len(jpeg), [])
    far.answer(Request("PUT", "/frames/images/P001/job/3_3_job.jpg", tag, jpeg[:-9]))
    far.answer(Request("DELETE", "/frames/images/P001/job/3_3_job.jpg", {}, b""))
    assert len(far.faults) == 2


def test_what_cannot_be_looked_at_is_missing(tmp_path: Path) -> None:
    assert process_values(2**22 + 1) == {}
    assert folder_bytes(tmp_path / "none") == (0, 0)
    assert read_metrics("http://127.0.0.1:9/metrics") == {}
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"12345")
    assert folder_bytes(tmp_path) == (5, 1)
