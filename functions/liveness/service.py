"""Looks at every collector's own item and has said what changed: once, whatever crashes in between.

What is to be said is written into the item first, then put on the queue, then struck out. A crash repeats
the message with the same id, which the queue and notify drop. Writes are conditional, so that no report
the tracker writes meanwhile is lost.
"""

import logging
from dataclasses import dataclass

from functions.bridge.effects import outgoing
from functions.bridge.errors import BridgeError, ConflictError, ContractError, TransientError
from functions.bridge.ports import Queue, RecordStore, Stored
from functions.bridge.records import COLLECTORS
from functions.bridge.steady_clock import Clock
from functions.liveness.announcing import notification_of
from functions.liveness.silence import Announcement, Collector, advance, count_silent, said, standing_of
from functions.liveness.stored_collector import collector_of, with_state

_ROUNDS = 12  # three without other writers
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LivenessService:
    """`chat` names the notifications' group."""

    records: RecordStore
    notifications: Queue
    chat: str
    clock: Clock

    def look(self) -> int:
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
        """Step by step, each step on the item as it is stored then, until nothing is new."""
        for _ in range(_ROUNDS):
            stored = self.records.get(key)
            collector = _readable(stored) if stored else None
            if stored is None or collector is None:
                return
            if collector.state.pending is not None:
                self._announce(collector, collector.state.pending)
                state = said(collector.state)
            else:
                now = self.clock()
                state = advance(collector, standing_of(collector, collectors, now), now)
            if state == collector.state:
                return
            try:
                self.records.put(key, with_state(stored.value, state), stored.version)
            except ConflictError:
                _log.info("%s was written by somebody else meanwhile: looked at again", key)
        raise TransientError("others keep writing its item")

    def _announce(self, collector: Collector, announcement: Announcement) -> None:
        notification = notification_of(collector, announcement, self.clock())
        _log.warning("%s: %s. %s", notification.printer_id, notification.category.value, notification.reason)
        for refusal in self.notifications.send([outgoing(notification, self.chat)]):
            _log.error("effect %s refused for good: %s", notification.id, refusal.reason)


def _readable(stored: Stored) -> Collector | None:
    try:
        return collector_of(stored)
    except ContractError as error:
        _log.error("%s is left out: %s", stored.key, error)
        return None
