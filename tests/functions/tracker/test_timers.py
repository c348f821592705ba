"""Photos, looks, and reports that come twice or from another collector."""

from functions.shared.messages.effects import Category, Inspection
from functions.shared.messages.report import FrameReference, Report, ReportKind
from functions.tracker.evaluation import Rules
from tests.functions.tracker.harness import TrackerHarness


class TestTimers:
    def test_a_photo_every_interval_of_the_job(self) -> None:
        harness = TrackerHarness(Rules(photo_interval=100))
        harness.start()
        assert [harness.status(after=50)[:1] for _ in range(5)] == [[], ["photo"], [], ["photo"], []]
        assert harness.last(Category.PHOTO).frame is not None

    def test_no_photo_from_a_camera_that_stands_still(self) -> None:
        harness = TrackerHarness(Rules(photo_interval=100))
        harness.start()
        said = harness.feed(
            ReportKind.STATUS, 200, status={"gcode_state": "RUNNING"}, frame=harness.frame(age=-50)
        )
        assert said == []

    def test_a_photo_that_was_due_without_a_fresh_photo_comes_with_the_next_one(self) -> None:
        harness = TrackerHarness(Rules(photo_interval=100))
        harness.start()
        stale = harness.frame(age=30)
        running = {"gcode_state": "RUNNING"}
        assert harness.feed(ReportKind.STATUS, 200, status=running, frame=stale) == []
        assert harness.status(after=30) == ["photo"]
        assert harness.status(after=50) == []

    def test_photos_can_be_switched_off(self) -> None:
        harness = TrackerHarness(Rules(photo_interval=0))
        harness.start()
        assert harness.status(after=99_999) == []

    def test_the_first_check_comes_five_minutes_in_and_only_while_it_prints(self) -> None:
        harness = TrackerHarness(Rules(inspection_interval=3600, photo_interval=0))
        harness.start()
        assert harness.status(after=200) == []
        assert harness.status(after=100, stg_cur=4) == []
        assert harness.status(after=10, stg_cur=0) == ["look"]
        assert harness.status(after=3500) == []
        assert harness.status(after=101) == ["look"]
        look = harness.effects[-1]
        assert isinstance(look, Inspection)
        assert look.prefix == "images/a1mini/Benchy/"

    def test_after_a_pause_the_checks_begin_afresh(self) -> None:
        harness = TrackerHarness(Rules(inspection_interval=3600, photo_interval=0))
        harness.start()
        harness.status(gcode_state="PAUSE", stg_cur=16)
        harness.status(after=1000, gcode_state="RUNNING", stg_cur=0)
        settled = harness.now
        assert harness.job.printing_since == settled
        assert harness.status(after=299) == []
        assert harness.status(after=2) == ["look"]


class TestReports:
    def test_a_report_seen_before_changes_nothing_and_says_nothing(self) -> None:
        harness = TrackerHarness()
        harness.start()
        before = harness.record
        for report in list(harness.reports):
            assert harness.take(report) == []
        assert harness.record == before

    def test_the_last_four_collectors_are_remembered(self) -> None:
        harness = TrackerHarness()
        for number in range(6):
            harness.collector_id = f"c{number}"
            harness.status()
        assert harness.record is not None
        assert [name for name, _ in harness.record.sequences] == ["c2", "c3", "c4", "c5"]

    def test_a_frame_of_another_printer_is_never_shown(self) -> None:
        harness = TrackerHarness()
        harness.status()
        foreign = FrameReference("images/other/Benchy/20260101T000000_000001_x.jpg", harness.now, 1)
        report = Report("c1", 50, "a1mini", ReportKind.STATUS, harness.now, status={}, frame=foreign)
        harness.take(report)
        assert harness.record is not None
        assert harness.record.frame != foreign

    def test_one_message_says_several_things_at_once(self) -> None:
        harness = TrackerHarness()
        harness.start()
        said = harness.status(mc_percent=50, gcode_state="PAUSE", stg_cur=16)
        assert said == ["paused Paused by the user"]
        assert harness.status(gcode_state="RUNNING", stg_cur=0) == ["resumed"]
        assert harness.status(mc_percent=51) == []
