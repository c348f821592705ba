"""Telegram: token, chat, topic and rights are judged without a word in the chat, unless one is asked for."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.notify.chat_state import change_state
from functions.notify.refusals import refused, topic_missed
from functions.shared.domain.keys import chat_key, reception_key
from functions.shared.messages.chat_reception import ChatReception, reception_to_json
from functions.shared.messages.chat_record import ChatState, Refused
from functions.shared.wording.headlines import TEST_MESSAGE
from infra.local.doctor.findings import Finding, Outcome
from infra.local.doctor.telegram_check import CHECK, evaluate_pushing, run
from infra.local.probes.telegram_api import BotAnswer
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.records import SqliteRecordStore
from infra.local.stores import DATABASE_FILE
from tests.infra.local.doctor.examined import FAULT, FINE, NOTHING, WARNING, found_by, outcomes, setup_of
from tests.support.telegram.chats import ChatProfile
from tests.support.telegram.faults import BAD_GATEWAY, BROKEN_JSON, answers, too_many_requests
from tests.support.telegram.server import CHAT_ID, GROUP_ID, TelegramServer


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


def look(telegram: TelegramServer, *, sends: bool = False, **more: str) -> dict[str, Finding]:
    given = {
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_CHAT_ID": str(GROUP_ID),
        "TELEGRAM_API_URL": telegram.url,
    }
    found = found_by(run, given | more, is_sending=sends)
    assert telegram.token.partition(":")[2] not in str(found)
    return found


def test_nothing_is_asked_without_a_token(telegram: TelegramServer) -> None:
    found = found_by(run, {"TELEGRAM_API_URL": telegram.url}, is_sending=True)
    assert outcomes(found) == {"token": NOTHING}
    assert telegram.calls == 0


def test_a_group_where_all_is_well_hears_nothing(telegram: TelegramServer) -> None:
    found = look(telegram)
    assert outcomes(found) == {"token": FINE, "chat": FINE, "right to post": FINE}
    assert found["token"].found == "it is @bridge_bot's"
    assert found["chat"].found == f'group "Workshop", {GROUP_ID}'
    assert (telegram.messages, telegram.refusals) == ([], [])


def test_a_person_needs_no_rights(telegram: TelegramServer) -> None:
    assert outcomes(look(telegram, TELEGRAM_CHAT_ID=str(CHAT_ID))) == {
        "token": FINE,
        "chat": FINE,
        "right to post": FINE,
    }
    telegram.blocked.add(CHAT_ID)
    found = look(telegram, TELEGRAM_CHAT_ID=str(CHAT_ID))
    assert "Unblock" in found["right to post"].advice


def test_a_test_message_is_real_silent_and_in_the_topic(telegram: TelegramServer) -> None:
    telegram.chats = {GROUP_ID: frozenset({7})}
    telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True)
    assert look(telegram, sends=True, TELEGRAM_THREAD_ID="7")["test message"].outcome is FINE
    (message,) = telegram.messages
    assert (message.text, message.thread_id, message.is_silent) == (TEST_MESSAGE, 7, True)


@pytest.mark.parametrize(
    ("thread_id", "closed", "words"),
    [("8", frozenset[int](), "thread"), ("7", frozenset({7}), "TOPIC_CLOSED")],
    ids=["gone", "closed"],
)
def test_only_a_test_message_tells_that_a_topic_is_gone_or_closed(
    telegram: TelegramServer, thread_id: str, closed: frozenset[int], words: str
) -> None:
    telegram.chats = {GROUP_ID: frozenset({7})}
    telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True, closed_topics=closed)
    found = look(telegram, TELEGRAM_THREAD_ID=thread_id)
    assert found["topic"].outcome is NOTHING
    assert "--send-test" in found["topic"].found
    tested = look(telegram, sends=True, TELEGRAM_THREAD_ID=thread_id)["test message"]
    assert tested.outcome is FAULT
    assert words in tested.found
    assert "TELEGRAM_THREAD_ID" in tested.advice


@pytest.mark.parametrize(("is_forum", "thread_id"), [(False, "7"), (True, "1")])
def test_a_topic_that_cannot_be_is_known_without_posting(
    telegram: TelegramServer, is_forum: bool, thread_id: str
) -> None:
    telegram.profiles[GROUP_ID] = ChatProfile(is_forum=is_forum)
    finding = look(telegram, TELEGRAM_THREAD_ID=thread_id)["topic"]
    assert finding.outcome is FAULT
    assert "TELEGRAM_THREAD_ID empty" in finding.advice


def test_without_a_topic_messages_go_to_general(telegram: TelegramServer) -> None:
    telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True)
    assert "General" in look(telegram)["topic"].found


@pytest.mark.parametrize("token", ["1:wrongwrongwrong", "987654321:AAFakeTokenForTheLocalServer_0123456789"])
def test_a_token_that_is_refused_is_the_only_thing_said(telegram: TelegramServer, token: str) -> None:
    found = look(telegram, TELEGRAM_BOT_TOKEN=token)
    assert list(found) == ["token"]
    assert "@BotFather" in found["token"].advice
    assert token not in str(found)


def test_a_chat_that_is_not_there(telegram: TelegramServer) -> None:
    found = look(telegram, TELEGRAM_CHAT_ID="-100555")
    assert found["chat"].outcome is FAULT
    assert "printer-bridge chat-id" in found["chat"].advice


def test_a_group_that_was_upgraded_names_its_new_id(telegram: TelegramServer) -> None:
    telegram.profiles[GROUP_ID] = ChatProfile("group", migrated_to=-100777)
    assert look(telegram)["right to post"].advice == "Set TELEGRAM_CHAT_ID=-100777."


@pytest.mark.parametrize(
    ("profile", "outcome", "words"),
    [
        ({"member": {"status": "administrator"}, "permissions": {"can_send_messages": False}}, FINE, ""),
        ({"permissions": {"can_send_messages": False}}, FAULT, "administrator"),
        ({"permissions": {"can_send_videos": False}}, FAULT, "videos"),
        ({"permissions": {"can_send_photos": False, "can_send_videos": False}}, FAULT, "photos and videos"),
        ({"member": {"status": "restricted", "can_send_messages": False}}, FAULT, "administrator"),
        ({"member": {"status": "restricted", "can_send_messages": True}}, FINE, ""),
        ({"member": {"status": "left"}}, FAULT, "Add the bot"),
        ({"type": "channel", "member": {"status": "administrator", "can_post_messages": True}}, FINE, ""),
        ({"type": "channel", "member": {"status": "administrator"}}, FAULT, "post messages"),
    ],
)
def test_rights(telegram: TelegramServer, profile: dict[str, Any], outcome: Outcome, words: str) -> None:
    telegram.profiles[GROUP_ID] = ChatProfile(**profile)
    finding = look(telegram)["right to post"]
    assert finding.outcome is outcome
    assert words in finding.advice


def test_a_bot_that_was_thrown_out(telegram: TelegramServer) -> None:
    telegram.profiles[GROUP_ID] = ChatProfile(member={"status": "kicked"})
    assert "shut out" in look(telegram)["chat"].found


def test_a_passing_trouble_is_a_warning_and_junk_a_fault(telegram: TelegramServer) -> None:
    telegram.script(too_many_requests(5))
    assert look(telegram)["token"].outcome is WARNING
    telegram.script(answers(500, "Internal Server Error"))
    assert look(telegram)["token"].outcome is WARNING
    for junk in (BAD_GATEWAY, BROKEN_JSON):
        telegram.script(junk)
        assert "TELEGRAM_API_URL" in look(telegram)["token"].advice
    telegram.script(answers(400, f"what is {telegram.token}?"))
    look(telegram)


def test_nobody_listens(telegram: TelegramServer) -> None:
    telegram.down()
    assert "refused" in look(telegram)["token"].found


@pytest.fixture
def state_file(tmp_path: Path) -> Iterator[SqliteRecordStore]:
    database = SqliteDatabase(tmp_path / DATABASE_FILE)
    yield SqliteRecordStore(database, time.time)
    database.close()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (Refused.CHAT, "the chat or the bot"),
        (Refused.TOKEN, "the bot's token"),
        (Refused.TOPIC, "the topic"),
        (Refused.ALL, "whatever is in them"),
    ],
)
def test_messages_that_wait_because_they_are_refused_are_a_fault(
    telegram: TelegramServer, tmp_path: Path, state_file: SqliteRecordStore, what: Refused, words: str
) -> None:
    now = time.time()
    state = refused(ChatState(), what, "HTTP 403: Forbidden: no; add the bot to the chat again", now - 60, 7)
    change_state(state_file, chat_key(str(GROUP_ID)), lambda _: state)
    found = look(telegram, DATA_DIR=str(tmp_path))["messages"]
    assert found.outcome is FAULT
    assert found.found.startswith("they have been waiting for 1 min: Telegram refuses ")
    assert words in found.found
    assert "HTTP 403: Forbidden: no" in found.found
    assert found.advice.startswith("Add the bot to the chat again. ")


def test_a_topic_that_was_left_out_and_a_new_id_are_warnings(
    telegram: TelegramServer, tmp_path: Path, state_file: SqliteRecordStore
) -> None:
    key = chat_key(str(GROUP_ID))
    change_state(state_file, key, lambda state: topic_missed(state, 7, time.time()))
    found = look(telegram, DATA_DIR=str(tmp_path))["messages"]
    assert (found.outcome, "the topic 7 was not there" in found.found) == (WARNING, True)
    change_state(state_file, key, lambda _: ChatState(moved_to="-100777"))
    found = look(telegram, DATA_DIR=str(tmp_path))["messages"]
    assert (found.outcome, found.advice) == (WARNING, "Set TELEGRAM_CHAT_ID=-100777.")


def test_a_chat_where_all_is_well_or_a_broken_state_has_no_line(
    telegram: TelegramServer, tmp_path: Path, state_file: SqliteRecordStore
) -> None:
    change_state(state_file, chat_key(str(GROUP_ID)), lambda _: ChatState(window=(1.0,)))
    assert "messages" not in look(telegram, DATA_DIR=str(tmp_path))
    broken = tmp_path / "other"
    broken.mkdir()
    (broken / DATABASE_FILE).write_bytes(b"no database" * 100)
    assert "messages" not in look(telegram, DATA_DIR=str(broken))


def test_topics_of_printers_need_a_forum_and_the_right_to_make_them(telegram: TelegramServer) -> None:
    found = look(telegram, TELEGRAM_TOPICS="printer")["topics of printers"]
    assert (found.outcome, "has no topics" in found.found) == (FAULT, True)
    telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True)
    found = look(telegram, TELEGRAM_TOPICS="printer")["topics of printers"]
    assert (found.outcome, "manage topics" in (found.advice or "")) == (FAULT, True)
    rights = {"status": "administrator", "can_manage_topics": True}
    telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True, member=rights)
    assert look(telegram, TELEGRAM_TOPICS="printer")["topics of printers"].outcome == FINE
    found = look(telegram, TELEGRAM_TOPICS="printer", TELEGRAM_CHAT_ID=str(CHAT_ID))["topics of printers"]
    assert found.outcome == FAULT


ANSWERS = "answers in the chat"


def receiving(folder: Path, reception: ChatReception) -> str:
    """A data folder in which who asks for what people write has noted that."""
    database = SqliteDatabase(folder / DATABASE_FILE)
    records = SqliteRecordStore(database, time.time)
    records.put(reception_key(str(GROUP_ID)), reception_to_json(reception), 0)
    database.close()
    return str(folder)


@pytest.mark.parametrize(
    ("seconds_ago", "outcome", "words"),
    [
        ({}, FINE, "/help"),
        ({"rival_at": 60}, FAULT, "another program"),
        ({"rival_at": 86_400}, FINE, "/help"),
        ({"removed_at": 7200}, FAULT, "was removed from the chat 2 h "),
        ({"webhook_removed_at": 600}, WARNING, "was removed 10 min ago"),
        ({"webhook_removed_at": 7200}, FINE, "/help"),
    ],
)
def test_what_the_bridge_found_out_when_it_asked_is_told(
    telegram: TelegramServer, tmp_path: Path, seconds_ago: dict[str, Any], outcome: Outcome, words: str
) -> None:
    reception = ChatReception(**{what: time.time() - ago for what, ago in seconds_ago.items()})
    found = look(telegram, CHAT_ANSWERS="1", DATA_DIR=receiving(tmp_path, reception))
    assert found[ANSWERS].outcome is outcome
    assert words in found[ANSWERS].found


def test_a_webhook_that_was_left_over_is_told(telegram: TelegramServer, tmp_path: Path) -> None:
    telegram.webhook = "https://abc.execute-api.eu-central-1.amazonaws.com/prod/telegram"
    found = look(telegram, CHAT_ANSWERS="1", DATA_DIR=str(tmp_path))
    assert found[ANSWERS].outcome is WARNING
    assert "abc.execute-api.eu-central-1.amazonaws.com" in found[ANSWERS].found
    assert ANSWERS not in look(telegram, DATA_DIR=str(tmp_path)), "nobody asks for them"


STACK = "https://abc.execute-api.eu-central-1.amazonaws.com/prod/telegram"


def test_who_has_a_stack_gives_its_token_and_hears_whether_its_bot_is_well(telegram: TelegramServer) -> None:
    assert not CHECK.applies(setup_of({}, is_cloud=True))
    given = {
        "TELEGRAM_BOT_TOKEN": telegram.token,
        "TELEGRAM_CHAT_ID": str(GROUP_ID),
        "TELEGRAM_API_URL": telegram.url,
    }
    assert CHECK.applies(setup_of(given, is_cloud=True))
    found = found_by(run, given, is_cloud=True)
    assert outcomes(found) == {"token": FINE, "chat": FINE, "right to post": FINE}, "it may answer nobody"
    found = found_by(run, given | {"CHAT_ANSWERS": "1"}, is_cloud=True)
    assert found[ANSWERS].outcome is FAULT
    telegram.webhook = STACK
    found = found_by(run, given, is_cloud=True)
    assert found[ANSWERS].outcome is FINE
    assert "abc.execute-api.eu-central-1.amazonaws.com" in found[ANSWERS].found
    assert telegram.webhook == STACK
    assert telegram.messages == []


@pytest.mark.parametrize(
    ("error", "outcome", "words"),
    [
        (
            {"last_error_date": 1000, "last_error_message": "Wrong response: 502 Bad Gateway"},
            WARNING,
            "502 Bad",
        ),
        ({"last_error_date": 1000, "last_error_message": ["junk"]}, WARNING, "does not say why"),
        ({"last_error_date": 1000 - 7200, "last_error_message": "Connection timed out"}, FINE, "pushes"),
        ({"last_error_date": "1000"}, FINE, "pushes"),
    ],
)
def test_a_push_that_fails_is_told_while_it_is_new(
    error: dict[str, Any], outcome: Outcome, words: str
) -> None:
    answer = BotAnswer(True, 200, {"url": STACK, "pending_update_count": 3} | error)
    (found,) = evaluate_pushing(answer, 1060.0, is_wished=True)
    assert found.outcome is outcome
    assert words in found.found


def test_where_telegram_does_not_tell_of_the_webhook_that_is_said() -> None:
    (found,) = evaluate_pushing(BotAnswer(False, 502, description="Bad Gateway"), 0.0, is_wished=False)
    assert (found.outcome, "Bad Gateway" in found.found) == (WARNING, True)
