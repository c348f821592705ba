"""Whether a file is there: what cannot be looked at is not missing."""

from pathlib import Path


def is_there(path: Path) -> bool:
    """False only when it is known that nothing lies there.

    Raises OSError when that cannot be told: too many open files, no right to look, a disk that fails.
    `Path.exists` takes some of these for "no", and which ones depends on the version of Python.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
