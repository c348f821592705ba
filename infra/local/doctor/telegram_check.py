"""Telegram: token, chat, topic, right to post; on request a real test message.

Source: core.telegram.org/bots/api (User, ChatFullInfo, ChatMember, ChatPermissions, ResponseParameters).
"""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from functions.notify import transports
from functions.notify.render import Message
from functions.notify.telegram import Telegram
from functions.shared.domain.keys import chat_key, reception_key
from functions.shared.errors import TransientError
from functions.shared.messages.chat_reception import ChatReception, read_reception
from functions.shared.messages.chat_record import ChatState, Refused, chat_state_of, standing_refusal
from functions.shared.messages.codec import fields_of
from functions.shared.settings import Settings
from functions.shared.telegram.calls import CallTimes
from functions.shared.wording import headlines
from functions.shared.wording.durations import full_duration
from infra.local.doctor.check import Check, CheckResult, Setup
from infra.local.doctor.findings import Finding, fault, fine, nothing, unreached, warning
from infra.local.probes.telegram_api import BotAnswer, BotApi, chat_words, text_of
from infra.local.storage.records import read_records
from infra.local.stores import DATABASE_FILE

_SECONDS = 15.0
_WEBHOOK_NEWS_SECONDS = 1800.0  # by then a stack would have set it again, twice
_PUSH_NEWS_SECONDS = 3600.0  # Telegram keeps the last error for ever
_RIVAL_NEWS_SECONDS = 3600.0  # two who poll find each other out within minutes
_RIGHTS = {"can_send_messages": "messages", "can_send_photos": "photos", "can_send_videos": "videos"}
_GENERAL = 1  # refused with "message thread not found" (tdlib/telegram-bot-api, issue 798)
_FIND_IT = "`printer-bridge chat-id` shows the chats that the bot has seen."
_LATER = "Try again later."
_REFUSED = {
    Refused.TOKEN: "bot's token",
    Refused.CHAT: "chat or the bot",
    Refused.TOPIC: "topic",
    Refused.ALL: "messages, whatever is in them",
}
_RIGHT = "right to post"


def run(setup: Setup) -> CheckResult:
    settings = setup.settings
    if not settings.telegram_bot_token:
        found = "not set (TELEGRAM_BOT_TOKEN): messages are shown in the terminal"
        return CheckResult([nothing("token", found)])
    api = BotApi(settings.telegram_api_url, settings.telegram_bot_token)
    me = api.call("getMe")
    findings = [evaluate_token(me, settings)]
    if me.is_ok:
        findings += _look_at_chat(setup, api, me.fields.get("id"))
    if setup.is_cloud:  # what was found out there is in the stack's records, which an edge's key cannot read
        if me.is_ok:
            webhook = api.call("getWebhookInfo")
            findings += evaluate_pushing(webhook, time.time(), is_wished=settings.chat_answers)
        return CheckResult(findings, me.ahead)
    waiting = evaluate_refusal(_remembered(setup), time.time())
    findings += [waiting] if waiting is not None else []
    if me.is_ok and settings.chat_answers:
        findings += evaluate_reception(api.call("getWebhookInfo"), _reception(setup), time.time())
    return CheckResult(findings, me.ahead)


CHECK = Check(
    "Telegram",
    (
        "TELEGRAM_BOT_TOKEN",
        "TELEGRAM_CHAT_ID",
        "TELEGRAM_THREAD_ID",
        "TELEGRAM_API_URL",
        "TELEGRAM_TOPICS",
    ),
    run,
    60,
    # A collector needs no token; who gives one for this call wants to know of the stack's bot.
    applies=lambda setup: not setup.is_cloud or bool(setup.settings.telegram_bot_token),
)


