"""Days of a printer, put together at random of what real ones were seen to do: told is what was."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.e2e.field_cases.steps import (
    CANCEL,
    CANCEL_BY_APP,
    NEW_OUTBOX,
    RECONNECT,
    RESTART,
    Step,
    alive,
    at,
    begins,
    course,
    off,
    presence,
    resting,
    sends,
    wait,
)
from tests.e2e.field_cases.test_field_properties import played

GAPS: list[list[Step]] = [
    [RECONNECT],
    [RESTART],
    [NEW_OUTBOX],
    [off(20)],
    [wait(15)],
    [RECONNECT, *(sends(0.005, gcode_state=word) for word in ("IDLE", "FINISH", "PREPARE", "RUNNING"))],
    [presence(False), alive(30), presence(True)],
]
INCIDENTS = [
    "gap",
    "plate",
    "dip",
    "no word",
    "odd word",
    "pause",
    "rename",
    "figures gone",
    "error",
    "id gone",
]
CAUSES: list[dict[str, Any]] = [
    {"print_error": CANCEL},
    {"print_error": CANCEL_BY_APP},
    {"fail_reason": str(CANCEL)},
]
CLEARED = {"mc_percent": 0, "layer_num": 0, "mc_remaining_time": 0}


@dataclass(frozen=True)
class Life:
    """A print from its beginning to its end, and what is right to be told of it."""

    incidents: list[tuple[str, int]]
    has_id: bool
    ending: str  # finished, failed, cancelled, ended
    cause: int
    cause_after: float
    cleared_after: float | None
    calibrates: bool

    def steps(self, number: int) -> tuple[list[Step], list[str], int]:
        """With the course that is told, and the percent that is reached."""
        steps: list[Step] = []
        told = ["started"]
        percent = 20
        if self.calibrates:
            steps += [
                sends(
                    20, gcode_state="RUNNING", subtask_name="auto_cali_for_user_param", print_type="system"
                ),
                alive(30),
                sends(5, gcode_state="FINISH", print_type="idle"),
                alive(10),
            ]
        steps += course(
            begins(
                f"Part {number}",
                str(500 + number) if self.has_id else None,
                print_error=0,
                fail_reason="0",
                hms=[],
            )
        )
        steps += [at(percent), alive(20)]
        for kind, choice in self.incidents:
            percent = min(90, percent + 7)
            steps += [*self._incident(kind, choice, percent), at(percent), alive(70)]
            if kind == "plate":
                percent = 8
                steps += [at(100), alive(20), at(0, layer=1), alive(90), at(percent), alive(20)]
            told += {"pause": ["paused", "resumed"], "error": ["error"]}.get(kind, [])
        return [*steps, *self._end(percent), alive(30)], [*told, self.ending, "film"], percent

    def _incident(self, kind: str, choice: int, percent: int) -> list[Step]:
        match kind:
            case "gap":
                return GAPS[choice % len(GAPS)]
            case "dip":
                return [at(2), alive(20), at(percent)]
            case "no word":
                return [
                    sends(5, gcode_state=("", None)[choice % 2]),
                    alive(40),
                    sends(1, gcode_state="RUNNING"),
                ]
            case "odd word":
                return [sends(0.3, mc_percent=percent), sends(1, layer_num=None)]
            case "pause":
                clears = CLEARED if choice % 3 == 0 else {}
                pause = sends(5, gcode_state="PAUSE", print_error=0x0300_8009, stg_cur=0)
                return [
                    pause,
                    alive(40),
                    sends(5, gcode_state="RUNNING", print_error=0, **clears),
                    at(percent),
                ]
            case "rename" if self.has_id:
                return [sends(2, subtask_name="0.2mm, 5% infill", gcode_file="/data/Metadata/plate_1.gcode")]
            case "figures gone":
                return [sends(2, mc_percent=None, layer_num=None, mc_remaining_time=None), alive(40)]
            case "error":
                return [sends(2, print_error=0x0300_8003), alive(40), sends(1, print_error=0), alive(40)]
            case "id gone":
                return [sends(2, task_id="0"), alive(20), *GAPS[choice % 2], alive(20)]
            case _:
                return []

    def _end(self, percent: int) -> list[Step]:
        if self.ending == "finished":
            return [sends(5, gcode_state="FINISH", mc_percent=100, mc_remaining_time=0)]
        cleared = {} if self.cleared_after is None else CLEARED
        word = "IDLE" if self.ending == "ended" else "FAILED"
        cause = CAUSES[self.cause % 3] if self.ending == "cancelled" else {}
        moments: list[tuple[float, dict[str, Any]]] = [
            (0.0, {"gcode_state": word}),
            (self.cause_after, cause),
            (self.cleared_after or 0.0, cleared),
        ]
        moments.sort(key=lambda moment: moment[0])
        earliest = moments[0][0]
        steps: list[Step] = []
        last = earliest
        for moment, changed in moments:
            if changed:
                steps.append(sends(5 if not steps else moment - last, **changed))
                last = moment
        return [*steps, alive(10), sends(1, print_error=0)]


LIVES = st.builds(
    Life,
    st.lists(st.tuples(st.sampled_from(INCIDENTS), st.integers(0, 20)), max_size=4),
    st.booleans(),
    st.sampled_from(["finished", "failed", "cancelled", "ended"]),
    st.integers(0, 2),
    st.sampled_from([-10.0, -2.0, 0.0, 0.5, 2.0, 4.0]),
    st.sampled_from([None, -10.0, -2.0, 0.0, 0.5, 2.0]),
    st.booleans(),
)


@settings(max_examples=50)
@given(st.lists(LIVES, min_size=1, max_size=3))
def test_what_is_told_is_what_was(lives: list[Life]) -> None:
    steps, expected, reached = resting(), [], []
    for number, life in enumerate(lives):
        of_life, course_of_life, percent = life.steps(number)
        steps += of_life
        expected += course_of_life
        reached.append((f"Part {number}", percent))
    told = played(steps)
    assert told.course() == expected
    assert told.faults() == []
    ends = [said for said in told.told if said.is_end]
    for said, (name, percent) in zip(ends, reached, strict=True):
        assert name in said.text
        assert said.category == "finished" or f"{percent} %" in said.text
    assert len(told.job_ids) == len(lives)
