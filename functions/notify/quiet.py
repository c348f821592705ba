"""Whether a message makes a sound, and the digest of what was kept back: where somebody asked for quiet.

Nobody has by default: then nothing is read for it, and its rules are not even loaded, as a function would
start later for them. What is held from before is told all the same.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from functions.notify.render import Message, RenderContext
from functions.notify.rules import NotifyRules
from functions.notify.sound import Sound
from functions.shared.messages.effects import Notification
from functions.shared.ports import RecordStore
from functions.shared.runtime.clocks import Clock

if TYPE_CHECKING:
    from functions.notify.held_back import HeldBack


class Quiet:
    """Of one chat."""

    def __init__(self, records: RecordStore, rules: NotifyRules, clock: Clock) -> None:
        self._records = records
        self._rules = rules
        self._clock = clock
        self._is_asked_for = rules.quiet_hours is not None or rules.chat_answers
        if self._is_asked_for:
            _ = self._held  # with the rest, so that no message waits for it

    def sound(self, notification: Notification, *, is_edited: bool) -> Sound:
        """How it is told now. What is kept back, or makes no sound, is written down before it returns.

        Raises TransientError, but not for what is told as ever.
        """
        if not self._is_asked_for:
            return Sound.AS_EVER
        return self._held.sound(notification, is_edited=is_edited)

    def digest(self, cut: float, context: RenderContext) -> Message | None:
        """What was held by then; None: nothing. Raises TransientError."""
        from functions.notify.digest import digest_message

        told = self._held.told_until(cut)
        return digest_message(told, self._held.standing(told), context)

    def clear(self, cut: float) -> None:
        """All that was held by then was told. Raises TransientError."""
        self._held.clear(cut)

    @cached_property
    def _held(self) -> "HeldBack":
        from functions.notify.held_back import HeldBack
        from functions.shared.messages.quiet_times import QuietTimes

        rules = self._rules
        times = QuietTimes(rules.quiet_hours, rules.zone, rules.chat_answers)
        return HeldBack(self._records, rules.chat_id, times, self._clock)
