"""A person's news go at once; everything else goes now and then."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from collector.printer.job import track_job
from collector.printer.reporting import Decision, FramePolicy
from functions.shared.domain.status import HmsEntry, PrinterStatus
from functions.shared.messages.report import ReportKind
from tests.collector.printer.reporting_course import IDLE, PRINTING, RULES, Course, is_change, started


def test_the_first_status_after_the_start_is_a_report_after_a_gap() -> None:
    decision = Course().status(0.0, **IDLE)
    assert decision == Decision(ReportKind.STATUS, is_durable=True, after_gap=True)


def test_every_kind_of_news_goes_at_once() -> None:
    news: list[dict[str, Any]] = [
        {"state": "PAUSE"},
        {"job_name": "Cube"},
        {"task_id": "8"},
        {"print_error": 50348044},
        {"hms": (HmsEntry(1, 2),)},
        {"percent": 11},
    ]
    for change in news:
        decision = started().status(5.0, **{**PRINTING, **change})
        assert is_change(decision), change
        assert decision is not None
        assert not decision.after_gap


def test_errors_that_go_away_are_news_too_but_a_missing_key_is_none() -> None:
    course = started(print_error=5, hms=(HmsEntry(1, 2),))
    same = {key: value for key, value in PRINTING.items() if key not in ("print_error", "hms")}
    assert course.status(2.0, **same) is None
    assert is_change(course.status(3.0, **{**same, "print_error": 0}))
    assert is_change(course.status(4.0, **{**same, "hms": ()}))


def test_other_fields_and_missing_keys_are_no_news() -> None:
    course = started()
    assert course.status(1.0, **PRINTING, layer=5, remaining_minutes=3, stage=2) is None
    assert course.status(2.0) is None
    assert course.status(3.0, **PRINTING) is None


def test_the_order_of_hms_entries_is_no_news() -> None:
    course = started(hms=(HmsEntry(1, 2), HmsEntry(3, 4)))
    assert course.status(1.0, **{**PRINTING, "hms": (HmsEntry(3, 4), HmsEntry(1, 2))}) is None


def test_a_burst_of_percents_after_a_stall_becomes_two_reports_and_not_three() -> None:
    course = started()
    assert is_change(course.status(20.0, **{**PRINTING, "percent": 11}))
    assert course.status(20.1, **{**PRINTING, "percent": 12}) is None
    assert course.status(20.2, **{**PRINTING, "percent": 13}) is None
    assert course.tick(20.9) is None
    assert course.tick(21.0) == Decision(ReportKind.STATUS, is_durable=True)
    assert course.tick(22.0) is None
    assert course.state.last_reported.percent == 13


def test_a_held_percent_goes_with_the_next_status_when_its_second_is_over() -> None:
    course = started()
    course.status(20.0, **{**PRINTING, "percent": 11})
    assert course.status(20.5, **{**PRINTING, "percent": 12}) is None
    assert is_change(course.status(21.2, **{**PRINTING, "percent": 13}))
    assert course.tick(30.0) is None


def test_any_other_news_takes_a_held_percent_along_at_once() -> None:
    course = started()
    course.status(20.0, **{**PRINTING, "percent": 11})
    assert course.status(20.1, **{**PRINTING, "percent": 12}) is None
    assert is_change(course.status(20.2, **{**PRINTING, "percent": 12, "state": "PAUSE"}))
    assert course.state.last_reported.percent == 12
    assert course.tick(25.0) is None


def test_a_percent_that_came_back_by_itself_is_nothing_to_report() -> None:
    course = started()
    course.status(20.0, **{**PRINTING, "percent": 11})
    assert course.status(20.1, **{**PRINTING, "percent": 12}) is None
    assert course.status(20.2, **{**PRINTING, "percent": 11}) is None
    assert course.tick(25.0) is None


def test_the_percent_of_the_job_before_does_not_hide_the_same_percent_of_a_new_one() -> None:
    course = started(percent=0)
    assert is_change(course.status(10.0, **{**PRINTING, "state": "FAILED", "percent": 0}))
    no_percent = {key: value for key, value in PRINTING.items() if key != "percent"}
    assert is_change(course.status(20.0, **{**no_percent, "state": "PREPARE"}))
    assert is_change(course.status(40.0, **{**no_percent, "state": "PREPARE", "percent": 0}))


def test_heartbeats_come_at_their_interval_and_are_no_changes() -> None:
    for facts, interval in ((PRINTING, 120), (IDLE, 300)):
        course = Course()
        for now in range(1000):
            course.status(float(now), **facts)
        beats = [at for at, decision in course.made if not decision.is_durable]
        assert beats == list(range(interval, 1000, interval))


CLOUD = replace(RULES, longest_interval=3600.0, progress_step=5, photo_interval=0.0)


def test_in_the_cloud_heartbeats_of_a_long_job_come_more_rarely_up_to_an_hour() -> None:
    course = Course(CLOUD)
    for now in range(0, 72_000, 10):
        course.status(float(now), **PRINTING)
    beats = [at for at, _ in course.made]
    gaps = [later - earlier for earlier, later in pairwise(beats)]
    assert gaps[:7] == [120] * 7
    assert all(earlier <= later for earlier, later in pairwise(gaps))
    assert gaps[-1] == 3600
    assert len(beats) < 60


def test_in_the_cloud_an_idle_printer_is_shown_more_rarely_until_something_happens_to_it() -> None:
    course = Course(replace(CLOUD, idle_frame_interval=300.0))
    for now in range(0, 72_000, 10):
        course.status(float(now), **IDLE)
    assert [at for at, _ in course.made][:8] == list(range(0, 2400, 300))
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(course.made)]
    assert gaps[-1] == 3600
    assert is_change(course.status(72_000.0, **{**IDLE, "print_error": 0x0300400D}))
    course.made.clear()
    for now in range(72_010, 73_000, 10):
        course.status(float(now), **{**IDLE, "print_error": 0x0300400D})
    assert [at for at, _ in course.made] == [72_300, 72_600, 72_900]


def test_in_the_cloud_a_percent_of_no_step_waits_for_the_next_heartbeat() -> None:
    course = Course(CLOUD)
    course.status(0.0, **{**PRINTING, "percent": 10})
    assert course.status(20.0, **{**PRINTING, "percent": 11}) is None
    assert course.status(120.0, **{**PRINTING, "percent": 12}) == Decision(
        ReportKind.STATUS, is_durable=False, is_told=False
    )
    step = course.status(130.0, **{**PRINTING, "percent": 15})
    assert step == Decision(ReportKind.STATUS, is_durable=True, is_told=True)
    assert course.tick(200.0) is None


def test_in_the_cloud_a_percent_that_rose_while_unconnected_waits_and_one_that_fell_does_not() -> None:
    course = Course(CLOUD)
    course.status(0.0, **{**PRINTING, "percent": 11})
    course.reconnect()
    assert course.status(20.0, **{**PRINTING, "percent": 12}) is None
    course.reconnect()
    fallen = course.status(40.0, **{**PRINTING, "percent": 10})
    assert is_change(fallen)
    assert fallen is not None
    assert fallen.after_gap


def test_without_steps_no_percent_is_told() -> None:
    course = Course(replace(CLOUD, progress_step=0))
    course.status(0.0, **{**PRINTING, "percent": 10})
    assert course.status(20.0, **{**PRINTING, "percent": 90}) is None


def test_a_photo_that_falls_due_brings_a_report_with_a_fresh_image() -> None:
    course = Course(replace(RULES, photo_interval=50.0))
    course.status(0.0, **PRINTING)
    made = [(now, course.status(float(now), **PRINTING)) for now in range(1, 130)]
    due = [(now, decision.frame_policy) for now, decision in made if decision is not None]
    assert due == [(50, FramePolicy.FRESH), (100, FramePolicy.FRESH)]


def test_a_report_made_anyway_when_a_photo_is_due_serves_for_it() -> None:
    course = Course(replace(RULES, photo_interval=50.0))
    course.status(0.0, **PRINTING)
    decision = course.status(51.0, **{**PRINTING, "percent": 11})
    assert decision is not None
    assert decision.frame_policy is FramePolicy.FRESH
    assert all(course.status(float(now), **PRINTING | {"percent": 11}) is None for now in range(52, 101))
    assert course.status(101.0, **PRINTING | {"percent": 11}) is not None


def test_no_photo_interval_means_no_extra_reports() -> None:
    course = Course(replace(RULES, photo_interval=0.0))
    course.status(0.0, **PRINTING)
    decisions = [course.status(float(now), **PRINTING) for now in range(1, 1000)]
    assert {one.frame_policy for one in decisions if one} == {FramePolicy.NEWEST_KEPT}


def test_the_first_look_is_five_minutes_into_the_job_and_only_while_it_prints() -> None:
    rules = replace(RULES, inspection_interval=3600.0, active_interval=1000.0, photo_interval=0.0)
    course = Course(rules)
    course.status(0.0, **PRINTING)
    course.status(200.0, **{**PRINTING, "state": "PAUSE"})
    assert course.status(350.0, **{**PRINTING, "state": "PAUSE"}) is None
    resumed = course.status(400.0, **PRINTING)
    assert resumed is not None
    assert course.status(699.0, **PRINTING) is None  # a fresh start after the pause
    look = course.status(700.0, **PRINTING)
    assert look is not None
    assert (look.is_durable, look.frame_policy) == (False, FramePolicy.FRESH)
    assert course.status(1699.0, **PRINTING) is None
    assert course.state.inspection_at == 4300.0


def test_a_look_that_falls_due_while_a_percent_is_held_has_a_fresh_image_all_the_same() -> None:
    course = Course(replace(RULES, inspection_interval=100.0))
    course.status(0.0, **PRINTING)
    course.status(99.5, **{**PRINTING, "percent": 11})
    assert course.status(99.9, **{**PRINTING, "percent": 12}) is None
    released = course.tick(100.5)
    assert released is not None
    assert (released.is_durable, released.frame_policy) == (True, FramePolicy.FRESH)
    assert course.state.inspection_at == 200.5


def test_looks_do_not_happen_while_they_are_switched_off() -> None:
    course = started()
    assert [course.status(float(now), **PRINTING) for now in range(1, 119)] == [None] * 118
    assert course.state.inspection_at is None


def test_silence_is_a_change_when_it_begins_and_a_heartbeat_while_it_lasts() -> None:
    for facts, interval, frame_policy in (
        (PRINTING, 120, FramePolicy.LAST),
        (IDLE, 300, FramePolicy.NEWEST_KEPT),
    ):
        course = Course()
        course.status(0.0, **facts)
        made = [(now, course.tick(float(now), is_silent=now >= 30)) for now in range(1, 700)]
        heard = [(now, decision) for now, decision in made if decision is not None]
        assert heard[0] == (30, Decision(ReportKind.SILENCE, is_durable=True, frame_policy=frame_policy))
        assert [now for now, _ in heard] == list(range(30, 700, interval))
        assert not any(decision.is_durable for _, decision in heard[1:])
        back = course.status(700.0, **facts)
        assert back is not None
        assert (back.is_durable, back.after_gap, back.kind) == (True, True, ReportKind.STATUS)


def test_after_a_reconnect_only_a_difference_is_a_change() -> None:
    course = started()
    course.reconnect()
    assert course.status(5.0, **PRINTING) is None
    course.reconnect()
    decision = course.status(6.0, **{**PRINTING, "percent": 11})
    assert decision is not None
    assert (decision.is_durable, decision.after_gap) == (True, True)
    decision = course.status(8.0, **{**PRINTING, "percent": 12})
    assert decision is not None
    assert not decision.after_gap


def test_the_first_status_after_a_reconnect_is_the_only_one_after_the_gap() -> None:
    course = started()
    course.reconnect()
    assert course.status(5.0, **PRINTING) is None
    decision = course.status(6.0, **{**PRINTING, "percent": 11})
    assert decision is not None
    assert not decision.after_gap


def test_a_percent_that_is_new_after_a_reconnect_is_not_held() -> None:
    course = started()
    course.status(20.0, **{**PRINTING, "percent": 11})
    course.reconnect()
    assert is_change(course.status(20.2, **{**PRINTING, "percent": 12}))


def test_a_heartbeat_that_is_the_first_word_after_a_reconnect_says_so() -> None:
    course = started()
    course.reconnect()
    decision = course.status(130.0, **PRINTING)
    assert decision is not None
    assert (decision.is_durable, decision.after_gap) == (False, True)


def test_a_percent_held_while_the_connection_went_leaves_the_gap_to_the_next_status() -> None:
    course = started()
    course.status(20.0, **{**PRINTING, "percent": 11})
    course.status(20.1, **{**PRINTING, "percent": 12})
    course.reconnect()
    held = course.tick(21.5)
    assert held is not None
    assert not held.after_gap
    decision = course.status(22.0, **{**PRINTING, "percent": 1})
    assert decision is not None
    assert decision.after_gap


def test_another_job_found_after_a_gap_is_always_a_change() -> None:
    course = started(percent=None, task_id=None)
    course.reconnect()
    decision = course.status(5.0, **{**PRINTING, "state": "PREPARE", "percent": None, "task_id": None})
    assert decision is not None
    assert (decision.is_durable, decision.after_gap) == (True, True)
    course.reconnect()
    course.status(300.0, **PRINTING)
    course.reconnect()
    begun_anew = course.status(900.0, **{**PRINTING, "task_id": "8"})
    assert begun_anew is not None
    assert begun_anew.frame_policy is FramePolicy.FRESH


def test_a_percent_that_fell_in_a_gap_is_no_other_job_under_the_same_id() -> None:
    course = started()
    token = course.job and course.job.token
    course.reconnect()
    fell = course.status(900.0, **{**PRINTING, "percent": 1})
    assert fell is not None
    assert fell.frame_policy is FramePolicy.NEWEST_KEPT
    assert course.job is not None
    assert course.job.token == token


class TestGapSeconds:
    def test_a_gap_is_told_with_the_seconds_since_a_known_word_was_heard(self) -> None:
        course = started()
        assert course.status(20.0, **PRINTING) is None  # heard, though not reported
        course.reconnect()
        back = course.status(29.0, **{**PRINTING, "percent": 12})
        assert back is not None
        assert (back.after_gap, back.gap_seconds) == (True, 9.0)

    def test_without_a_gap_there_are_none(self) -> None:
        course = started()
        going_on = course.status(20.0, **{**PRINTING, "percent": 12})
        assert going_on is not None
        assert (going_on.after_gap, going_on.gap_seconds) == (False, None)

    def test_after_a_start_nobody_knows_them(self) -> None:
        first = Course().status(0.0, **PRINTING)
        assert first is not None
        assert (first.after_gap, first.gap_seconds) == (True, None)

    @pytest.mark.parametrize("word", [None, "INIT"])
    def test_a_status_without_a_known_word_leaves_the_gap_open(self, word: str | None) -> None:
        course = started()
        course.reconnect()
        course.status(200.0, **{**PRINTING, "state": word, "print_error": 9})
        known = course.status(210.0, **{**PRINTING, "percent": 12, "print_error": 9})
        assert known is not None
        assert (known.after_gap, known.gap_seconds) == (True, 210.0)
        after = course.status(300.0, **{**PRINTING, "print_error": 0})
        assert after is not None
        assert (after.after_gap, after.gap_seconds) == (False, None)

    def test_silence_counts_from_the_last_word_not_from_when_it_was_noticed(self) -> None:
        course = started()
        course.tick(30.0, is_silent=True)
        back = course.status(500.0, **PRINTING)
        assert back is not None
        assert back.gap_seconds == 500.0

    def test_a_clock_set_back_makes_no_gap_of_less_than_nothing(self) -> None:
        course = Course()
        course.status(100.0, **PRINTING)
        course.reconnect()
        back = course.status(40.0, **{**PRINTING, "percent": 20})
        assert back is not None
        assert back.gap_seconds == 0.0


def test_state_and_errors_want_a_fresh_image_and_a_percent_does_not() -> None:
    course = started()
    frame_policies = []
    changes: list[dict[str, Any]] = [
        {"percent": 11},
        {"percent": 11, "state": "PAUSE"},
        {"percent": 11, "state": "PAUSE", "print_error": 9},
        {"percent": 11, "state": "PAUSE"},
        {"percent": 11, "state": "PAUSE", "hms": (HmsEntry(1, 2),)},
        {"percent": 11, "state": "FINISH"},
        {"percent": 11, "state": "IDLE"},
        {"percent": 11, "state": "IDLE", "hms": (HmsEntry(3, 4),)},
    ]
    for now, change in enumerate(changes):
        decision = course.status(5.0 + now, **{**PRINTING, **change})
        assert decision is not None
        frame_policies.append(decision.frame_policy)
    kept, fresh = FramePolicy.NEWEST_KEPT, FramePolicy.FRESH
    assert frame_policies == [kept, fresh, fresh, kept, fresh, fresh, kept, FramePolicy.OVERWRITE]


def test_errors_found_on_an_idle_printer_at_the_start_want_no_image() -> None:
    decision = Course().status(0.0, **{**IDLE, "print_error": 83935249})
    assert decision is not None
    assert decision.frame_policy is FramePolicy.NEWEST_KEPT


def test_the_end_found_after_a_restart_wants_the_final_image() -> None:
    job = track_job(None, PrinterStatus(**PRINTING), printer_id="P", now=0.0, after_gap=True)
    decision = Course(job=job).status(100.0, **IDLE)
    assert decision is not None
    assert (decision.is_durable, decision.frame_policy) == (True, FramePolicy.FRESH)


def test_images_of_an_idle_printer_are_kept_at_their_interval_in_the_cloud_only() -> None:
    course = Course(replace(RULES, idle_frame_interval=100.0))
    made = [(now, course.status(float(now), **IDLE)) for now in range(350)]
    assert [now for now, one in made if one is not None] == [0, 100, 200, 300]
    assert {one.frame_policy for _, one in made if one is not None} == {FramePolicy.OVERWRITE}


def test_the_word_after_a_silence_is_told_at_once_though_a_status_without_one_came_first() -> None:
    course = started()
    course.tick(30.0, is_silent=True)
    course.status(500.0, **{**PRINTING, "state": None})
    back = course.status(501.0, **PRINTING)
    assert back is not None
    assert (back.is_durable, back.after_gap) == (True, True)
