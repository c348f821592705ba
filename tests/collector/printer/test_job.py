"""A job begins at idle to active, keeps its folder, and survives gaps."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.outbox.model import EdgeJob
from collector.printer.job import track_job
from functions.shared.domain.keys import job_prefix
from functions.shared.domain.status import PrinterStatus, is_active, is_finished

P = "A1M-1"


def _follow(job: EdgeJob | None, *, gap: bool = False, now: float = 100.0, **facts: Any) -> EdgeJob | None:
    return track_job(job, PrinterStatus(**facts), printer_id=P, now=now, after_gap=gap)


def _running(**facts: Any) -> EdgeJob:
    job = _follow(None, **{"state": "RUNNING", "job_name": "Benchy", "percent": 40, **facts})
    assert job is not None
    return job


def test_an_idle_printer_has_no_job() -> None:
    assert _follow(None, state="FINISH", job_name="Old") is None
    assert _follow(None, state=None) is None
    assert _follow(None, state="INIT") is None


def test_a_job_begins_when_the_printer_becomes_active() -> None:
    job = _follow(None, state="PREPARE", job_name="Benchy", now=50.0)
    assert job is not None
    assert (job.started_at, job.is_active, job.prefix) == (50.0, True, job_prefix(P, "Benchy"))
    assert job.fingerprint.has_run is False


def test_the_folder_waits_for_the_name_but_not_longer_than_until_it_runs() -> None:
    job = _follow(None, state="PREPARE")
    assert job is not None
    assert job.prefix is None
    named = _follow(job, state="PREPARE", job_name="Benchy")
    assert named is not None
    assert named.prefix == job_prefix(P, "Benchy")
    unnamed = _follow(job, state="RUNNING")
    assert unnamed is not None
    assert unnamed.prefix == job_prefix(P, None)
    late = _follow(unnamed, state="RUNNING", job_name="Benchy")
    assert late is not None
    assert late.prefix == job_prefix(P, None)
    assert late.fingerprint.name == "Benchy"


def test_the_percent_of_the_job_before_is_not_taken_while_preparing() -> None:
    job = _follow(None, state="PREPARE", percent=100)
    assert job is not None
    assert job.fingerprint.percent is None


def test_a_pause_or_a_missing_key_changes_nothing() -> None:
    job = _running()
    paused = _follow(job, state="PAUSE", now=200.0)
    assert paused is not None
    assert (paused.token, paused.fingerprint.percent, paused.fingerprint.name) == (job.token, 40, "Benchy")
    assert _follow(paused, state=None) == paused
    assert _follow(paused, state="UNKNOWN") == paused


def test_a_finished_word_ends_it_and_the_next_start_is_another_job() -> None:
    job = _running()
    ended = _follow(job, state="FINISH", now=300.0)
    assert ended is not None
    assert (ended.token, ended.is_active) == (job.token, False)
    again = _follow(ended, state="RUNNING", job_name="Benchy", percent=0, now=400.0)
    assert again is not None
    assert again.token != job.token
    assert again.prefix == job.prefix
    assert again.fingerprint.percent == 0


@pytest.mark.parametrize(
    ("seconds", "changed", "is_same"),
    [
        (400.0, {"percent": 41}, True),
        (400.0, {"percent": 39}, True),
        (400.0, {}, True),
        (400.0, {"job_name": "Benchy plate 2", "percent": 41}, True),
        (400.0, {"job_name": "Cube"}, False),
        (400.0, {"percent": 3}, False),
        (5.0, {"percent": 3}, True),
        (5.0, {"job_name": "Cube"}, False),
    ],
)
def test_after_a_gap_the_same_job_goes_on_and_another_begins_anew(
    seconds: float, changed: dict[str, Any], is_same: bool
) -> None:
    job = _running()
    after = _follow(job, gap=True, state="RUNNING", now=100.0 + seconds, **changed)
    assert after is not None
    assert (after.token == job.token) is is_same
    assert after.started_at == (100.0 if is_same else 100.0 + seconds)
    without_gap = _follow(job, state="RUNNING", now=100.0 + seconds, **changed)
    assert without_gap is not None
    assert without_gap.token == job.token


@pytest.mark.parametrize("seconds", [5.0, 4000.0])
def test_an_id_says_which_job_it_is_after_any_gap(seconds: float) -> None:
    job = _running(task_id="7")
    now = 100.0 + seconds
    renamed = _follow(job, gap=True, state="RUNNING", job_name="Cube", task_id="7", percent=3, now=now)
    other = _follow(job, gap=True, state="RUNNING", job_name="Benchy", task_id="8", percent=41, now=now)
    assert renamed is not None
    assert other is not None
    assert (renamed.token, renamed.fingerprint.name) == (job.token, "Benchy")
    assert other.token != job.token


def test_a_calibration_is_no_job_and_ends_one_only_after_a_gap() -> None:
    assert _follow(None, state="RUNNING", is_calibrating=True) is None
    job = _running()
    assert _follow(job, state="RUNNING", is_calibrating=True) is not None
    going_on = _follow(job, state="RUNNING", is_calibrating=True)
    assert going_on is not None
    assert going_on.is_active
    ended = _follow(job, gap=True, state="RUNNING", is_calibrating=True)
    assert ended is not None
    assert not ended.is_active


STATES = st.sampled_from(
    [None, "IDLE", "PREPARE", "SLICING", "RUNNING", "PAUSE", "FINISH", "FAILED", "INIT", "X"]
)
FACTS = st.builds(
    PrinterStatus,
    state=STATES,
    job_name=st.sampled_from([None, "Benchy", "../../x", "<b>&\"'", "\u202e\U0001f600", "n" * 300]),
    task_id=st.sampled_from([None, "1", "2"]),
    percent=st.none() | st.integers(0, 100),
)


@given(st.lists(st.tuples(FACTS, st.booleans()), max_size=30))
def test_no_course_of_statuses_raises_or_bends_the_rules(course: list[tuple[PrinterStatus, bool]]) -> None:
    job: EdgeJob | None = None
    for now, (facts, gap) in enumerate(course):
        before = job
        job = track_job(job, facts, printer_id=P, now=float(now), after_gap=gap)
        if is_active(facts.state):
            assert job is not None
            assert job.is_active
        if is_finished(facts.state):
            assert job is None or not job.is_active
        if job is not None and before is not None and job.token == before.token:
            assert job.started_at == before.started_at
            assert before.prefix in (None, job.prefix)
            assert job.fingerprint.has_run >= before.fingerprint.has_run
        if job is not None and job.prefix is not None:
            assert job.prefix.startswith("images/A1M-1/")
            assert ".." not in job.prefix.split("/")
