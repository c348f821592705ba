"""How records are written by those who share them: changed by version, and marked as done once.

Parts of the commit protocol (infra/docs/architecture.md, "Commit protocol, ids and done-marks").
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from functions.shared.domain.keys import done_key
from functions.shared.domain.limits import DONE_MARK_SECONDS
from functions.shared.errors import ConflictError
from functions.shared.ports import RecordStore, Stored
from functions.shared.value_class import dataclass

_log = logging.getLogger(__name__)
ValueT = TypeVar("ValueT")

# Nobody waits in between: eight writers that all come first in turn are a fault of another kind.
_TRIES = 8


@dataclass(frozen=True, slots=True)
class Found:
    """What a read of a record has found: perhaps nothing."""

    stored: Stored | None


def update(
    records: RecordStore,
    key: str,
    read: Callable[[Mapping[str, Any]], ValueT],
    write: Callable[[ValueT], dict[str, Any]],
    change: Callable[[ValueT], ValueT],
    expires_at: float | None = None,
    found: Found | None = None,
) -> ValueT:
    """Change a record as it is stored now, and again if somebody else wrote in between; what it is then.

    `read` makes a value of what is stored (empty: nothing is), `write` the reverse; `change` may be called
    several times. Nothing is written when nothing changes; what is lasts until it `expires_at`. `found`: what
    was read of it just now, which is not read again unless somebody else wrote in between.
    Raises ConflictError when others keep writing.
    """
    for tries_left in reversed(range(_TRIES)):
        stored = found.stored if found is not None else records.get(key)
        found = None
        before = read(stored.value if stored else {})
        after = change(before)
        if after == before:
            break
        try:
            records.put(key, write(after), stored.version if stored else 0, expires_at)
        except ConflictError:
            if not tries_left:
                raise
            _log.info("%s was written by somebody else meanwhile: looked at again", key)
        else:
            break
    return after


def is_done(records: RecordStore, effect_id: str) -> bool:
    """Whether the effect's outside call was made."""
    return records.get(done_key(effect_id)) is not None


def mark_done(records: RecordStore, effect_id: str, now: float) -> None:
    """To be called right after the effect's outside call."""
    records.put_if_absent(done_key(effect_id), now + DONE_MARK_SECONDS)
