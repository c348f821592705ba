"""How often each address has given a wrong key, and whether it may try again now. For one thread."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from functions.shared.runtime.connections import home_of
from functions.shared.runtime.throttled_log import LogThrottle

_log = logging.getLogger(__name__)

# A person mistypes a few times; a page that is left open with an old key asks once.
FREE_TRIES = 10
SECONDS_A_TRY = 1.0
_ADDRESSES_KEPT = 1024


@dataclass(slots=True)
class _Tries:
    wrong: int = 0
    free_at: float = 0.0


class KeyTries:
    """After ten wrong keys at once an address is held back to one a second."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._of: OrderedDict[str, _Tries] = OrderedDict()
        self._throttle = LogThrottle(monotonic)

    def wrong(self, address: str) -> int:
        """How many wrong ones that address has given."""
        tries = self._of.get(home_of(address))
        return tries.wrong if tries else 0

    def is_held_back(self, address: str) -> bool:
        tries = self._of.get(home_of(address))
        return tries is not None and tries.free_at - self._monotonic() > (FREE_TRIES - 1) * SECONDS_A_TRY

    def note_wrong(self, address: str) -> None:
        """Count one, and say so at most once a minute."""
        home = home_of(address)
        tries = self._of.setdefault(home, _Tries())
        self._of.move_to_end(home)
        tries.wrong += 1
        tries.free_at = max(tries.free_at, self._monotonic()) + SECONDS_A_TRY
        while len(self._of) > _ADDRESSES_KEPT:
            self._of.popitem(last=False)
        count = self._throttle.take()
        if count is not None:
            _log.warning(
                "%d wrong API keys were given, the last one by %s (%d by it so far)",
                count,
                address,
                tries.wrong,
            )
