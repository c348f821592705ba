"""Whatever a printer sends: what holds in every course."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.e2e.field_cases.field_run import play
from tests.e2e.field_cases.played import Played
from tests.e2e.field_cases.steps import (
    CANCEL,
    NEW_OUTBOX,
    RECONNECT,
    RESTART,
    Step,
    alive,
    begins,
    ends,
    off,
    presence,
    prints,
    resting,
    sends,
    wait,
)

ACTIVE_WORDS = ["RUNNING", "RUNNING", "RUNNING", "PAUSE", "PREPARE", "SLICING", "RESUME", "BUSY", "PRINTING"]
ODD_FIGURES: list[Any] = [None, 0, 1, 5, 37, 50, 99, 100, -1, 101, "50", "x", 3.5, True, [], 10**9]
FIGURES = {
    "mc_percent": st.sampled_from(ODD_FIGURES),
    "layer_num": st.sampled_from(ODD_FIGURES),
    "mc_remaining_time": st.sampled_from(ODD_FIGURES),
    "total_layer_num": st.sampled_from([None, 0, 120, 60]),
    "stg_cur": st.sampled_from([None, -1, 0, 6, 14, 255, "4"]),
}
NAMES = {
    "subtask_name": st.sampled_from(["Dragon", "", None, "0.2mm layer", "plate_1", "Vase"]),
    "gcode_file": st.sampled_from(["Dragon.gcode.3mf", "", None, "/data/Metadata/plate_1.gcode"]),
}
TROUBLE = {
    "print_error": st.sampled_from([0, None, 0x0300_8009, 0x0C00_8FFD]),
    "hms": st.sampled_from([[], None, [{"attr": 0x0300_1A00, "code": 0x0002_0002}], "junk"]),
}
SECONDS = st.sampled_from([0.05, 0.5, 1.0, 5.0, 20.0])
GAPS = st.sampled_from([RECONNECT, RESTART, NEW_OUTBOX, off(60)])


def statuses(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    """A status with any of those keys changed, some seconds after the last."""
    changed = st.fixed_dictionaries({}, optional=keys)
    return st.builds(lambda after, given: {"print": given, "after": after}, SECONDS, changed)


def played(*parts: Any, **case: Any) -> Played:
    steps: list[Step] = []
    for part in parts:
        steps += part
    with tempfile.TemporaryDirectory() as folder:
        return play(Path(folder), {"steps": steps, **case}, "p1s")


STREAM = st.lists(
    st.one_of(
        statuses(
            gcode_state=st.sampled_from(["RUNNING", "PAUSE", "RESUME", "", None]),
            **FIGURES,
            **NAMES,
            **TROUBLE,
        ),
        st.builds(alive, st.sampled_from([5.0, 70.0])),
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=40)
@given(STREAM)
def test_an_unbroken_stream_of_active_words_with_one_id_ends_no_job(stream: list[Step]) -> None:
    end = [sends(5, gcode_state="RUNNING", subtask_name="Dragon", task_id="501"), alive(10), *ends()]
    told = played(resting(), begins(task_id="501"), stream, end)
    assert told.faults() == []
    assert [told.category for told in told.told if told.is_end] == ["finished"]
    assert len(told.of("started")) == len(told.job_ids) == 1
    assert told.of("contact_lost", "already_printing") == []


@settings(max_examples=40)
@given(st.lists(st.one_of(statuses(gcode_state=st.sampled_from(ACTIVE_WORDS), **FIGURES), GAPS), max_size=25))
def test_nor_do_gaps_end_a_job_of_one_id(stream: list[Step]) -> None:
    told = played(
        resting(),
        begins(task_id="501"),
        prints(20, each=10),
        stream,
        [sends(gcode_state="RUNNING"), alive(10)],
    )
    assert told.faults() == []
    assert [said.category for said in told.told if said.is_end] == []
    assert len(told.job_ids) == 1


RUNS = st.lists(statuses(mc_percent=st.integers(0, 100), layer_num=st.integers(0, 120)), max_size=15)
ENDS = st.sampled_from(
    [
        {"gcode_state": "FAILED"},
        {"gcode_state": "FAILED", "print_error": CANCEL},
        {"gcode_state": "IDLE"},
        {"gcode_state": "FINISH"},
    ]
)
CLEARED = st.sampled_from([{}, {"mc_percent": 0, "layer_num": 0}, {"mc_percent": None, "layer_num": None}])


@settings(max_examples=40)
@given(RUNS, ENDS, CLEARED, CLEARED, st.one_of(st.just([]), GAPS.map(lambda gap: [gap])))
def test_an_end_is_never_below_the_last_step_that_was_told(
    run: list[Step], end: dict[str, Any], before: dict[str, Any], cleared: dict[str, Any], gap: list[Step]
) -> None:
    closing = [sends(3, **before), *gap, sends(3, **end, **cleared), alive(30)]
    told = played(resting(), begins(task_id="501"), run, closing)
    assert told.faults() == []
    steps = told.steps()
    reached = told.end.notification
    assert reached is not None
    assert reached.job.percent is None or not steps or reached.job.percent >= (steps[-1] or 0)


@settings(max_examples=40)
@given(
    st.lists(
        st.one_of(
            statuses(
                gcode_state=st.sampled_from(["PAUSE", "PAUSE", "RUNNING", "FINISH", None]),
                **FIGURES,
                **NAMES,
                **TROUBLE,
            ),
            st.sampled_from([RECONNECT, RESTART, wait(90), presence(False), presence(True), alive(700)]),
        ),
        max_size=20,
    )
)
def test_no_message_promises_a_time_while_paused(stream: list[Step]) -> None:
    told = played(
        resting(), begins(), prints(40, each=10), stream, settings={"PHOTO_INTERVAL_SECONDS": "300"}
    )
    for said in told.told:
        if said.job_state == "PAUSE" and said.notification is not None:
            assert "ready" not in said.text


WORDS = st.sampled_from(
    ["IDLE", "PREPARE", "SLICING", "RUNNING", "RUNNING", "PAUSE", "FINISH", "FAILED", "INIT", "", None]
)
ANYTHING = st.one_of(
    statuses(
        gcode_state=WORDS,
        task_id=st.sampled_from(["0", "501", "502", None]),
        fail_reason=st.sampled_from(["0", str(CANCEL), None]),
        print_type=st.sampled_from(["local", "system", "", None]),
        **FIGURES,
        **NAMES,
        **TROUBLE,
    ),
    st.sampled_from(
        [
            RECONNECT,
            RESTART,
            NEW_OUTBOX,
            off(60),
            off(7200),
            wait(20),
            wait(90),
            presence(False),
            presence(True),
        ]
    ),
    st.builds(alive, st.sampled_from([5.0, 70.0, 400.0])),
)


@settings(max_examples=60)
@given(st.lists(ANYTHING, max_size=30), st.sampled_from([0.0, 100.0]))
def test_what_is_wrong_in_any_course_is_in_none(stream: list[Step], grace: float) -> None:
    assert played(resting(), stream, silence_grace=grace).faults() == []


@settings(max_examples=40)
@given(st.lists(ANYTHING, max_size=20))
def test_after_anything_a_print_is_told_as_ever(stream: list[Step]) -> None:
    """Nothing that came before mutes a print for good."""
    whole = [
        sends(60, gcode_state="FINISH", print_type="idle", print_error=0, hms=[]),
        alive(60),
    ]
    told = played(resting(), stream, whole, begins("After all", "900"), prints(40), ends())
    kinds = [said.category for said in told.told if said.notification and "After all" in said.text]
    assert kinds[0] == "started"
    assert kinds[-1] == "finished"
    assert told.told[-1].category == "film"


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.sampled_from(["IDLE", "RUNNING", "PREPARE", "PAUSE", "FINISH"]), st.floats(0.001, 0.08)),
        min_size=1,
        max_size=10,
    ),
    st.sampled_from(["rest", "run"]),
)
def test_of_a_burst_at_a_connect_only_the_last_word_counts(
    words: list[tuple[str, float]], course: str
) -> None:
    """Told is the same as if that word alone had come."""
    before = [*resting(), *begins(task_id="501"), *prints(40), *(ends() if course == "rest" else [])]
    burst = [sends(after, gcode_state=word) for word, after in words]
    lone = [sends(sum(after for _, after in words), gcode_state=words[-1][0])]
    assert (
        played(before, [RECONNECT], burst, [alive(60)]).course()
        == played(before, [RECONNECT], lone, [alive(60)]).course()
    )
