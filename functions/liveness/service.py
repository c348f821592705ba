"""The liveness service: checks every collector's record and announces once that one is silent or is back.

What is to be said is written into the record first, then put on the queue, then struck out. A crash repeats
the message with the same id, which the queue and notify drop. Writes are conditional, so that no report
the tracker writes meanwhile is lost.
"""

import functools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from functions.shared.domain.collector_liveness import (
    Announcement,
    Change,
    Collector,
    LivenessState,
    advance,
    announced,
    count_silent,
    liveness_of,
)
from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import COLLECTORS, digest, effect_id
from functions.shared.effect_sender import EffectSender
from functions.shared.errors import BridgeError, ConflictError, ContractError, TransientError
from functions.shared.messages.collector_record import (
    collector_of,
    collector_record_of,
    heading_of,
    watched_words,
    with_state,
)
from functions.shared.messages.effects import Category, Notification
from functions.shared.ports import Queue, RecordStore, Stored
from functions.shared.records import update
from functions.shared.runtime.clocks import Clock
from functions.shared.text import full_duration

_log = logging.getLogger(__name__)


def notification_of(collector: Collector, announcement: Announcement, now: float) -> Notification:
    """The notification; its id comes from the collector and the silence, so that a repeat is a repeat."""
    silence = f"{digest(collector.collector_id)[:12]}-{announcement.sequence}"
    is_lost = announcement.category is Change.LOST
    lasted = full_duration(announcement.quiet_seconds, days_from_hours=24)
    return Notification(
        id=effect_id(f"collector-{silence}", announcement.category.value),
        category=Category(announcement.category.value),
        printer_id=heading_of(collector.printers),
        observed_at=announcement.decided_at,
        late_by=max(0.0, round(now - announcement.decided_at, 3)),
        severity=Severity.ATTENTION if is_lost else Severity.NOTICE,
        reason=f"No report for {lasted}" if is_lost else f"It was silent for {lasted}",
        text=watched_words(collector.printers),
    )


_CHANGES_LIMIT = 4  # no collector is lost and back and lost again within one look


@dataclass(frozen=True, slots=True)
class LivenessService:
    """`chat` names the notifications' group."""

    records: RecordStore
    notifications: Queue
    chat: str
    clock: Clock

    def check(self) -> int:
        """Look at all collectors once; how many are silent.

        Raises TransientError if one could not be dealt with; the others have been then.
        """
        stored = self.records.list(COLLECTORS)
        collectors = [known for known in map(_readable, stored) if known is not None]
        faults = 0
        for each in collectors:
            try:
                self._follow(COLLECTORS + each.collector_id, collectors)
            except BridgeError as error:
                _log.error("collector %r could not be dealt with: %s", each.collector_id, error)
                faults += 1
        if faults:
            raise TransientError(f"{faults} of {len(collectors)} collectors could not be dealt with")
        return count_silent(collectors, self.clock())

    def _follow(self, key: str, collectors: list[Collector]) -> None:
        """Decide and announce, one thing after the other, until nothing is new."""
        for _ in range(_CHANGES_LIMIT):
            collector = self._change(key, lambda known: self._advanced(known, collectors))
            pending = collector.state.pending if collector is not None else None
            if collector is None or pending is None:
                return
            self._announce(collector, pending)
            self._change(key, functools.partial(_struck_out, said=pending))

    def _advanced(self, collector: Collector, collectors: list[Collector]) -> LivenessState:
        now = self.clock()
        return advance(collector, liveness_of(collector, collectors, now), now)

    def _change(self, key: str, change: Callable[[Collector], LivenessState]) -> Collector | None:
        """Change the state as it is stored now; the collector then, None if none can be read."""
        collector: Collector | None = None

        def changed(value: Mapping[str, Any]) -> Mapping[str, Any]:
            nonlocal collector
            collector = _readable(Stored(key, dict(value), 0)) if value else None
            if collector is None:
                return value
            state, before = change(collector), collector.state
            collector = replace(collector, state=state)
            return value if state == before else with_state(value, state)

        try:
            update(self.records, key, lambda value: value, dict, changed)
        except ConflictError:
            raise TransientError("others keep writing its item") from None
        return collector

    def _announce(self, collector: Collector, announcement: Announcement) -> None:
        notification = notification_of(collector, announcement, self.clock())
        _log.warning("%s: %s. %s", notification.printer_id, notification.category.value, notification.reason)
        EffectSender(self.chat, self.notifications).send(notification)


def _struck_out(collector: Collector, said: Announcement) -> LivenessState:
    """The state without what was said; what was decided since then stays."""
    return announced(collector.state) if collector.state.pending == said else collector.state


def _readable(stored: Stored) -> Collector | None:
    try:
        return collector_of(collector_record_of(stored))
    except ContractError as error:
        _log.error("%s is left out: %s", stored.key, error)
        return None
