"""`printer-bridge chat-id` shows the chats and topics that the bot has seen, and takes them from nobody."""

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.chat_ids.program import run
from infra.local.chat_ids.updates import chats_of
from infra.local.cli import make_parser
from tests.support.telegram.chats import ChatProfile, chat_fields
from tests.support.telegram.faults import SERVER_ERROR, answers
from tests.support.telegram.server import CHAT_ID, GROUP_ID, TelegramServer
from tests.support.timeouts import TIMEOUT

FORUM = ChatProfile("supergroup", "Workshop", is_forum=True)
TOPIC = {"forum_topic_created": {"name": "Prints", "icon_color": 7_322_096}}


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


def message(chat_id: int, profile: ChatProfile, **more: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1_700_000_000, "chat": chat_fields(chat_id, profile), **more}


def chat_id(telegram: TelegramServer, *words: str, **more: str) -> tuple[int, str, str]:
    """Exit code, output, notes."""
    output, notes = io.StringIO(), io.StringIO()
    given_here = {"TELEGRAM_BOT_TOKEN": telegram.token, "TELEGRAM_API_URL": telegram.url} | more
    waits = threading.Event()

    def sleep(_: float) -> None:
        waits.wait(0.01)

    code = run(
        make_parser().parse_args(["chat-id", *words]),
        output,
        notes,
        Path("/nowhere"),
        given_here,
        sleep=sleep,
    )
    return code, output.getvalue(), notes.getvalue()


def test_chats_and_topics_are_shown_with_the_lines_for_env(telegram: TelegramServer) -> None:
    telegram.happens(message=message(CHAT_ID, ChatProfile("private", "Ada"), text="hello"))
    topic = {"message_thread_id": 7, "is_topic_message": True}
    telegram.happens(message=message(GROUP_ID, FORUM, **topic, **TOPIC))
    telegram.happens(message=message(GROUP_ID, FORUM, **topic, text="x"))
    telegram.happens(message=message(GROUP_ID, FORUM, message_thread_id=9, is_topic_message=True, text="x"))
    code, output, notes = chat_id(telegram)
    assert (code, notes) == (0, "")
    assert output.splitlines() == [
        "@bridge_bot has lately seen 2 chats. Put the lines of yours into .env:",
        "",
        'Group "Workshop" with topics (without TELEGRAM_THREAD_ID messages go to General)',
        f"  TELEGRAM_CHAT_ID={GROUP_ID}",
        '  # for the topic "Prints":',
        "  TELEGRAM_THREAD_ID=7",
        "  # for a topic whose name was not told:",
        "  TELEGRAM_THREAD_ID=9",
        "",
        'Person "Ada"',
        f"  TELEGRAM_CHAT_ID={CHAT_ID}",
    ]


def test_nothing_is_confirmed_and_nothing_changed(telegram: TelegramServer) -> None:
    telegram.happens(message=message(CHAT_ID, ChatProfile("private", "Ada"), text="hello"))
    before = list(telegram.updates.waiting)
    assert [chat_id(telegram)[1] for _ in range(2)] == [chat_id(telegram)[1]] * 2
    assert telegram.updates.waiting == before
    assert (telegram.messages, telegram.refusals) == ([], [])


def test_a_machine_gets_json(telegram: TelegramServer) -> None:
    telegram.happens(channel_post=message(-100999, ChatProfile("channel", "News"), text="x"))
    telegram.happens(
        message=message(
            GROUP_ID, FORUM, message_thread_id=7, is_topic_message=True, reply_to_message=TOPIC, text="x"
        )
    )
    code, output, _ = chat_id(telegram, "--json")
    forum, channel = json.loads(output)["chats"]
    assert code == 0
    assert (channel["chat_id"], channel["type"], channel["title"]) == (-100999, "channel", "News")
    assert forum["topics"] == [
        {
            "thread_id": 7,
            "name": "Prints",
            "env": [f"TELEGRAM_CHAT_ID={GROUP_ID}", "TELEGRAM_THREAD_ID=7"],
        }
    ]


def test_with_none_a_person_is_announced_what_to_do(telegram: TelegramServer) -> None:
    code, output, notes = chat_id(telegram)
    assert (code, output) == (1, "")
    assert "press Start" in notes
    assert "/id@bridge_bot" in notes
    assert "privacy mode" in notes
    telegram.reads_all = True
    assert "privacy mode" not in chat_id(telegram)[2]
    assert "press Start" in json.loads(chat_id(telegram, "--json")[1])["fault"]


