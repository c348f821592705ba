"""The strict Bot API server, with faults of a network: and who of the senders ever had an answer."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from tests.reliability.chaos.auditor import Interruption
from tests.reliability.chaos.plan import Fault as Planned
from tests.reliability.chaos.plan import Kind
from tests.support.telegram.faults import (
    BAD_GATEWAY,
    BROKEN_JSON,
    HANG_UP,
    LOSE_ANSWER,
    REFUSE_TO_READ,
    SERVER_ERROR,
    Fault,
    answers,
    too_many_requests,
)
from tests.support.telegram.server import TelegramServer

_ANSWER_SECONDS = 0.02
_WAITS_SECONDS = 2.0  # for a call to befall; else faults pile up while nobody calls
_FAULTS: dict[Kind, Sequence[Fault]] = {
    Kind.TELEGRAM_429: (too_many_requests(1), too_many_requests(2)),
    Kind.TELEGRAM_5XX: (SERVER_ERROR, BAD_GATEWAY, BROKEN_JSON),
    Kind.TELEGRAM_HANG_UP: (HANG_UP, REFUSE_TO_READ),
    Kind.TELEGRAM_LOST_ANSWER: (LOSE_ANSWER,),
    Kind.TELEGRAM_REFUSES: (
        answers(403, "Forbidden: bot was kicked from the supergroup chat"),
        answers(400, "Bad Request: chat not found"),
        answers(400, "Bad Request: not enough rights to send text messages to the chat"),
        answers(400, "Bad Request"),
    ),
}


class FlakyTelegram(TelegramServer):
    """`answered`: when the sender of a message (by its number) had its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.answered: dict[int, float] = {}
        self.interruptions: list[Interruption] = []
        self._hold = 0.0
        self._pending: deque[tuple[float, Fault]] = deque()
        self._call = threading.local()
        self._port_lock = asyncio.Lock()

    def fault_of(self, path: str) -> Fault | None:
        fault = super().fault_of(path)
        now = time.monotonic()
        while fault is None and self._pending:
            until, waiting = self._pending.popleft()
            fault = waiting if now < until else None
        self._call.is_answer_lost = fault is not None and fault.kind == LOSE_ANSWER.kind
        return fault

    def result_of(self, path: str, content_type: str, body: bytes) -> dict[str, Any]:
        result = super().result_of(path, content_type, body)
        time.sleep(_ANSWER_SECONDS + self._hold)
        if not self._call.is_answer_lost and "message_id" in result:
            self.answered[result["message_id"]] = time.time()
        return result

    async def suffer(self, fault: Planned) -> None:
        """One planned fault, from its begin to its end."""
        if fault.kind is Kind.TELEGRAM_SLOW:
            self._hold = fault.seconds
            await asyncio.sleep(fault.seconds)
            self._hold = 0.0
        elif fault.kind is Kind.TELEGRAM_DOWN:
            async with self._port_lock:
                self.interruptions.append(Interruption(time.time(), "Telegram went away"))
                await asyncio.to_thread(self.down)
                await asyncio.sleep(fault.seconds)
                self.up()
        else:
            choices = _FAULTS[fault.kind]
            self._pending.append((time.monotonic() + _WAITS_SECONDS, choices[int(fault.dice * len(choices))]))