def _look_at_chat(setup: Setup, api: BotApi, bot_id: object) -> list[Finding]:
    settings = setup.settings
    chat_id, thread_id = settings.telegram_chat_id, settings.telegram_thread_id
    address: dict[str, Any] = {"chat_id": chat_id if chat_id.startswith("@") else int(chat_id)}
    asked = api.call("getChat", **address)
    if not asked.is_ok:
        return [_refused("chat", asked, settings)]
    chat = asked.fields
    findings = [fine("chat", f"{chat_words(chat)}, {chat_id}")]
    topic = evaluate_topic(thread_id, chat, setup.is_sending)
    findings += [topic] if topic is not None else []
    thread = {"message_thread_id": thread_id} if thread_id is not None else {}
    asked = api.call("sendChatAction", action="typing", **address, **thread)  # writes nothing
    if not asked.is_ok and asked.unreachable is None:
        findings.append(_refused(_RIGHT, asked, settings))
    elif chat.get("type") == "private":
        findings.append(fine(_RIGHT, "the person has not blocked the bot"))
    else:
        asked = api.call("getChatMember", **address, user_id=bot_id)
        findings.append(evaluate_member(asked, chat))
    if settings.telegram_topics == "printer":
        findings.append(evaluate_topics_of_printers(asked.fields, chat))
    if setup.is_sending:
        times = CallTimes(read=_SECONDS)
        transport = Telegram(
            settings.telegram_bot_token, chat_id, thread_id, settings.telegram_api_url, times
        )
        findings.append(
            evaluate_test(transport.send_text(Message(None, headlines.TEST_MESSAGE, is_silent=True)))
        )
    return findings


def _remembered(setup: Setup) -> ChatState:
    """What notify knows of the chat, of this run or the last one."""
    settings = setup.settings
    key = chat_key(settings.telegram_chat_id)
    try:
        stored = read_records(settings.data_dir / DATABASE_FILE, key)
    except TransientError:  # the check of the database says it
        return ChatState()
    return chat_state_of(stored[0] if stored else None)


def _reception(setup: Setup) -> ChatReception:
    """What the bridge found out when it asked for what people write."""
    settings = setup.settings
    try:
        stored = read_records(settings.data_dir / DATABASE_FILE, reception_key(settings.telegram_chat_id))
    except TransientError:
        return ChatReception()
    return read_reception(stored[0].value if stored else {})


def evaluate_reception(webhook: BotAnswer, reception: ChatReception, now: float) -> list[Finding]:
    """Whether what people write in the chat reaches this bridge."""
    subject = "answers in the chat"
    found: list[Finding] = []
    if reception.removed_at is not None:
        gone = full_duration(max(0.0, now - reception.removed_at))
        found.append(
            fault(subject, f"the bot was removed from the chat {gone} ago", "Add the bot to the chat again.")
        )
    if reception.rival_at is not None and 0 <= now - reception.rival_at <= _RIVAL_NEWS_SECONDS:
        found.append(
            fault(
                subject,
                "another program asks Telegram for what people write to this bot: each gets a part of it",
                "Stop the other one, or make a bot of its own for it (@BotFather, /newbot).",
            )
        )
    url = text_of(webhook.fields.get("url"))
    removed = reception.webhook_removed_at
    is_pushed = webhook.is_ok and bool(url)
    if removed is not None and 0 <= now - removed <= _WEBHOOK_NEWS_SECONDS and not is_pushed:
        found.append(
            warning(
                subject,
                f"a webhook of another installation was removed {full_duration(now - removed)} ago: "
                "a stack in the cloud sets it again within 15 minutes",
                "If there is such a stack, set ChatAnswers to 0 in it, or remove it.",
            )
        )
    if is_pushed:
        host = urlsplit(url).hostname or "another server"
        found.append(
            warning(
                subject,
                f"Telegram pushes what people write to {host}, not to this bridge",
                "A start of the bridge removes that. If it is wanted there, set CHAT_ANSWERS=0 here.",
            )
        )
    return found or [fine(subject, "on: /help in the chat shows what can be asked")]


def evaluate_pushing(webhook: BotAnswer, now: float, *, is_wished: bool) -> list[Finding]:
    """From getWebhookInfo: whether what people write is pushed to a stack. Nothing where nobody wishes it."""
    subject = "answers in the chat"
    url = text_of(webhook.fields.get("url"))
    if not webhook.is_ok:
        return [warning(subject, f"Telegram does not tell ({webhook.description})", _LATER)]
    if not url:
        missing = fault(
            subject,
            "Telegram pushes what people write to nobody",
            "A stack with ChatAnswers 1 sets that within 15 minutes. If it is gone again then, a bridge with "
            "this bot removes it: stop that, or make a bot of its own for it (@BotFather, /newbot).",
        )
        return [missing] if is_wished else []
    host = urlsplit(url).hostname or "another server"
    failed_at, why = webhook.fields.get("last_error_date"), text_of(webhook.fields.get("last_error_message"))
    if isinstance(failed_at, int) and abs(now - failed_at) <= _PUSH_NEWS_SECONDS:
        waiting = webhook.fields.get("pending_update_count")
        found = f"Telegram could not push to {host} ({why or 'it does not say why'}); {waiting} wait"
        return [warning(subject, found, "It tries again by itself. The chat function's log says more.")]
    return [fine(subject, f"Telegram pushes what people write to {host}")]


