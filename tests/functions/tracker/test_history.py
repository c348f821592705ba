"""What the tracker keeps of a job: its course while it runs, and all of it at its end."""

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.shared.domain.job_curve import CURVE_POINTS, CurvePoint, decode_curve
from functions.shared.domain.keys import latest_key
from functions.shared.messages.effects import Category
from functions.shared.messages.job_history import JobCourse, JobEnd, merged_course
from functions.shared.messages.printer_record import record_from_json, record_to_json
from functions.shared.messages.report import FrameReference, ReportKind
from functions.tracker.evaluation import Rules
from tests.functions.tracker.harness import TrackerHarness
from tests.support.recordings import RECORDINGS, load_recording

RUNOUT = 0x0300_8004
_ENDS = (Category.FINISHED, Category.FAILED, Category.CANCELLED, Category.NEVER_BEGAN, Category.ENDED)


@pytest.fixture
def printer() -> TrackerHarness:
    return TrackerHarness()


def kept(printer: TrackerHarness, job_id: str | None = None) -> tuple[JobCourse, list[JobEnd]]:
    """All that was kept of a job (the last one), and its ends."""
    job_id = printer.job.id if job_id is None else job_id
    changes = [change for change in printer.changes if change.job_id == job_id]
    course = JobCourse()
    for change in changes:
        course = merged_course(course, change.course)
    return course, [change.end for change in changes if change.end is not None]


def test_a_finished_job_is_kept_as_it_was(printer: TrackerHarness) -> None:
    printer.start("Benchy", nozzle_temper=25.4, bed_temper=24.0, chamber_temper=5)
    printer.status(300, mc_percent=20, layer_num=20, nozzle_temper=219.8, bed_temper=60.1)
    frame = printer.frame()
    printer.status(300, gcode_state="FINISH", mc_percent=100, layer_num=110, frame_of_the_end=frame)
    course, (end,) = kept(printer)
    assert (end.printer_id, end.model, end.name, end.result) == ("a1mini", "A1M", "Benchy", "finished")
    assert (end.percent, end.layer, end.total_layers) == (100, 110, 110)
    assert (end.started_at, end.ended_at) == (printer.now - 610, printer.now)
    assert (end.start_is_known, end.end_is_known, end.duration_seconds) == (True, True, 610.0)
    assert (end.reason, end.codes, end.paused_seconds) == (None, (), 0.0)
    assert end.frame is not None
    assert end.frame.key == printer.reports[-1].frame.key  # type: ignore[union-attr]
    points = course.points
    assert points[0] == CurvePoint(0, None, 25, 24)
    assert points[-1] == CurvePoint(310, 20, 220, 60)
    assert decode_curve(end.last_point) == (CurvePoint(610, 100, 220, 60),)
    assert printer.job.course == JobCourse()


def test_a_picture_that_is_replaced_is_none_of_the_end(printer: TrackerHarness) -> None:
    printer.start("Benchy")
    newest = FrameReference(latest_key("a1mini"), printer.now, 60_000)
    printer.feed(ReportKind.STATUS, 60, status={"gcode_state": "FINISH"}, frame=newest)
    _, (end,) = kept(printer)
    assert (end.result, end.frame) == ("finished", None)


def test_pauses_have_their_reasons_and_lengths(printer: TrackerHarness) -> None:
    printer.start()
    printer.status(60, gcode_state="PAUSE", stg_cur=16)
    printer.status(240, gcode_state="RUNNING", stg_cur=0)
    printer.status(60, gcode_state="PAUSE", print_error=RUNOUT)
    begun = printer.now
    printer.status(100, gcode_state="FAILED")
    course, (end,) = kept(printer)
    first, second = course.pauses
    assert (first.reason, first.ended_at) == ("Paused by the user", first.began_at + 240)
    assert (second.began_at, second.ended_at) == (begun, None)
    assert second.reason is not None
    assert second.reason.startswith("Filament ran out")
    assert end.paused_seconds == 340.0
    assert course.codes == ("0300-8004",)
    assert end.reason is not None


