"""File descriptors: as many as this process may have, and whether they have run out.

A process without a free one can open neither file nor socket, and each library says that in words of its own
("unable to open database file"): the cause must be called by its name.
"""

import errno
import os

# Each printer takes two or three, both servers at most a few hundred; systems start programs with 1,024.
WANTED_DESCRIPTORS = 8192
_USED_UP = (errno.EMFILE, errno.ENFILE)
USED_UP = (
    "no file descriptor is free (EMFILE): too many files and connections are open; look who is connected, "
    "and raise the limit (ulimit -n, LimitNOFILE=, --ulimit nofile)"
)


def raise_descriptor_limit(wanted: int = WANTED_DESCRIPTORS) -> int:
    """Have so many, or as many as this user may have; how many that are."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if target > soft:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        except (OSError, ValueError):  # a system with a lower bound of its own
            return soft
    return max(soft, target)


def are_descriptors_used_up(error: BaseException | None = None) -> bool:
    """Whether the error says so; one that says nothing (SQLite's, a library's) is asked of the system now."""
    known = _errno_of(error)
    if known is not None:
        return known in _USED_UP
    try:
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as found:
        return found.errno in _USED_UP
    return False


def _errno_of(error: BaseException | None) -> int | None:
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, OSError) and error.errno is not None:
            return error.errno
        error, seen = error.__cause__ or error.__context__, seen + 1
    return None
