"""The environment of the programs that this one starts: none of its settings, and so none of its secrets."""

import os
from collections.abc import Mapping

# Where programs and their libraries are found, whose they are, language, time, and where temporary files go.
_NAMES = frozenset(
    {
        "DYLD_LIBRARY_PATH",
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "PATH",
        "TMPDIR",
        "TZ",
        "USER",
    }
)
_PREFIXES = ("LC_",)


def child_environment(
    environment: Mapping[str, str] | None = None, *more: str, prefixes: tuple[str, ...] = ()
) -> dict[str, str]:
    """What of the environment (None: this process's) a child gets.

    `more`, `prefixes`: names, and beginnings of names, that this child needs besides.
    """
    given = os.environ if environment is None else environment
    wanted = _NAMES.union(more)
    return {
        name: value
        for name, value in given.items()
        if name in wanted or name.startswith((*_PREFIXES, *prefixes))
    }
