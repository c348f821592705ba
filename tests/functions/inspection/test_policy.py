"""When the inspection speaks, and when it holds its tongue."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.inspection.policy import (
    COVERS,
    Decision,
    Look,
    Rules,
    agree,
    begun,
    decide,
    fresh_if_changed,
    why_not,
)
from functions.inspection.verdict import Defect, NoVerdict, Verdict
from functions.shared.messages.inspection_record import Memory, Standing

RULES = Rules()


def seen(word: str) -> Verdict | NoVerdict:
    """`spaghetti`, `spaghetti@50` (percent), `fine`, `-` (no verdict)."""
    if word == "-":
        return NoVerdict("no answer")
    if word == "fine":
        return Verdict(False, 0.03, Defect.NONE, "All is well.")
    name, _, percent = word.partition("@")
    return Verdict(True, float(percent or 90) / 100, Defect(name), "Look!")


@dataclass
class Watcher:
    """Plays looks against the rules, one picture a second."""

    rules: Rules = RULES
    memory: Memory = field(default_factory=Memory)
    at: float = 1000.0
    job: str = "job-1"
    settled_at: float = 0.0
    count: int = 0

    def look(self, word: str, second_of: str | None = None, frame_at: float | None = None) -> Decision:
        self.count += 1
        self.last = Look(f"look-{self.count}", self.job, self.settled_at, self.at, second_of)
        self.memory = begun(self.memory, self.last)
        shown = self.at if frame_at is None else frame_at
        self.memory, decision = decide(self.memory, seen(word), self.last, shown, self.rules)
        return decision

    def play(self, step: str) -> str:
        """One step of a series; what the user is told of it ("" for nothing)."""
        if step == "pause":
            self.settled_at = self.at
            return ""
        if step == "new job":
            self.job, self.settled_at = self.job + "+", self.at
            return ""
        if step == "an hour":
            self.at += 3600
            return ""
        first, _, second = step.partition(" > ")
        decision = self.look(first)
        assert not decision.is_alert
        assert decision.wants_second_look == bool(second)
        if not decision.wants_second_look:
            return ""
        self.at += self.rules.second_look_after
        decision = self.look(second, second_of=self.last.id)
        assert not decision.wants_second_look
        return self.memory.category or "" if decision.is_alert else ""


@pytest.mark.parametrize(
    ("series", "told"),
    [
        (["fine", "an hour", "fine", "an hour", "fine"], []),
        (["spaghetti@69", "an hour", "spaghetti@69", "an hour", "spaghetti@69"], []),
        (["spaghetti@70 > spaghetti@70"], ["spaghetti"]),
        (["spaghetti > fine", "an hour", "fine"], []),
        (["spaghetti > fine", "an hour", "spaghetti > fine", "an hour", "spaghetti > fine"], []),
        (["spaghetti > spaghetti@69"], []),
        (["spaghetti > -", "an hour", "spaghetti > spaghetti"], ["spaghetti"]),
        (["-", "an hour", "-", "an hour", "-"], []),
        (["-", "an hour", "warping > warping"], ["warping"]),
        (["spaghetti > detached"], ["detached"]),
        (["severe_stringing > spaghetti"], ["spaghetti"]),
        (["other > layer_shift"], ["layer_shift"]),
        (["layer_shift > other"], ["other"]),
        (["layer_shift > warping"], []),
        (["severe_stringing > warping", "an hour", "warping > warping"], ["warping"]),
        # The cool-down: one interval from the alert, so the look of the next hour falls into it.
        (["spaghetti > spaghetti", "spaghetti", "spaghetti"], ["spaghetti"]),
        (["spaghetti > spaghetti", "an hour", "spaghetti > spaghetti"], ["spaghetti"] * 2),
        (["spaghetti > spaghetti", "detached"], ["spaghetti"]),
        (["spaghetti > spaghetti", "warping > warping"], ["spaghetti", "warping"]),
        (["warping > warping", "detached > detached"], ["warping", "detached"]),
        (["severe_stringing > severe_stringing", "spaghetti > detached"], ["severe_stringing", "detached"]),
        (["other > other", "spaghetti > spaghetti", "other"], ["other", "spaghetti"]),
        # A fresh start.
        (["spaghetti > spaghetti", "pause", "spaghetti > fine"], ["spaghetti"]),
        (["spaghetti > spaghetti", "pause", "spaghetti > spaghetti"], ["spaghetti"] * 2),
        (["spaghetti > spaghetti", "new job", "spaghetti > spaghetti"], ["spaghetti"] * 2),
    ],
)
def test_when_it_speaks(series: list[str], told: list[str]) -> None:
    watcher = Watcher()
    assert [said for step in series if (said := watcher.play(step))] == told


@pytest.mark.parametrize("event", ["pause", "new job"])
def test_a_pause_or_a_new_job_between_the_two_looks_lets_the_suspicion_fall(event: str) -> None:
    watcher = Watcher()
    assert watcher.look("spaghetti").wants_second_look
    watcher.at += 60
    watcher.play(event)
    second = Look("look-2", watcher.job, watcher.settled_at, watcher.at, "look-1")
    assert why_not(watcher.memory, second, 0, RULES) == "the suspicion it was to confirm no longer stands"
    assert not watcher.look("spaghetti", second_of="look-1").is_alert


def test_a_look_asked_for_before_the_pause_is_not_made_after_it() -> None:
    watcher = Watcher()
    watcher.look("spaghetti")
    before = watcher.last
    watcher.play("pause")
    watcher.look("fine")
    late = Look("look-9", before.job_id, before.settled_at, watcher.at, before.id)
    assert why_not(watcher.memory, late, 0, RULES) == "it was asked for before the last pause"


def test_a_look_at_the_job_before_is_not_made() -> None:
    watcher = Watcher()
    watcher.look("fine")
    old = watcher.last
    watcher.play("new job")
    watcher.look("fine")
    assert why_not(watcher.memory, replace(old, id="look-9"), 0, RULES) == "its job is over"


def test_the_same_picture_twice_is_one_look() -> None:
    watcher = Watcher()
    watcher.look("spaghetti", frame_at=500.0)
    watcher.at += 60
    decision = watcher.look("spaghetti", second_of=watcher.last.id, frame_at=500.0)
    assert decision == Decision(Standing.SUSPICIOUS)


def test_a_confirmation_of_something_else_confirms_nothing() -> None:
    watcher = Watcher()
    watcher.look("spaghetti")
    watcher.at += 60
    assert not watcher.look("spaghetti", second_of="another look").is_alert


def test_the_alert_claims_no_more_than_both_looks_do() -> None:
    watcher = Watcher()
    watcher.look("spaghetti@75")
    watcher.at += 60
    decision = watcher.look("detached@95", second_of=watcher.last.id)
    assert decision == Decision(Standing.DEFECT, is_alert=True, confidence=0.75)


def test_the_next_look_may_fall_between_the_two_without_harm() -> None:
    watcher = Watcher(Rules(interval=10))
    assert watcher.look("spaghetti").wants_second_look
    first = watcher.last
    watcher.at += 5
    assert not watcher.look("spaghetti").wants_second_look
    watcher.at += 5
    assert watcher.look("spaghetti", second_of=first.id).is_alert


def test_a_suspicion_whose_second_look_never_came_gives_way_to_the_next() -> None:
    watcher = Watcher()
    assert watcher.look("spaghetti").wants_second_look
    watcher.at += 3600
    assert watcher.look("spaghetti").wants_second_look


def test_the_budget_of_a_job_counts_looks_and_not_tries() -> None:
    rules = Rules(checks_per_job=2)
    watcher = Watcher(rules)
    watcher.look("fine")
    again = watcher.last
    assert begun(watcher.memory, again).looks == 1
    assert begun(watcher.memory, again).tries == 2
    watcher.look("fine")
    new = replace(watcher.last, id="look-9")
    assert "AI_CHECKS_PER_JOB" in (why_not(watcher.memory, new, 0, rules) or "")
    assert why_not(watcher.memory, watcher.last, 0, rules) is None, "a try again is no new look"
    watcher.play("pause")
    paused = replace(new, settled_at=watcher.settled_at)
    assert "AI_CHECKS_PER_JOB" in (why_not(watcher.memory, paused, 0, rules) or ""), "a pause gives none back"
    assert why_not(watcher.memory, replace(new, job_id="job-2"), 0, rules) is None


def test_the_budget_of_the_day() -> None:
    look = Look("look-1", "job-1", 0.0, 0.0)
    assert why_not(Memory(), look, 499, RULES) is None
    assert "AI_CHECKS_PER_DAY" in (why_not(Memory(), look, 500, RULES) or "")
    assert why_not(Memory(), look, 0, Rules(checks_per_job=0)) is not None


def test_what_agrees_is_the_same_both_ways_round_and_covers_itself() -> None:
    for first in Defect:
        for second in Defect:
            assert agree(first, second) == agree(second, first)
    assert all(defect in COVERS[defect] for defect in COVERS)
    assert not agree(Defect.NONE, Defect.NONE)


WORDS = st.sampled_from(["fine", "-", *(f"{d.value}@{p}" for d in COVERS for p in (40, 70, 95))])
STEPS = st.tuples(
    st.sampled_from(["first", "first", "second", "pause", "new job"]), WORDS, st.integers(0, 4000)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=25), st.sampled_from([10.0, 60.0, 3600.0]))
def test_never_on_a_single_look_and_never_twice_within_the_cool_down(
    steps: list[tuple[str, str, int]], interval: float
) -> None:
    rules = Rules(interval=interval, checks_per_job=10)
    watcher = Watcher(rules)
    suspicious: dict[str, Verdict] = {}
    alerts: list[tuple[float, Defect]] = []
    looks_of_job = 0
    for kind, word, seconds in steps:
        watcher.at += seconds
        if kind in ("pause", "new job"):
            watcher.play(kind)
            alerts, suspicious = [], {}
            looks_of_job = looks_of_job if kind == "pause" else 0
            continue
        second_of = watcher.memory.suspicion.look if kind == "second" and watcher.memory.suspicion else None
        look = Look("next", watcher.job, watcher.settled_at, watcher.at, second_of)
        if why_not(watcher.memory, look, 0, rules) is not None:
            continue
        decision, verdict = watcher.look(word, second_of=second_of), seen(word)
        looks_of_job += 1
        if isinstance(verdict, Verdict) and verdict.has_defect and verdict.confidence >= rules.threshold:
            suspicious[watcher.last.id] = verdict
        if decision.is_alert:
            assert isinstance(verdict, Verdict)
            assert second_of in suspicious
            assert watcher.last.id in suspicious
            assert agree(suspicious[second_of].category, verdict.category)
            assert not [at for at, told in alerts if at > watcher.at - interval and verdict.category is told]
            alerts.append((watcher.at, verdict.category))
        assert not (decision.is_alert and decision.wants_second_look)
        assert watcher.memory.looks == looks_of_job <= rules.checks_per_job


@settings(max_examples=80, deadline=None)
@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    WORDS,
    st.sampled_from([None, "look-1", "x"]),
)
def test_no_times_can_raise(at: float, settled_at: float, word: str, second_of: str | None) -> None:
    watcher = Watcher()
    watcher.look("spaghetti")
    look = Look("look-2", "job-1", settled_at, at, second_of)
    why_not(watcher.memory, look, 0, RULES)
    fresh_if_changed(watcher.memory, look)
    _, decision = decide(watcher.memory, seen(word), look, at, RULES)
    assert not decision.is_alert or second_of == "look-1"
