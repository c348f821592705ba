"""The chat or the bot is refused: nothing is lost, nothing floods, and all comes when that is mended."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from functions.notify.render import Message
from functions.notify.rules import NotifyRules
from functions.notify.service import NotifyService
from functions.notify.telegram import Telegram
from functions.notify.transports import Answer, Outcome
from functions.shared.messages.chat_record import Refused
from functions.shared.messages.effects import Category, Notification
from tests.functions.notify.harness import BERLIN, NOW, TEXT, Harness, notification
from tests.support.telegram import chats, faults
from tests.support.telegram.calls import CallError
from tests.support.telegram.chats import ChatProfile
from tests.support.telegram.server import CHAT_ID, GROUP_ID, TelegramServer

HOUR = 3600.0
TOPIC = 7


def of(printer: str, category: Category, number: int) -> Notification:
    made = notification(category, number, job_name=f"job {number}")
    return replace(made, printer_id=printer, id=f"{printer}-{number}")


def some_messages(harness: Harness) -> None:
    harness.ask(
        of("A", Category.STARTED, 1),
        of("A", Category.PAUSED, 2),
        of("A", Category.FINISHED, 3),
        of("B", Category.FAILED, 4),
    )


def jobs_of(telegram: TelegramServer, printer: str) -> list[str]:
    return [text.split("\n")[1] for text in telegram.texts if f" {printer}: " in text]


def member(**said: object) -> ChatProfile:
    return ChatProfile(member={"status": "member", **said})


Break = Callable[[TelegramServer], object]


def profile(made: ChatProfile) -> Break:
    return lambda telegram: telegram.profiles.update({GROUP_ID: made})


REFUSALS: dict[str, Break] = {
    "chat not found": lambda telegram: telegram.chats.pop(GROUP_ID),
    "blocked by the user": lambda telegram: telegram.blocked.add(GROUP_ID),
    "bot was kicked from the supergroup chat": profile(ChatProfile(member={"status": "kicked"})),
    "bot was kicked from the channel chat": profile(ChatProfile("channel", member={"status": "kicked"})),
    "bot is not a member of the supergroup chat": profile(ChatProfile(member={"status": "left"})),
    "not enough rights to send text messages": profile(ChatProfile(permissions={"can_send_messages": False})),
    "user is deactivated": profile(ChatProfile(refusal=chats.USER_IS_DEACTIVATED)),
    "can't initiate conversation": profile(ChatProfile(refusal=chats.NOT_STARTED)),
    "the group chat was deleted": profile(ChatProfile(refusal=chats.GROUP_IS_DELETED)),
    "group chat was deactivated": profile(ChatProfile(refusal=chats.GROUP_IS_DEACTIVATED)),
    "have no rights": profile(ChatProfile(refusal=chats.NO_RIGHTS_AT_ALL)),
    "CHAT_WRITE_FORBIDDEN": profile(ChatProfile(refusal=chats.WRITING_IS_FORBIDDEN)),
    "CHAT_RESTRICTED": profile(ChatProfile(refusal=chats.CHAT_IS_RESTRICTED)),
    "need administrator rights": profile(ChatProfile(refusal=chats.NO_ADMINISTRATOR)),
    "PEER_ID_INVALID": profile(ChatProfile(refusal=chats.NO_PEER)),
    "TOPIC_CLOSED": profile(ChatProfile(is_forum=True, closed_topics=frozenset({TOPIC}))),
}


def mend(telegram: TelegramServer) -> None:
    telegram.chats[GROUP_ID] = None
    telegram.blocked.clear()
    telegram.profiles.clear()
    telegram.refuses_all = None


@pytest.fixture
def group(tmp_path: Path, telegram: TelegramServer) -> Harness:
    return Harness(tmp_path, telegram, str(GROUP_ID), thread_id=TOPIC)


@pytest.mark.parametrize("words", REFUSALS)
def test_what_the_chat_refuses_waits_and_comes_whole_and_in_order(
    group: Harness, telegram: TelegramServer, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    REFUSALS[words](telegram)
    some_messages(group)
    group.run(HOUR, step=1)
    assert (telegram.messages, group.queue.dead_letters()) == ([], [])
    assert telegram.calls <= 60 + 10, "one tries for all, each minute at most"
    assert telegram.calls >= 60, "and at least each minute"
    (said,) = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert words.lower() in said.lower()
    refusal = group.state().refusal
    assert refusal is not None
    assert (refusal.what, refusal.since) == (Refused.CHAT, NOW)
    assert group.clock() - refusal.tried_at <= 60
    group.restart()
    mend(telegram)
    caplog.set_level("INFO")
    group.run(61, step=1)
    assert jobs_of(telegram, "A") == ["job 1", "job 2", "job 3"]
    assert jobs_of(telegram, "B") == ["job 4"]
    assert group.state().refusal is None
    assert any("takes messages again after 1 h" in line for line in caplog.messages)


def test_telegram_s_own_hours_of_400_for_everything_cost_no_message_and_no_word_of_one(
    group: Harness, telegram: TelegramServer
) -> None:
    telegram.refuses_all = CallError(400, "Bad Request")
    some_messages(group)
    group.ask(of("B", Category.FAILED, 5), replace(of("C", Category.FINISHED, 6), frame=group.frame()))
    group.run(HOUR, step=1)
    assert (telegram.messages, group.queue.dead_letters()) == ([], [])
    refusal = group.state().refusal
    assert refusal is not None
    assert refusal.what is Refused.ALL
    calls = telegram.calls
    group.run(600, step=1)
    assert telegram.calls - calls <= 10 * 5, "a message, without its photo, without markup, and its headline"
    mend(telegram)
    group.run(61, step=1)
    assert jobs_of(telegram, "A") == ["job 1", "job 2", "job 3"]
    assert jobs_of(telegram, "B") == ["job 4", "job 5"]
    assert jobs_of(telegram, "C") == ["job 6"]
    assert not any("does not take the rest" in text for text in telegram.texts)


class Picky(Telegram):
    """Does not like one word, and does not say so."""

    def send_text(self, message: Message) -> Answer:
        if "cursed" in message.plain:
            return Answer(Outcome.DOUBTFUL, "HTTP 400: Bad Request: who knows")
        return super().send_text(message)


def test_one_message_that_is_refused_for_an_unknown_reason_is_told_by_its_headline(
    group: Harness, telegram: TelegramServer
) -> None:
    group.restart(Picky(telegram.token, group.chat_id, api_url=telegram.url))
    cursed = replace(of("A", Category.FAILED, 1), job=replace(notification().job, name="cursed"))
    group.ask(cursed, of("A", Category.STARTED, 2), of("B", Category.FAILED, 3))
    group.run(30, step=1)
    assert jobs_of(telegram, "B") == ["job 3"], "the other printer's are not held up"
    group.run(240, step=1)
    assert telegram.texts[1:] == [
        "❌ A: print failed\nTelegram does not take the rest of this message.",
        "▶️ A: print started\njob 2\ndelayed 3 min",
    ]
    (dead,) = group.queue.dead_letters()
    assert "who knows" in dead.reason


def test_a_topic_that_is_gone_is_left_out_after_three_minutes_and_that_is_said_once(
    group: Harness, telegram: TelegramServer
) -> None:
    telegram.chats[GROUP_ID] = frozenset({99})
    some_messages(group)
    group.run(179.5)
    assert telegram.messages == []
    refusal = group.state().refusal
    assert refusal is not None
    assert refusal.what is Refused.TOPIC
    group.run(1)
    assert [posted.thread_id for posted in telegram.messages] == [None] * 4
    assert ["TELEGRAM_THREAD_ID" in text for text in telegram.texts].count(True) == 1
    assert "TELEGRAM_THREAD_ID" in telegram.texts[0]
    assert group.queue.dead_letters() == []
    calls = telegram.calls
    group.ask(of("B", Category.PAUSED, 8))
    group.run(0)
    assert (telegram.calls - calls, telegram.messages[-1].thread_id) == (1, None)
    group.run(900, step=1)
    group.ask(of("B", Category.PAUSED, 9))
    group.run(0)
    assert [posted.thread_id for posted in telegram.messages[-2:]] == [None, None], (
        "tried there, and sent at once"
    )
    telegram.chats[GROUP_ID] = frozenset({TOPIC})
    group.run(901, step=1)
    group.ask(of("B", Category.PAUSED, 10))
    group.run(0)
    assert [posted.thread_id for posted in telegram.messages[-2:]] == [None, TOPIC]
    assert group.state().topic_missing_since is None


def test_another_topic_in_the_settings_is_tried_at_once(
    tmp_path: Path, group: Harness, telegram: TelegramServer
) -> None:
    telegram.chats[GROUP_ID] = frozenset({99})
    some_messages(group)
    group.run(200)
    group.thread_id, group.transport = 99, None
    group.restart()
    group.ask(of("B", Category.PAUSED, 8))
    group.run(0)
    assert telegram.messages[-1].thread_id == 99
    assert group.state().topic_missing_since is None


def test_photos_that_are_not_allowed_hold_up_no_text(group: Harness, telegram: TelegramServer) -> None:
    telegram.profiles[GROUP_ID] = ChatProfile(permissions={"can_send_photos": False})
    group.ask(replace(of("A", Category.FINISHED, 1), printer_id="A1M-1", frame=group.frame()))
    group.run(0)
    assert [posted.method for posted in telegram.messages] == ["sendMessage"]


def test_a_group_that_was_upgraded_is_followed_and_its_new_id_is_remembered(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    telegram.chats = {-5: None, GROUP_ID: None}
    telegram.profiles[-5] = ChatProfile("group", migrated_to=GROUP_ID)
    group = Harness(tmp_path, telegram, "-5")
    some_messages(group)
    group.run(0)
    assert [posted.chat_id for posted in telegram.messages] == [GROUP_ID] * 4
    assert group.state().moved_to == str(GROUP_ID)


def test_a_group_that_was_upgraded_without_a_new_id_waits(tmp_path: Path, telegram: TelegramServer) -> None:
    group = Harness(tmp_path, telegram, str(GROUP_ID))
    telegram.script(faults.answers(400, "Bad Request: group chat was upgraded to a supergroup chat"))
    some_messages(group)
    group.run(2)
    assert len(telegram.messages) == 4


def test_a_429_holds_everything_to_that_chat_for_exactly_its_time(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    private = Harness(tmp_path, telegram, str(CHAT_ID))
    telegram.script(faults.too_many_requests(37))
    private.ask(of("A", Category.STARTED, 1))
    private.run(0)
    private.ask(of("A", Category.PAUSED, 2), of("B", Category.FAILED, 3))
    private.put(notification(Category.FILM, 4, film=private.film()))
    private.run(36.5)
    assert (telegram.calls, telegram.messages) == (1, [])
    private.run(0.5)
    assert telegram.calls == 5
    assert sorted(posted.method for posted in telegram.messages) == ["sendMessage"] * 3 + ["sendVideo"]


def test_a_429_for_a_film_holds_alerts_too(tmp_path: Path, telegram: TelegramServer) -> None:
    private = Harness(tmp_path, telegram, str(CHAT_ID))
    telegram.script(faults.too_many_requests(20))
    private.put(notification(Category.FILM, 4, film=private.film()))
    private.run(0)
    private.ask(of("A", Category.STARTED, 1))
    private.run(19.5)
    assert telegram.calls == 1
    private.run(0.5)
    assert len(telegram.messages) == 2


def test_what_needs_no_queue_waits_for_the_chat_too_and_keeps_its_pace(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    group = Harness(tmp_path, telegram, str(GROUP_ID), per_minute=3)
    telegram.script(faults.too_many_requests(20))
    assert group.service.tell_at_once(TEXT).retry_after == 20
    group.ask(of("A", Category.STARTED, 1))
    group.run(0)
    assert group.service.tell_at_once(TEXT).outcome is Outcome.WAIT
    assert (telegram.calls, telegram.messages) == (1, [])
    group.run(20)
    assert group.service.tell_at_once(TEXT).is_sent
    assert len(telegram.messages) == 2
    assert len(group.state().window) == 2


def test_a_hold_by_a_clock_that_was_put_back_is_forgotten(tmp_path: Path, telegram: TelegramServer) -> None:
    private = Harness(tmp_path, telegram, str(CHAT_ID))
    telegram.script(faults.too_many_requests(20))
    private.ask(of("A", Category.STARTED, 1))
    private.run(0)
    private.clock.jump(-HOUR)
    private.ask(of("B", Category.STARTED, 2))
    private.run(0)
    assert jobs_of(telegram, "B") == ["job 2"]


def test_what_waited_for_too_long_goes_where_it_is_kept(group: Harness, telegram: TelegramServer) -> None:
    assert group.transport is not None
    rules = NotifyRules(group.chat_id, 20, BERLIN, TOPIC, gives_up_after=13.5 * 86_400)
    group.service = NotifyService(
        group.records, group.frames, group.transport, None, group.clock, rules, group.queue
    )
    telegram.blocked.add(GROUP_ID)
    some_messages(group)
    for day in range(14):
        assert len(group.queue.dead_letters()) == 0, f"day {day}"
        group.turn()
        group.clock.pass_time(86_400)
    group.turn()
    (reason,) = {dead.reason for dead in group.queue.dead_letters()}
    assert reason == "it waited for 14 d 0 h and could not be sent"
    assert (len(group.queue.dead_letters()), telegram.calls) == (4, 14)
