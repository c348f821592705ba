"""When an answer may be sent to the chat: after alerts, not into their room, and not while Telegram asks to
be left alone."""

import logging
from collections.abc import Callable
from dataclasses import replace

from functions.shared.domain.keys import chat_key
from functions.shared.errors import BridgeError
from functions.shared.messages.chat_record import ChatState, chat_state_of
from functions.shared.messages.codec import recall, to_json
from functions.shared.ports import RecordStore
from functions.shared.records import update
from functions.shared.runtime.clocks import Clock
from functions.shared.telegram import pace

_log = logging.getLogger(__name__)

# Of what a group may be sent in a minute, at least this many are the alerts', and at least half: an answer of
# several messages waits for another minute then.
ROOM_FOR_ALERTS = 5


class NotNowError(Exception):
    """It is to be tried again, after so many seconds at the earliest."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not for {seconds:.1f} s")
        self.seconds = seconds


class Turns:
    """Of one chat, over the state that notify keeps of it. Blocks."""

    def __init__(self, records: RecordStore, chat_id: str, per_minute: int, clock: Clock) -> None:
        self._records = records
        self._key = chat_key(chat_id)
        self._clock = clock
        self._per_minute = per_minute if pace.is_group(chat_id) else 0

    def state(self) -> ChatState:
        """Raises TransientError."""
        return chat_state_of(self._records.get(self._key))

    def seconds_to_wait(self) -> float:
        """By what is stored now: alerts go on meanwhile. Raises TransientError."""
        state, now = self.state(), self._clock()
        held = pace.seconds_held(state, now)
        if self._per_minute <= 0:
            return held
        most = self._per_minute - max(ROOM_FOR_ALERTS, self._per_minute // 2)
        promised = [it.place for it in state.lanes if it.place is not None and it.place <= now + 60.0]
        waiting = len([at for at in promised if at > now - 60.0])
        return max(held, pace.seconds_to_wait(state.window, now, max(1, most - waiting)))

    def require(self) -> None:
        """Raises NotNowError."""
        wait = self.seconds_to_wait()
        if wait > 0:
            raise NotNowError(wait)

    def sent(self) -> None:
        """One message more is in the chat."""
        now = self._clock()
        if self._per_minute > 0:
            self._change(lambda state: replace(state, window=(*pace.current(state.window, now), now)))

    def asked_to_wait(self, seconds: float) -> None:
        """By Telegram, for whatever is sent to the chat."""
        now = self._clock()
        self._change(lambda state: pace.asked_to_wait(state, now, seconds))

    def moved(self, new_chat: int) -> None:
        """The group has another id from now on."""
        self._change(lambda state: replace(state, moved_to=str(new_chat)))

    def _change(self, change: Callable[[ChatState], ChatState]) -> None:
        try:
            update(self._records, self._key, lambda body: recall(ChatState, body), to_json, change)
        except BridgeError as error:  # what was sent must not be sent again
            _log.warning("the state of the chat could not be written: %s", error)
