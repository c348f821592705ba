"""What BambUI really sent, through a session: every change becomes a report, and little else does."""

import json
from typing import Any

import pytest

from functions.shared.domain.status import PrinterStatus, read_status
from functions.shared.live import Live
from functions.shared.messages.report import ReportKind
from tests.collector.printer.session_harness import SessionHarness
from tests.support.recordings import load_recording

NAMES = ["full_print_a1mini", "pause_resume_a1", "failed_print_p1s", "cancelled_a1mini", "no_camera_p1p"]


def _replay(name: str) -> tuple[SessionHarness, list[PrinterStatus]]:
    harness = SessionHarness(live=Live())
    begun = harness.clock()
    seen = []
    for seconds, message in load_recording(name):
        harness.wait(max(0.0, begun + seconds - harness.clock()))
        harness.session.tick()
        if "type" in message:
            harness.session.received(json.dumps(message, separators=(",", ":")))
            if message["type"] == "printer_status":
                seen.append(read_status(message["data"]))
    harness.wait(2)
    return harness, seen


def _changes(values: list[Any]) -> list[Any]:
    """The values in a row without repeats and without "does not say"."""
    known = [value for value in values if value is not None]
    return [value for index, value in enumerate(known) if index == 0 or value != known[index - 1]]


@pytest.mark.parametrize("name", NAMES)
def test_every_change_of_a_recorded_print_is_reported(name: str) -> None:
    harness, seen = _replay(name)
    told = [read_status(one.report.status) for one in harness.reports if one.report and one.report.status]
    for field in ("state", "job_name", "print_error", "hms"):
        assert _changes([getattr(facts, field) for facts in told]) == _changes(
            [getattr(facts, field) for facts in seen]
        )
    percents = _changes([facts.percent for facts in told])
    assert set(percents) <= set(_changes([facts.percent for facts in seen]))
    assert percents[-1] == _changes([facts.percent for facts in seen])[-1]


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_print_is_one_job_in_one_folder_and_ends_with_it(name: str) -> None:
    harness, _ = _replay(name)
    jobs = [one.job for one in harness.kept if one.job is not None]
    assert len({job.token for job in jobs}) == 1
    assert len({job.prefix for job in jobs if job.prefix}) == 1
    ends = [one for one in harness.reports if one.job is not None and not one.job.is_active]
    assert len(ends) == 1
    assert ends[0].durable
    assert not any(one.report.kind is ReportKind.SILENCE for one in harness.reports if one.report)


@pytest.mark.parametrize("name", ["full_print_a1mini", "pause_resume_a1"])
def test_changes_of_state_have_an_image_of_their_time(name: str) -> None:
    harness, _ = _replay(name)
    states: list[str] = []
    newest_kept = None
    for one in harness.kept:
        if one.captured is not None:
            newest_kept = one.captured.taken_at
        if one.report is None or one.report.status is None:
            continue
        state = one.report.status["gcode_state"]
        if states and state != states[-1] and one.job is not None and states[-1] != "IDLE":
            assert newest_kept is not None
            assert one.report.observed_at - newest_kept <= 10
        states.append(state)
