"""Where an outbox was used last: a copy of it elsewhere must not go on under the same identity.

The far side passes over a number that it has heard of a collector already. Of two programs that count on
from one copy each would lose what the other had said, without a word.
"""

import hashlib
import logging
import uuid
from pathlib import Path

_log = logging.getLogger(__name__)

ORIGIN_FILE = "origin"
_MACHINE_ID = Path("/etc/machine-id")
# `uuid.getnode` sets the lower bit in a number that it made up; the upper one is that of addresses that were
# given and not built in, as Docker gives each container one that may be another after a start.
_NO_BUILT_IN_ADDRESS = 1 << 40 | 1 << 41


def place_of(folder: Path) -> str:
    """A digest of this machine and that folder."""
    try:
        machine = _MACHINE_ID.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        machine = ""
    node = uuid.getnode()
    address = "" if node & _NO_BUILT_IN_ADDRESS else f"{node:012x}"
    return hashlib.sha256(f"{machine}\n{address}\n{folder.resolve()}".encode("utf-8", "replace")).hexdigest()


def is_copy(folder: Path) -> bool:
    """Whether that outbox was last used elsewhere; one that does not say so was not."""
    return _noted(folder) not in ("", place_of(folder))


def _noted(folder: Path) -> str:
    try:
        return (folder / ORIGIN_FILE).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def note_place(folder: Path) -> None:
    """From now on it is used here."""
    place = place_of(folder)
    if _noted(folder) == place:
        return
    unfinished = folder / f"{ORIGIN_FILE}.part"
    try:
        unfinished.write_text(place + "\n", encoding="ascii")
        unfinished.replace(folder / ORIGIN_FILE)
    except OSError as error:
        _log.warning("it cannot be noted where the outbox is used: %s", error)
