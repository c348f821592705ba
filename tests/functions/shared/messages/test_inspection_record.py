"""What the inspection remembers survives storing; damage to it is forgotten, never raised."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.shared.messages.inspection_record import (
    Memory,
    Standing,
    Suspicion,
    memory_from_json,
    memory_to_json,
)

FULL = Memory(
    job_id="job-2",
    earlier_job_id="job-1",
    settled_at=10.5,
    looks=3,
    suspicion=Suspicion("look-3", "warping", 0.8, 100.0, 99.5),
    told={"spaghetti": 50.0},
    tried="look-3",
    tries=2,
    decided="look-2",
    pending=('{"id":"x"}',),
    last_look_at=100.0,
    verdict=Standing.SUSPICIOUS,
    category="warping",
    confidence=0.8,
    summary="A corner is up.",
    note="it is paused",
    noted_at=120.0,
)


def test_everything_remembered_comes_back() -> None:
    assert memory_from_json(json.loads(json.dumps(memory_to_json(FULL)))) == FULL
    assert memory_from_json(memory_to_json(Memory())) == Memory()


def test_the_api_finds_the_last_look() -> None:
    stored = memory_to_json(FULL)
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
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(memory_to_json(FULL), _JUNK)))
def test_junk_is_forgotten(body: dict[str, object]) -> None:
    memory = memory_from_json(body)
    assert memory_from_json(memory_to_json(memory)) == memory