def evaluate_refusal(state: ChatState, now: float) -> Finding | None:
    """What the bridge's last tries to send came to: a fault, a warning, or None."""
    subject = "messages"
    refusal = standing_refusal([state], now)
    if refusal is not None:
        reason, _, advice = refusal.reason.partition("; ")
        waited = full_duration(max(0.0, now - refusal.since))
        advice = f"{advice[:1].upper()}{advice[1:]}. " if advice else ""
        return fault(
            subject,
            f"they have been waiting for {waited}: Telegram refuses the {_REFUSED[refusal.what]} ({reason})",
            f"{advice}They are sent by themselves when that is mended.",
        )
    if state.topic_missing_since is not None:
        found = f"the topic {state.topic} was not there at the last try: they go to the chat itself"
        return warning(subject, found, "Set TELEGRAM_THREAD_ID to a topic that is there, or leave it empty.")
    if state.moved_to is not None:
        found = "the group was upgraded to a supergroup; they follow it to its new id"
        return warning(subject, found, f"Set TELEGRAM_CHAT_ID={state.moved_to}.")
    return None


def evaluate_token(answer: BotAnswer, settings: Settings) -> Finding:
    """From getMe."""
    if answer.is_ok:
        name = text_of(answer.fields.get("username"))
        shown = f"@{name}" if name else text_of(answer.fields.get("first_name")) or "a bot without a name"
        return fine("token", f"it is {shown}'s")
    if answer.status in (401, 404):
        found = f"Telegram refuses it ({answer.description}): wrong, or revoked"
        return fault("token", found, "Ask @BotFather (/mybots, API Token) and set TELEGRAM_BOT_TOKEN.")
    return _failed("token", answer, settings)


def evaluate_topic(thread_id: int | None, chat: Mapping[str, Any], is_tested: bool) -> Finding | None:
    """What can be told without posting: the Bot API has no call that asks for a topic.

    sendChatAction answers "true" for a deleted topic too (tdlib/telegram-bot-api, issue 732).
    """
    is_forum, is_private = chat.get("is_forum") is True, chat.get("type") == "private"
    if thread_id is None:
        return fine("topic", "none is set: messages go to General") if is_forum else None
    if not is_forum and not is_private:
        found = f"TELEGRAM_THREAD_ID is {thread_id}, but this chat has no topics"
        advice = "Leave TELEGRAM_THREAD_ID empty, or switch topics on in the group's settings."
        return fault("topic", found, advice)
    if thread_id == _GENERAL and is_forum:
        found = "TELEGRAM_THREAD_ID is 1: Telegram takes no number for the topic General"
        return fault("topic", found, "Leave TELEGRAM_THREAD_ID empty: messages then go to General.")
    if is_tested:
        return None  # the test message tells
    return nothing(
        "topic",
        f"whether topic {thread_id} is there and open cannot be asked without posting: "
        "`printer-bridge doctor --send-test` tells",
    )


def evaluate_topics_of_printers(member: Mapping[str, Any], chat: Mapping[str, Any]) -> Finding:
    """Whether TELEGRAM_TOPICS=printer can be done; without it messages go where they go otherwise.

    `member`: the bot, from getChatMember.
    """
    subject = "topics of printers"
    if chat.get("is_forum") is not True:
        return fault(
            subject,
            "TELEGRAM_TOPICS is printer, but this chat has no topics",
            "Switch topics on in the group's settings, or leave TELEGRAM_TOPICS empty.",
        )
    if member.get("status") == "creator" or member.get("can_manage_topics") is True:
        return fine(subject, "the bot may make them")
    return fault(
        subject,
        "the bot may not make them: messages go to the chat itself",
        "Make the bot an administrator with the right to manage topics.",
    )


