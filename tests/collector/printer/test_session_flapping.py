"""A printer that changes 165 times a second for minutes costs a bounded count of reports, frames, bytes."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collector.counters import PrinterCounters
from collector.outbox.outbox import Outbox
from collector.printer.policy import session_policy
from collector.printer.session import Session
from functions.shared.messages.report import Report
from functions.shared.settings import Settings
from tests.collector.printer.session_harness import RUNNING, P
from tests.support.clock import HandClock
from tests.support.direct_writer import DirectWriter
from tests.support.edge_material import image_text, jpeg, status_text

A_SECOND = 165
MINUTES = 2
PER_MINUTE = Settings().changes_per_minute
MOST_CHANGES = PER_MINUTE * (5 + MINUTES) + 2


class Flapping:
    """A session over a real outbox that nobody empties."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.counters = PrinterCounters()
        self.outbox = Outbox(folder, 10**9, self.clock, monotonic=self.clock.monotonic)
        policy = session_policy(Settings(), inspection_interval=None, keeps_idle_frames=False)
        self.session = Session(
            P,
            replace(policy, report=replace(policy.report, photo_interval=0)),
            DirectWriter(self.outbox),  # type: ignore[arg-type]  # the two methods that a session calls
            collector_id=self.outbox.collector_id,
            job=None,
            live=None,
            clock=self.clock,
            monotonic=self.clock.monotonic,
            call_later=self.clock.call_later,
            counters=self.counters,
        )
        self.session.opened()
        self.say(**RUNNING)
        self.clock.pass_time(2)

    def say(self, **fields: Any) -> None:
        self.session.received(status_text(**fields))

    def flap(self, *variants: dict[str, Any]) -> None:
        """By turns what is given, with a picture a second, and the session's ticks."""
        for number in range(MINUTES * 60 * A_SECOND):
            if number % A_SECOND == 0:
                self.session.received(image_text(jpeg(number // A_SECOND)))
                self.session.tick()
            self.say(**RUNNING | variants[number % len(variants)])
            self.clock.pass_time(1 / A_SECOND)

    def reports(self) -> list[Report]:
        """All that wait, in their order."""
        reports: list[Report] = []
        reader = self.outbox.reader
        while frame := reader.take_frame(is_old_allowed=True):
            reader.frame_uploaded(frame)
        while batch := reader.take_batch()[0]:
            reports += [item.report for item in batch]
            reader.acknowledge(batch)
        return reports


@pytest.fixture
def flapping(tmp_path: Path) -> Iterator[Flapping]:
    made = Flapping(tmp_path)
    yield made
    made.outbox.close()


@pytest.mark.parametrize(
    "variants",
    [
        ({"gcode_state": "RUNNING"}, {"gcode_state": "PAUSE"}),
        ({"print_error": 0x0300_8015}, {"print_error": 0}, {"print_error": 0x0300_4006}),
        ({"subtask_name": "A"}, {"subtask_name": "B"}, {"subtask_name": "C"}),
    ],
    ids=["states", "errors", "names"],
)
def test_reports_frames_and_outbox_stay_bounded_and_the_last_word_is_told(
    flapping: Flapping, variants: tuple[dict[str, Any], ...], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    flapping.flap(*variants)
    assert [record.getMessage() for record in caplog.records] == [caplog.records[0].getMessage()]
    assert "CHANGES_PER_MINUTE (12)" in caplog.text
    left_out = flapping.counters.left_out
    assert left_out > 0.5 * MINUTES * 60 * A_SECOND * (len(variants) - 1) / len(variants)
    figures = flapping.outbox.figures()
    assert figures.reports_waiting <= MOST_CHANGES + 2
    assert figures.frames_waiting <= MINUTES * 60 + MOST_CHANGES
    assert figures.bytes <= 3000 * (figures.reports_waiting + figures.frames_waiting)
    last = {**RUNNING, "gcode_state": "FINISH", "mc_percent": 77}
    flapping.say(**last)
    flapping.clock.pass_time(61)
    reports = flapping.reports()
    assert reports[-1].status is not None
    assert {key: reports[-1].status[key] for key in last} == last
    assert [report.sequence for report in reports] == sorted(report.sequence for report in reports)


def test_percents_that_rush_leave_room_for_a_pause(flapping: Flapping) -> None:
    flapping.flap(*({"mc_percent": percent} for percent in range(100)))
    flapping.say(**RUNNING | {"gcode_state": "PAUSE"})
    reports = flapping.reports()
    assert len(reports) <= MOST_CHANGES + MINUTES * 60
    assert reports[-1].status is not None
    assert reports[-1].status["gcode_state"] == "PAUSE"
    assert reports[-1].observed_at == flapping.clock()


def test_one_that_is_well_again_is_told_as_ever(flapping: Flapping) -> None:
    flapping.flap({"gcode_state": "RUNNING"}, {"gcode_state": "PAUSE"})
    flapping.clock.pass_time(300)
    flapping.reports()
    left_out = flapping.counters.left_out
    for number in range(20):
        flapping.say(**RUNNING | {"gcode_state": ("PAUSE", "RUNNING")[number % 2], "mc_percent": number})
        flapping.clock.pass_time(10)
    assert len(flapping.reports()) == 20
    assert flapping.counters.left_out == left_out
