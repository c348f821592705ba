"""Pace, waits and outages: nothing lost, nothing out of order, no flood."""

import threading
from collections.abc import Iterator
from itertools import cycle, pairwise
from pathlib import Path

import pytest

from functions.notify.render import Message
from functions.notify.telegram import Telegram
from functions.notify.transports import Answer
from functions.shared.messages.effects import Category
from tests.functions.notify.harness import NOW, Harness, group_harness, notification
from tests.support.clock import HandClock
from tests.support.telegram import faults as faults
from tests.support.telegram.server import GROUP_ID, TelegramServer


def put_numbered(harness: Harness, count: int) -> list[str]:
    """So many messages whose jobs are numbered; the names in order."""
    names = [f"job {number}" for number in range(count)]
    for number, name in enumerate(names):
        harness.put(notification(Category.STATE_CHANGED, number, job_name=name))
    return names


def jobs_of(telegram: TelegramServer) -> list[str]:
    return [text.split("\n")[1] for text in telegram.texts]


@pytest.mark.parametrize("per_minute", [1, 5, 20])
def test_a_group_never_gets_more_than_n_in_any_minute_and_telegram_never_complains(
    tmp_path: Path, per_minute: int
) -> None:
    clock = HandClock(NOW)
    with TelegramServer(per_minute=per_minute, clock=clock) as telegram:
        harness = group_harness(tmp_path, telegram, per_minute, clock)
        names = put_numbered(harness, 3 * per_minute + 1)
        times = []
        seen = 0

        def all_there() -> bool:
            nonlocal seen
            times.extend([clock()] * (len(telegram.messages) - seen))
            seen = len(telegram.messages)
            return seen == len(names)

        harness.run_until(all_there)
        assert jobs_of(telegram) == names
        assert telegram.refusals == []
        for earlier, later in pairwise(times[::per_minute]):
            assert 60 <= later - earlier < 61


class Slow(Telegram):
    """Each message is a while on its way, and counts for Telegram when it arrives."""

    clock: HandClock
    seconds: Iterator[float]

    def send_text(self, message: Message) -> Answer:
        self.clock.pass_time(next(self.seconds))
        return super().send_text(message)


def test_a_slow_way_to_telegram_makes_no_burst_there(tmp_path: Path) -> None:
    clock = HandClock(NOW)
    with TelegramServer(per_minute=3, clock=clock) as telegram:
        harness = group_harness(tmp_path, telegram, 3, clock)
        slow = Slow(telegram.token, harness.chat_id, api_url=telegram.url)
        slow.clock, slow.seconds = clock, cycle([8.0, 0.1, 3.0, 0.1])
        harness.restart(slow)
        names = put_numbered(harness, 12)
        harness.run_until(lambda: len(telegram.messages) == 12)
        assert (jobs_of(telegram), telegram.refusals) == (names, [])


def test_a_restart_does_not_forget_the_pace(tmp_path: Path, telegram: TelegramServer) -> None:
    harness = group_harness(tmp_path, telegram, per_minute=3)
    put_numbered(harness, 6)
    for _ in range(10):
        harness.run(1)
        harness.restart()
    assert len(telegram.messages) == 3
    harness.run(60)
    assert len(telegram.messages) == 6


@pytest.mark.parametrize(("chat", "per_minute"), [("private", 2), ("group", 0)])
def test_a_private_chat_or_zero_is_not_paced(
    tmp_path: Path, telegram: TelegramServer, chat: str, per_minute: int
) -> None:
    chat_id = telegram.chat_id if chat == "private" else str(GROUP_ID)
    harness = Harness(tmp_path, telegram, chat_id, per_minute)
    put_numbered(harness, 30)
    harness.run(0)
    assert len(telegram.messages) == 30


def test_two_threads_share_one_pace(tmp_path: Path, telegram: TelegramServer) -> None:
    harness = group_harness(tmp_path, telegram, per_minute=5)
    put_numbered(harness, 4)
    film = harness.film()
    for number in range(4):
        harness.put(notification(Category.FILM, 100 + number, film=film))

    def work() -> None:
        for _ in range(20):
            harness.turn()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(telegram.messages) == 5
    harness.run(61)
    assert len(telegram.messages) == 8


def test_too_many_requests_waits_exactly_as_long_as_asked(harness: Harness, telegram: TelegramServer) -> None:
    telegram.script(faults.too_many_requests(37), faults.too_many_requests(3))
    names = put_numbered(harness, 3)
    assert harness.run(45)[:3] == [0, 37, 40]
    assert jobs_of(telegram) == names
    assert telegram.calls == 5


