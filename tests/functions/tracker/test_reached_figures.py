"""How far a job has come: the newest is shown, the highest counts as reached, and a fall must last."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.status import PrinterStatus
from functions.shared.messages.effects import Category
from functions.shared.messages.printer_record import Job, Phase
from functions.tracker.evaluation import Rules
from functions.tracker.reached_figures import (
    BELIEVED_AFTER_SECONDS,
    as_reached,
    with_figures,
)
from tests.functions.tracker.harness import TrackerHarness

NOW = 1_000_000.0
JOB = Job(
    id="j",
    started_at=NOW,
    start_is_known=True,
    phase=Phase.ACTIVE,
    state="RUNNING",
    printing_since=NOW,
    next_photo_at=NOW,
    next_inspection_at=NOW,
)


def followed(*course: tuple[float, dict[str, Any]]) -> Job:
    job = JOB
    for at, figures in course:
        job = with_figures(job, PrinterStatus(state="RUNNING", **figures), NOW + at)
    return job


class TestShown:
    def test_the_newest_are_shown_and_a_missing_key_leaves_what_was_known(self) -> None:
        job = followed(
            (0, {"percent": 40, "layer": 20, "total_layers": 50, "remaining_minutes": 30}), (5, {})
        )
        assert (job.percent, job.layer, job.total_layers, job.remaining_minutes) == (40, 20, 50, 30)
        fell = with_figures(job, PrinterStatus(state="RUNNING", percent=3, layer=1), NOW + 6)
        assert (fell.percent, fell.layer) == (3, 1)

    def test_while_preparing_they_are_perhaps_the_last_jobs(self) -> None:
        job = with_figures(JOB, PrinterStatus(state="PREPARE", percent=100, layer=90), NOW)
        assert (job.percent, job.layer) == (None, None)

    def test_a_layer_beyond_the_last_is_not_known(self) -> None:
        assert followed((0, {"layer": 60, "total_layers": 50})).layer is None


class TestReached:
    @pytest.mark.parametrize("cleared", [{"percent": 0}, {"percent": 0, "layer": 0}, {"layer": 0}, {}])
    def test_what_firmware_clears_as_a_job_ends_was_reached_all_the_same(
        self, cleared: dict[str, Any]
    ) -> None:
        job = followed((0, {"percent": 62, "layer": 74, "total_layers": 120}), (30, cleared))
        ended = as_reached(job, PrinterStatus(state="FAILED", percent=0, layer=0), NOW + 32)
        assert (ended.percent, ended.layer, ended.total_layers) == (62, 74, 120)

    def test_a_fall_that_lasts_is_another_plate_and_counts(self) -> None:
        plate = {"percent": 0, "layer": 0, "total_layers": 80}
        job = followed((0, {"percent": 100, "layer": 120, "total_layers": 120}), (10, plate), (70, plate))
        ended = as_reached(job, PrinterStatus(state="FAILED", percent=3, layer=2), NOW + 75)
        assert (ended.percent, ended.layer, ended.total_layers) == (3, 2, 80)

    @pytest.mark.parametrize(("lasts", "steps_begin_anew"), [(59.0, False), (60.0, True)])
    def test_it_lasts_from_a_minute_on(self, lasts: float, steps_begin_anew: bool) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.status(mc_percent=60)
        harness.status(after=5, mc_percent=2)
        said = harness.status(after=lasts, mc_percent=12)
        assert said == (["progress 12"] if steps_begin_anew else [])

    def test_time_in_which_nothing_was_heard_proves_no_fall(self) -> None:
        job = followed((0, {"percent": 62}), (5, {"percent": 0}))
        assert as_reached(job, PrinterStatus(state="FAILED", percent=0)).percent == 62

    def test_a_waver_of_a_few_percent_is_no_fall(self) -> None:
        harness = TrackerHarness()
        harness.start()
        harness.status(mc_percent=60)
        harness.status(after=5, mc_percent=45)
        assert harness.status(after=300, mc_percent=46) == []
        assert harness.status(mc_percent=66) == ["progress 66"]

    def test_a_finish_that_says_a_hundred_has_reached_a_hundred(self) -> None:
        job = followed((0, {"percent": 97}))
        assert as_reached(job, PrinterStatus(state="FINISH", percent=100), NOW + 5).percent == 100

    def test_a_job_begun_under_an_older_release_has_its_newest_figures_as_reached(self) -> None:
        old = with_figures(JOB, PrinterStatus(state="RUNNING", percent=62), NOW)
        assert as_reached(Job(**{**_fields(old), "reached": None})).percent == 62


class TestSeveralPlates:
    def test_one_job_its_steps_told_on_each_plate_and_one_end(self) -> None:
        harness = TrackerHarness(Rules(progress_step=25))
        harness.start()
        job = harness.job.id
        told = []
        for _ in range(3):
            for percent in (0, 0, 30, 60, 100):
                told += harness.status(after=40, mc_percent=percent)
        told += harness.status(gcode_state="FINISH")
        assert told == ["progress 30", "progress 60"] * 3 + ["finished", "film"]
        assert harness.job.id == job
        assert harness.last(Category.FINISHED).job.percent == 100


def _fields(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in Job.__dataclass_fields__}


figures = st.fixed_dictionaries(
    {},
    optional={
        "percent": st.integers(0, 100),
        "layer": st.integers(0, 120),
        "total_layers": st.integers(1, 120),
        "remaining_minutes": st.integers(0, 900),
    },
)


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0, 30.0, 61.0, 900.0]), figures), max_size=30))
def test_what_was_reached_is_never_below_what_stands_unless_a_fall_waits_to_be_believed(
    steps: list[tuple[float, dict[str, Any]]],
) -> None:
    job, now = JOB, NOW
    for after, said in steps:
        now += after
        job = with_figures(job, PrinterStatus(state="RUNNING", **said), now)
        reached = as_reached(job, None, now)
        assert reached.percent is None or job.percent is None or reached.percent >= job.percent
        assert (reached.percent is None) == (job.percent is None)
        if reached.layer is not None and reached.total_layers is not None:
            assert reached.layer <= reached.total_layers
        if job.percent_fell_at is not None:
            assert now - job.percent_fell_at < BELIEVED_AFTER_SECONDS