def evaluate_member(answer: BotAnswer, chat: Mapping[str, Any]) -> Finding:
    """From getChatMember of the bot itself, and the chat's own permissions.

    An administrator may send everything; a member what the chat allows.
    """
    if not answer.is_ok:
        return warning(_RIGHT, f"Telegram does not tell ({answer.description})", "Try `--send-test`.")
    member = answer.fields
    status = member.get("status")
    if status in ("left", "kicked"):
        how = "is not in the chat" if status == "left" else "was removed from the chat"
        return fault(_RIGHT, f"the bot {how}", "Add the bot to the chat again.")
    if chat.get("type") == "channel":
        if status == "creator" or member.get("can_post_messages") is True:
            return fine(_RIGHT, "the bot may post in the channel")
        advice = "Make it an administrator of the channel with the right to post messages."
        return fault(_RIGHT, "the bot may not post in the channel", advice)
    if status in ("creator", "administrator"):
        return fine(_RIGHT, "messages, photos and videos (administrator)")
    granted = member if status == "restricted" else fields_of(chat.get("permissions"))
    missing = [what for right, what in _RIGHTS.items() if granted.get(right) is False]
    if "messages" in missing:
        return fault(
            _RIGHT,
            "the bot may not write in the chat",
            "Make the bot an administrator, or allow members to send messages (group settings, Permissions).",
        )
    if missing:
        advice = f"Make the bot an administrator, or allow members to send {' and '.join(missing)}."
        return fault(_RIGHT, f"the bot may send no {' and no '.join(missing)}", advice)
    return fine(_RIGHT, "messages, photos and videos")


def evaluate_test(answer: transports.Answer) -> Finding:
    """What came of the test message."""
    subject = "test message"
    if answer.is_sent:
        return fine(subject, "sent without a sound: look into the chat")
    if answer.outcome in (transports.Outcome.UNAVAILABLE, transports.Outcome.WAIT):
        return warning(subject, f"not sent now ({answer.reason})", _LATER)
    reason, _, advice = answer.reason.partition("; ")
    advice = (
        f"{advice[:1].upper()}{advice[1:]}." if advice else "Check TELEGRAM_CHAT_ID and TELEGRAM_THREAD_ID."
    )
    return fault(subject, f"refused ({reason})", advice)


def _refused(subject: str, answer: BotAnswer, settings: Settings) -> Finding:
    """An error of a call that names the chat."""
    chat_id = settings.telegram_chat_id
    new_id = answer.parameters.get("migrate_to_chat_id")
    words = answer.description.lower()
    if isinstance(new_id, int) and not isinstance(new_id, bool):
        found = f"the group {chat_id} was upgraded to a supergroup, and has a new id"
        return fault(subject, found, f"Set TELEGRAM_CHAT_ID={new_id}.")
    if "chat not found" in words:
        return fault(
            subject,
            f"there is no chat {chat_id} for this bot",
            "Add the bot to the group (a person has to write to the bot first), then check TELEGRAM_CHAT_ID; "
            f"a group's id begins with a minus sign. {_FIND_IT}",
        )
    if "thread" in words or "topic" in words:
        advice = "The topic was deleted or closed: open it again, or set TELEGRAM_THREAD_ID to another."
        found = f"Telegram does not take it ({answer.description})"
        return fault("topic", found, f"{advice} {_FIND_IT}")
    if answer.status == 403:
        is_blocked = "blocked" in words
        advice = "Unblock the bot, and press Start in its chat." if is_blocked else "Add the bot again."
        return fault(subject, f"the bot is shut out ({answer.description})", advice)
    if "rights" in words:
        return fault(
            subject, f"the bot may not write ({answer.description})", "Let the bot post in the chat."
        )
    return _failed(subject, answer, settings)


def _failed(subject: str, answer: BotAnswer, settings: Settings) -> Finding:
    if answer.unreachable is not None:
        url = settings.telegram_api_url
        return unreached(subject, "TELEGRAM_API_URL", url, answer.unreachable, "the Bot API")
    if answer.status == 429:
        return warning(subject, f"Telegram asks to wait ({answer.description})", _LATER)
    if answer.status >= 500:
        return warning(subject, f"Telegram has a fault ({answer.description})", _LATER)
    if answer.status == 0:
        advice = "Check TELEGRAM_API_URL; a login page or a proxy may stand in between."
        return fault(subject, answer.description, advice)
    return fault(subject, f"Telegram refuses ({answer.description})", "Check TELEGRAM_CHAT_ID.")
