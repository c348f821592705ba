"""The embedded run asks Telegram for what comes from the chat: long polling, in a thread of its own.

Telegram keeps what is not confirmed for a day, so nothing is lost while the program is stopped; an offset
confirms what was dealt with. It gives updates either to who polls or to a webhook; of two who poll, to one.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from functions.chat.admission import OLDEST_SECONDS
from functions.chat.bot import Bot, Reply
from functions.chat.registration import register_commands
from functions.chat.service import ChatService, Later
from functions.chat.updates import update_id_of
from functions.shared.domain.keys import reception_key
from functions.shared.errors import BridgeError
from functions.shared.messages.chat_reception import read_reception, reception_to_json
from functions.shared.ports import RecordStore
from functions.shared.records import update
from functions.shared.runtime.backoff import Backoff
from functions.shared.runtime.clocks import Clock
from functions.shared.runtime.throttled_log import ThrottledLogger
from functions.shared.telegram.calls import BotConnection
from functions.shared.wording.durations import full_duration

_log = logging.getLogger(__name__)

POLL_SECONDS = 25.0
_LONGEST_WAIT_SECONDS = 60.0
_SHORTEST_WAIT_SECONDS = 0.2
_RIVAL_SECONDS = 30.0  # two who poll turn each other out: the other one is to get something too
_REFUSED_SECONDS = 300.0  # a token that is refused: somebody has to set another
# Of a press that has to wait, from its first try on: more than a minute of a full chat. By then whoever
# pressed has pressed again, or gone.
_PRESS_SECONDS = 150.0


class ChatPolling:
    """`thread` hands what comes to the `service`, once it is started until `ask_to_stop`. What it finds of
    itself it writes down.

    `wait` is given seconds and tells whether the program is to end.
    """

    def __init__(
        self,
        connection: BotConnection,
        bot: Bot,
        service: ChatService,
        records: RecordStore,
        chat: str,
        clock: Clock,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self.thread = threading.Thread(target=self._run, name="chat", daemon=True)
        self._connection = connection
        self._bot = bot
        self.service = service
        self._records = records
        self._key = reception_key(chat)
        self._clock = clock
        self._stopping = threading.Event()
        self._wait = wait or self._stopping.wait
        self._offset: int | None = None
        self._backoff = Backoff(1.0, _LONGEST_WAIT_SECONDS)
        self._outage = ThrottledLogger(_log, time.monotonic)
        self._has_registered = False

    def ask_to_stop(self) -> None:
        """The call that is under way is cut off."""
        self._stopping.set()
        self._connection.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                wait = self.poll_once()
            except Exception:  # noqa: BLE001 - a defect of ours must not end the thread; said with its traceback
                _log.exception("what came from the chat could not be dealt with; it is asked for again")
                wait = _LONGEST_WAIT_SECONDS
            if wait > 0:
                self._stopping.wait(wait)

    def poll_once(self) -> float:
        """Ask once and deal with what came; seconds until the next time."""
        if not self._has_registered:
            self._has_registered = register_commands(self._bot, self._records, self._key)
        reply = self._bot.updates(self._offset, POLL_SECONDS)
        if self._stopping.is_set():
            return 0.0
        if not reply.is_ok:
            return self._wait_after(reply)
        lasted = self._outage.over()
        if lasted is not None:
            _log.info("what people write in the chat comes again after %s", full_duration(lasted))
        self._backoff = self._backoff.reset()
        for body in reply.result if isinstance(reply.result, list) else []:
            if isinstance(body, dict) and not self._deal_with(body):
                break
        return 0.0

    def _deal_with(self, body: Mapping[str, Any]) -> bool:
        """Whether it was; not when the program is to end."""
        longest = _PRESS_SECONDS if "callback_query" in body else OLDEST_SECONDS
        until = self._clock() + longest
        while True:
            try:
                handled = self.service.handle(body)
            except Exception:  # noqa: BLE001 - a defect of ours must not come again for ever; said with its traceback
                _log.exception("update %s could not be dealt with, it is passed over", update_id_of(body))
                break
            if not isinstance(handled, Later):
                break
            wait = max(_SHORTEST_WAIT_SECONDS, handled.seconds)
            if self._clock() + wait > until:
                _log.warning(
                    "update %s is passed over: it would have to wait for more than %s",
                    update_id_of(body),
                    full_duration(longest),
                )
                break
            if self._wait(min(wait, _LONGEST_WAIT_SECONDS)):
                return False
        update_id = update_id_of(body)
        if update_id is not None:
            self._offset = update_id + 1
        return True

    def _wait_after(self, reply: Reply) -> float:
        if reply.status == 409 and reply.says("webhook"):
            return self._remove_webhook()
        if reply.status == 409:
            self._note(lambda reception: replace(reception, rival_at=self._clock()))
            self._outage.failing(
                "another program asks for what people write to this bot, so each gets a part of it: stop it, "
                "or make a bot of its own for it",
                logging.ERROR,
            )
            return _RIVAL_SECONDS * (0.5 + random.random())
        if reply.retry_after is not None:
            return reply.retry_after
        delay, self._backoff = self._backoff.next(random.random)
        if reply.status in (401, 404):
            delay = _REFUSED_SECONDS
        self._outage.failing(f"what people write in the chat is not had: {reply.description}")
        return delay

    def _remove_webhook(self) -> float:
        """One left over from a cloud, or another program: who is started last means it."""
        removed = self._bot.call("deleteWebhook")
        if not removed.is_ok:
            self._outage.failing(f"a webhook is in the way and cannot be removed: {removed.description}")
            return _RIVAL_SECONDS
        _log.warning("a webhook of this bot was left over from another installation: it is removed")
        self._note(lambda reception: replace(reception, webhook_removed_at=self._clock()))
        return 0.0

    def _note(self, change: Any) -> None:
        try:
            update(self._records, self._key, read_reception, reception_to_json, change)
        except BridgeError as error:
            _log.warning("the state of the chat could not be written: %s", error)
