"""What the Bot API's answers say of token, chat, topic and rights. Pure.

Source: core.telegram.org/bots/api (User, ChatFullInfo, ChatMember, ChatPermissions, ResponseParameters).
"""

from collections.abc import Mapping
from typing import Any

from infra.local.doctor.findings import Finding, fault, fine, nothing, warning
from infra.local.probes.http import Unreachable, reach_advice, reach_words
from infra.local.probes.telegram_api import BotAnswer, fields_of, text_of

CHECK = "Telegram"
_PLACE = "TELEGRAM_API_URL"
_RIGHTS = {"can_send_messages": "messages", "can_send_photos": "photos", "can_send_videos": "videos"}
_GENERAL = 1  # refused with "message thread not found" (tdlib/telegram-bot-api, issue 798)
_FIND_IT = "`printer-bridge chat-id` shows the chats that the bot has seen."


def evaluate_token(answer: BotAnswer | Unreachable, api_url: str) -> Finding:
    """From getMe."""
    if isinstance(answer, Unreachable):
        return fault(
            CHECK, "token", reach_words(api_url, answer), reach_advice(_PLACE, api_url, answer, "the Bot API")
        )
    if answer.is_ok:
        bot = fields_of(answer.result)
        name = text_of(bot.get("username"))
        shown = f"@{name}" if name else text_of(bot.get("first_name")) or "a bot without a name"
        return fine(CHECK, "token", f"it is {shown}'s")
    if answer.status in (401, 404):
        return fault(
            CHECK,
            "token",
            f"Telegram refuses it ({answer.description}): wrong, or revoked",
            "Ask @BotFather (/mybots, API Token) and set TELEGRAM_BOT_TOKEN.",
        )
    return _failed("token", answer)


def evaluate_chat(answer: BotAnswer | Unreachable, chat_id: str, api_url: str) -> Finding:
    """From getChat."""
    if isinstance(answer, Unreachable):
        return fault(
            CHECK, "chat", reach_words(api_url, answer), reach_advice(_PLACE, api_url, answer, "the Bot API")
        )
    if answer.is_ok:
        return fine(CHECK, "chat", f"{chat_words(fields_of(answer.result))}, {chat_id}")
    return refused("chat", answer, chat_id)


def evaluate_action(answer: BotAnswer | Unreachable, chat_id: str) -> Finding | None:
    """From sendChatAction, which asks for the right to write and writes nothing: a fault, or None."""
    if isinstance(answer, Unreachable) or answer.is_ok:
        return None  # unreachable: said of the calls before
    return refused("right to post", answer, chat_id)


def evaluate_topic(thread_id: int | None, chat: Mapping[str, Any], is_tested: bool) -> Finding | None:
    """What can be told without posting: the Bot API has no call that asks for a topic.

    sendChatAction answers "true" for a deleted topic too (tdlib/telegram-bot-api, issue 732).
    """
    is_forum, is_private = chat.get("is_forum") is True, chat.get("type") == "private"
    if thread_id is None:
        return fine(CHECK, "topic", "none is set: messages go to General") if is_forum else None
    if not is_forum and not is_private:
        return fault(
            CHECK,
            "topic",
            f"TELEGRAM_THREAD_ID is {thread_id}, but this chat has no topics",
            "Leave TELEGRAM_THREAD_ID empty, or switch topics on in the group's settings.",
        )
    if thread_id == _GENERAL and is_forum:
        return fault(
            CHECK,
            "topic",
            "TELEGRAM_THREAD_ID is 1: Telegram takes no number for the topic General",
            "Leave TELEGRAM_THREAD_ID empty: messages then go to General.",
        )
    if is_tested:
        return None  # the test message tells
    return nothing(
        CHECK,
        "topic",
        f"whether topic {thread_id} is there and open cannot be asked without posting: "
        "`printer-bridge doctor --send-test` tells",
    )


