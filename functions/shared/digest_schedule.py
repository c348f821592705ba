"""Asks for the digest of what was kept back, once it is quiet no more.

Whoever runs every few minutes does it: liveness in the cloud, a timer embedded. What is asked for stands in
the records until notify has told it, so a run that is missed or killed loses nothing. The message is put on
its queue first, with an id that follows from what is held, and then marked as asked for.
"""

import logging
from dataclasses import replace

from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import (
    asked_key,
    digest,
    effect_id,
    held_prefix,
    preferences_key,
    printer_chat,
)
from functions.shared.messages.chat_preferences import read_preferences
from functions.shared.messages.effects import Category, Notification, outgoing
from functions.shared.messages.held_messages import HeldMessages, read_held
from functions.shared.messages.quiet_times import QuietTimes
from functions.shared.ports import Backends, Queue, RecordStore
from functions.shared.runtime.clocks import Clock
from functions.shared.settings import Settings
from functions.shared.value_class import dataclass

DIGEST_HEADING = "all-printers"  # the line of the queue that it waits in
# For so long one that was asked for is waited for; then it is asked for anew, as if it had been lost.
_ASKED_SECONDS = 3600.0
_log = logging.getLogger(__name__)


def due_among(held: list[HeldMessages], quiet: list[bool], cut: float) -> list[HeldMessages]:
    """What can be told: of those of which it is quiet no more, if something was held by then."""
    pairs = zip(held, quiet, strict=True)
    return [it for it, is_quiet in pairs if not is_quiet and not it.is_empty and it.first[0] <= cut]


@dataclass(frozen=True, slots=True)
class DigestSchedule:
    """`chat` names the notifications' group; `times` are those of the settings."""

    records: RecordStore
    notifications: Queue
    chat: str
    times: QuietTimes
    clock: Clock

    def check(self) -> bool:
        """Ask for the digest if it is due; whether it was. Raises TransientError."""
        held = [read_held(stored.value) for stored in self.records.list(held_prefix(self.chat))]
        if not held:
            return False
        now = self.clock()
        stored = self.records.get(preferences_key(self.chat))
        preferences = read_preferences(stored.value if stored else {})
        quiet = [self.times.is_quiet(preferences, it.printer_id, now) for it in held]
        due = due_among(held, quiet, now)
        if not due:
            return False
        at, first = min(it.first for it in due)
        asked = asked_key(effect_id("digest", digest(self.chat, repr(at), first)[:16]))
        if self.records.get(asked) is not None:
            return False
        notification = Notification(
            id=effect_id(asked, repr(now)),
            category=Category.DIGEST,
            printer_id=DIGEST_HEADING,
            observed_at=now,
            severity=Severity.NOTICE,
        )
        message = outgoing(notification, printer_chat(self.chat, DIGEST_HEADING))
        # After a crash before the mark the queue drops the repeat, though its cut is a later one.
        message = replace(message, deduplication_id=digest(asked))
        for refusal in self.notifications.send([message]):
            _log.error("the digest is refused for good: %s", refusal.reason)
        self.records.put_if_absent(asked, now + _ASKED_SECONDS)
        _log.info("the digest of %d printers is asked for", len(due))
        return True


def digest_schedule(backends: Backends, settings: Settings) -> DigestSchedule:
    """Over those back ends, by those settings."""
    times = QuietTimes(settings.quiet_hours, settings.timezone, settings.chat_answers)
    return DigestSchedule(backends.records, backends.notifications, backends.chat, times, backends.clock)
