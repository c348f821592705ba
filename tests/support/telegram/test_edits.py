"""Edits, answers, buttons and topics are judged by the local Bot API server as by the real one."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.functions.notify.harness import jpeg
from tests.support.telegram.chats import ChatProfile
from tests.support.telegram.server import CHAT_ID, GROUP_ID, TelegramServer
from tests.support.timeouts import TIMEOUT


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer() as server:
        yield server


def call(telegram: TelegramServer, method: str, **parameters: Any) -> Any:
    """What it answers, or the description of the fault."""
    url = f"{telegram.url}/bot{telegram.token}/{method}"
    answer = requests.post(url, json={"chat_id": CHAT_ID, **parameters}, timeout=TIMEOUT).json()
    return answer["result"] if answer["ok"] else answer["description"].removeprefix("Bad Request: ")


def with_photo(telegram: TelegramServer, method: str, photo: bytes, **texts: str) -> Any:
    url = f"{telegram.url}/bot{telegram.token}/{method}"
    files = {"photo": ("photo.jpg", photo)}
    answer = requests.post(url, data={"chat_id": str(CHAT_ID), **texts}, files=files, timeout=TIMEOUT).json()
    return answer["result"] if answer["ok"] else answer["description"].removeprefix("Bad Request: ")


def test_a_text_is_edited_once_and_an_edit_that_changes_nothing_is_refused(telegram: TelegramServer) -> None:
    number = call(telegram, "sendMessage", text="40 %")["message_id"]
    assert call(telegram, "editMessageText", message_id=number, text="45 %")["message_id"] == number
    assert "is not modified" in call(telegram, "editMessageText", message_id=number, text="45 %")
    assert (telegram.texts, telegram.messages[0].edits, len(telegram.edits)) == (["45 %"], 1, 1)


def test_what_is_gone_or_too_old_or_of_another_kind_is_not_edited(telegram: TelegramServer) -> None:
    number = call(telegram, "sendMessage", text="x")["message_id"]
    assert call(telegram, "editMessageText", message_id=99, text="y") == "message to edit not found"
    assert call(telegram, "editMessageText", text="y") == "message identifier is not specified"
    assert "no caption" in call(telegram, "editMessageCaption", message_id=number, caption="y")
    assert call(telegram, "editMessageText", message_id=number, text="") == "message text is empty"
    telegram.uneditable.add(number)
    assert call(telegram, "editMessageText", message_id=number, text="y") == "message can't be edited"
    telegram.deleted.add(number)
    assert call(telegram, "editMessageText", message_id=number, text="y") == "message to edit not found"


def test_a_photo_and_its_caption_are_edited(telegram: TelegramServer) -> None:
    number = with_photo(telegram, "sendPhoto", jpeg(), caption="40 %")["message_id"]
    assert "no text" in call(telegram, "editMessageText", message_id=number, text="y")
    assert call(telegram, "editMessageCaption", message_id=number, caption="45 %")["message_id"] == number
    media = {"type": "photo", "media": "attach://photo", "caption": "<b>50 %</b>", "parse_mode": "HTML"}
    edit = {"message_id": str(number), "media": json.dumps(media)}
    assert with_photo(telegram, "editMessageMedia", jpeg(colour="red"), **edit)["message_id"] == number
    (message,) = telegram.messages
    assert (message.text, message.photo, message.edits) == ("50 %", jpeg(colour="red"), 2)
    assert "IMAGE_PROCESS_FAILED" in with_photo(telegram, "editMessageMedia", b"none", **edit)
    wrong = {"message_id": str(number), "media": json.dumps({**media, "media": "attach://other"})}
    assert "wrong file" in with_photo(telegram, "editMessageMedia", jpeg(), **wrong)


@pytest.mark.parametrize(
    ("button", "fault"),
    [
        ({"text": "Photo", "callback_data": "x" * 64}, None),
        ({"text": "Photo", "callback_data": "x" * 65}, "BUTTON_DATA_INVALID"),
        ({"text": "Photo", "callback_data": ""}, "BUTTON_DATA_INVALID"),
        ({"text": "Photo"}, "Text buttons are unallowed"),
        ({"text": " ", "callback_data": "x"}, "must be non-empty"),
        ("Photo", "must be an Object"),
    ],
)
def test_buttons_are_checked(telegram: TelegramServer, button: Any, fault: str | None) -> None:
    said = call(telegram, "sendMessage", text="x", reply_markup={"inline_keyboard": [[button]]})
    if fault is None:
        assert telegram.messages[0].buttons == ((("Photo", "x" * 64),),)
    else:
        assert fault in said


def test_an_answer_needs_its_message_unless_it_may_do_without(telegram: TelegramServer) -> None:
    number = call(telegram, "sendMessage", text="x")["message_id"]
    call(telegram, "sendMessage", text="y", reply_parameters={"message_id": number})
    missing = {"message_id": 99}
    assert call(telegram, "sendMessage", text="z", reply_parameters=missing).endswith("replied not found")
    call(telegram, "sendMessage", text="z", reply_parameters={**missing, "allow_sending_without_reply": True})
    assert [message.reply_to for message in telegram.messages] == [None, number, None]


def test_topics_are_made_where_that_is_allowed(telegram: TelegramServer) -> None:
    assert "not a forum" in call(telegram, "createForumTopic", chat_id=GROUP_ID, name="P1S")
    profile = telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True)
    assert "not enough rights" in call(telegram, "createForumTopic", chat_id=GROUP_ID, name="P1S")
    profile.member = {"status": "administrator", "can_manage_topics": True}
    topic = call(telegram, "createForumTopic", chat_id=GROUP_ID, name="P1S")["message_thread_id"]
    assert telegram.forum.names == {topic: "P1S"}
    said = call(telegram, "sendMessage", chat_id=GROUP_ID, text="x", message_thread_id=topic)
    telegram.forum.delete(GROUP_ID, topic)
    gone = call(telegram, "sendMessage", chat_id=GROUP_ID, text="x", message_thread_id=topic)
    assert gone == "message thread not found"
    edit = {"chat_id": GROUP_ID, "message_id": said["message_id"], "text": "y"}
    assert call(telegram, "editMessageText", **edit) == "message to edit not found"
    assert call(telegram, "createForumTopic", chat_id=GROUP_ID, name="x" * 129) == "TOPIC_TITLE_TOO_LONG"


def test_a_closed_topic_is_opened_again_by_who_may(telegram: TelegramServer) -> None:
    rights = {"status": "administrator", "can_manage_topics": True}
    profile = telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True, member=rights)
    topic = call(telegram, "createForumTopic", chat_id=GROUP_ID, name="P1S")["message_thread_id"]
    profile.closed_topics = frozenset({topic})
    said = call(telegram, "sendMessage", chat_id=GROUP_ID, text="x", message_thread_id=topic)
    assert said == "TOPIC_CLOSED"
    assert call(telegram, "reopenForumTopic", chat_id=GROUP_ID, message_thread_id=topic) is True
    assert call(telegram, "sendMessage", chat_id=GROUP_ID, text="x", message_thread_id=topic)["message_id"]


def test_a_message_is_pinned_by_who_may(telegram: TelegramServer) -> None:
    number = call(telegram, "sendMessage", chat_id=GROUP_ID, text="x")["message_id"]
    pin = {"chat_id": GROUP_ID, "message_id": number}
    assert "not enough rights" in call(telegram, "pinChatMessage", **pin)
    rights = {"status": "administrator", "can_pin_messages": True}
    telegram.profiles[GROUP_ID] = ChatProfile(member=rights)
    assert call(telegram, "pinChatMessage", **pin) is True
    assert call(telegram, "pinChatMessage", chat_id=GROUP_ID, message_id=99) == "message to pin not found"
    assert telegram.forum.pinned == [number]