def evaluate_member(answer: BotAnswer | Unreachable, chat: Mapping[str, Any]) -> Finding:
    """From getChatMember of the bot itself, and the chat's own permissions."""
    subject = "right to post"
    if isinstance(answer, Unreachable) or not answer.is_ok:
        words = answer.words if isinstance(answer, Unreachable) else answer.description
        return warning(CHECK, subject, f"Telegram does not tell ({words})", "Try `--send-test`.")
    member = fields_of(answer.result)
    status = member.get("status")
    if status in ("left", "kicked"):
        how = "is not in the chat" if status == "left" else "was removed from the chat"
        return fault(CHECK, subject, f"the bot {how}", "Add the bot to the chat again.")
    if chat.get("type") == "channel":
        if status == "creator" or member.get("can_post_messages") is True:
            return fine(CHECK, subject, "the bot may post in the channel")
        return fault(
            CHECK,
            subject,
            "the bot may not post in the channel",
            "Make it an administrator of the channel with the right to post messages.",
        )
    missing = _missing(status, member, chat)
    if "messages" in missing:
        return fault(
            CHECK,
            subject,
            "the bot may not write in the chat",
            "Make the bot an administrator, or allow members to send messages (group settings, Permissions).",
        )
    if missing:
        return fault(
            CHECK,
            subject,
            f"the bot may send no {' and no '.join(missing)}",
            f"Make the bot an administrator, or allow members to send {' and '.join(missing)}.",
        )
    return fine(
        CHECK, subject, "messages, photos and videos" + (" (administrator)" if _rules(status) else "")
    )


def refused(subject: str, answer: BotAnswer, chat_id: str) -> Finding:
    """An error of a call that names the chat."""
    new_id = answer.parameters.get("migrate_to_chat_id")
    words = answer.description.lower()
    if isinstance(new_id, int) and not isinstance(new_id, bool):
        return fault(
            CHECK,
            subject,
            f"the group {chat_id} was upgraded to a supergroup, and has a new id",
            f"Set TELEGRAM_CHAT_ID={new_id}.",
        )
    if "chat not found" in words:
        return fault(
            CHECK,
            subject,
            f"there is no chat {chat_id} for this bot",
            "Add the bot to the group (a person has to write to the bot first), then check TELEGRAM_CHAT_ID; "
            f"a group's id begins with a minus sign. {_FIND_IT}",
        )
    if "thread" in words or "topic" in words:
        return fault(
            CHECK,
            "topic",
            f"Telegram does not take it ({answer.description})",
            "The topic was deleted or closed: open it again, or set TELEGRAM_THREAD_ID to another. "
            + _FIND_IT,
        )
    if answer.status == 403:
        advice = (
            "Unblock the bot, and press Start in its chat." if "blocked" in words else "Add the bot again."
        )
        return fault(CHECK, subject, f"the bot is shut out ({answer.description})", advice)
    if "rights" in words:
        return fault(
            CHECK, subject, f"the bot may not write ({answer.description})", "Let the bot post in the chat."
        )
    return _failed(subject, answer)


def chat_words(chat: Mapping[str, Any]) -> str:
    """Kind and name of a chat."""
    kinds = {"private": "person", "group": "group", "supergroup": "group", "channel": "channel"}
    kind = kinds.get(str(chat.get("type")), "chat")
    name = chat_name(chat)
    topics = " with topics" if chat.get("is_forum") is True else ""
    return f'{kind} "{name}"{topics}' if name else f"a {kind}{topics}"


def chat_name(chat: Mapping[str, Any]) -> str:
    """Title of a group or channel, name of a person."""
    first, last = text_of(chat.get("first_name")), text_of(chat.get("last_name"))
    return text_of(chat.get("title")) or " ".join(part for part in (first, last) if part)


def _missing(status: object, member: Mapping[str, Any], chat: Mapping[str, Any]) -> list[str]:
    """What the bot may not send. An administrator may send everything; a member what the chat allows."""
    if _rules(status):
        return []
    granted = member if status == "restricted" else fields_of(chat.get("permissions"))
    return [what for right, what in _RIGHTS.items() if granted.get(right) is False]


def _rules(status: object) -> bool:
    return status in ("creator", "administrator")


def _failed(subject: str, answer: BotAnswer) -> Finding:
    if answer.status == 429:
        return warning(CHECK, subject, f"Telegram asks to wait ({answer.description})", "Try again later.")
    if answer.status >= 500:
        return warning(CHECK, subject, f"Telegram has a fault ({answer.description})", "Try again later.")
    if answer.status == 0:
        return fault(
            CHECK,
            subject,
            answer.description,
            "Check TELEGRAM_API_URL; a login page or a proxy may stand in between.",
        )
    return fault(CHECK, subject, f"Telegram refuses ({answer.description})", "Check TELEGRAM_CHAT_ID.")