def test_it_waits_for_the_first_chat(telegram: TelegramServer) -> None:
    found: list[tuple[int, str, str]] = []
    waiting = threading.Thread(target=lambda: found.append(chat_id(telegram, "--wait", "20")))
    waiting.start()
    telegram.wait_for_calls(2, method="getUpdates")
    telegram.happens(callback_query={"id": "1"})
    telegram.happens(message=message(CHAT_ID, ChatProfile("private", "Ada"), text="hello"))
    waiting.join(TIMEOUT)
    ((code, output, notes),) = found
    assert (code, f"TELEGRAM_CHAT_ID={CHAT_ID}" in output) == (0, True)
    assert "Waiting" in notes


def test_it_waits_no_longer_than_it_may_and_through_a_passing_outage(telegram: TelegramServer) -> None:
    code, _, notes = chat_id(telegram, "--wait", "0.05")
    assert (code, "within 0.05 s" in notes) == (1, True)
    telegram.script(SERVER_ERROR, method="getUpdates")
    assert "Try again later" in chat_id(telegram)[2]


@pytest.mark.parametrize("token", ["", "987654321:AAFakeTokenForTheLocalServer_0123456789", "junk"])
def test_a_token_that_is_missing_or_wrong(telegram: TelegramServer, token: str) -> None:
    code, output, notes = chat_id(telegram, TELEGRAM_BOT_TOKEN=token)
    assert (code, output) == (1 if ":" in token else 2, "")
    assert "TELEGRAM_BOT_TOKEN" in notes
    assert token == "" or token not in notes


def test_somebody_else_who_takes_the_updates_is_named(telegram: TelegramServer) -> None:
    telegram.webhook = "https://example.org/hook"
    assert "webhook" in chat_id(telegram)[2]
    telegram.webhook = ""
    conflict = "Conflict: terminated by other getUpdates request; make sure that only one is running"
    telegram.script(answers(409, conflict), method="getUpdates")
    assert "Another program" in chat_id(telegram)[2]


def test_nobody_listens_and_an_answer_that_repeats_the_token(telegram: TelegramServer) -> None:
    telegram.script(answers(400, f"no {telegram.token}"))
    assert telegram.token not in chat_id(telegram)[2]
    telegram.down()
    code, _, notes = chat_id(telegram)
    assert (code, "cannot be reached" in notes) == (1, True)


def test_other_settings_may_be_wrong(telegram: TelegramServer) -> None:
    telegram.happens(message=message(CHAT_ID, ChatProfile("private", "Ada"), text="hello"))
    assert chat_id(telegram, PORT="none", TELEGRAM_THREAD_ID="x")[0] == 0


def test_a_hundred_updates_may_hide_more(telegram: TelegramServer) -> None:
    for _ in range(101):
        telegram.happens(message=message(CHAT_ID, ChatProfile("private", "Ada"), text="hello"))
    assert "there are more" in chat_id(telegram)[1]


def test_chats_that_are_left_or_moved_are_not_shown() -> None:
    group = ChatProfile("group", "Old")
    member = {"chat": chat_fields(-5, group), "new_chat_member": {"status": "member"}}
    left = {"chat": chat_fields(-5, group), "new_chat_member": {"status": "left"}}
    assert [chat.chat_id for chat in chats_of([{"my_chat_member": member}])] == [-5]
    assert chats_of([{"my_chat_member": member}, {"my_chat_member": left}]) == []
    moved = message(-5, group, migrate_to_chat_id=-1005)
    assert [chat.chat_id for chat in chats_of([{"my_chat_member": member}, {"message": moved}])] == [-1005]


def test_a_chain_of_replies_is_no_topic() -> None:
    (chat,) = chats_of([{"message": message(GROUP_ID, ChatProfile(), message_thread_id=3, text="x")}])
    assert chat.topics == {}


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["message", "chat", "id", "title", "message_thread_id", "is_topic_message", "type"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(JUNK, max_size=4))
def test_any_updates_are_read(updates: list[object]) -> None:
    for chat in chats_of(updates):
        assert chat.chat_id != 0
