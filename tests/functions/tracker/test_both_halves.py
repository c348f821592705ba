"""Edge and tracker follow the same job: what the one keeps is what the other asks a film of."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.messages.printer_record import Phase
from functions.tracker.evaluation import Rules
from tests.functions.tracker.both_halves import BothHalves

WORDS = ["IDLE", "PREPARE", "SLICING", "RUNNING", "RUNNING", "RUNNING", "PAUSE", "FINISH", "FAILED", "INIT"]
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "gcode_state": st.sampled_from(WORDS),
        "subtask_name": st.sampled_from(["A", "B", "", None]),
        "task_id": st.sampled_from(["0", "1", "2"]),
        "mc_percent": st.sampled_from([None, 0, 5, 30, 31, 60, 100]),
        "print_error": st.sampled_from([0, 50348044, 50364437]),
    },
)
EVENT: st.SearchStrategy[Any] = st.one_of(
    *[st.tuples(st.just("status"), CHANGES, st.sampled_from([0.1, 1.0, 5.0, 20.0]))] * 3,
    *[st.tuples(st.just("picture"), st.just({}), st.sampled_from([0.1, 1.0]))] * 2,
    st.tuples(st.just("wait"), st.just({}), st.sampled_from([3.0, 40.0, 400.0])),
    st.tuples(st.sampled_from(["reconnect", "restart"]), st.just({}), st.sampled_from([0.5, 200.0])),
)
LOSS: st.SearchStrategy[Any] = st.tuples(
    st.sampled_from(["lost outbox", "lost record"]), st.just({}), st.just(1.0)
)


@pytest.fixture
def halves(tmp_path: Path) -> Iterator[BothHalves]:
    made = BothHalves(tmp_path)
    yield made
    made.outbox.close()


def test_a_film_waits_for_no_photo_from_before_its_job(halves: BothHalves) -> None:
    halves.status()
    halves.image(after=5)
    assert halves.status(after=3, gcode_state="PREPARE", subtask_name="Benchy") == ["started Benchy"]
    halves.status(gcode_state="RUNNING", mc_percent=1)
    for _ in range(20):
        halves.image(after=1)
    assert halves.status(gcode_state="FINISH")[-2:] == ["finished", "film"]
    (film,) = halves.films()
    assert film.frames_kept == len(halves.frames_of(film)) == 20


@pytest.mark.parametrize("is_silent", [True, False])
def test_a_word_that_nobody_knows_leaves_the_gap_open(halves: BothHalves, is_silent: bool) -> None:
    halves.status()
    halves.status(gcode_state="RUNNING", subtask_name="Old", mc_percent=80)
    for _ in range(20):
        halves.image(after=1)
    halves.status(mc_percent=80)
    halves.wait(600 if is_silent else 0)
    halves.restart()
    halves.status(gcode_state="INIT")
    said = halves.status(gcode_state="RUNNING", subtask_name="New", mc_percent=3)
    assert said[-1] == "already_printing New"
    assert halves.edge_job is not None
    assert halves.edge_job.started_at == halves.job.started_at
    for _ in range(5):
        halves.image(after=1)
    halves.status(gcode_state="FINISH")
    film = halves.films()[-1]
    assert film.prefix == "images/a1mini/New/"
    assert film.frames_kept == len(halves.frames_of(film)) == 5


def test_a_percent_that_fell_is_judged_alike_by_both(halves: BothHalves) -> None:
    halves.status()
    halves.status(gcode_state="RUNNING", subtask_name="Benchy", mc_percent=40)
    halves.status(after=5, mc_percent=20)
    halves.reconnect()
    halves.status(after=5, mc_percent=21)
    assert halves.edge_job is not None
    assert halves.edge_job.started_at == halves.job.started_at


def test_frames_from_before_the_tracker_knew_the_job_are_not_waited_for(halves: BothHalves) -> None:
    halves.status()
    halves.status(gcode_state="RUNNING", subtask_name="Benchy", mc_percent=40)
    for _ in range(30):
        halves.image(after=1)
    halves.record = None
    assert halves.status(mc_percent=41) == ["already_printing Benchy"]
    for _ in range(10):
        halves.image(after=1)
    assert halves.status(gcode_state="FINISH") == ["finished", "film"]
    (film,) = halves.films()
    assert film.frames_kept == len(halves.frames_of(film)) == 10


@pytest.mark.parametrize("state", ["RUNNING", "FINISH"])
def test_the_film_of_a_job_that_ended_unseen_waits_for_its_frames(halves: BothHalves, state: str) -> None:
    halves.status()
    halves.status(gcode_state="RUNNING", subtask_name="Old", mc_percent=40)
    for _ in range(30):
        halves.image(after=1)
    halves.status(mc_percent=41)
    for _ in range(10):
        halves.image(after=1)
    halves.reconnect()
    assert "ended" in halves.status(after=3, gcode_state=state, subtask_name="New")
    (film,) = halves.films()
    assert film.frames_kept == len(halves.frames_of(film)) == 30


def _happen(halves: BothHalves, kind: str, changed: dict[str, Any], after: float) -> None:
    if kind == "status":
        halves.status(after=after, **changed)
    elif kind == "picture":
        halves.image(after=after)
    elif kind == "wait":
        halves.wait(after)
    elif kind == "reconnect":
        halves.wait(after)
        halves.reconnect()
    elif kind == "lost record":
        halves.record = None
    else:
        halves.clock.skip(after)
        halves.restart(is_outbox_lost=kind == "lost outbox")


@settings(max_examples=60, deadline=None)
@given(st.lists(EVENT, min_size=3, max_size=40), st.sampled_from([0.0, 100.0]))
def test_whatever_happens_both_follow_the_same_job(course: list[Any], grace: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        halves = BothHalves(Path(folder), rules=Rules(silence_grace=grace))
        for event in course:
            _happen(halves, *event)
            edge = halves.edge_job
            job = halves.record.job if halves.record is not None else None
            if job is None or job.phase is Phase.ENDED:
                assert edge is None or not edge.is_active
            else:
                assert edge is not None
                assert (edge.is_active, edge.started_at) == (True, job.started_at)
        halves.outbox.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(EVENT, EVENT, EVENT, LOSS), min_size=3, max_size=40))
def test_whatever_gets_lost_no_film_waits_for_frames_that_it_will_never_find(course: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        halves = BothHalves(Path(folder))
        for event in course:
            told = len(halves.films())
            _happen(halves, *event)
            for film in halves.films()[told:]:
                assert len(halves.frames_of(film)) >= (film.frames_kept or 0)
        halves.outbox.close()
