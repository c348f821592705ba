"""What `printer-bridge chat-id` says. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence

from infra.local.chat_ids.updates import SeenChat
from infra.local.probes.http import reach_advice, reach_words
from infra.local.probes.telegram_api import BotAnswer

UPDATES_LIMIT = 100

WITHOUT_A_BOT = (
    "TELEGRAM_BOT_TOKEN is not set. Write to @BotFather in Telegram, /newbot, and put the token that it "
    "gives you into .env:\n\n  TELEGRAM_BOT_TOKEN=123456:ABC...\n"
)


def chats_in_words(chats: Sequence[SeenChat], bot_name: str) -> str:
    """The chats with the lines for `.env`, ready to be copied."""
    lines = [f"{bot_name} has lately seen {_count(chats)}. Put the lines of yours into .env:"]
    for chat in chats:
        lines += ["", _heading(chat), f"  TELEGRAM_CHAT_ID={chat.chat_id}"]
        for thread_id, name in sorted(chat.topics.items()):
            lines += [f"  # {_topic(name)}:", f"  TELEGRAM_THREAD_ID={thread_id}"]
    return "\n".join(lines) + "\n"


def nothing_in_words(bot_name: str, reads_all: bool, is_waiting: bool) -> str:
    """What to do so that there is something to see."""
    lines = [
        f"{bot_name} has seen no chat within the last 24 hours. Do one of these in Telegram:",
        f"  - for yourself: open the chat with {bot_name} and press Start, or write it anything;",
        f"  - for a group: add {bot_name} to it. If it is in already, write /id@{bot_name.lstrip('@')} there"
        + ("" if reads_all else " (in privacy mode a bot sees commands and answers to it, no other message)")
        + ";",
        "  - for a topic: write that into the topic;",
        f"  - for a channel: make {bot_name} an administrator of it, and post something.",
    ]
    lines.append(
        "Waiting ..." if is_waiting else "Then run this again, or `printer-bridge chat-id --wait 120` now."
    )
    return "\n".join(lines) + "\n"


def full_in_words() -> str:
    return (
        f"\nTelegram gives the oldest {UPDATES_LIMIT} messages of the last 24 hours only, and there are "
        "more: a chat that is missing here shows up when older ones are a day old.\n"
    )


def fault_in_words(answer: BotAnswer, api_url: str) -> str:
    """Why nothing can be asked, and what to do."""
    if answer.unreachable is not None:
        advice = reach_advice("TELEGRAM_API_URL", api_url, answer.unreachable, "the Bot API")
        return f"{reach_words(api_url, answer.unreachable)}.\n{advice}\n"
    words = answer.description
    if answer.status in (401, 404):
        return (
            f"Telegram refuses TELEGRAM_BOT_TOKEN ({words}): it is wrong, or revoked.\n"
            "Ask @BotFather (/mybots, API Token) for the right one.\n"
        )
    if answer.status == 409 and "webhook" in words.lower():
        return (
            "A webhook is set for this bot: some other program gets what it sees.\n"
            "Take another bot for the bridge (@BotFather, /newbot), or end that program and its webhook "
            "(deleteWebhook).\n"
        )
    if answer.status == 409:
        return (
            "Another program is asking Telegram for what this bot sees, right now.\n"
            "End it for a moment, or take another bot for the bridge (@BotFather, /newbot).\n"
        )
    if answer.status == 0:
        return f"{words}.\nCheck TELEGRAM_API_URL; a login page or a proxy may stand in between.\n"
    return f"Telegram does not answer as it should ({words}).\nTry again later.\n"


def chats_as_json(chats: Sequence[SeenChat], is_full: bool, clean: Callable[[str], str]) -> str:
    """One object: `chats` with their topics, and whether there may be more."""
    body = {"chats": [_chat_as_json(chat, clean) for chat in chats], "may_be_more": is_full}
    return json.dumps(body, indent=2) + "\n"


def fault_as_json(text: str) -> str:
    return json.dumps({"chats": [], "fault": " ".join(text.split())}, indent=2) + "\n"


def _chat_as_json(chat: SeenChat, clean: Callable[[str], str]) -> Mapping[str, object]:
    return {
        "chat_id": chat.chat_id,
        "type": chat.type,
        "title": clean(chat.title),
        "env": [f"TELEGRAM_CHAT_ID={chat.chat_id}"],
        "topics": [
            {
                "thread_id": thread_id,
                "name": clean(name),
                "env": [f"TELEGRAM_CHAT_ID={chat.chat_id}", f"TELEGRAM_THREAD_ID={thread_id}"],
            }
            for thread_id, name in sorted(chat.topics.items())
        ],
    }


def _heading(chat: SeenChat) -> str:
    shown = chat.words[:1].upper() + chat.words[1:]
    return shown + (" (without TELEGRAM_THREAD_ID messages go to General)" if chat.topics else "")


def _topic(name: str) -> str:
    return f'for the topic "{name}"' if name else "for a topic whose name was not told"


def _count(chats: Sequence[SeenChat]) -> str:
    return "one chat" if len(chats) == 1 else f"{len(chats)} chats"
