"""Telegram: token, chat, topic, right to post; on request a real test message."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from functions.notify.render import Message
from functions.notify.telegram import Telegram
from functions.notify.transports import Answer, Outcome
from functions.shared.settings import Settings
from infra.local.doctor.findings import CheckResult, Finding, fault, fine, nothing, warning
from infra.local.doctor.telegram_judgement import (
    CHECK,
    evaluate_action,
    evaluate_chat,
    evaluate_member,
    evaluate_token,
    evaluate_topic,
)
from infra.local.probes.http import Unreachable
from infra.local.probes.telegram_api import BotAnswer, BotApi, fields_of

TEST_TEXT = "Printer Realtime Bridge: this is the test message of `printer-bridge doctor`. All is well."
_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class TelegramCheck:
    """Blocking. `send`: how the test message goes out, None if none was asked for."""

    settings: Settings
    call: Callable[..., BotAnswer | Unreachable]
    send: Callable[[Message], Answer] | None = None

    def look(self) -> CheckResult:
        settings = self.settings
        if not settings.telegram_bot_token:
            return CheckResult(
                (nothing(CHECK, "token", "not set (TELEGRAM_BOT_TOKEN): messages are shown in the terminal"),)
            )
        me = self.call("getMe")
        token = evaluate_token(me, settings.telegram_api_url)
        if isinstance(me, Unreachable) or not me.is_ok:
            return CheckResult((token,), _clocks(me))
        bot = fields_of(me.result)
        return CheckResult((token, *self._look_at_chat(bot.get("id"))), _clocks(me))

    def _look_at_chat(self, bot_id: object) -> list[Finding]:
        settings = self.settings
        chat_id = settings.telegram_chat_id
        asked = self.call("getChat", chat_id=_chat(chat_id))
        chat_finding = evaluate_chat(asked, chat_id, settings.telegram_api_url)
        if isinstance(asked, Unreachable) or not asked.is_ok:
            return [chat_finding]
        chat = fields_of(asked.result)
        findings = [chat_finding]
        topic = evaluate_topic(settings.telegram_thread_id, chat, self.send is not None)
        findings += [topic] if topic is not None else []
        right = self._right(chat, bot_id)
        findings.append(right)
        if self.send is not None:
            findings.append(evaluate_test(self.send(Message(None, TEST_TEXT, is_silent=True))))
        return findings

    def _right(self, chat: Mapping[str, Any], bot_id: object) -> Finding:
        chat_id = _chat(self.settings.telegram_chat_id)
        thread = self.settings.telegram_thread_id
        address = {"chat_id": chat_id} | ({"message_thread_id": thread} if thread is not None else {})
        refusal = evaluate_action(
            self.call("sendChatAction", action="typing", **address), self.settings.telegram_chat_id
        )
        if refusal is not None:
            return refusal
        if chat.get("type") == "private":
            return fine(CHECK, "right to post", "the person has not blocked the bot")
        return evaluate_member(self.call("getChatMember", chat_id=chat_id, user_id=bot_id), chat)


def make_check(settings: Settings, is_sending: bool) -> TelegramCheck:
    """With real calls."""
    api = BotApi(settings.telegram_api_url, settings.telegram_bot_token)
    transport = Telegram(
        settings.telegram_bot_token,
        settings.telegram_chat_id,
        settings.telegram_thread_id,
        settings.telegram_api_url,
        read_seconds=_SECONDS,
    )
    return TelegramCheck(settings, api.call, transport.send_text if is_sending else None)


def evaluate_test(answer: Answer) -> Finding:
    """What came of the test message. Pure."""
    subject = "test message"
    if answer.is_sent:
        return fine(CHECK, subject, "sent without a sound: look into the chat")
    if answer.outcome in (Outcome.UNAVAILABLE, Outcome.WAIT):
        return warning(CHECK, subject, f"not sent now ({answer.reason})", "Try again later.")
    reason, _, advice = answer.reason.partition("; ")
    advice = (
        advice[:1].upper() + advice[1:] + "." if advice else "Check TELEGRAM_CHAT_ID and TELEGRAM_THREAD_ID."
    )
    return fault(CHECK, subject, f"refused ({reason})", advice)


def _chat(chat_id: str) -> int | str:
    return chat_id if chat_id.startswith("@") else int(chat_id)


def _clocks(answer: BotAnswer | Unreachable) -> tuple[tuple[str, float], ...]:
    if isinstance(answer, Unreachable) or answer.ahead is None:
        return ()
    return ((CHECK, answer.ahead),)
