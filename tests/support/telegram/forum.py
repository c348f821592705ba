"""Topics of forum groups and pinned messages, as the local Bot API server has them."""

import itertools
from collections.abc import Callable
from typing import Any

from tests.support.telegram.calls import CallError, bad_request, read_parameters
from tests.support.telegram.chats import ChatProfile

NAME_LIMIT = 128
_COLOURS = {7322096, 16766590, 13338331, 9367192, 16749490, 16478047}
_PARAMETERS: dict[str, dict[str, type]] = {
    "createForumTopic": {"chat_id": object, "name": str, "icon_color": int, "icon_custom_emoji_id": str},
    "reopenForumTopic": {"chat_id": object, "message_thread_id": int},
    "pinChatMessage": {"chat_id": object, "message_id": int, "disable_notification": bool},
    "unpinChatMessage": {"chat_id": object, "message_id": int},
}
_REQUIRED = {
    "createForumTopic": {"chat_id", "name"},
    "reopenForumTopic": {"chat_id", "message_thread_id"},
    "pinChatMessage": {"chat_id", "message_id"},
    "unpinChatMessage": {"chat_id"},
}


def is_forum_call(method: str) -> bool:
    return method in _PARAMETERS


def read_forum_call(method: str, body: bytes) -> dict[str, Any]:
    """The parameters of such a call. Raises CallError."""
    return read_parameters(body, _PARAMETERS[method], _REQUIRED[method])


class Forum:
    """`names` of topics by id, deleted ones too; `pinned` messages. The topics themselves are the chat's."""

    def __init__(
        self,
        topics: Callable[[int], frozenset[int] | None],
        set_topics: Callable[[int, frozenset[int]], None],
    ) -> None:
        self.names: dict[int, str] = {}
        self.pinned: list[int] = []
        self._numbers = itertools.count(701)
        self._topics = topics
        self._set_topics = set_topics

    def answer(self, method: str, values: dict[str, Any], profile: ChatProfile, messages: set[int]) -> Any:
        """Do it. Raises CallError."""
        chat_id = int(values["chat_id"])
        if method == "createForumTopic":
            return self._create(chat_id, values, profile)
        if method == "reopenForumTopic":
            self._check_forum(profile, "edit the topic")
            if values["message_thread_id"] not in (self._topics(chat_id) or ()):
                raise bad_request("TOPIC_ID_INVALID")
            profile.closed_topics -= {values["message_thread_id"]}
            return True
        is_private = profile.type == "private"
        if not is_private and not profile.member.get("can_pin_messages"):
            raise bad_request("not enough rights to manage pinned messages in the chat")
        message_id = values.get("message_id")
        if message_id is not None and message_id not in messages:
            raise bad_request("message to pin not found")
        if method == "pinChatMessage":
            self.pinned.append(values["message_id"])
        else:
            self.pinned = [it for it in self.pinned if message_id is not None and it != message_id]
        return True

    def delete(self, chat_id: int, topic: int) -> None:
        """A person deletes it, and all its messages."""
        self._set_topics(chat_id, (self._topics(chat_id) or frozenset()) - {topic})

    def _create(self, chat_id: int, values: dict[str, Any], profile: ChatProfile) -> dict[str, Any]:
        self._check_forum(profile, "create a topic")
        name = values["name"].strip()
        if not name:
            raise bad_request("TOPIC_TITLE_EMPTY")
        if len(name) > NAME_LIMIT:
            raise bad_request("TOPIC_TITLE_TOO_LONG")
        colour = values.get("icon_color", 7322096)
        if colour not in _COLOURS:
            raise bad_request("invalid icon color specified")
        topic = next(self._numbers)
        self.names[topic] = name
        self._set_topics(chat_id, (self._topics(chat_id) or frozenset()) | {topic})
        return {"message_thread_id": topic, "name": name, "icon_color": colour}

    def _check_forum(self, profile: ChatProfile, deed: str) -> None:
        if profile.type != "supergroup" or not profile.is_forum:
            raise bad_request("the chat is not a forum")
        if not profile.member.get("can_manage_topics"):
            raise bad_request(f"not enough rights to {deed}")


NOT_MODIFIED = CallError(
    400,
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message",
)
EDIT_NOT_FOUND = CallError(400, "Bad Request: message to edit not found")
EDIT_REFUSED = CallError(400, "Bad Request: message can't be edited")
