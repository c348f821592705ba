"""What this program writes is for its owner only: it names printers, jobs and a chat, and shows a home."""

import logging
import os
import stat
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

_log = logging.getLogger(__name__)

_OTHERS = 0o077
_OWNING_GROUP, _ALL_OTHERS = 0x04, 0x20
_PARTS_OF_THE_SYSTEM = 2  # `/srv`, `/mnt`: closed to others, they would end other services
_OF_THE_DISK = "lost+found"  # root's, wherever an ext4 disk begins
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
    return mode if mode & _OTHERS and not _is_for_chosen_ones(path) else None


def _is_for_chosen_ones(path: Path) -> bool:
    """Whether an access control list gives named users or groups a right, and nobody else one.

    Then the group's rights in the mode are the bound of all these (its mask): to take them away would undo
    what the owner has given by setfacl. Source: acl(5), and linux/posix_acl_xattr.h for the form.
    """
    entries = access_list(path, "access")
    if not entries:
        return False
    rights = [rights for tag, rights in entries if tag in (_OWNING_GROUP, _ALL_OTHERS)]
    return not any(rights)


def access_list(path: Path, kind: Literal["access", "default"]) -> list[tuple[int, int]]:
    """Tag and rights of each entry; none where there is no list, or no such thing. `default`: what a folder
    gives to whatever is made in it."""
    if sys.platform != "linux":
        return []
    try:
        data = os.getxattr(path, f"system.posix_acl_{kind}")
    except OSError:
        return []
    return [(tag, rights) for tag, rights, _ in struct.iter_unpack("<HHI", data[4:])]


def tighten(folder: Path, databases: Iterable[Path] = ()) -> None:
    """A folder of ours, and databases in it, that an earlier version left open to others: said, once.

    A folder that others use too (a home, the one we were started in or one above it, one with the sticky bit,
    one directly below the root, one in which others own something) is left as it is, and so is what belongs
    to somebody else.
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
        facts = place.stat()
        with os.scandir(place) as entries:
            owners = {
                entry.stat(follow_symlinks=False).st_uid for entry in entries if entry.name != _OF_THE_DISK
            }
    except OSError:
        return False
    if facts.st_mode & stat.S_ISVTX or owners - {facts.st_uid} or len(place.parts) <= _PARTS_OF_THE_SYSTEM:
        return True
    return any(place == other or place in other.parents for other in used)
