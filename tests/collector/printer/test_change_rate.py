"""A printer that flaps costs little: what comes too fast waits, the newest counts, the rest is counted."""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.bambui.messages import StatusMessage
from collector.printer import change_rate
from collector.printer.change_rate import ChangeRate
from functions.shared.domain.status import PrinterStatus

PER_MINUTE = 12.0
BURST = 60  # five minutes' worth
PERCENT_BURST = 120  # ten: more than a whole print has


@dataclass
class Passing:
    """What was let through, and when that was a change."""

    per_minute: float = PER_MINUTE
    now: float = 100.0
    state: ChangeRate = field(default_factory=ChangeRate)
    passed: list[StatusMessage] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    sent: int = 0

    def status(self, after: float = 0.01, **facts: Any) -> StatusMessage:
        self.wait(after)
        self.sent += 1
        message = StatusMessage(f"number {self.sent}", PrinterStatus(**facts))
        self.state, passed = change_rate.pass_on(self.state, message, self.now, self.per_minute)
        self._take(passed)
        return message

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while self.state.until is not None and self.state.until <= end:
            self.now = max(self.now + 0.01, self.state.until)  # as late as a session wakes at the soonest
            self.state, passed = change_rate.release(self.state, self.now, self.per_minute)
            self._take(passed)
        self.now = end

    def flap(self, times: int, after: float = 0.01) -> None:
        for number in range(times):
            self.status(after=after, state=("RUNNING", "PAUSE")[number % 2])

    @property
    def changes(self) -> int:
        return len(self.at)

    def _take(self, passed: StatusMessage | None) -> None:
        if passed is None:
            return
        if not self.passed or self.passed[-1].facts.state != passed.facts.state:
            self.at.append(self.now)
        self.passed.append(passed)


def test_a_printer_that_changes_as_printers_do_is_never_held_up() -> None:
    passing = Passing()
    for number in range(300):
        passing.status(after=6, state=("RUNNING", "PAUSE")[number % 2])
    assert len(passing.passed) == 300
    assert passing.state.left_out == 0


def test_five_minutes_worth_may_come_at_once_and_then_one_each_five_seconds() -> None:
    passing = Passing()
    passing.flap(1000)
    assert passing.changes in (BURST, BURST + 1, BURST + 2)
    passing.flap(1000, after=0.1)
    gaps = [later - earlier for earlier, later in pairwise(passing.at[BURST + 2 :])]
    assert gaps
    assert min(gaps) >= 60 / PER_MINUTE - 0.2


def test_the_last_state_is_let_through_by_itself_and_all_others_are_counted() -> None:
    passing = Passing()
    passing.flap(1001)
    last = passing.status(state="FAILED")
    passing.wait(5)
    assert passing.passed[-1] is last
    assert passing.state.waiting is None
    assert passing.state.left_out == passing.sent - len(passing.passed)


def test_what_is_back_where_it_was_is_no_change_and_needs_no_turn() -> None:
    passing = Passing()
    passing.flap(BURST)
    passing.flap(BURST)
    told = passing.passed[-1].facts.state
    another = "PAUSE" if told == "RUNNING" else "RUNNING"
    passing.status(state=another)
    same = passing.status(state=told, layer=7)
    assert passing.passed[-1] is same
    assert passing.state.waiting is None


def test_nobody_waits_for_a_pause_because_of_percents() -> None:
    passing = Passing()
    for number in range(3000):
        passing.status(state="RUNNING", percent=number % 100)
    percents = [message.facts.percent for message in passing.passed]
    assert sum(one != other for one, other in pairwise(percents)) <= PERCENT_BURST + 30 * PER_MINUTE / 60 + 2
    paused = passing.status(state="PAUSE", percent=3000 % 100)
    assert passing.passed[-1] is paused


def test_with_zero_changes_a_minute_there_is_no_bound() -> None:
    passing = Passing(per_minute=0)
    passing.flap(5000)
    assert len(passing.passed) == 5000
    assert passing.state.left_out == 0


@pytest.mark.parametrize("quiet", [300.0, 86_400.0])
def test_after_a_while_of_quiet_all_is_forgiven_and_no_more_than_five_minutes_worth(quiet: float) -> None:
    passing = Passing()
    passing.flap(1000)
    passing.wait(quiet)
    before = passing.changes
    passing.flap(1000)
    assert BURST <= passing.changes - before <= BURST + 3


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.006, 1.0, 4.9, 61.0]),
        st.sampled_from([None, "RUNNING", "PAUSE", "FAILED"]),
        st.sampled_from([None, 1, 2, 3]),
    ),
    max_size=200,
)


@given(STEPS, st.sampled_from([1.0, 12.0, 60.0]))
def test_whatever_comes_the_last_is_told_nothing_twice_and_all_are_accounted_for(
    course: list[Any], per_minute: float
) -> None:
    passing = Passing(per_minute)
    sent = [passing.status(after, state=state, percent=percent) for after, state, percent in course]
    passing.wait(2 * 60 / per_minute + 0.01)
    order = [sent.index(message) for message in passing.passed]
    assert order == sorted(set(order))
    assert passing.state.waiting is None
    assert len(passing.passed) + passing.state.left_out == len(sent)
    if sent:
        assert passing.passed[-1] is sent[-1]


@given(STEPS, st.sampled_from([1.0, 12.0]))
def test_of_changes_never_more_go_through_than_the_bucket_holds(course: list[Any], per_minute: float) -> None:
    passing = Passing(per_minute)
    begun = passing.now
    changes = 0
    for after, state, percent in course:
        before = passing.state.said
        passing.status(after, state=state, percent=percent)
        changes += passing.state.said != before
        minutes = (passing.now - begun) / 60
        assert changes <= 2 * math.ceil(per_minute * (5 + minutes) + 1)
