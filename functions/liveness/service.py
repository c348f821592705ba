"""The liveness service: checks every collector's record and announces once that one is silent or is back.

Work grows with what has changed: of collectors that are heard, and were before, one listing is read and
nothing else. Lists of printers are read where somebody is missing, or two might watch the same, if new.

What is to be said is written into the record first, then put on the queue, then struck out. A crash repeats
the message with the same id, which the queue and notify drop. Writes are conditional, so that no report
the tracker writes meanwhile is lost.
"""

import functools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from functions.shared.domain.collector_liveness import (
    Announcement,
    Change,
    Collector,
    LivenessState,
    LivenessStatus,
    advance,
    announced,
    count_silent,
    liveness_of,
    watched_now,
)
from functions.shared.domain.collector_rivals import rivals_among
from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import COLLECTORS, digest, effect_id, listing_key
from functions.shared.domain.limits import COLLECTOR_SILENT_SECONDS
from functions.shared.effect_sender import EffectSender
from functions.shared.errors import BridgeError, ConflictError, ContractError, TransientError
from functions.shared.messages.collector_record import (
    CollectorRecord,
    collector_of,
    collector_record_of,
    heading_of,
    listed_in,
    watched_words,
    with_rivals,
    with_state,
)
from functions.shared.messages.effects import Category, Notification
from functions.shared.ports import Queue, RecordStore, Stored
from functions.shared.records import update
from functions.shared.runtime.clocks import Clock
from functions.shared.wording.durations import full_duration
from functions.shared.wording.reasons import no_report, was_silent

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
        reason=no_report(lasted) if is_lost else was_silent(lasted),
        text=watched_words(collector.printers),
    )


_RIVALS_NAMED = 4
_CHANGES_LIMIT = 4  # no collector is lost and back and lost again within one look


@dataclass(frozen=True, slots=True)
class LivenessService:
    """`chat` names the notifications' group. One for each container: it remembers the lists it has read."""

    records: RecordStore
    notifications: Queue
    chat: str
    clock: Clock
    _lists: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)  # by collector, with digests

    def check(self) -> int:
        """Look at all collectors once; how many are silent.

        Raises TransientError if one could not be dealt with; the others have been then.
        """
        read = [
            (record, _readable(record)) for record in map(collector_record_of, self.records.list(COLLECTORS))
        ]
        known = {record.collector_id: (record, it) for record, it in read if it is not None}
        now = self.clock()
        collectors = [it for _, it in known.values()]
        if any(liveness_of(it, None, now) is LivenessStatus.SILENT for it in collectors):
            collectors = [self._filled(record, it) for record, it in known.values()]
        watched = watched_now(collectors, now)
        rivals = self._rivals([record for record, _ in known.values()], now)
        faults = 0
        for each in collectors:
            key, record = COLLECTORS + each.collector_id, known[each.collector_id][0]
            try:
                self._follow(key, each, watched)
                self._keep_rivals(key, record, sorted(rivals.get(each.collector_id, ()))[:_RIVALS_NAMED])
            except BridgeError as error:
                _log.error("collector %r could not be dealt with: %s", each.collector_id, error)
                faults += 1
        if faults:
            raise TransientError(f"{faults} of {len(collectors)} collectors could not be dealt with")
        return count_silent(collectors, self.clock())

    def _filled(self, record: CollectorRecord, collector: Collector) -> Collector:
        """The collector with the printers of its long list, if it has one."""
        if record.listing is None:
            return collector
        return replace(collector, printers=tuple(sorted(self._names(record))))

    def _names(self, record: CollectorRecord) -> frozenset[str]:
        if record.listing is None:
            return record.names
        digest_read, names = self._lists.get(record.collector_id, ("", frozenset[str]()))
        if digest_read != record.listing:
            listed = listed_in(self.records.get(listing_key(record.collector_id)))
            names = frozenset(printer.printer_id for printer in listed)
            self._lists[record.collector_id] = (record.listing, names)
        return names

    def _rivals(self, records: list[CollectorRecord], now: float) -> Mapping[str, frozenset[str]]:
        """Who watches the same printers, where one list is long; health itself sees the others."""
        if len(records) < 2 or all(record.listing is None for record in records):
            return {}
        recent = [
            record for record in records if 0 <= now - (record.received_at or 0.0) <= COLLECTOR_SILENT_SECONDS
        ]
        return rivals_among((record.watch(self._names(record)) for record in recent), now)

    def _keep_rivals(self, key: str, record: CollectorRecord, rivals: list[str]) -> None:
        if list(record.rivals) != rivals:
            _log.warning("%s: others that watch the same printers: %s", key, ", ".join(rivals) or "none")
            update(self.records, key, dict, dict, lambda value: with_rivals(value, rivals))

    def _follow(self, key: str, seen: Collector, watched: frozenset[str] | None) -> None:
        """Decide and announce, one thing after the other, until nothing is new."""
        if seen.state.pending is None and self._advanced(seen, watched) == seen.state:
            return
        for _ in range(_CHANGES_LIMIT):
            collector = self._change(key, lambda known: self._advanced(known, watched))
            pending = collector.state.pending if collector is not None else None
            if collector is None or pending is None:
                return
            self._announce(collector, pending)
            self._change(key, functools.partial(_struck_out, said=pending))

    def _advanced(self, collector: Collector, watched: frozenset[str] | None) -> LivenessState:
        now = self.clock()
        return advance(collector, liveness_of(collector, watched, now), now)

    def _change(self, key: str, change: Callable[[Collector], LivenessState]) -> Collector | None:
        """Change the state as it is stored now; the collector then, None if none can be read."""
        collector: Collector | None = None

        def changed(value: Mapping[str, Any]) -> Mapping[str, Any]:
            nonlocal collector
            record = collector_record_of(Stored(key, dict(value), 0))
            collector = _readable(record) if value else None
            if collector is None:
                return value
            collector = self._filled(record, collector)
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


def _readable(record: CollectorRecord) -> Collector | None:
    try:
        return collector_of(record)
    except ContractError as error:
        _log.error("%s is left out: %s", COLLECTORS + record.collector_id, error)
        return None