def test_an_outage_of_two_days_loses_nothing_and_keeps_the_order(
    harness: Harness, telegram: TelegramServer
) -> None:
    names = put_numbered(harness, 12)
    telegram.down()
    tries = harness.run(2 * 86_400, step=20)
    telegram.up()
    harness.run(1000, step=1)
    assert jobs_of(telegram) == names
    assert len(tries) < 2 * 86_400 / 900 + 20
    assert {text.split("\n")[-1] for text in telegram.texts} == {"delayed 2 d"}


def test_tries_double_from_a_second_to_fifteen_minutes_and_begin_anew_after_a_success(
    harness: Harness, telegram: TelegramServer
) -> None:
    telegram.script(*[faults.SERVER_ERROR] * 13, faults.BAD_GATEWAY)
    put_numbered(harness, 1)
    times = harness.run(7000, step=0.5)
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]
    assert len(telegram.messages) == 1
    telegram.script(faults.HANG_UP)
    harness.put(notification(Category.FINISHED, 99))
    assert harness.run(5, step=0.5) == [0, 1]


def test_the_back_off_survives_a_restart(harness: Harness, telegram: TelegramServer) -> None:
    telegram.script(*[faults.SERVER_ERROR] * 20)
    put_numbered(harness, 1)
    harness.run(70, step=0.5)
    calls = telegram.calls
    harness.restart()
    harness.run(30, step=0.5)
    assert telegram.calls == calls


def test_a_lost_answer_repeats_that_one_message_only(harness: Harness, telegram: TelegramServer) -> None:
    telegram.script(faults.LOSE_ANSWER)
    put_numbered(harness, 2)
    harness.run(5)
    assert jobs_of(telegram) == ["job 0", "job 0", "job 1"]


@pytest.mark.parametrize("fault", [faults.SERVER_ERROR, faults.HANG_UP], ids=["500", "hung up"])
def test_a_photo_that_never_gets_through_holds_up_its_text_for_seconds_only(
    harness: Harness, telegram: TelegramServer, fault: faults.Fault
) -> None:
    telegram.script(fault, fault, fault)
    harness.put(notification(Category.FINISHED, frame=harness.frame()))
    harness.run(4)
    assert [posted.method for posted in telegram.messages] == ["sendMessage"]


def test_an_outage_costs_no_photo(harness: Harness, telegram: TelegramServer) -> None:
    telegram.down()
    harness.put(*(notification(Category.FINISHED, number, frame=harness.frame()) for number in range(3)))
    harness.run(1000, step=1)
    telegram.up()
    harness.run(1000, step=1)
    assert [posted.method for posted in telegram.messages] == ["sendPhoto"] * 3


def test_outdated_progress_is_dropped_in_an_outage_and_the_end_is_announced(
    harness: Harness, telegram: TelegramServer
) -> None:
    telegram.down()
    harness.put(notification(Category.STARTED, 0))
    for percent in range(5, 100, 5):
        harness.put(notification(Category.PROGRESS, percent, percent=percent))
        harness.run(60, step=1)
    harness.put(notification(Category.FINISHED, 200))
    telegram.up()
    harness.run(1000, step=1)
    assert [text.split("\n")[0] for text in telegram.texts] == [
        "▶️ A1M-1: print started",
        "✅ A1M-1: print finished",
    ]


def test_a_refused_token_is_said_once_and_tried_every_fifteen_minutes(
    harness: Harness, telegram: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    names = put_numbered(harness, 3)
    token, telegram.token = telegram.token, "987654321:" + "C" * 35
    times = harness.run(3600, step=5)
    assert times == [0, 900, 1800, 2700, 3600]
    harness.restart()
    harness.run(3600, step=5)
    said = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(said) == 1
    assert "check TELEGRAM_BOT_TOKEN" in said[0].getMessage()
    assert token not in caplog.text
    telegram.token = token
    harness.run(1000, step=5)
    assert jobs_of(telegram) == names
    telegram.token = "987654321:" + "C" * 35
    harness.put(notification(Category.FINISHED, 99))
    harness.run(10, step=5)
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 2


def test_what_was_not_sent_takes_no_place_in_the_pace(tmp_path: Path, telegram: TelegramServer) -> None:
    harness = group_harness(tmp_path, telegram, per_minute=1)
    telegram.script(faults.too_many_requests(7))
    put_numbered(harness, 1)
    assert harness.run(10) == [0, 7]
    assert len(telegram.messages) == 1
