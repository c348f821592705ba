"""When the inspection speaks, and when it holds its tongue."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.inspection.policy import (
    COVERS,
    DISMISSED,
    Budget,
    Check,
    Decision,
    Rules,
    UsedUp,
    agree,
    begun,
    day_of,
    decide,
    fresh_if_changed,
    is_told,
    used_up,
    why_not,
)
from functions.inspection.verdict import Defect, NoVerdict, Verdict
from functions.shared.messages.inspection_record import CheckState, InspectionState
from functions.shared.settings import Settings

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
    """Plays looks against the rules, one image a second."""

    rules: Rules = RULES
    remembered: InspectionState = field(default_factory=InspectionState)
    at: float = 1000.0
    job: str = "job-1"
    printing_since: float = 0.0
    count: int = 0

    def check(self, word: str, confirms: str | None = None, frame_at: float | None = None) -> Decision:
        self.count += 1
        self.last = Check(f"look-{self.count}", self.job, self.printing_since, self.at, confirms)
        self.remembered = begun(self.remembered, self.last)
        shown = self.at if frame_at is None else frame_at
        self.remembered, decision = decide(self.remembered, seen(word), self.last, shown, self.rules)
        return decision

    def play(self, step: str) -> str:
        """One step of a series; what the user is told of it ("" for nothing)."""
        if step == "pause":
            self.printing_since = self.at
            return ""
        if step == "new job":
            self.job, self.printing_since = self.job + "+", self.at
            return ""
        if step == "an hour":
            self.at += 3600
            return ""
        first, _, second = step.partition(" > ")
        decision = self.check(first)
        assert not decision.is_alert
        assert decision.wants_confirmation == bool(second)
        if not decision.wants_confirmation:
            return ""
        self.at += self.rules.confirmation_after
        decision = self.check(second, confirms=self.last.id)
        assert not decision.wants_confirmation
        return self.remembered.category or "" if decision.is_alert else ""


@pytest.mark.parametrize(
    ("series", "announced"),
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
        # The cool-down: one interval from the alert, so the check of the next hour falls into it.
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
def test_when_it_speaks(series: list[str], announced: list[str]) -> None:
    watcher = Watcher()
    assert [said for step in series if (said := watcher.play(step))] == announced


@pytest.mark.parametrize("event", ["pause", "new job"])
def test_a_pause_or_a_new_job_between_the_two_checks_lets_the_suspicion_fall(event: str) -> None:
    watcher = Watcher()
    assert watcher.check("spaghetti").wants_confirmation
    watcher.at += 60
    watcher.play(event)
    second = Check("look-2", watcher.job, watcher.printing_since, watcher.at, "look-1")
    assert why_not(watcher.remembered, second) == "the suspicion it was to confirm no longer stands"
    assert not watcher.check("spaghetti", confirms="look-1").is_alert


def test_a_check_asked_for_before_the_pause_is_not_made_after_it() -> None:
    watcher = Watcher()
    watcher.check("spaghetti")
    before = watcher.last
    watcher.play("pause")
    watcher.check("fine")
    late = Check("look-9", before.job_id, before.printing_since, watcher.at, before.id)
    assert why_not(watcher.remembered, late) == "it was asked for before the last pause"


def test_a_check_at_the_job_before_is_not_made() -> None:
    watcher = Watcher()
    watcher.check("fine")
    old = watcher.last
    watcher.play("new job")
    watcher.check("fine")
    assert why_not(watcher.remembered, replace(old, id="look-9")) == "its job is over"


def test_the_same_image_twice_is_one_check() -> None:
    watcher = Watcher()
    watcher.check("spaghetti", frame_at=500.0)
    watcher.at += 60
    decision = watcher.check("spaghetti", confirms=watcher.last.id, frame_at=500.0)
    assert decision == Decision(CheckState.SUSPICIOUS)


def test_a_confirmation_of_something_else_confirms_nothing() -> None:
    watcher = Watcher()
    watcher.check("spaghetti")
    watcher.at += 60
    assert not watcher.check("spaghetti", confirms="another look").is_alert


def test_the_alert_claims_no_more_than_both_checks_do() -> None:
    watcher = Watcher()
    watcher.check("spaghetti@75")
    watcher.at += 60
    decision = watcher.check("detached@95", confirms=watcher.last.id)
    assert decision == Decision(CheckState.DEFECT, is_alert=True, confidence=0.75)


def test_the_next_check_may_fall_between_the_two_without_harm() -> None:
    watcher = Watcher(Rules(interval=10))
    assert watcher.check("spaghetti").wants_confirmation
    first = watcher.last
    watcher.at += 5
    assert not watcher.check("spaghetti").wants_confirmation
    watcher.at += 5
    assert watcher.check("spaghetti", confirms=first.id).is_alert


def test_a_suspicion_whose_confirmation_never_came_gives_way_to_the_next() -> None:
    watcher = Watcher()
    assert watcher.check("spaghetti").wants_confirmation
    watcher.at += 3600
    assert watcher.check("spaghetti").wants_confirmation


def test_the_budget_of_a_job_counts_checks_and_not_tries() -> None:
    rules = Rules(checks_per_job=2)
    watcher = Watcher(rules)
    watcher.check("fine")
    again = watcher.last
    assert begun(watcher.remembered, again).checks == 1
    assert begun(watcher.remembered, again).tries == 2
    watcher.check("fine")
    new = replace(watcher.last, id="look-9")
    assert used_up(watcher.remembered, new, rules) == UsedUp(Budget.JOB, 2, new.job_id)
    assert used_up(watcher.remembered, watcher.last, rules) is None, "a try again is no new look"
    watcher.play("pause")
    paused = replace(new, printing_since=watcher.printing_since)
    assert used_up(watcher.remembered, paused, rules) is not None, "a pause gives none back"
    assert used_up(watcher.remembered, replace(new, job_id="job-2"), rules) is None


MIDNIGHT, DAY = 1_763_769_600.0, 86_400.0


def test_the_budget_of_a_day_counts_checks_of_all_jobs_from_midnight_in_utc() -> None:
    assert day_of(MIDNIGHT) == "2025-11-22"
    rules, remembered = Rules(checks_per_day=3), InspectionState()
    for number, at in enumerate((MIDNIGHT, MIDNIGHT + 1, MIDNIGHT + DAY - 1)):
        check = Check(f"look-{number}", f"job-{number}", 0.0, at)
        assert used_up(remembered, check, rules) is None
        remembered = begun(remembered, check)
    last = Check("look-9", "job-9", 0.0, MIDNIGHT + DAY - 1)
    found = used_up(remembered, last, rules)
    assert found == UsedUp(Budget.DAY, 3, "2025-11-22")
    assert "AI_CHECKS_PER_DAY" in found.reason
    next_day = replace(last, at=MIDNIGHT + DAY)
    assert used_up(remembered, next_day, rules) is None
    assert begun(remembered, next_day).checks_on_day == 1


def test_a_budget_is_told_once_and_one_of_none_never() -> None:
    of_job, of_day = UsedUp(Budget.JOB, 3, "job-1"), UsedUp(Budget.DAY, 3, "2025-11-22")
    told = InspectionState(used_up="job-1")
    assert (is_told(told, of_job), is_told(told, of_day)) == (True, False)
    assert is_told(InspectionState(), UsedUp(Budget.DAY, 0, "2025-11-22")), "0 is how checks are switched off"


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
def test_never_on_a_single_check_and_never_twice_within_the_cool_down(
    steps: list[tuple[str, str, int]], interval: float
) -> None:
    rules = Rules(interval=interval, checks_per_job=10)
    watcher = Watcher(rules)
    suspicious: dict[str, Verdict] = {}
    alerts: list[tuple[float, Defect]] = []
    checks_of_job = 0
    for kind, word, seconds in steps:
        watcher.at += seconds
        if kind in ("pause", "new job"):
            watcher.play(kind)
            alerts, suspicious = [], {}
            checks_of_job = checks_of_job if kind == "pause" else 0
            continue
        confirms = (
            watcher.remembered.pending_confirmation.check
            if kind == "second" and watcher.remembered.pending_confirmation
            else None
        )
        check = Check("next", watcher.job, watcher.printing_since, watcher.at, confirms)
        if why_not(watcher.remembered, check) is not None or used_up(watcher.remembered, check, rules):
            continue
        decision, verdict = watcher.check(word, confirms=confirms), seen(word)
        checks_of_job += 1
        if isinstance(verdict, Verdict) and verdict.has_defect and verdict.confidence >= rules.threshold:
            suspicious[watcher.last.id] = verdict
        if decision.is_alert:
            assert isinstance(verdict, Verdict)
            assert confirms in suspicious
            assert watcher.last.id in suspicious
            assert agree(suspicious[confirms].category, verdict.category)
            assert not [
                at for at, announced in alerts if at > watcher.at - interval and verdict.category is announced
            ]
            alerts.append((watcher.at, verdict.category))
        assert not (decision.is_alert and decision.wants_confirmation)
        assert watcher.remembered.checks == checks_of_job <= rules.checks_per_job


@settings(max_examples=80, deadline=None)
@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    WORDS,
    st.sampled_from([None, "look-1", "x"]),
)
def test_no_times_can_raise(at: float, printing_since: float, word: str, confirms: str | None) -> None:
    watcher = Watcher()
    watcher.check("spaghetti")
    check = Check("look-2", "job-1", printing_since, at, confirms)
    why_not(watcher.remembered, check)
    fresh_if_changed(watcher.remembered, check)
    _, decision = decide(watcher.remembered, seen(word), check, at, RULES)
    assert not decision.is_alert or confirms == "look-1"


def test_the_settings_become_the_rules() -> None:
    chosen = Settings(
        ai_confidence_threshold=0.8,
        ai_check_interval_seconds=600.0,
        ai_checks_per_job=4,
        ai_checks_per_day=9,
    )
    assert Rules.from_settings(chosen) == Rules(
        threshold=0.8, interval=600.0, checks_per_job=4, checks_per_day=9
    )


def test_what_a_person_looked_into_is_fine_from_then_on_and_other_trouble_is_not() -> None:
    check = Check("look-1", "job-1", 0.0, 1000.0)
    remembered, decision = decide(InspectionState(), seen("spaghetti"), check, 1.0, RULES, {"spaghetti"})
    assert (decision, remembered.verdict, remembered.note) == (
        Decision(CheckState.FINE),
        CheckState.FINE,
        DISMISSED,
    )
    _, decision = decide(InspectionState(), seen("warping"), check, 1.0, RULES, {"spaghetti"})
    assert decision.wants_confirmation
