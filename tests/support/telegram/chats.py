"""What the local Bot API server knows of its bot and chats, and the calls that ask for it and send nothing.

As strict as for messages: unknown parameters and wrong types are refused. Deliberately as in the real one:
sendChatAction is content with a topic that is gone, getChat with a group that was upgraded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.telegram.calls import CallError, bad_request, read_parameters

_QUERIES: dict[str, dict[str, type]] = {
    "getMe": {},
    "getWebhookInfo": {},
    "getChat": {"chat_id": object},
    "getChatMember": {"chat_id": object, "user_id": int},
    "sendChatAction": {
        "chat_id": object, "action": str, "message_thread_id": int, "business_connection_id": str,
    },
    "getUpdates": {"offset": int, "limit": int, "timeout": int, "allowed_updates": list},
}  # fmt: skip
_OPTIONAL = frozenset(
    {"message_thread_id", "business_connection_id", "offset", "limit", "timeout", "allowed_updates"}
)
_ACTIONS = frozenset({"typing", "upload_photo", "upload_video", "upload_document", "choose_sticker"})


@dataclass
class ChatProfile:
    """A chat as its members see it; `member` is what the bot is in it, `permissions` what members may do."""

    type: str = "supergroup"
    title: str = "Workshop"
    is_forum: bool = False
    member: dict[str, Any] = field(default_factory=lambda: {"status": "member"})
    permissions: dict[str, bool] = field(default_factory=dict)
    migrated_to: int | None = None
    closed_topics: frozenset[int] = frozenset()
    refusal: CallError | None = None  # to who writes: see "refusals of a chat" below


def profile_for(chat_id: int) -> ChatProfile:
    """Of a chat that nobody described: a person, or a group that allows everything."""
    if chat_id > 0:
        return ChatProfile("private", "Ada")
    return ChatProfile("supergroup" if chat_id < -(10**12) else "group")


def is_query(method: str) -> bool:
    return method in _QUERIES


def read_query(method: str, body: bytes) -> dict[str, Any]:
    """The parameters of such a call. Raises CallError."""
    known = _QUERIES[method]
    values = read_parameters(body, known, known.keys() - _OPTIONAL)
    if method == "sendChatAction" and values["action"] not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    if method == "getUpdates" and not 1 <= values.get("limit", 100) <= 100:
        raise bad_request("wrong limit")
    return values


def chat_fields(chat_id: int, profile: ChatProfile) -> dict[str, Any]:
    """The Chat as it is in every message."""
    fields: dict[str, Any] = {"id": chat_id, "type": profile.type}
    fields["first_name" if profile.type == "private" else "title"] = profile.title
    return fields | ({"is_forum": True} if profile.is_forum else {})


def full_chat(chat_id: int, profile: ChatProfile) -> dict[str, Any]:
    """The ChatFullInfo of getChat."""
    fields = chat_fields(chat_id, profile) | {"accent_color_id": 2, "max_reaction_count": 11}
    if profile.type in ("group", "supergroup"):
        rights = ("can_send_messages", "can_send_photos", "can_send_videos", "can_send_polls")
        fields["permissions"] = {right: profile.permissions.get(right, True) for right in rights}
    return fields


# Refusals of a chat, as the real server words them (tdlib/telegram-bot-api, Client.cpp, and tdlib/td).
USER_IS_DEACTIVATED = CallError(403, "Forbidden: user is deactivated")
NOT_STARTED = CallError(403, "Forbidden: bot can't initiate conversation with a user")
GROUP_IS_DELETED = CallError(403, "Forbidden: the group chat was deleted")
GROUP_IS_DEACTIVATED = CallError(400, "Bad Request: group chat was deactivated")
NO_RIGHTS_AT_ALL = CallError(400, "Bad Request: have no rights to send a message")
WRITING_IS_FORBIDDEN = CallError(400, "Bad Request: CHAT_WRITE_FORBIDDEN")
CHAT_IS_RESTRICTED = CallError(400, "Bad Request: CHAT_RESTRICTED")
NO_ADMINISTRATOR = CallError(400, "Bad Request: need administrator rights in the channel chat")
NO_PEER = CallError(400, "Bad Request: PEER_ID_INVALID")

_RIGHTS = {
    "sendMessage": ("can_send_messages", "text messages"),
    "sendPhoto": ("can_send_photos", "photos"),
    "sendVideo": ("can_send_videos", "videos"),
    "editMessageText": ("can_send_messages", "text messages"),
    "editMessageCaption": ("can_send_messages", "text messages"),
    "editMessageMedia": ("can_send_photos", "photos"),
}


def check_right(profile: ChatProfile, method: str) -> None:
    """What a member may post; an administrator may everything. Raises CallError."""
    right, what = _RIGHTS[method]
    if profile.member["status"] == "administrator":
        return
    if not profile.permissions.get(right, True):
        raise bad_request(f"not enough rights to send {what} to the chat")


def check_access(profile: ChatProfile, is_writing: bool) -> None:
    """Raises CallError."""
    if profile.member["status"] == "kicked":
        raise CallError(403, f"Forbidden: bot was kicked from the {profile.type} chat")
    if profile.member["status"] == "left" and is_writing:
        raise CallError(403, f"Forbidden: bot is not a member of the {profile.type} chat")
    if profile.refusal is not None and is_writing:
        raise profile.refusal
    if is_writing and profile.migrated_to is not None:
        raise CallError(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            {"migrate_to_chat_id": profile.migrated_to},
        )


def me(token: str, username: str, reads_all: bool) -> dict[str, Any]:
    return {
        "id": int(token.split(":")[0]),
        "is_bot": True,
        "first_name": "Bridge",
        "username": username,
        "can_join_groups": True,
        "can_read_all_group_messages": reads_all,
        "supports_inline_queries": False,
    }


class Updates:
    """What the bot has not confirmed yet. An offset confirms all before it; a negative one forgets them."""

    def __init__(self) -> None:
        self.waiting: list[dict[str, Any]] = []
        self._last = 500

    def add(self, update: Mapping[str, Any]) -> int:
        self._last += 1
        self.waiting.append({"update_id": self._last, **update})
        return self._last

    def take(self, offset: int, limit: int) -> list[dict[str, Any]]:
        if offset < 0:
            self.waiting = self.waiting[offset:]
        else:
            self.waiting = [update for update in self.waiting if update["update_id"] >= offset]
        return self.waiting[:limit]
