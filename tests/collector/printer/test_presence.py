"""A status just received outranks a ping that was lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.printer.presence import presence_of
from functions.shared.domain.limits import BELIEVED_SECONDS

seconds = st.none() | st.floats(0, 1e7)


@pytest.mark.parametrize("listed", [True, None])
@given(status_age=seconds, expected_for=seconds)
def test_what_is_not_said_to_be_offline_is_as_it_is_listed(
    listed: bool | None, status_age: float | None, expected_for: float | None
) -> None:
    assert presence_of(listed, status_age, expected_for) is listed


@pytest.mark.parametrize(
    ("status_age", "is_online"), [(0.0, True), (10.0, True), (59.9, True), (60.0, False), (3600.0, False)]
)
@pytest.mark.parametrize("expected_for", [None, 1.0, 9999.0])
def test_a_lost_ping_is_believed_after_a_minute_without_a_status(
    status_age: float, is_online: bool, expected_for: float | None
) -> None:
    assert presence_of(False, status_age, expected_for) is is_online


@pytest.mark.parametrize(
    ("expected_for", "is_online"), [(0.0, None), (59.9, None), (60.0, False), (None, False)]
)
def test_after_a_restart_in_a_job_nobody_knows_for_a_minute_and_without_a_job_the_ping_is_all_there_is(
    expected_for: float | None, is_online: bool | None
) -> None:
    assert presence_of(False, None, expected_for) is is_online


def test_it_outlasts_the_stalls_of_bambui() -> None:
    assert BELIEVED_SECONDS > 2 * 10
