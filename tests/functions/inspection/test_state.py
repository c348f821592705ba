"""Whether the job of a check still prints, by the record that the tracker wrote."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.inspection.state import why_it_does_not_print
from functions.shared.domain.keys import printer_key
from functions.shared.messages.effects import Inspection
from functions.shared.messages.printer_record import (
    Job,
    Phase,
    PrinterRecord,
    printer_record_of,
    record_to_json,
)
from functions.shared.ports import Stored

REQUEST = Inspection("i", "p", "job-1", 100.0, "images/p/j/", 0.0, printing_since=50.0)


JOB = Job(
    id="job-1",
    started_at=0.0,
    start_is_known=True,
    state="RUNNING",
    printing_since=50.0,
    next_photo_at=0.0,
    next_inspection_at=0.0,
)


def read_by_inspection(value: dict[str, Any]) -> PrinterRecord:
    return printer_record_of(Stored(printer_key("p"), json.loads(json.dumps(value)), 1))


def announced(**changes: Any) -> str | None:
    stored = record_to_json(PrinterRecord("p", job=replace(JOB, **changes)))
    return why_it_does_not_print(read_by_inspection(stored), REQUEST)


def test_the_trackers_own_record_is_understood() -> None:
    assert announced() is None
    assert announced(phase=Phase.ENDED) == "its job is over"
    assert announced(id="job-2") == "its job is over"
    assert announced(state="PAUSE") == "the print is paused"
    assert announced(printing_since=60.0) == "the print was paused since"
    assert announced(phase=Phase.LOST) is None
    assert why_it_does_not_print(read_by_inspection(record_to_json(PrinterRecord("p"))), REQUEST) is None
    assert why_it_does_not_print(None, REQUEST) is None


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["id", "phase", "state", "settled_at"]), st.none() | st.text() | st.integers()
    )
)
def test_no_record_can_raise(job: dict[str, object]) -> None:
    stored = record_to_json(PrinterRecord("p", job=JOB))
    why_it_does_not_print(read_by_inspection(stored | {"job": stored["job"] | job}), REQUEST)
