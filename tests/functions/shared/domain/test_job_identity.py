"""Which job is it after a gap: ids, what time allows, names, figures; what is missing decides nothing."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.job_identity import (
    SHORT_GAP_SECONDS,
    JobFingerprint,
    is_end_of,
    is_same_job,
    with_facts,
)
from functions.shared.domain.status import PREPARING, PrinterStatus

MARKS = JobFingerprint(task_id="77", name="benchy", percent=40, has_run=True)
LOCAL = dataclasses.replace(MARKS, task_id=None)
SAME = PrinterStatus(state="RUNNING", task_id="77", job_name="benchy", percent=41)
SHORT, LONG = SHORT_GAP_SECONDS, SHORT_GAP_SECONDS + 1


def seen(**changed: Any) -> PrinterStatus:
    return dataclasses.replace(SAME, **changed)


@pytest.mark.parametrize("gap", [0.0, SHORT, LONG, 86_400.0, None])
@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"job_name": "box"},
        {"percent": 0, "layer": 0},
        {"state": "PREPARE"},
        {"state": "SLICING", "percent": 0},
    ],
    ids=str,
)
def test_one_id_is_one_job_and_two_are_two_whatever_else_is_said(
    changed: dict[str, Any], gap: float | None
) -> None:
    assert is_same_job(MARKS, seen(**changed), gap)
    assert not is_same_job(MARKS, seen(**changed, task_id="78"), gap)


@pytest.mark.parametrize(
    ("why", "changed", "after_short", "after_long"),
    [
        ("everything is as it was", {}, True, True),
        ("an id that the record does not have", {"task_id": "78"}, True, True),
        ("another name", {"job_name": "box"}, False, False),
        ("the name is not known now", {"job_name": None}, True, True),
        ("the name of its second plate", {"job_name": "benchy_plate_2"}, True, True),
        ("the name of the profile", {"job_name": "0.20mm Standard @BBL A1M"}, True, True),
        ("one percent lower is rounding", {"percent": 39}, True, True),
        ("more than one percent lower", {"percent": 38}, True, False),
        ("the percent is not known now", {"percent": None}, True, True),
        ("much further on", {"percent": 100}, True, True),
        ("it prepares although it had run", {"state": "PREPARE"}, False, False),
        ("it slices although it had run", {"state": "SLICING"}, False, False),
        ("it is paused", {"state": "PAUSE"}, True, True),
        ("an unknown state", {"state": "DANCING"}, True, True),
    ],
)
def test_without_ids_time_names_and_figures_decide_in_that_order(
    why: str, changed: dict[str, Any], after_short: bool, after_long: bool
) -> None:
    assert is_same_job(LOCAL, seen(**{"task_id": None} | changed), SHORT) is after_short, why
    for gap in (LONG, None):
        assert is_same_job(LOCAL, seen(**{"task_id": None} | changed), gap) is after_long, why


def test_nothing_known_at_all_is_no_evidence() -> None:
    assert is_same_job(MARKS, PrinterStatus(), None)
    assert is_end_of(MARKS, PrinterStatus())


@pytest.mark.parametrize(
    ("remaining", "gap", "is_same"),
    [(60, 3239.0, True), (60, 3240.0, False), (0, LONG, False), (None, LONG, False), (60, None, False)],
)
def test_a_percent_that_fell_is_another_job_only_if_the_old_one_can_have_ended_meanwhile(
    remaining: int | None, gap: float | None, is_same: bool
) -> None:
    fingerprint = dataclasses.replace(LOCAL, remaining_minutes=remaining)
    assert is_same_job(fingerprint, seen(percent=3), gap) is is_same


@pytest.mark.parametrize(
    ("percent", "layer", "is_same"), [(None, 49, True), (None, 48, False), (41, 3, True), (None, None, True)]
)
def test_the_layer_counts_where_the_percent_is_not_known(
    percent: int | None, layer: int | None, is_same: bool
) -> None:
    fingerprint = dataclasses.replace(LOCAL, layer=50)
    assert is_same_job(fingerprint, seen(percent=percent, layer=layer), LONG) is is_same


def test_a_job_that_never_ran_may_still_prepare() -> None:
    fingerprint = dataclasses.replace(LOCAL, has_run=False)
    assert is_same_job(fingerprint, seen(state="PREPARE"), SHORT)


@pytest.mark.parametrize("field", ["task_id", "name", "percent"])
def test_what_was_not_recorded_decides_nothing(field: str) -> None:
    fingerprint = dataclasses.replace(MARKS, **{field: None})  # type: ignore[arg-type]
    changed = {"task_id": {"task_id": "78"}, "name": {"job_name": "box"}, "percent": {"percent": 0}}[field]
    assert is_same_job(fingerprint, PrinterStatus(state="RUNNING", **changed), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "is_its_end"),
    [
        ({}, True),
        ({"job_name": "box"}, True),
        ({"task_id": "78"}, False),
        ({"task_id": None}, True),
        ({"task_id": None, "job_name": "box"}, False),
        ({"task_id": None, "job_name": None, "percent": 0}, True),
    ],
)
def test_an_end_is_the_jobs_by_the_same_evidence(changed: dict[str, Any], is_its_end: bool) -> None:
    assert is_end_of(MARKS, seen(state="FINISH", **changed)) is is_its_end


def test_under_one_id_the_name_first_told_stays_and_a_local_job_takes_the_new_one() -> None:
    assert with_facts(MARKS, seen(job_name="profile"), 9.0).name == "benchy"
    assert with_facts(LOCAL, seen(task_id=None, job_name="box"), 9.0).name == "box"
    assert with_facts(dataclasses.replace(MARKS, name=None), seen(), 9.0).name == "benchy"


def test_figures_of_preparing_are_the_last_jobs() -> None:
    begun = JobFingerprint(None, None, None, has_run=False)
    prepared = with_facts(begun, seen(state="PREPARE", percent=100, layer=90, remaining_minutes=0), 5.0)
    assert (prepared.percent, prepared.layer, prepared.remaining_minutes) == (None, None, None)
    assert (prepared.has_run, prepared.heard_at) == (False, 5.0)


any_fingerprint = st.builds(
    JobFingerprint, st.none() | st.sampled_from("12"),
    st.none() | st.sampled_from(["a", "b", "a plate 1", "0.2mm x"]),
    st.none() | st.integers(0, 100), st.booleans(), st.none() | st.integers(0, 9),
    st.none() | st.integers(0, 90), st.none() | st.just(7.0),
)  # fmt: skip
any_facts = st.builds(
    PrinterStatus, state=st.sampled_from([None, "PREPARE", "RUNNING", "PAUSE"]),
    job_name=st.none() | st.sampled_from(["a", "b", "a plate 2"]),
    task_id=st.none() | st.sampled_from("12"), percent=st.none() | st.integers(0, 100),
    layer=st.none() | st.integers(0, 9), remaining_minutes=st.none() | st.integers(0, 90),
)  # fmt: skip
gaps = st.none() | st.floats(0, 1e7)


@given(
    fingerprint=any_fingerprint,
    facts=any_facts,
    gap=gaps,
    field=st.sampled_from(["state", "job_name", "percent", "layer"]),
)
def test_knowing_less_never_makes_it_another_job(
    fingerprint: JobFingerprint, facts: PrinterStatus, gap: float | None, field: str
) -> None:
    less = dataclasses.replace(facts, **{field: None})  # type: ignore[arg-type]
    is_by_layer = field == "percent" and None not in (facts.layer, fingerprint.layer)
    if is_same_job(fingerprint, facts, gap) and not is_by_layer:
        assert is_same_job(fingerprint, less, gap)


@given(any_fingerprint, any_facts, gaps, gaps)
def test_a_shorter_gap_never_makes_it_another_job(
    fingerprint: JobFingerprint, facts: PrinterStatus, gap: float | None, other: float | None
) -> None:
    shorter, longer = sorted((gap, other), key=lambda one: float("inf") if one is None else one)
    if is_same_job(fingerprint, facts, longer):
        assert is_same_job(fingerprint, facts, shorter)


@given(any_fingerprint, st.lists(any_facts, max_size=9))
def test_a_job_is_always_the_same_as_itself(fingerprint: JobFingerprint, course: list[PrinterStatus]) -> None:
    """Whatever was taken in last is recognised at the next look, after any gap."""
    for number, facts in enumerate(course):
        fingerprint = with_facts(fingerprint, facts, float(number))
        if facts.state not in PREPARING:
            assert is_same_job(fingerprint, facts, None)
