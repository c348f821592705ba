"""Whose key a report was sent with: SQS says which user or role it was, and the table which site that is."""

from collections.abc import Iterable

from functions.shared.domain.keys import sender_key
from functions.shared.ports import RecordStore
from functions.shared.runtime.clocks import Clock

REMEMBERED_SECONDS = 300.0  # a key that is given another site, or none, is believed so long
_SENDERS_LIMIT = 10_000


class Senders:
    """Asks the table once in five minutes for each sender."""

    def __init__(self, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._known: dict[str, tuple[str | None, float]] = {}

    def first_reads(self, sender: str) -> Iterable[str]:
        """The key of what `site_of` would read now."""
        owner = _owner_of(sender)
        is_known = self._clock() < self._known.get(owner, (None, 0.0))[1]
        return [sender_key(owner)] if owner and not is_known else []

    def site_of(self, sender: str) -> str | None:
        """None: a key without a site, which reaches all of them. Raises TransientError.

        `sender` is SQS's `SenderId`: a user's id, or a role's with the name of its session.
        """
        owner = _owner_of(sender)
        if not owner:
            return None
        site, until = self._known.get(owner, (None, 0.0))
        now = self._clock()
        if now >= until:
            stored = self._records.get(sender_key(owner))
            said = stored.value.get("site") if stored else None
            site = said if isinstance(said, str) else None
            if len(self._known) >= _SENDERS_LIMIT:
                self._known.clear()
            self._known[owner] = (site, now + REMEMBERED_SECONDS)
        return site


def _owner_of(sender: str) -> str:
    return sender.partition(":")[0]
