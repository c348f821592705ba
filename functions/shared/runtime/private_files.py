"""What this program writes is for its owner only: it names printers, jobs and a chat, and shows a home."""

import logging
import os
import stat
from collections.abc import Iterable
from pathlib import Path

_log = logging.getLogger(__name__)

_OTHERS = 0o077
_DATABASE_ENDINGS = ("", "-wal", "-shm")


def write_for_owner_only() -> None:
    """For the whole process, and what it starts: whatever it makes from now on."""
    os.umask(_OTHERS)


def wider_than_owner(path: Path) -> int | None:
    """The rights of what is there and not its owner's alone, else None. Raises OSError."""
    try:
        facts = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    mode = stat.S_IMODE(facts.st_mode)
    return mode if mode & _OTHERS else None


def tighten(folder: Path, databases: Iterable[Path] = ()) -> None:
    """A folder of ours, and databases in it, that an earlier version left open to others: said, once.

    A folder that others use too (a home, the one we were started in or one above it, one with the sticky bit)
    is left as it is, and so is what belongs to somebody else.
    """
    files = [Path(f"{path}{ending}") for path in databases for ending in _DATABASE_ENDINGS]
    for path in ([] if _is_shared(folder) else [folder]) + files:
        try:
            mode = wider_than_owner(path)
            if mode is None or path.stat().st_uid != os.geteuid():
                continue
            path.chmod(mode & ~_OTHERS)
        except OSError as error:
            _log.warning("%s can be read by others and stays so: %s", path, error.strerror)
            continue
        if path == folder:
            _log.warning("%s could be read by others (rights %o): now by its owner only", path, mode)


def _is_shared(folder: Path) -> bool:
    place = folder.absolute().resolve()
    used = [Path.cwd().resolve(), Path(os.path.expanduser("~")).resolve()]
    try:
        is_sticky = bool(place.stat().st_mode & stat.S_ISVTX)
    except OSError:
        return False
    return is_sticky or any(place == other or place in other.parents for other in used)
