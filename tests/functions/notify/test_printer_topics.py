"""TELEGRAM_TOPICS=printer: a topic for each printer, made once, made anew when deleted; no alert is lost."""

from pathlib import Path

import pytest

from functions.shared.domain.faults import Severity
from functions.shared.messages.effects import Category
from tests.functions.notify.harness import Harness, notification
from tests.support.telegram.chats import ChatProfile
from tests.support.telegram.faults import too_many_requests
from tests.support.telegram.server import GROUP_ID, TelegramServer

MAY = {"status": "administrator", "can_manage_topics": True}


@pytest.fixture
def forum(tmp_path: Path, telegram: TelegramServer) -> Harness:
    telegram.chats[GROUP_ID] = frozenset()
    telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True, member=dict(MAY))
    return Harness(tmp_path, telegram, str(GROUP_ID), rules={"topics": "printer"})


def tell(harness: Harness, number: int, printer: str = "A1M-1", category: Category = Category.PAUSED) -> None:
    harness.put(notification(category, number, printer_id=printer, severity=Severity.ATTENTION))
    harness.run(1)


def places(telegram: TelegramServer) -> list[str | None]:
    """The name of each message's topic."""
    return [telegram.forum.names.get(message.thread_id or 0) for message in telegram.messages]


def test_each_printer_has_a_topic_that_is_made_once(forum: Harness, telegram: TelegramServer) -> None:
    tell(forum, 1)
    tell(forum, 2, "P1S-2")
    forum.restart()
    tell(forum, 3)
    tell(forum, 4, "P1S-2")
    assert places(telegram) == ["A1M-1", "P1S-2", "A1M-1", "P1S-2"]
    assert telegram.calls_of["createForumTopic"] == 2


def test_what_is_of_no_single_printer_goes_to_the_chat(forum: Harness, telegram: TelegramServer) -> None:
    tell(forum, 1, "2 printers", Category.COLLECTOR_LOST)
    assert places(telegram) == [None]
    assert telegram.calls_of["createForumTopic"] == 0


def test_a_deleted_topic_is_made_anew_and_the_alert_is_in_it(
    forum: Harness, telegram: TelegramServer
) -> None:
    tell(forum, 1)
    (first,) = telegram.forum.names
    telegram.forum.delete(GROUP_ID, first)
    tell(forum, 2)
    assert telegram.messages[1].thread_id not in (first, None)
    tell(forum, 3)
    assert telegram.messages[2].thread_id == telegram.messages[1].thread_id
    assert telegram.calls_of["createForumTopic"] == 2


def test_where_none_may_be_made_alerts_go_to_the_chat_itself(
    forum: Harness, telegram: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    telegram.profiles[GROUP_ID].member = {"status": "administrator"}
    tell(forum, 1)
    tell(forum, 2)
    assert places(telegram) == [None, None]
    assert telegram.calls_of["createForumTopic"] == 1
    assert [line for line in caplog.messages if "may manage topics" in line]
    telegram.profiles[GROUP_ID].member = dict(MAY)
    forum.clock.pass_time(901)
    tell(forum, 3)
    assert places(telegram)[2] == "A1M-1"


def test_deleted_and_the_right_is_gone_too(forum: Harness, telegram: TelegramServer) -> None:
    tell(forum, 1)
    telegram.forum.delete(GROUP_ID, *telegram.forum.names)
    telegram.profiles[GROUP_ID].member = {"status": "administrator"}
    tell(forum, 2)
    assert telegram.messages[1].thread_id is None


def test_a_closed_topic_holds_up_nothing(forum: Harness, telegram: TelegramServer) -> None:
    tell(forum, 1)
    telegram.profiles[GROUP_ID].closed_topics = frozenset(telegram.forum.names)
    tell(forum, 2)
    assert telegram.messages[1].thread_id is None
    assert telegram.calls_of["createForumTopic"] == 1


class Killed(BaseException):
    """The process is gone at this point."""


def test_a_kill_while_one_is_made_leaves_no_printer_with_two(
    forum: Harness, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = forum.transport
    assert transport is not None
    make = transport.make_topic

    def dies(name: str) -> None:
        make(name)
        raise Killed

    monkeypatch.setattr(transport, "make_topic", dies)
    forum.put(notification(Category.PAUSED, 1, severity=Severity.ATTENTION))
    with pytest.raises(Killed):
        forum.turn()
    monkeypatch.undo()
    forum.clock.pass_time(601)
    forum.restart()
    forum.run(2)
    assert telegram.calls_of["createForumTopic"] == 1
    assert places(telegram) == [None]


def test_told_to_wait_with_topics_alerts_do_not_and_it_is_made_when_that_is_over(
    forum: Harness, telegram: TelegramServer
) -> None:
    telegram.script(too_many_requests(40), method="createForumTopic")
    tell(forum, 1)
    tell(forum, 2, "P1S-2")
    forum.restart()
    tell(forum, 3)
    assert places(telegram) == [None, None, None]
    assert telegram.calls_of["createForumTopic"] == 1, "nor is another printer's asked for"
    assert forum.state().asked_until is None
    forum.clock.pass_time(41)
    tell(forum, 4)
    assert places(telegram)[3] == "A1M-1"


def test_a_jobs_message_is_in_its_printers_topic_and_alerts_answer_to_it_there(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    telegram.chats[GROUP_ID] = frozenset()
    telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True, member=dict(MAY))
    harness = Harness(tmp_path, telegram, str(GROUP_ID), rules={"topics": "printer", "progress_mode": "edit"})
    for number, category in enumerate((Category.PROGRESS, Category.PAUSED, Category.PROGRESS)):
        harness.clock.pass_time(100)
        said = {"severity": Severity.ATTENTION} if category is Category.PAUSED else {}
        harness.put(
            notification(category, number, job_id="job", percent=number, observed_at=harness.clock(), **said)
        )
        harness.run(1)
    assert places(telegram) == ["A1M-1", "A1M-1"]
    assert (telegram.messages[1].reply_to, telegram.messages[0].edits) == (1, 1)
    telegram.forum.delete(GROUP_ID, *telegram.forum.names)
    harness.clock.pass_time(100)
    harness.put(notification(Category.PROGRESS, 9, job_id="job", percent=50, observed_at=harness.clock()))
    harness.run(1)
    assert [message.text[-4:] for message in telegram.messages[2:]] == ["50 %"]
    harness.put(notification(Category.PAUSED, 10, job_id="job", severity=Severity.ATTENTION))
    harness.run(1)
    assert telegram.messages[3].thread_id is not None


def test_a_message_in_its_printers_topic_says_nothing_of_the_topic_that_is_set(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    telegram.chats[GROUP_ID] = frozenset()
    telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True, member=dict(MAY))
    harness = Harness(tmp_path, telegram, str(GROUP_ID), thread_id=7, rules={"topics": "printer"})
    tell(harness, 1, "2 printers", Category.COLLECTOR_LOST)
    harness.run(200, step=1)
    tell(harness, 2)
    tell(harness, 3, "2 printers", Category.COLLECTOR_BACK)
    assert places(telegram) == [None, "A1M-1", None]
    assert harness.state().topic_is_told
