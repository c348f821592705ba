"""A print under inspection, from the tracker's question to the message on its queue."""

import logging
from pathlib import Path
from typing import Any

import pytest

from functions.inspection.model import Answer
from functions.inspection.policy import Rules, day_of
from functions.inspection.prompt import Question
from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import (
    digest,
    frame_key,
    inspection_key,
    job_prefix,
    preferences_key,
    printer_chat,
    token_of,
)
from functions.shared.messages.chat_preferences import (
    preferences_to_json,
    read_preferences,
    with_dismissed,
)
from functions.shared.messages.effects import Category, decode_notification
from functions.shared.messages.inspection_record import inspection_from_json
from functions.shared.records import update
from tests.e2e.image_numbers import number_of
from tests.functions.inspection.frame_images import jpeg_image
from tests.functions.inspection.watched_print import CHAT, JOB_NAME, PRINTER, WatchedPrint, watched_print
from tests.support.openai import replies as fake

HOUR = 3600.0


def test_a_clean_print_gives_no_alert_and_the_last_check_can_be_seen(
    watched: WatchedPrint, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(3):
        watched.check()
        watched.pass_time(HOUR)
    assert watched.announced() == []
    assert len(watched.server.requests) == 3
    assert "A1M-1: last look: fine (3 %)" in caplog.text
    remembered = watched.remembered()
    assert remembered["last_look_at"] == watched.clock() - HOUR
    assert (remembered["verdict"], remembered["confidence"], remembered["summary"]) == (
        "fine",
        0.03,
        "All is well.",
    )


def test_spaghetti_is_announced_after_the_confirmation_with_the_very_frame_that_was_judged(
    watched: WatchedPrint,
) -> None:
    watched.server.judge = lambda request: fake.defect(summary="Loose\x1b <b>filament</b>")
    watched.check()
    assert watched.announced() == []
    assert watched.remembered()["verdict"] == "suspicious"
    watched.pass_time(59)
    watched.keep_frame(500)
    assert watched.work() == 0, "the second look is a minute later"
    watched.pass_time(1)
    assert watched.work() == 1
    (alert,) = watched.announced()
    assert alert.category is Category.DEFECT
    assert alert.reason == "loose filament (spaghetti)"
    assert alert.text == "Loose <b>filament</b>"
    assert alert.confidence == 0.9
    assert alert.severity is Severity.CRITICAL
    assert (alert.printer_id, alert.job_id, alert.job.name) == (PRINTER, "job-1", watched.ask().job.name)
    assert (alert.job.percent, alert.job.layer, alert.job.total_layers) == (62, 89, 200)
    assert alert.observed_at == watched.clock()
    assert alert.frame is not None
    assert number_of(watched.frames.get(alert.frame.key)) == 500
    assert number_of(watched.server.requests[-1].images[-1].data) == 500
    assert watched.remembered()["verdict"] == "defect"


def test_the_alert_goes_into_the_line_of_its_printer(watched: WatchedPrint) -> None:
    watched.server.judge = lambda request: fake.defect()
    watched.check()
    watched.confirmation()
    (delivery,) = watched.notifications.receive()
    alert = decode_notification(delivery.body)
    assert delivery.group == digest("group", printer_chat(CHAT, alert.printer_id))


def test_one_suspicious_check_is_never_told(watched: WatchedPrint) -> None:
    watched.server.script(fake.defect(confidence=0.99), fake.fine())
    watched.check()
    watched.confirmation()
    assert watched.announced() == []
    assert watched.remembered()["verdict"] == "fine"


def test_a_defect_that_stays_is_not_told_at_each_check(watched: WatchedPrint) -> None:
    watched.server.judge = lambda request: fake.defect()
    alerts = []
    for _ in range(6):
        watched.check()
        watched.confirmation()
        alerts.append(len(watched.announced()))
        watched.pass_time(HOUR - 60)
    assert alerts == [1, 0, 1, 0, 1, 0]


def test_after_a_pause_two_new_checks_are_needed(watched: WatchedPrint) -> None:
    watched.server.judge = lambda request: fake.defect()
    watched.check()
    watched.record_job(printing_since=watched.clock() + 30)
    watched.confirmation()
    assert watched.announced() == []
    assert watched.remembered()["note"] == "the print was paused since"
    resumed = watched.clock()
    watched.check(printing_since=resumed)
    assert watched.announced() == []


@pytest.mark.parametrize(
    ("job", "note"),
    [
        ({"phase": "ended"}, "its job is over"),
        ({"id": "job-2"}, "its job is over"),
        ({"state": "PAUSE"}, "the print is paused"),
    ],
)
def test_no_check_at_a_job_that_does_not_print_any_more(
    watched: WatchedPrint, job: dict[str, Any], note: str
) -> None:
    watched.record_job(**job)
    watched.check()
    assert watched.server.requests == []
    assert watched.remembered()["note"] == note
    assert watched.queue.count() == 0


def test_a_late_check_is_not_made(watched: WatchedPrint, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    watched.ask(watched.keep_frame())
    watched.pass_time(301)
    watched.keep_frame()
    watched.work()
    watched.check(late_by=400.0)
    assert watched.server.requests == []
    assert "no look: it is 5 min late" in caplog.text
    assert "no look: it is 7 min late" in caplog.text


def test_a_wrong_edge_clock_neither_ages_images_nor_makes_checks_late(watched: WatchedPrint) -> None:
    behind = 40 * 86_400.0
    frame = watched.keep_frame(age=behind)
    now = watched.clock() - behind
    watched.ask(frame, observed_at=now, since=now - 800)
    watched.work()
    assert len(watched.server.requests) == 1


def test_the_budget_of_a_job_and_of_a_day_hold_over_restarts(tmp_path: Path) -> None:
    rules = Rules(checks_per_job=3, checks_per_day=5, interval=600)
    with watched_print(tmp_path, rules) as watched:
        for job in ("job-1", "job-2", "job-3"):
            for _ in range(5):
                watched.restarted()
                watched.check(job_id=job)
                watched.pass_time(600)
        assert len(watched.server.requests) == 5
        assert "AI_CHECKS_PER_DAY" in watched.remembered()["note"]
        told = watched.announced()
        assert [item.category for item in told] == [Category.INSPECTION_USED_UP] * 2
        assert [(item.job_id, item.job.name) for item in told] == [("job-1", JOB_NAME), (None, None)]
        assert ["AI_CHECKS_PER_JOB" in (told[0].text or ""), "AI_CHECKS_PER_DAY" in (told[1].text or "")] == [
            True,
            True,
        ]
        watched.pass_time(86_400)
        for _ in range(9):
            watched.check(job_id="job-3", since=watched.clock() - 900)
        assert len(watched.server.requests) == 8, "three at that job in all, one of them the day before"


def test_the_two_frames_reach_the_model_in_order_and_no_name_does(watched: WatchedPrint) -> None:
    watched.keep_frame(1, age=600)
    watched.ask(watched.keep_frame(2))
    watched.work()
    (request,) = watched.server.requests
    assert [number_of(seen.data) for seen in request.images] == [1, 2]
    assert "10 minutes before" in request.text
    assert PRINTER not in request.text
    assert "benchy" not in request.text


def test_two_printers_share_nothing(watched: WatchedPrint) -> None:
    watched.server.judge = lambda request: fake.defect()
    watched.check()
    watched.pass_time(30)
    prefix = job_prefix("P1S", "part")
    key, source = frame_key(prefix, watched.clock(), 1), watched.folder / "other.part"
    source.write_bytes(jpeg_image(77))
    watched.frames.put(key, source)
    watched.ask(printer_id="P1S", job_id="job-9", prefix=prefix)
    watched.work()
    assert watched.announced() == [], "a suspicion of one printer is no second look of another"
    watched.pass_time(30)
    watched.keep_frame()
    watched.work()
    assert [alert.printer_id for alert in watched.announced()] == [PRINTER]
    counted = [watched.records.get(inspection_key(printer)) for printer in (PRINTER, "P1S")]
    assert [stored and stored.value["checks_on_day"] for stored in counted] == [2, 1]


def test_the_budget_of_one_printer_is_not_used_up_by_another_nor_by_what_0_1_0_counted(
    tmp_path: Path,
) -> None:
    with watched_print(tmp_path, Rules(checks_per_day=1)) as watched:
        today = day_of(watched.clock())
        watched.records.put("inspection-budget", {"day": today, "looks": 500}, 0)  # of all printers then
        for printer in (PRINTER, "P1S"):
            for _ in range(3):
                frame = watched.keep_frame(printer_id=printer)
                prefix = job_prefix(printer, JOB_NAME)
                watched.ask(frame, printer_id=printer, job_id=f"job of {printer}", prefix=prefix)
                watched.work()
        assert len(watched.server.requests) == 2
        told = watched.announced()
        assert [(item.category, item.printer_id) for item in told] == [
            (Category.INSPECTION_USED_UP, PRINTER),
            (Category.INSPECTION_USED_UP, "P1S"),
        ]


def test_a_budget_of_none_is_no_news(tmp_path: Path) -> None:
    with watched_print(tmp_path, Rules(checks_per_day=0)) as watched:
        watched.check()
        assert "AI_CHECKS_PER_DAY" in watched.remembered()["note"]
        assert (watched.announced(), watched.server.requests) == ([], [])


class Thinking:
    """A model that takes its time."""

    def __init__(self, watched: WatchedPrint, seconds: float) -> None:
        self._watched, self._seconds = watched, seconds

    def ask(self, question: Question) -> Answer:
        self._watched.pass_time(self._seconds)
        return Answer(fake.verdict_text(True, 0.9, "warping", ""))


def test_the_confirmation_is_counted_from_the_answer_and_an_empty_summary_is_left_out(
    watched: WatchedPrint,
) -> None:
    watched.restarted(model=Thinking(watched, 40))
    watched.check()
    watched.pass_time(59)
    watched.keep_frame()
    assert watched.work() == 0
    watched.pass_time(1)
    assert watched.work() == 1
    (alert,) = watched.announced()
    assert alert.text is None
    assert alert.severity is Severity.ATTENTION
    assert alert.observed_at == watched.clock()


def test_an_alert_that_somebody_dismissed_is_not_told_again_in_this_job(watched: WatchedPrint) -> None:
    watched.server.judge = lambda request: fake.defect()
    watched.check()
    watched.confirmation()
    (alert,) = watched.announced()
    (evidence,) = inspection_from_json(watched.remembered()).alerts
    assert alert.id.endswith(f"/defect/{evidence.category}"), "by that name its button dismisses it"
    assert evidence.frame == (alert.frame and alert.frame.key)
    assert evidence.earlier_frame != evidence.frame
    update(
        watched.records,
        preferences_key(CHAT),
        read_preferences,
        preferences_to_json,
        lambda known: with_dismissed(known, token_of(evidence.job_id), evidence.category),
    )
    watched.pass_time(2 * HOUR)
    watched.check()
    assert watched.announced() == []
    assert watched.remembered()["verdict"] == "fine"
