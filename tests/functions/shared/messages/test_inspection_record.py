"""What the inspection remembers survives storing; damage to it is forgotten, never raised."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.messages.inspection_record import (
    CheckState,
    InspectionState,
    PendingConfirmation,
    inspection_from_json,
    inspection_to_json,
)

FULL = InspectionState(
    job_id="job-2",
    earlier_job_id="job-1",
    printing_since=10.5,
    checks=3,
    pending_confirmation=PendingConfirmation("look-3", "warping", 0.8, 100.0, 99.5),
    announced={"spaghetti": 50.0},
    tried="look-3",
    tries=2,
    decided="look-2",
    pending=('{"id":"x"}',),
    last_check_at=100.0,
    verdict=CheckState.SUSPICIOUS,
    category="warping",
    confidence=0.8,
    summary="A corner is up.",
    note="it is paused",
    noted_at=120.0,
)


def test_everything_remembered_comes_back() -> None:
    assert inspection_from_json(json.loads(json.dumps(inspection_to_json(FULL)))) == FULL
    assert inspection_from_json(inspection_to_json(InspectionState())) == InspectionState()


def test_the_api_finds_the_last_look() -> None:
    stored = inspection_to_json(FULL)
    assert stored["last_look_at"] == 100.0
    assert stored["verdict"] == "suspicious"
    assert (stored["category"], stored["confidence"], stored["summary"]) == (
        "warping",
        0.8,
        "A corner is up.",
    )


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=100, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(inspection_to_json(FULL), _JUNK)))
def test_junk_is_forgotten(body: dict[str, object]) -> None:
    remembered = inspection_from_json(body)
    assert inspection_from_json(inspection_to_json(remembered)) == remembered
