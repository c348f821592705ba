"""How far the answer to one update has come, stored, so that a repeat goes on where it was broken off."""

import logging
from collections.abc import Callable
from dataclasses import replace

from functions.shared.domain.keys import done_key, effect_id
from functions.shared.errors import BridgeError
from functions.shared.messages.chat_preferences import ChatPreferences
from functions.shared.messages.codec import recall, to_json
from functions.shared.ports import RecordStore
from functions.shared.records import is_done, update
from functions.shared.runtime.clocks import Clock
from functions.shared.value_class import dataclass

_log = logging.getLogger(__name__)

# Telegram gives an update again for a day.
_KEPT_SECONDS = 2 * 86_400.0


@dataclass(frozen=True, slots=True)
class Steps:
    """What was done of an answer. `is_pressed`: who pressed a button was answered, or is about to be.

    `begun_at` and `preferences`: when something was changed first, and what was wished before: with
    these the answer is the same. `is_changed`: it was; `is_film_under_way`: the upload of a film was begun;
    `said`: how many of its messages are sent.
    """

    begun_at: float | None = None
    preferences: ChatPreferences | None = None
    is_pressed: bool = False
    is_changed: bool = False
    is_film_under_way: bool = False
    said: int = 0


class Progress:
    """Of the update with that mark; its calls in one thread. Blocks."""

    def __init__(self, records: RecordStore, mark: str, clock: Clock) -> None:
        self.mark = mark
        self._records = records
        self._key = done_key(effect_id(mark, "steps"))
        self._clock = clock
        self._steps: Steps | None = None

    @property
    def is_over(self) -> bool:
        """Whether it was answered. Raises TransientError."""
        return is_done(self._records, self.mark)

    @property
    def steps(self) -> Steps:
        """Read once. Raises TransientError."""
        if self._steps is None:
            stored = self._records.get(self._key)
            self._steps = recall(Steps, stored.value) if stored else Steps()
        return self._steps

    def begin_change(self, preferences: ChatPreferences, at: float) -> None:
        """Before what is wished is changed for the first time. Raises BridgeError."""
        if self.steps.begun_at is None:
            self._write(lambda steps: replace(steps, begun_at=at, preferences=preferences))

    def begin_press(self, change: tuple[ChatPreferences, float] | None) -> None:
        """Before who pressed is answered; `change`: as in `begin_change`, if something is to be changed.

        A repeat, to which Telegram says that the press is too old, knows by it that it was not. Raises
        BridgeError.
        """
        preferences, at = change or (None, None)
        if not self.steps.is_pressed:
            self._write(lambda steps: replace(steps, is_pressed=True, begun_at=at, preferences=preferences))

    def changed(self) -> None:
        """Raises BridgeError."""
        self._write(lambda steps: replace(steps, is_changed=True))

    def begin_film(self) -> bool:
        """Right before the upload; False if one was begun already, so that it may have arrived.

        Raises BridgeError.
        """
        if self.steps.is_film_under_way:
            return False
        self._write(lambda steps: replace(steps, is_film_under_way=True))
        return True

    def film_not_taken(self) -> None:
        """It has certainly not arrived."""
        self._keep(lambda steps: replace(steps, is_film_under_way=False))

    def said(self, number: int) -> None:
        """So many of its messages are sent."""
        self._keep(lambda steps: replace(steps, said=number))

    def over(self) -> None:
        """All of it is done."""
        try:
            self._records.put_if_absent(done_key(self.mark), self._clock() + _KEPT_SECONDS)
        except BridgeError as error:
            _log.error("%s could not be marked as done: %s", self.mark, error)

    def _keep(self, change: Callable[[Steps], Steps]) -> None:
        """What was sent must not be sent again for a mark that cannot be set."""
        try:
            self._write(change)
        except BridgeError as error:
            _log.error("how far %s has come could not be written: %s", self.mark, error)

    def _write(self, change: Callable[[Steps], Steps]) -> None:
        expires_at = self._clock() + _KEPT_SECONDS
        self._steps = update(
            self._records, self._key, lambda body: recall(Steps, body), to_json, change, expires_at
        )
