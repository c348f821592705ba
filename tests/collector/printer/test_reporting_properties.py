"""Whatever a printer says in whatever order: no change is lost, and the rates are kept."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.printer.reporting import ReportRules
from functions.shared.domain.status import HmsEntry, PrinterStatus
from tests.collector.printer.reporting_course import IDLE, PRINTING, Course, is_change, started

FACTS = st.builds(
    PrinterStatus,
    state=st.sampled_from([None, "RUNNING", "PAUSE", "PREPARE", "FINISH", "FAILED", "IDLE", "X"]),
    job_name=st.sampled_from([None, "A", "B"]),
    task_id=st.sampled_from([None, "1", "2"]),
    percent=st.none() | st.integers(0, 5),
    print_error=st.sampled_from([None, 0, 1, 2]),
    hms=st.sampled_from([None, (), (HmsEntry(1, 1),), (HmsEntry(1, 1), HmsEntry(2, 2))]),
)
EVENT = st.tuples(
    st.sampled_from(["status", "status", "status", "tick", "silent", "reconnect"]),
    FACTS,
    st.sampled_from([0.0, 0.1, 0.3, 1.0, 5.0, 100.0, 400.0]),
)
ANY_RULES = st.builds(
    ReportRules,
    photo_interval=st.sampled_from([0.0, 30.0, 3600.0]),
    inspection_interval=st.sampled_from([None, 60.0, 3600.0]),
    idle_frame_interval=st.sampled_from([None, 50.0]),
)


def _fields(facts: PrinterStatus) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in PrinterStatus.__dataclass_fields__}


@settings(max_examples=200)
@given(ANY_RULES, st.lists(EVENT, max_size=40))
def test_no_change_is_ever_lost_whatever_happens(rules: ReportRules, events: list[Any]) -> None:
    course, now = Course(rules), 0.0
    for kind, facts, step in events:
        now += step
        before = course.state.last_reported
        if kind == "status":
            decision = course.status(now, **_fields(facts))
            after = before.merged(facts)
            if replace(after, percent=None) != replace(before, percent=None):
                assert is_change(decision)  # only a mere percent may wait
            elif decision is None and facts.percent is not None and facts.percent != before.percent:
                assert course.state.held_until is not None
                assert course.state.held_until <= now + rules.percent_hold
        elif kind == "reconnect":
            course.reconnect()
        else:
            course.tick(now, is_silent=kind == "silent")
    course.tick(now + 1.5)
    if course.facts.percent is not None:
        assert course.state.last_reported.percent == course.facts.percent
    assert course.state.held_until is None


@settings(max_examples=100)
@given(ANY_RULES, st.sampled_from([PRINTING, IDLE]), st.lists(st.floats(0.0, 20.0), max_size=150))
def test_a_printer_that_speaks_is_reported_at_the_promised_rate(
    rules: ReportRules, facts: dict[str, Any], steps: list[float]
) -> None:
    course, now = Course(rules), 0.0
    course.status(now, **facts)
    interval = rules.idle_interval if facts is IDLE else rules.active_interval
    for step in steps:
        now += step
        course.status(now, **facts)
        assert now - course.made[-1][0] < interval


@settings(max_examples=100)
@given(st.lists(st.tuples(st.floats(0.0, 0.6), st.integers(0, 100)), min_size=1, max_size=60))
def test_mere_percents_never_go_faster_than_one_a_second(steps: list[tuple[float, int]]) -> None:
    course, now = started(percent=0), 0.0
    for step, percent in steps:
        now += step
        course.tick(now)
        course.status(now, **{**PRINTING, "percent": percent})
    course.tick(now + 1.1)
    changes = [at for at, decision in course.made if decision.is_durable]
    assert all(after - before >= 0.999 for before, after in pairwise(changes[1:]))
    assert course.state.last_reported.percent == steps[-1][1]
