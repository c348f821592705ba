"""The tracker's record says whether the job of a look still prints; what it does not say decides nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.bridge.effects import Inspection
from functions.inspection.job_standing import why_it_does_not_print
from functions.tracker.record import Job, Phase, PrinterRecord, record_to_json

ASKED = Inspection("i", "p", "job-1", 100.0, "images/p/j/", 0.0, settled_at=50.0)


def told(**changes: object) -> str | None:
    facts = {
        "id": "job-1",
        "started_at": 0.0,
        "start_is_known": True,
        "phase": Phase.ACTIVE,
        "state": "RUNNING",
        "settled_at": 50.0,
        "next_photo_at": 0.0,
        "next_inspection_at": 0.0,
    }
    job = Job(**(facts | changes))  # type: ignore[arg-type]
    return why_it_does_not_print(record_to_json(PrinterRecord("p", job=job)), ASKED)


def test_the_trackers_own_record_is_understood() -> None:
    assert told() is None
    assert told(phase=Phase.ENDED) == "its job is over"
    assert told(id="job-2") == "its job is over"
    assert told(state="PAUSE") == "the print is paused"
    assert told(settled_at=60.0) == "the print was paused since"
    assert told(phase=Phase.LOST) is None
    assert why_it_does_not_print(record_to_json(PrinterRecord("p")), ASKED) is None
    assert why_it_does_not_print(None, ASKED) is None


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["id", "phase", "state", "settled_at"]), st.none() | st.text() | st.integers()
    )
)
def test_no_record_can_raise(job: dict[str, object]) -> None:
    why_it_does_not_print({"job": job}, ASKED)
