"""Photos, looks, and reports that come twice or from another collector."""

from functions.shared.messages.effects import Category, Inspection
from functions.shared.messages.report import FrameReference, Report, ReportKind
from functions.tracker.evaluation import Rules
from tests.functions.tracker.harness import Watch


class TestTimers:
    def test_a_photo_every_interval_of_the_job(self) -> None:
        watch = Watch(Rules(photo_interval=100))
        watch.start()
        assert [watch.status(after=50)[:1] for _ in range(5)] == [[], ["photo"], [], ["photo"], []]
        assert watch.last(Category.PHOTO).frame is not None

    def test_no_photo_from_a_camera_that_stands_still(self) -> None:
        watch = Watch(Rules(photo_interval=100))
        watch.start()
        said = watch.feed(
            ReportKind.STATUS, 200, status={"gcode_state": "RUNNING"}, frame=watch.frame(age=-50)
        )
        assert said == []

    def test_a_photo_that_was_due_without_a_fresh_picture_comes_with_the_next_one(self) -> None:
        watch = Watch(Rules(photo_interval=100))
        watch.start()
        stale = watch.frame(age=30)
        running = {"gcode_state": "RUNNING"}
        assert watch.feed(ReportKind.STATUS, 200, status=running, frame=stale) == []
        assert watch.status(after=30) == ["photo"]
        assert watch.status(after=50) == []

    def test_photos_can_be_switched_off(self) -> None:
        watch = Watch(Rules(photo_interval=0))
        watch.start()
        assert watch.status(after=99_999) == []

    def test_the_first_look_comes_five_minutes_in_and_only_while_it_prints(self) -> None:
        watch = Watch(Rules(inspection_interval=3600, photo_interval=0))
        watch.start()
        assert watch.status(after=200) == []
        assert watch.status(after=100, stg_cur=4) == []
        assert watch.status(after=10, stg_cur=0) == ["look"]
        assert watch.status(after=3500) == []
        assert watch.status(after=101) == ["look"]
        look = watch.effects[-1]
        assert isinstance(look, Inspection)
        assert look.prefix == "images/a1mini/Benchy/"

    def test_after_a_pause_the_looks_begin_afresh(self) -> None:
        watch = Watch(Rules(inspection_interval=3600, photo_interval=0))
        watch.start()
        watch.status(gcode_state="PAUSE", stg_cur=16)
        watch.status(after=1000, gcode_state="RUNNING", stg_cur=0)
        settled = watch.now
        assert watch.job.settled_at == settled
        assert watch.status(after=299) == []
        assert watch.status(after=2) == ["look"]


class TestReports:
    def test_a_report_seen_before_changes_nothing_and_says_nothing(self) -> None:
        watch = Watch()
        watch.start()
        before = watch.record
        for report in list(watch.reports):
            assert watch.take(report) == []
        assert watch.record == before

    def test_the_last_four_collectors_are_remembered(self) -> None:
        watch = Watch()
        for number in range(6):
            watch.collector_id = f"c{number}"
            watch.status()
        assert watch.record is not None
        assert [name for name, _ in watch.record.sequences] == ["c2", "c3", "c4", "c5"]

    def test_a_frame_of_another_printer_is_never_shown(self) -> None:
        watch = Watch()
        watch.status()
        foreign = FrameReference("images/other/Benchy/20260101T000000_000001_x.jpg", watch.now, 1)
        report = Report("c1", 50, "a1mini", ReportKind.STATUS, watch.now, status={}, frame=foreign)
        watch.take(report)
        assert watch.record is not None
        assert watch.record.frame != foreign

    def test_one_message_says_several_things_at_once(self) -> None:
        watch = Watch()
        watch.start()
        said = watch.status(mc_percent=50, gcode_state="PAUSE", stg_cur=16)
        assert said == ["paused Paused by the user"]
        assert watch.status(gcode_state="RUNNING", stg_cur=0) == ["resumed"]
        assert watch.status(mc_percent=51) == []
