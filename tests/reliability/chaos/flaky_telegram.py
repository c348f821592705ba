"""The strict Bot API server, with faults of a network and refusals of a chat and a bot: and who of the
senders ever had an answer.
"""

import asyncio
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from tests.reliability.chaos.auditor import Interruption
from tests.reliability.chaos.plan import Fault as Planned
from tests.reliability.chaos.plan import Kind
from tests.support.telegram import incoming
from tests.support.telegram.calls import Call, CallError, read_call
from tests.support.telegram.chats import NO_RIGHTS_AT_ALL, ChatProfile
from tests.support.telegram.faults import (
    BAD_GATEWAY,
    BROKEN_JSON,
    HANG_UP,
    LOSE_ANSWER,
    REFUSE_TO_READ,
    SERVER_ERROR,
    Fault,
    too_many_requests,
)
from tests.support.telegram.server import GROUP_ID, TelegramServer

_ANSWER_SECONDS = 0.02
_WAITS_SECONDS = 5.0  # for a call to befall; else faults pile up while nobody calls
_FAULTS: dict[Kind, Sequence[Fault]] = {
    Kind.TELEGRAM_429: (too_many_requests(1), too_many_requests(2), too_many_requests(4)),
    Kind.TELEGRAM_5XX: (SERVER_ERROR, BAD_GATEWAY, BROKEN_JSON),
    Kind.TELEGRAM_HANG_UP: (HANG_UP, REFUSE_TO_READ),
    Kind.TELEGRAM_LOST_ANSWER: (LOSE_ANSWER,),
}
TOPIC = 7
_UNAUTHORIZED = CallError(401, "Unauthorized")
_UNKNOWN = CallError(400, "Bad Request: SOMETHING_OF_ITS_OWN")  # of a kind that nobody knows
_NO_MEDIA = {"can_send_photos": False, "can_send_videos": False}
_LAG = 0.1  # until a refusal is recorded
_TOAST = "answerCallbackQuery"