def test_a_pause_goes_on_over_a_silence(printer: TrackerHarness) -> None:
    printer.start()
    printer.status(60, gcode_state="PAUSE", stg_cur=16)
    printer.silence(50)
    (silent,) = kept(printer)[1]
    assert silent.paused_seconds == 0.0, "it was last heard of when it paused"
    printer.status(200)
    printer.status(50, gcode_state="RUNNING", stg_cur=0)
    printer.status(600, gcode_state="FINISH")
    course, (_, end) = kept(printer)
    (pause,) = course.pauses
    assert pause.ended_at == pause.began_at + 300
    assert end.paused_seconds == 300.0


def test_a_pause_that_nobody_saw_the_end_of_is_not_as_long_as_that(printer: TrackerHarness) -> None:
    printer.start(task_id="7")
    printer.status(60, gcode_state="PAUSE", stg_cur=16)
    printer.status(40)
    first = printer.job.id
    printer.status(90_000, gap=True, gcode_state="RUNNING", task_id="8", subtask_name="Vase")
    (end,) = kept(printer, first)[1]
    assert (end.result, end.paused_seconds) == ("ended", 40.0)


def test_a_failure_has_its_codes_and_reason(printer: TrackerHarness) -> None:
    printer.start()
    printer.status(600, gcode_state="FAILED", print_error=0x0300_4006)
    course, (end,) = kept(printer)
    assert (end.result, end.codes) == ("failed", ("0300-4006",))
    assert end.reason
    assert course.codes == ("0300-4006",)


def test_a_cancel_is_no_error(printer: TrackerHarness) -> None:
    printer.start()
    printer.status(600, gcode_state="FAILED", print_error=0x0300_400C)
    course, (end,) = kept(printer)
    assert (end.result, end.codes, end.reason, course.codes) == ("cancelled", (), None, ())


def test_silence_ends_it_and_its_return_opens_it_again(printer: TrackerHarness) -> None:
    printer.start()
    printer.status(60, mc_percent=10)
    printer.silence()
    (end,) = kept(printer)[1]
    assert (end.result, end.end_is_known, end.duration_seconds) == ("ended", False, None)
    assert end.reason == "No contact with the printer"
    silent_at = printer.now
    printer.status(300, mc_percent=12)
    assert printer.changes[-1].end is None
    assert printer.changes[-1].ended_before == silent_at
    printer.status(600, gcode_state="FINISH", mc_percent=100)
    change = printer.changes[-1]
    assert change.end is not None
    assert (change.end.result, change.ended_before) == ("finished", None)
    assert kept(printer)[0].points[-1].percent == 12


def test_a_silent_job_that_is_heard_of_again_only_by_its_end_moves_there(printer: TrackerHarness) -> None:
    printer.start()
    printer.status(60, mc_percent=90)
    printer.silence()
    silent_at = printer.now
    printer.status(300, gcode_state="FINISH", mc_percent=100)
    change = printer.changes[-1]
    assert change.end is not None
    assert (change.end.result, change.ended_before) == ("finished", silent_at)
    assert change.end.duration_seconds is None, "nobody saw when"


def test_a_silent_job_of_which_nothing_more_is_known_stays_as_it_was_told(printer: TrackerHarness) -> None:
    printer.start()
    printer.silence()
    before = len(printer.changes)
    printer.status(600, gcode_state="IDLE", subtask_name="", gap=True)
    assert len(printer.changes) == before


def test_a_job_that_another_took_the_place_of_is_kept(printer: TrackerHarness) -> None:
    printer.start("Benchy", task_id="7")
    printer.status(60, mc_percent=30)
    first = printer.job.id
    printer.status(9000, gap=True, task_id="8", subtask_name="Vase", mc_percent=4)
    course, (end,) = kept(printer, first)
    assert (end.name, end.result, end.end_is_known, end.percent) == ("Benchy", "ended", False, 30)
    assert [point.percent for point in course.points] == [None, 30]
    assert printer.job.name == "Vase"
    assert printer.job.course.points[0].percent == 4


