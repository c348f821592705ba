"""The people in the chat: they write and press as planned, at the strict Bot API server, and what they did is
noted. Where updates are pushed, this is the part of Telegram that pushes them.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import requests

from functions.shared.domain.keys import token_of
from functions.shared.messages.callback_data import Action, CallbackData, encode_callback
from tests.reliability.chaos.chat import is_of
from tests.reliability.chaos.conversation import (
    FIRST_MESSAGE,
    Asked,
    Conversation,
    Refused,
    Said,
    is_answer,
    is_digest,
    questions_of,
)
from tests.reliability.chaos.flaky_telegram import TOPIC, FlakyTelegram
from tests.reliability.chaos.people import Request, Wish
from tests.reliability.chaos.timeline import Span
from tests.support.telegram.server import Posted

_PUSHED_AGAIN_AFTER = 0.5
_LOOKED_EVERY = 0.05
_FINE_OF = "spaghetti"


class People:
    """`asked` is what they did; who has nothing to press yet writes instead."""

    def __init__(self, telegram: FlakyTelegram, printers: Sequence[str]) -> None:
        self.asked: list[Asked] = []
        self._telegram = telegram
        self._printers = printers

    def ask(self, request: Request) -> None:
        """Now."""
        below = self._below(request) if request.wish.is_press else None
        if request.wish.is_press and below is None:
            request = Request(request.at, Wish.STATUS, request.person, request.printer)
        printer = self._printers[request.printer]
        number = FIRST_MESSAGE + len(self.asked)
        asked = Asked(
            number, request.wish, request.person, printer, time.time(), request.age, request.minutes
        )
        self.asked.append(asked)
        sender = {"id": request.person, "is_bot": False, "first_name": f"Person {request.person}"}
        if below is not None:
            self._telegram.presses_data(_data_of(asked), below, sender)
            return
        topic: dict[str, Any] = {"message_thread_id": TOPIC, "is_topic_message": True}
        self._telegram.says(
            asked.wish.format(printer),
            sender,
            message_id=number,
            date=int(asked.at) - asked.age,
            **(topic if request.is_in_topic else {}),
        )

    def _below(self, request: Request) -> Posted | None:
        """The newest message of that printer."""
        printer = self._printers[request.printer]
        return next((one for one in self._telegram.messages[::-1] if is_of(one.text, printer)), None)

    def conversation(self, former: Sequence[Span]) -> Conversation:
        """All that was asked and said so far."""
        telegram, posted = self._telegram, self._telegram.messages
        said = [
            Said(one.text, one.at, telegram.answered.get(one.id), replied_to(one.parameters))
            for one in posted
        ]
        toasts = [Said(text, at, at) for at, text in telegram.toasts]  # in a full chat all is said there
        spoken = sorted([*said, *toasts], key=lambda one: one.at)
        answers = [one for one in spoken if is_answer(one.text, one.reply_to)]
        refused = [
            Refused(call.text, at, replied_to(call.parameters))
            for at, call in telegram.refused_calls
            if is_answer(call.text, replied_to(call.parameters))
        ]
        questions, strays = questions_of(self.asked, answers, refused)
        return Conversation(
            questions,
            tuple(one for one in said if is_digest(one.text)),
            strays,
            presses=sum(one.wish.is_press for one in self.asked),
            toasts=len(telegram.bot.answers),
            toasts_refused=telegram.toasts_refused,
            former=tuple(former),
        )


def is_of_people(one: Posted) -> bool:
    """Whether it is an answer, or tells what a mute kept back: no alert."""
    return is_answer(one.text, replied_to(one.parameters)) or is_digest(one.text)


def replied_to(parameters: Any) -> int | None:
    """The number of the message that it answers, whether the server knows that or not."""
    found = parameters.get("reply_parameters")
    number = found.get("message_id") if isinstance(found, dict) else None
    return number if isinstance(number, int) else None


def _data_of(asked: Asked) -> str:
    token = token_of(asked.printer)
    if asked.wish is Wish.PRESS_FINE:
        job = token_of(f"job of person {asked.person}")
        return encode_callback(CallbackData(Action.LOOKS_FINE, token, job, _FINE_OF))
    return encode_callback(CallbackData(Action.CHOOSE, token, command="mute", seconds=asked.minutes * 60))


@asynccontextmanager
async def pushing(telegram: FlakyTelegram) -> AsyncIterator[None]:
    """Meanwhile updates are pushed to the webhook that is set, one by one, each until it is taken."""
    task = asyncio.create_task(_push(telegram))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _push(telegram: FlakyTelegram) -> None:
    while True:
        is_taken = False
        if telegram.webhook and telegram.updates.waiting:
            with suppress(requests.RequestException):
                is_taken = await asyncio.to_thread(telegram.push_first)
        await asyncio.sleep(
            _LOOKED_EVERY if is_taken or not telegram.updates.waiting else _PUSHED_AGAIN_AFTER
        )
