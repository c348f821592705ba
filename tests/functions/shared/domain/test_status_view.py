"""What is shown of one status: the state in a word, and figures only of a job that runs."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.status import ACTIVE, FINISHED, PREPARING, PrinterStatus
from functions.shared.domain.status_view import (
    CALIBRATING,
    JobFigures,
    has_job,
    in_bounds,
    job_figures,
    shown_state,
)

RUNNING = PrinterStatus("RUNNING", "Benchy", None, 62, 89, 200, 72)


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_a_calibration_is_shown_as_one_and_is_no_job(state: str) -> None:
    calibrating = replace(RUNNING, state=state, is_calibrating=True)
    assert (shown_state(calibrating), has_job(calibrating)) == (CALIBRATING, False)
    assert job_figures(calibrating) == JobFigures()
    assert (shown_state(replace(calibrating, is_calibrating=False)), has_job(RUNNING)) == (state, True)


@pytest.mark.parametrize("state", [*sorted(FINISHED), "dancing", None])
def test_after_a_calibration_the_word_stands_as_it_is(state: str | None) -> None:
    assert shown_state(replace(RUNNING, state=state, is_calibrating=True)) == state


def test_a_job_that_runs_has_its_figures() -> None:
    assert job_figures(RUNNING) == JobFigures(62, 89, 200, 72)
    assert job_figures(replace(RUNNING, state="PAUSE")) == JobFigures(62, 89, 200, 72)


@pytest.mark.parametrize("state", [*sorted(FINISHED | PREPARING), "dancing", None])
def test_without_a_job_that_runs_a_status_tells_none(state: str | None) -> None:
    assert job_figures(replace(RUNNING, state=state)) == JobFigures()


def test_figures_that_contradict_each_other_are_left_out() -> None:
    assert in_bounds(62, 201, 200, 72) == JobFigures(62, None, 200, 72)
    assert in_bounds(62, 200, None, 0) == JobFigures(62, 200, None, None)
    assert in_bounds(95, 200, 200, 0) == JobFigures(95, 200, 200, 0)


some = st.none() | st.integers() | st.integers(0, 10**6)


@given(percent=some, layer=some, total=some, remaining=some)
def test_each_figure_is_as_it_was_or_not_known(
    percent: int | None, layer: int | None, total: int | None, remaining: int | None
) -> None:
    figures = in_bounds(percent, layer, total, remaining)
    assert figures.percent in (None, percent)
    assert figures.layer in (None, layer)
    assert figures.total_layers in (None, total)
    assert figures.remaining_minutes in (None, remaining)
    assert (
        in_bounds(figures.percent, figures.layer, figures.total_layers, figures.remaining_minutes) == figures
    )
