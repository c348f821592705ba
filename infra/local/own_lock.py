"""One run per data folder: two would send everything twice."""

import fcntl
from pathlib import Path
from typing import IO

from functions.bridge.errors import PermanentError


class OwnLock:
    """Held by this process until it ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = (folder / "running.lock").open("w")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.close()
            raise PermanentError(
                f"another run uses the data folder {folder}: stop that one first, or set DATA_DIR to another "
                "folder"
            ) from None

    def release(self) -> None:
        self._file.close()
