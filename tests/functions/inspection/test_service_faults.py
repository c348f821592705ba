"""What the user gets when the model or the camera does not do its part."""

import pytest

from functions.shared.messages.effects import Category
from tests.e2e.image_numbers import number_of
from tests.functions.inspection.frame_images import jpeg_image
from tests.functions.inspection.watched_print import WatchedPrint
from tests.support.openai import replies as fake

HOUR = 3600.0


def test_an_answer_that_cannot_be_read_is_no_verdict_and_never_an_alert(watched: WatchedPrint) -> None:
    for reply in (fake.empty(), fake.refuses(), fake.cut_off(), fake.says("It is spaghetti! 99 % sure!")):
        watched.server.script(reply)
        watched.check()
        assert watched.remembered()["verdict"] == "no verdict"
        assert watched.remembered()["category"] is None
        watched.confirmation()
        watched.pass_time(HOUR)
    assert "no JSON" in watched.remembered()["summary"]
    assert watched.announced() == []
    assert len(watched.server.requests) == 4


def test_a_fenced_alarm_and_one_in_prose_are_understood(watched: WatchedPrint) -> None:
    text = fake.verdict_text(True, "90%", "spaghetti", "Loose filament.")
    watched.server.script(fake.fenced(text), fake.in_prose(text))
    watched.check()
    watched.confirmation()
    assert [alert.category for alert in watched.announced()] == [Category.DEFECT]


def test_a_busy_server_is_asked_again_when_it_says(watched: WatchedPrint) -> None:
    watched.server.script(fake.failure(429, retry_after="37"), fake.fine())
    watched.check()
    watched.pass_time(36)
    assert watched.work() == 0
    watched.pass_time(1)
    assert watched.work() == 1
    assert watched.remembered()["verdict"] == "fine"
    assert watched.remembered()["looks"] == 1


@pytest.mark.parametrize("reply", [fake.failure(500), fake.html(), fake.failure(429)])
def test_after_three_tries_there_is_no_verdict(watched: WatchedPrint, reply: fake.Reply) -> None:
    watched.server.judge = lambda request: reply
    watched.check()
    for _ in range(20):
        watched.pass_time(15)
        watched.work()
    assert len(watched.server.requests) == 3
    assert watched.queue.count() == 0
    assert watched.remembered()["verdict"] == "no verdict"
    assert watched.announced() == []


def test_a_wait_beyond_the_checks_time_is_not_waited(watched: WatchedPrint) -> None:
    watched.server.script(fake.failure(429, retry_after="3600"))
    watched.check()
    assert watched.queue.count() == 0
    assert "429" in watched.remembered()["summary"]


def test_no_credits_are_said_once_a_day_whatever_the_printer_and_after_restarts(
    watched: WatchedPrint,
) -> None:
    watched.server.judge = lambda request: fake.failure(402)
    announced = []
    for _ in range(30):
        watched.restarted()
        watched.check()
        announced += watched.announced()
        watched.pass_time(HOUR)
    assert [item.category for item in announced] == [Category.INSPECTION_DOWN] * 2
    assert announced[0].text == "the OpenRouter account has no credits left (402). Add credits."
    assert announced[0].id != announced[1].id
    assert watched.remembered()["summary"].startswith("AI checks are not working: ")
    watched.server.judge = lambda request: fake.fine()
    watched.check()
    assert watched.remembered()["verdict"] == "fine"


def test_an_image_on_its_way_is_waited_for(watched: WatchedPrint) -> None:
    frame = watched.keep_frame(9)
    data = watched.frames.get(frame.key)
    (watched.folder / "images" / frame.key.removeprefix("images/")).unlink()
    watched.ask(frame)
    watched.work()
    assert watched.server.requests == []
    source = watched.folder / "late.part"
    source.write_bytes(data)
    watched.frames.put(frame.key, source)
    watched.pass_time(20)
    watched.work()
    assert number_of(watched.server.requests[0].images[-1].data) == 9


def test_the_confirmation_waits_for_a_newer_image_and_not_for_ever(watched: WatchedPrint) -> None:
    watched.server.judge = lambda request: fake.defect()
    watched.check()
    for _ in range(40):
        watched.pass_time(20)
        watched.work()
    assert len(watched.server.requests) == 1
    assert watched.queue.count() == 0
    assert watched.announced() == []
    assert "min" in watched.remembered()["note"]


def test_a_dark_room_costs_nothing_and_is_said(watched: WatchedPrint) -> None:
    watched.ask(watched.keep_frame(data=jpeg_image(1, dim=0.02)))
    watched.work()
    assert watched.server.requests == []
    assert watched.queue.count() == 0
    assert watched.remembered()["note"] == "the picture is black"