def test_a_print_that_never_began_is_kept_as_that(printer: TrackerHarness) -> None:
    printer.status()
    printer.status(gcode_state="PREPARE", subtask_name="Benchy")
    printer.status(30, gcode_state="FINISH")
    (end,) = kept(printer)[1]
    assert (end.name, end.result, end.duration_seconds) == ("Benchy", "never_began", None)


def test_little_waits_in_the_record_and_the_curve_stays_small() -> None:
    printer = TrackerHarness(Rules(photo_interval=0, progress_step=0))
    printer.start()
    longest = 0
    for number in range(40 * 30):
        printer.status(120, mc_percent=number * 100 // 1200, nozzle_temper=219 + number % 3)
        assert printer.record is not None
        longest = max(longest, len(json.dumps(record_to_json(replace(printer.record, status=None)))))
        assert len(printer.job.course.points) < 20
    printer.status(120, gcode_state="FINISH", mc_percent=100)
    course, (end,) = kept(printer)
    assert 140 <= len(course.points) < CURVE_POINTS
    assert course.points[-1].seconds > 0.98 * (end.ended_at - end.started_at)
    assert len(printer.changes) < 45, "each is a write or two"
    assert longest < 1500


def test_a_report_that_comes_again_gives_the_same_change(printer: TrackerHarness) -> None:
    """Whoever was killed before the record was saved is given the same report again."""
    printer.start()
    printer.status(60, mc_percent=10, print_error=RUNOUT)
    before, changes = printer.record, len(printer.changes)
    printer.status(600, gcode_state="FINISH", print_error=0)
    first = printer.changes[changes:]
    printer.record = before
    printer.changes.clear()
    printer.take(printer.reports[-1])
    assert printer.changes == first


def without_history(body: dict[str, Any]) -> dict[str, Any]:
    """A record as a release before wrote it."""
    job = {
        name: item
        for name, item in body["job"].items()
        if name not in ("course", "paused_seconds", "point_at")
    }
    return body | {"job": job}


def test_a_job_that_ran_before_the_upgrade_is_kept_with_what_is_known(printer: TrackerHarness) -> None:
    printer.start()
    printer.status(60, gcode_state="PAUSE", stg_cur=16)
    assert printer.record is not None
    printer.record = record_from_json(without_history(record_to_json(printer.record)))
    printer.changes.clear()
    printer.status(120, gcode_state="RUNNING", stg_cur=0, mc_percent=50)
    printer.status(600, gcode_state="FINISH", mc_percent=100)
    course, (end,) = kept(printer)
    assert (end.result, end.duration_seconds, end.paused_seconds) == ("finished", 790.0, 0.0)
    assert [point.percent for point in course.points] == [50]


def test_a_record_with_a_history_is_read_back_whole(printer: TrackerHarness) -> None:
    printer.start()
    printer.status(60, gcode_state="PAUSE", print_error=RUNOUT)
    assert printer.record is not None
    assert printer.record.job is not None
    assert printer.record.job.course.codes == ("0300-8004",)
    assert record_from_json(json.loads(json.dumps(record_to_json(printer.record)))) == printer.record


@pytest.mark.parametrize("name", RECORDINGS)
def test_each_end_that_is_told_of_a_recorded_print_is_kept(name: str) -> None:
    printer = TrackerHarness()
    last = 0.0
    for seconds, message in load_recording(name):
        if message.get("type") == "printer_status":
            printer.feed(ReportKind.STATUS, seconds - last, status=message["data"])
            last = seconds
    told = [(it.job_id, it.category.value) for category in _ENDS for it in printer.notifications(category)]
    ends = [(it.end.job_id, it.end.result) for it in printer.changes if it.end is not None]
    assert sorted(ends) == sorted(told)
    assert ends
    for job_id, _ in ends:
        course, _ = kept(printer, job_id)
        assert course.points
        assert all(it.ended_at is not None and it.reason for it in course.pauses)
