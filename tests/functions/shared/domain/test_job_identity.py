"""Which job is it after a gap: line by line, and missing facts decide nothing."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.job_identity import JobFingerprint, is_same_job
from functions.shared.domain.status import PrinterStatus

MARKS = JobFingerprint(task_id="77", name="benchy", percent=40, has_run=True)
SAME = PrinterStatus(state="RUNNING", task_id="77", job_name="benchy", percent=41)


@pytest.mark.parametrize(
    ("why", "facts", "is_same"),
    [
        ("everything is as it was", SAME, True),
        ("another task", dataclasses.replace(SAME, task_id="78"), False),
        ("the task is not known now", dataclasses.replace(SAME, task_id=None), True),
        ("another name", dataclasses.replace(SAME, job_name="box"), False),
        ("the name is not known now", dataclasses.replace(SAME, job_name=None), True),
        ("one percent lower is rounding", dataclasses.replace(SAME, percent=39), True),
        ("more than one percent lower", dataclasses.replace(SAME, percent=38), False),
        ("the percent is not known now", dataclasses.replace(SAME, percent=None), True),
        ("much further on", dataclasses.replace(SAME, percent=100), True),
        ("it prepares although it had run", dataclasses.replace(SAME, state="PREPARE"), False),
        ("it slices although it had run", dataclasses.replace(SAME, state="SLICING"), False),
        ("it is paused", dataclasses.replace(SAME, state="PAUSE"), True),
        ("an unknown state", dataclasses.replace(SAME, state="DANCING"), True),
        ("nothing is known at all", PrinterStatus(), True),
    ],
)
def test_the_table_of_the_design(why: str, facts: PrinterStatus, is_same: bool) -> None:
    assert is_same_job(MARKS, facts) is is_same, why


def test_a_job_that_never_ran_may_still_prepare() -> None:
    fingerprint = dataclasses.replace(MARKS, has_run=False)
    assert is_same_job(fingerprint, dataclasses.replace(SAME, state="PREPARE"))


@pytest.mark.parametrize("field", ["task_id", "name", "percent"])
def test_what_was_not_recorded_decides_nothing(field: str) -> None:
    fingerprint = dataclasses.replace(MARKS, **{field: None})  # type: ignore[arg-type]
    changed = {"task_id": {"task_id": "78"}, "name": {"job_name": "box"}, "percent": {"percent": 0}}[field]
    assert is_same_job(fingerprint, PrinterStatus(state="RUNNING", **changed))  # type: ignore[arg-type]


any_fingerprint = st.builds(
    JobFingerprint, st.none() | st.sampled_from("12"), st.none() | st.sampled_from("ab"),
    st.none() | st.integers(0, 100), st.booleans()
)  # fmt: skip
any_facts = st.builds(
    PrinterStatus, state=st.sampled_from([None, "PREPARE", "RUNNING", "PAUSE"]),
    job_name=st.none() | st.sampled_from("ab"),
    task_id=st.none() | st.sampled_from("12"), percent=st.none() | st.integers(0, 100),
)  # fmt: skip


@given(
    fingerprint=any_fingerprint,
    facts=any_facts,
    field=st.sampled_from(["state", "job_name", "task_id", "percent"]),
)
def test_knowing_less_never_makes_it_another_job(
    fingerprint: JobFingerprint, facts: PrinterStatus, field: str
) -> None:
    if is_same_job(fingerprint, facts):
        assert is_same_job(fingerprint, dataclasses.replace(facts, **{field: None}))
