"""How often an effect was begun by runs of which nobody knows how they ended.

A run that is killed (out of time, out of memory, the power) says nothing, and what killed it comes again. So
a start is written down before what may be its end, and taken back when the run says what became of it.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from functions.shared.domain.keys import starts_key
from functions.shared.domain.limits import DONE_MARK_SECONDS
from functions.shared.errors import BridgeError
from functions.shared.ports import RecordStore
from functions.shared.records import update
from functions.shared.runtime.clocks import Clock

# Five runs that end in the same effect are no chance; a sixth would only hold up what waits behind it.
STARTS_LIMIT = 5
_log = logging.getLogger(__name__)


class Starts:
    """Of one kind of effect, by its id. Thread-safe."""

    def __init__(self, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def begin(self, effect_id: str) -> int:
        """Write one more start down: how many there are that were not taken back, this one included.

        Raises TransientError.
        """
        return self._change(effect_id, lambda starts: starts + 1)

    def take_back(self, effect_id: str) -> None:
        """One that was written down for a try that is not made now. As `end`, if it cannot be written."""
        self._write_end(effect_id, lambda starts: max(0, starts - 1))

    def end(self, effect_id: str) -> None:
        """Take all back: it is known what became of it. If that cannot be written it counts as not known."""
        self._write_end(effect_id, lambda _: 0)

    def _write_end(self, effect_id: str, change: Callable[[int], int]) -> None:
        try:
            self._change(effect_id, change)
        except BridgeError as error:
            _log.warning("that a run with %s came to its end could not be written: %s", effect_id, error)

    def _change(self, effect_id: str, change: Callable[[int], int]) -> int:
        return update(
            self._records,
            starts_key(effect_id),
            _starts_of,
            lambda starts: {"starts": starts},
            change,
            self._clock() + DONE_MARK_SECONDS,
        )


def _starts_of(stored: Mapping[str, Any]) -> int:
    """Total: junk counts as none."""
    starts = stored.get("starts")
    return starts if isinstance(starts, int) and starts > 0 else 0
