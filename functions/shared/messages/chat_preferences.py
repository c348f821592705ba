"""What the people of one chat have asked for: who is muted, when it is quiet, which alerts were wrong.

The chat's own part writes it at their wish, notify and inspection go by it. One item per chat, changed by its
version: `update(records, preferences_key(chat_id), read_preferences, preferences_to_json, change)`, with any
of the changes below. All times are seconds since 1970. Pure.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from functions.shared.domain.keys import token_of
from functions.shared.messages.codec import recall, to_json
from functions.shared.value_class import dataclass

MOST_MUTES = 100  # printers are muted by hand
MOST_DISMISSED = 200  # some days of a farm with a camera that fools the AI
EVERY_PRINTER = ""
QUIET_IS_OFF = "off"


@dataclass(frozen=True, slots=True)
class Mute:
    """Of one printer, or of all (`EVERY_PRINTER`), from when to when.

    One that is over stays until what it kept back was told (`without_ended`).
    """

    until: float
    since: float
    printer_id: str = EVERY_PRINTER

    def is_of(self, printer_id: str) -> bool:
        return self.printer_id in (EVERY_PRINTER, printer_id)

    def holds(self, now: float) -> bool:
        """Not before it began either: by a clock that was put back it would last for ever."""
        return self.since - 5.0 <= now < self.until


@dataclass(frozen=True, slots=True)
class Dismissal:
    """An alert that somebody looked into: all was well. `job` is the token of the job's id."""

    job: str
    category: str


@dataclass(frozen=True, slots=True)
class ChatPreferences:
    """`quiet` is put in the place of QUIET_HOURS: hours as they are set there, or QUIET_IS_OFF."""

    mutes: tuple[Mute, ...] = ()
    quiet: str | None = None
    dismissed: tuple[Dismissal, ...] = ()

    def muted_until(self, printer_id: str, now: float) -> float | None:
        """Until when that printer is muted, or None if it is not."""
        ends = [mute.until for mute in self.mutes if mute.is_of(printer_id) and mute.holds(now)]
        return max(ends, default=None)

    def ended_mutes(self, now: float) -> tuple[Mute, ...]:
        return tuple(mute for mute in self.mutes if not mute.holds(now))

    def is_dismissed(self, job_id: str, category: str) -> bool:
        return Dismissal(token_of(job_id), category) in self.dismissed


def read_preferences(body: Mapping[str, Any]) -> ChatPreferences:
    """Total: what cannot be read was not asked for."""
    return recall(ChatPreferences, body)


def preferences_to_json(preferences: ChatPreferences) -> dict[str, Any]:
    """As stored."""
    return to_json(preferences)


def with_mute(preferences: ChatPreferences, printer_id: str, now: float, until: float) -> ChatPreferences:
    """In the place of an earlier one of the same; what that one kept back is told at the end of this one."""
    same = [mute for mute in preferences.mutes if mute.printer_id == printer_id]
    since = min([now, *(mute.since for mute in same if mute.holds(now))])
    others = tuple(mute for mute in preferences.mutes if mute.printer_id != printer_id)
    return replace(preferences, mutes=(*others, Mute(until, since, printer_id))[-MOST_MUTES:])


def without_mute(preferences: ChatPreferences, printer_id: str, now: float) -> ChatPreferences:
    """That printer's ends now, and so does that of all; EVERY_PRINTER: every mute ends."""

    def ended(mute: Mute) -> Mute:
        is_meant = printer_id == EVERY_PRINTER or mute.is_of(printer_id)
        return replace(mute, until=now) if is_meant and mute.holds(now) else mute

    return replace(preferences, mutes=tuple(ended(mute) for mute in preferences.mutes))


def without_ended(preferences: ChatPreferences, now: float) -> ChatPreferences:
    """Of the mutes that are over all was told."""
    return replace(preferences, mutes=tuple(mute for mute in preferences.mutes if mute.holds(now)))


def with_quiet(preferences: ChatPreferences, hours: str | None) -> ChatPreferences:
    """`hours`: 22:00-07:00, QUIET_IS_OFF, or None for what the settings say."""
    return replace(preferences, quiet=hours)


def with_dismissed(preferences: ChatPreferences, job_token: str, category: str) -> ChatPreferences:
    """An alert of that kind is not told again in that job; the oldest are forgotten."""
    new = Dismissal(job_token, category)
    others = tuple(known for known in preferences.dismissed if known != new)
    return replace(preferences, dismissed=(*others, new)[-MOST_DISMISSED:])
