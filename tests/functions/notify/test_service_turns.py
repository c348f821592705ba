"""A printer that flaps fills no chat and holds up no other; films come behind the message of their end."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import digest, films_chat
from functions.shared.messages.effects import Category, Notification, decode_notification
from functions.shared.messages.supersession import kind_of
from tests.functions.notify.harness import NOW, Harness, group_harness, notification
from tests.support.clock import HandClock
from tests.support.telegram import faults
from tests.support.telegram.calls import CallError
from tests.support.telegram.server import CHAT_ID, TelegramServer


def of(printer: str, category: Category, number: int, **said: object) -> Notification:
    made = notification(category, number, job_name=f"job {number}")
    return replace(made, printer_id=printer, id=f"{printer}-{number}", **said)  # type: ignore[arg-type]


def flapping(count: int) -> list[Notification]:
    """Of the printer F: it starts, changes its state again and again, alerts now and then, and ends."""
    made = [of("F", Category.STARTED, 0)]
    for number in range(1, count - 1):
        category = Category.STATE_CHANGED if number % 2 else Category.RESUMED
        if number % 50 == 25:
            category = Category.PAUSED
        if number % 97 == 60:
            category = Category.DEFECT
        made.append(of("F", category, number))
    return [*made, of("F", Category.FAILED, count - 1, severity=Severity.CRITICAL)]


def printers_of(telegram: TelegramServer) -> list[str]:
    return [text.split("\n")[0].split(": ")[0][-1] for text in telegram.texts]


def jobs_of(telegram: TelegramServer, printer: str) -> list[int]:
    named = [text.split("\n")[1] for text in telegram.texts if f" {printer}: " in text.split("\n")[0]]
    return [int(name.removeprefix("job ")) for name in named]


@pytest.mark.parametrize("chat", ["group", "private"])
def test_another_printer_s_alert_comes_after_one_message_of_the_flapping_one(
    tmp_path: Path, telegram: TelegramServer, chat: str
) -> None:
    harness = (
        group_harness(tmp_path, telegram, 20) if chat == "group" else Harness(tmp_path, telegram, "4242")
    )
    harness.ask(*flapping(300))
    while telegram.calls < (20 if chat == "group" else 5):
        harness.handle(harness.queue.receive(1)[0])
    if chat == "group":
        harness.run(30)
        assert len(telegram.messages) == 20, "the minute is full"
    harness.ask(of("A", Category.FAILED, 1), of("B", Category.PAUSED, 2), of("A", Category.FAILED, 3))
    before = len(telegram.messages)
    harness.run_until(lambda: len(telegram.messages) >= before + 6)
    assert printers_of(telegram)[before:].index("A") <= 2
    assert printers_of(telegram)[before:].index("B") <= 2
    assert jobs_of(telegram, "A") == [1, 3]
    if chat == "group":
        assert harness.clock() - NOW < 60 + 6


def test_hundreds_that_waited_are_collapsed_and_what_was_left_out_is_said(
    tmp_path: Path, telegram: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    harness = group_harness(tmp_path, telegram, 20)
    telegram.down()
    sent = flapping(400)
    harness.ask(*sent)
    harness.run(600, step=5)
    telegram.up()
    harness.ask(of("A", Category.FAILED, 1))
    harness.run_until(lambda: harness.queue.count() == 0, step=1)
    came = jobs_of(telegram, "F")
    assert came == sorted(came), "never out of order"
    kept = {number for number, each in enumerate(sent) if kind_of(each) is None}
    last = {kind_of(each): number for number, each in enumerate(sent) if kind_of(each) is not None}
    assert kept | set(last.values()) <= set(came), "every alert, and the last of each kind"
    assert len(came) <= len(kept) + len(last)
    assert harness.service.left_out == 400 - len(came)
    told = [line for text in telegram.texts for line in text.split("\n") if "left out" in line]
    assert sum(int(line.split(" ")[0]) for line in told) == harness.service.left_out
    assert any("of F left out" in line for line in caplog.messages)
    assert harness.state().lane(digest("F")[:16]).flooded_to == 0


def test_a_handful_that_waited_is_told_whole(tmp_path: Path, telegram: TelegramServer) -> None:
    harness = group_harness(tmp_path, telegram, 20)
    telegram.down()
    harness.ask(*(of("F", Category.STATE_CHANGED, number) for number in range(15)))
    harness.run(600, step=5)
    telegram.up()
    harness.run_until(lambda: harness.queue.count() == 0, step=1)
    assert jobs_of(telegram, "F") == list(range(15))


def test_what_is_not_late_is_told_whole_however_much_it_is(
    harness: Harness, telegram: TelegramServer
) -> None:
    harness.ask(*(of("F", Category.STATE_CHANGED, number) for number in range(60)))
    harness.run(0)
    assert jobs_of(telegram, "F") == list(range(60))


def test_what_a_full_queue_left_out_is_counted_by_the_gap(tmp_path: Path, telegram: TelegramServer) -> None:
    harness = group_harness(tmp_path, telegram, 20)
    telegram.down()
    harness.ask(*(of("F", Category.STATE_CHANGED, number) for number in range(60)))
    with harness.database.writing() as connection:
        connection.execute("DELETE FROM message WHERE number BETWEEN 20 AND 39")
    harness.run(600, step=5)
    telegram.up()
    harness.run_until(lambda: harness.queue.count() == 0, step=1)
    (text,) = telegram.texts
    assert "59 older messages of this printer were left out." in text


def test_the_order_of_each_printer_and_the_pace_hold_with_two_threads(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    clock = HandClock(NOW)
    with TelegramServer(per_minute=6, clock=clock) as strict:
        harness = group_harness(tmp_path, strict, 6, clock)
        for number in range(12):
            harness.ask(*(of(printer, Category.PAUSED, number) for printer in "ABC"))
        for _ in range(40):
            threads = [threading.Thread(target=harness.turn) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            clock.pass_time(10)
            if len(strict.messages) == 36:
                break
        assert len(strict.messages) == 36
        assert [jobs_of(strict, printer) for printer in "ABC"] == [list(range(12))] * 3
        assert strict.refusals == []
        for first in range(0, 36, 3):
            assert abs(printers_of(strict)[: first + 3].count("A") - (first + 3) // 3) <= 1, "in turns"


# Films


def end_with_film(harness: Harness, number: int = 1) -> tuple[Notification, Notification]:
    end = notification(Category.FINISHED, number)
    return end, notification(Category.FILM, number + 100, film=harness.film())


def methods(telegram: TelegramServer) -> list[str]:
    return [posted.method for posted in telegram.messages]


def test_a_film_comes_behind_the_message_of_its_end(harness: Harness, telegram: TelegramServer) -> None:
    harness.ask(*end_with_film(harness))
    harness.run(1)
    assert methods(telegram) == ["sendMessage", "sendVideo"]
    assert harness.queue.count() == 0


@pytest.mark.parametrize("outage", ["down", "500", "429", "refused", "hour of 400", "token"])
def test_no_film_comes_before_it_whatever_both_waited_for(
    harness: Harness, telegram: TelegramServer, outage: str
) -> None:
    token = telegram.token
    if outage == "down":
        telegram.down()
    elif outage == "500":
        telegram.script(*[faults.SERVER_ERROR] * 9)
    elif outage == "429":
        telegram.script(*[faults.too_many_requests(30)] * 9)
    elif outage == "refused":
        telegram.blocked.add(CHAT_ID)
    elif outage == "token":
        telegram.token = "987654321:" + "C" * 35
    else:
        telegram.refuses_all = faults_of_an_hour()
    harness.ask(*end_with_film(harness))
    harness.run(400, step=1)
    harness.restart()
    telegram.up()
    telegram.blocked.clear()
    telegram.refuses_all, telegram.token = None, token
    harness.run(1200, step=1)
    assert methods(telegram) == ["sendMessage", "sendVideo"]


def faults_of_an_hour() -> CallError:
    return CallError(400, "Bad Request")


def test_a_film_comes_once_though_it_is_passed_on_twice(harness: Harness, telegram: TelegramServer) -> None:
    """Killed between the two steps of passing it on, long ago for the queue's own memory of repeats."""
    end, film = end_with_film(harness)
    harness.ask(end, film)
    harness.turn()
    harness.put(film)
    harness.run(2)
    assert methods(telegram) == ["sendMessage", "sendVideo"]


def test_a_film_that_was_passed_on_keeps_how_late_it_is(harness: Harness, telegram: TelegramServer) -> None:
    telegram.down()
    harness.ask(*end_with_film(harness))
    harness.run(600, step=1)
    telegram.up()
    end = harness.queue.receive(1)
    while not end:
        harness.clock.pass_time(1)
        end = harness.queue.receive(1)
    harness.handle(end[0])
    harness.handle(harness.queue.receive(1)[0])
    (film,) = harness.queue.receive(1)
    assert film.group == digest("group", films_chat(harness.chat_id))
    assert decode_notification(film.body).late_by >= 600


def test_films_in_their_line_hold_up_no_alert(harness: Harness, telegram: TelegramServer) -> None:
    telegram.script(*[faults.HANG_UP] * 3, method="sendVideo")
    harness.ask(*end_with_film(harness))
    harness.run(3)
    harness.ask(of("A", Category.FAILED, 5), notification(Category.STARTED, 6))
    harness.run(0)
    assert methods(telegram) == ["sendMessage"] * 3
    harness.run(10)
    assert methods(telegram) == ["sendMessage"] * 3 + ["sendVideo"]
