"""What a chat was not woken for, between the night and its digest: kept in the RecordStore."""

import logging
from collections.abc import Callable
from contextlib import suppress

from functions.notify.sound import Sound, is_told_again, sound_of
from functions.shared.digest_schedule import due_among
from functions.shared.domain.keys import PRINTERS, held_key, held_prefix, preferences_key, printer_key
from functions.shared.domain.limits import DONE_MARK_SECONDS
from functions.shared.errors import BridgeError
from functions.shared.messages.chat_preferences import (
    ChatPreferences,
    preferences_to_json,
    read_preferences,
    without_ended,
)
from functions.shared.messages.effects import Notification
from functions.shared.messages.held_messages import (
    HeldMessages,
    held_to_json,
    read_held,
    until,
    with_message,
    without_told,
)
from functions.shared.messages.printer_record import PrinterRecord, printer_record_of
from functions.shared.messages.quiet_times import QuietTimes
from functions.shared.ports import RecordStore
from functions.shared.records import update
from functions.shared.runtime.clocks import Clock

# More printers are not looked through for one that has been paused since before the night.
MOST_LOOKED_AT = 1000
PAGE = 100
_log = logging.getLogger(__name__)


class HeldBack:
    """Of one chat."""

    def __init__(self, records: RecordStore, chat_id: str, times: QuietTimes, clock: Clock) -> None:
        self._records = records
        self._chat_id = chat_id
        self._times = times
        self._clock = clock

    def sound(self, notification: Notification, *, is_edited: bool) -> Sound:
        """How it is told now. What is kept back, or makes no sound, is written down before it returns.

        Raises TransientError, but not for what is told as ever.
        """
        now = self._clock()
        try:
            preferences = self._preferences()
        except BridgeError as error:
            _log.warning("it cannot be read whether it is quiet: %s", error)
            return Sound.AS_EVER
        is_quiet = self._times.is_quiet(preferences, notification.printer_id, now)
        sound = sound_of(notification, is_quiet=is_quiet, is_edited=is_edited)
        if is_quiet and is_told_again(notification) and not is_edited:
            by_hours = self._times.night(preferences, now) is not None
            if sound is Sound.AS_EVER:
                with suppress(BridgeError):  # an alert waits for nothing
                    self._hold(notification, sound, by_hours=by_hours)
            else:
                self._hold(notification, sound, by_hours=by_hours)
        return sound

    def told_until(self, cut: float) -> list[HeldMessages]:
        """What the digest of that time tells, by printer."""
        preferences = self._preferences()
        held = [until(read_held(it.value), cut) for it in self._records.list(held_prefix(self._chat_id))]
        quiet = [self._times.is_quiet(preferences, it.printer_id, cut) for it in held]
        return due_among(held, quiet, cut)

    def standing(self, told: list[HeldMessages]) -> list[PrinterRecord]:
        """The printers that a digest tells of; after quiet hours others too, which may be paused."""
        found = self._all_printers() if any(it.by_hours for it in told) else []
        known = {record.printer_id for record in found}
        others = [it.printer_id for it in told if it.printer_id not in known]
        stored = [self._records.get(printer_key(printer_id)) for printer_id in others]
        return [*found, *(printer_record_of(it) for it in stored if it is not None)]

    def clear(self, cut: float) -> None:
        """All that was held by then was told. Raises TransientError."""
        for held in self.told_until(cut):
            self._change(held.printer_id, lambda it: without_told(it, cut))
        now = self._clock()
        if self._preferences().ended_mutes(now):
            update(
                *(self._records, preferences_key(self._chat_id), read_preferences, preferences_to_json),
                lambda preferences: without_ended(preferences, now),
            )

    def _all_printers(self) -> list[PrinterRecord]:
        found: list[PrinterRecord] = []
        after = ""
        while len(found) < MOST_LOOKED_AT:
            page = self._records.list(PRINTERS, after, PAGE)
            found += map(printer_record_of, page)
            if len(page) < PAGE:
                break
            after = page[-1].key
        return found

    def _preferences(self) -> ChatPreferences:
        stored = self._records.get(preferences_key(self._chat_id))
        return read_preferences(stored.value if stored else {})

    def _hold(self, notification: Notification, sound: Sound, *, by_hours: bool) -> None:
        now, is_kept_back = self._clock(), sound is Sound.KEPT_BACK
        self._change(
            notification.printer_id,
            lambda held: with_message(held, notification, now, is_kept_back=is_kept_back, by_hours=by_hours),
        )

    def _change(self, printer_id: str, change: Callable[[HeldMessages], HeldMessages]) -> None:
        """An item of which nothing is left is over at once, else when nobody would read it any more."""
        now = self._clock()
        key = held_key(self._chat_id, printer_id)
        after = update(self._records, key, read_held, held_to_json, change, now + DONE_MARK_SECONDS)
        stored = self._records.get(key) if after.is_empty else None
        if stored is not None and read_held(stored.value).is_empty:
            self._records.put(key, {}, stored.version, now)