class Happening:
    """Something that threads do again and again, and that tasks wait for."""

    def __init__(self) -> None:
        self._expecting: deque[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = deque()

    async def next(self, within: float) -> bool:
        """Once it happens; False if it does not within so many seconds."""
        begun = asyncio.Event()
        self._expecting.append((asyncio.get_running_loop(), begun))
        try:
            async with asyncio.timeout(within):
                return await begun.wait()
        except TimeoutError:
            return False

    def happens(self) -> None:
        """Now, in any thread."""
        while self._expecting:
            loop, begun = self._expecting.popleft()
            loop.call_soon_threadsafe(begun.set)


class FlakyTelegram(TelegramServer):
    """A group with one topic. `answered`: when the sender of a message (by its number) had its answer.

    `sends`: when somebody began to send something; `waits`: when somebody was asked to wait, and for how
    long; `refused`: the planned refusals by their words; `doubts`: when a message was refused for a reason
    that nobody knows; `refused_calls`: the messages that met a planned refusal.

    `toasts`: what was said to who pressed, and when; `toasts_refused`: how many of these answers were met
    with "wait" or a planned refusal.
    """

    def __init__(self, per_minute: int | None = None) -> None:
        super().__init__(chats={GROUP_ID: frozenset({TOPIC})}, per_minute=per_minute)
        self._standing: Counter[Kind] = Counter()
        self._stand()
        self.answered: dict[int, float] = {}
        self.sends: list[float] = []
        self.waits: list[tuple[float, float]] = []
        self.refused: Counter[str] = Counter()
        self.doubts: list[float] = []
        self.refused_calls: list[tuple[float, Call]] = []
        self.toasts: list[tuple[float, str]] = []
        self.toasts_refused = 0
        self._refusing_until = 0.0
        self.interruptions: list[Interruption] = []
        self._hold = 0.0
        self._pending: deque[tuple[float, Fault]] = deque()
        self._call = threading.local()
        self._port_lock = asyncio.Lock()
        self._sending = Happening()
        self._giving = Happening()  # of updates to the bot
        self._pushed_in_vain = 0

    async def next_send(self, within: float) -> bool:
        """Once somebody begins to send something; False if nobody does within so many seconds."""
        return await self._sending.next(within)

    async def next_update(self, within: float) -> bool:
        """Once the bot is given what somebody asks, by a poll or a push; False if it is not by then."""
        return await self._giving.next(within)

    def fault_of(self, path: str) -> Fault | None:
        fault = super().fault_of(path)
        now = time.monotonic()
        while fault is None and self._pending:
            until, waiting = self._pending.popleft()
            fault = waiting if now < until else None
        self._call.is_answer_lost = fault is not None and fault.kind == LOSE_ANSWER.kind
        method = path.rpartition("/")[2]
        is_send = method.startswith("send")
        if is_send:
            self.sends.append(time.time())
            self._sending.happens()
        is_to_wait = fault is not None and fault.code == 429
        self.toasts_refused += is_to_wait and method == _TOAST
        if is_send and fault is not None and is_to_wait:
            self.waits.append((time.time(), float(json.loads(fault.body)["parameters"]["retry_after"])))
        return fault

    def refuse(self, error: CallError) -> None:
        path, content_type, body = getattr(self._call, "asked", ("", "", b""))
        method = path.rpartition("/")[2]
        if method == _TOAST and incoming.TOO_OLD in error.description:
            return  # of one that is tried again after its answer was lost, or its sender killed
        if time.monotonic() > self._refusing_until:
            super().refuse(error)
            return
        self.refused[f"{error.code} {error.description}"] += 1
        self.toasts_refused += method == _TOAST
        if not method.startswith("send"):
            return
        self.refused_calls.append((time.time(), read_call(method, content_type, body)))
        if error is _UNKNOWN:
            self.doubts.append(time.time())

    def push_first(self) -> bool:
        """Push the update that waits longest to the webhook; whether that is known to be taken."""
        first = self.updates.waiting[0]
        self._giving.happens()
        is_taken = self.bot.push([first]) == 1
        with self._changed:
            if is_taken and self._pushed_in_vain:
                self._pushed_in_vain -= 1
                return False
            if is_taken:
                self.updates.waiting.remove(first)
        return is_taken

    def result_of(self, path: str, content_type: str, body: bytes) -> dict[str, Any]:
        self._call.asked = path, content_type, body
        result: Any = super().result_of(path, content_type, body)
        time.sleep(_ANSWER_SECONDS + self._hold)
        if path.endswith(_TOAST):
            self.toasts.append((time.time(), str(json.loads(body).get("text", ""))))
        if isinstance(result, list) and result:
            self._giving.happens()
        is_message = isinstance(result, dict) and "message_id" in result
        if not self._call.is_answer_lost and is_message:
            self.answered[result["message_id"]] = time.time()
        done: dict[str, Any] = result
        return done  # of some calls a list, or true

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
        elif fault.kind is Kind.TELEGRAM_LOST_UPDATE:
            self.script(LOSE_ANSWER, method="getUpdates")
            self._pushed_in_vain += 1
        elif fault.kind.name.startswith("CHAT"):
            self._refusing_until = max(self._refusing_until, time.monotonic() + fault.seconds + _LAG)
            self._standing[fault.kind] += 1
            self._stand()
            await asyncio.sleep(fault.seconds)
            self._standing[fault.kind] -= 1
            self._stand()
        else:
            choices = _FAULTS[fault.kind]
            self._pending.append((time.monotonic() + _WAITS_SECONDS, choices[int(fault.dice * len(choices))]))

    def _stand(self) -> None:
        """Chat and bot as the refusals that stand now have them."""
        stands = {kind for kind, count in self._standing.items() if count}
        self.profiles[GROUP_ID] = ChatProfile(
            is_forum=True,
            member={"status": "kicked" if Kind.CHAT_BOT_KICKED in stands else "member"},
            permissions=_NO_MEDIA if Kind.CHAT_NO_MEDIA in stands else {},
            closed_topics=frozenset({TOPIC} if Kind.CHAT_TOPIC_CLOSED in stands else ()),
            refusal=NO_RIGHTS_AT_ALL if Kind.CHAT_NO_RIGHTS in stands else None,
        )
        self.chats[GROUP_ID] = frozenset(() if Kind.CHAT_TOPIC_DELETED in stands else {TOPIC})
        self.blocked = {GROUP_ID} if Kind.CHAT_FORBIDDEN in stands else set()
        self.refuses_all = None
        if Kind.CHAT_UNKNOWN_400 in stands:
            self.refuses_all = _UNKNOWN
        elif Kind.CHAT_UNAUTHORIZED in stands:
            self.refuses_all = _UNAUTHORIZED
