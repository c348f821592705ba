"""What is told of the events of one report, whatever their order."""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from functions.shared.domain.faults import Severity
from functions.shared.messages.effects import Category, Effect, Notification, Timelapse
from functions.shared.messages.printer_record import Job, Phase, PrinterRecord
from functions.shared.messages.report import FrameReference, Report, ReportKind
from functions.tracker.announcements import announce
from functions.tracker.events import TELL_CODES, Event, EventKind
from tests.functions.tracker.harness import short

NOW = 1_000_000.0
CODE = "HMS_0300_1A00_0002_0002"
REPORT = Report("c1", 7, "p", ReportKind.STATUS, NOW)
RECORD = PrinterRecord("p", frame=FrameReference("images/p/Benchy/20260101T000000_000001_x.jpg", NOW - 3, 5))
JOB = Job(
    id="j",
    started_at=NOW - 600,
    start_is_known=True,
    phase=Phase.ACTIVE,
    state="RUNNING",
    printing_since=NOW - 600,
    next_photo_at=NOW,
    next_inspection_at=NOW,
    name="Benchy",
    percent=40,
    remaining_minutes=12,
    prefix="images/p/Benchy/",
)


def event(kind: EventKind, job: Job = JOB) -> Event:
    if kind is EventKind.CODES_APPEARED:
        return Event(kind, job, codes=(CODE,), part=CODE)
    return Event(kind, job)


def told(*kinds: EventKind) -> list[str]:
    return [short(effect) for effect in announce([event(kind) for kind in kinds], RECORD, REPORT)]


def test_a_code_is_told_where_it_stopped_the_job_and_apart_beside_a_finish() -> None:
    assert told(EventKind.JOB_FAILED, EventKind.CODES_APPEARED) == ["failed"]
    assert told(EventKind.JOB_FINISHED, EventKind.CODES_APPEARED) == ["finished", f"error {CODE}"]


def test_progress_is_told_beside_an_error_but_not_beside_a_change_of_state() -> None:
    assert told(EventKind.STEP_PASSED, EventKind.CODES_APPEARED) == ["progress 40", f"error {CODE}"]
    assert told(EventKind.STATE_CHANGED, EventKind.STEP_PASSED, EventKind.PHOTO_DUE) == [
        "state_changed None->None",
        "photo",
    ]


def test_contact_restored_tells_all_that_changed_meanwhile() -> None:
    changed = (EventKind.NAME_CHANGED, EventKind.PAUSED, EventKind.STEP_PASSED, EventKind.PHOTO_DUE)
    assert told(*changed, EventKind.CHECK_DUE, EventKind.CONTACT_RESTORED, EventKind.CODES_APPEARED) == [
        "look",
        "contact_restored",
    ]


def test_a_code_makes_a_message_worse_never_milder() -> None:
    mild = announce([event(EventKind.PAUSED_ON_PURPOSE)], RECORD, REPORT)
    with_code = announce(
        [event(EventKind.PAUSED_ON_PURPOSE), event(EventKind.CODES_APPEARED)], RECORD, REPORT
    )
    assert [severity_of(effect) for effect in (*mild, *with_code)] == [Severity.NOTICE, Severity.ATTENTION]


def severity_of(effect: Effect) -> Severity:
    assert isinstance(effect, Notification)
    return effect.severity


def test_a_job_that_does_not_go_on_has_no_time_left() -> None:
    lost = replace(JOB, phase=Phase.LOST)
    running, gone = announce(
        [event(EventKind.STEP_PASSED), event(EventKind.CONTACT_LOST, lost)], RECORD, REPORT
    )
    assert isinstance(running, Notification)
    assert isinstance(gone, Notification)
    assert (running.job.remaining_minutes, gone.job.remaining_minutes) == (12, None)


def test_a_job_without_a_frame_has_neither_film_nor_check() -> None:
    ended = replace(JOB, phase=Phase.ENDED, result=Category.FAILED.value)
    due = [event(EventKind.FILM_DUE, ended), event(EventKind.CHECK_DUE)]
    film, _ = announce(due, RECORD, REPORT)
    assert isinstance(film, Timelapse)
    assert film.result is Category.FAILED
    unseen = [replace(one, job=replace(one.job or JOB, prefix=None)) for one in due]
    assert announce(unseen, RECORD, REPORT) == ()


@given(st.sets(st.sampled_from(EventKind)), st.randoms(use_true_random=False))
def test_the_order_of_events_changes_nothing_but_the_order(
    kinds: set[EventKind], chance: random.Random
) -> None:
    events = [event(kind) for kind in sorted(kinds, key=lambda kind: kind.value)]
    shuffled = list(events)
    chance.shuffle(shuffled)
    as_said = sorted(announce(events, RECORD, REPORT), key=repr)
    assert sorted(announce(shuffled, RECORD, REPORT), key=repr) == as_said


@given(st.sets(st.sampled_from(EventKind)))
def test_a_code_that_appeared_is_always_told_and_never_in_two_kinds_of_message(kinds: set[EventKind]) -> None:
    effects = announce([event(kind) for kind in kinds | {EventKind.CODES_APPEARED}], RECORD, REPORT)
    tellers = [effect for effect in effects if isinstance(effect, Notification) and effect.faults]
    assert tellers
    is_told_apart = any(effect.category is Category.ERROR for effect in tellers)
    assert is_told_apart == kinds.isdisjoint(TELL_CODES)
