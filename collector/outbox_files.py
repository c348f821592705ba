"""The outbox's frame files: written whole or not at all, found again after a crash."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

_log = logging.getLogger(__name__)
_UNFINISHED = ".part"


class FrameFiles:
    """Files in `folder/frames/`, refused ones in `folder/set_aside/`. Names are ours, never a printer's."""

    def __init__(self, folder: Path) -> None:
        self._frames = folder / "frames"
        self._set_aside = folder / "set_aside"

    def path(self, name: str) -> Path:
        return self._frames / name

    def write(self, name: str, data: bytes, *, synced: bool) -> None:
        """Keep the data; `synced`: it outlives a power cut too. Raises OSError, and then leaves nothing."""
        self._frames.mkdir(parents=True, exist_ok=True)
        unfinished = self._frames / (name + _UNFINISHED)
        try:
            with unfinished.open("wb") as file:
                file.write(data)
                if synced:
                    file.flush()
                    os.fsync(file.fileno())
            unfinished.replace(self._frames / name)
        except OSError:
            _remove(unfinished)
            raise

    def remove(self, name: str) -> None:
        """It is gone afterwards, or was before."""
        _remove(self._frames / name)

    def set_aside(self, name: str) -> None:
        """Move it to where it holds up nothing."""
        try:
            self._set_aside.mkdir(parents=True, exist_ok=True)
            self.path(name).replace(self._set_aside / name)
        except OSError as error:
            _log.warning("a refused frame could not be moved aside: %s", error)

    def remove_set_aside(self, name: str) -> None:
        _remove(self._set_aside / name)

    def sweep(self, known: Mapping[str, int]) -> tuple[set[str], set[str]]:
        """Remove what no row knows; of the known (name -> bytes) return the missing and the broken ones."""
        try:
            self._frames.mkdir(parents=True, exist_ok=True)
            found = {entry.name: entry.stat().st_size for entry in os.scandir(self._frames)}
        except OSError as error:
            _log.warning("the outbox's frames cannot be looked through: %s", error)
            return set(), set()
        for name in found.keys() - known.keys():
            self.remove(name)
        missing = {name for name in known if name not in found}
        broken = {name for name, size in known.items() if name in found and found[name] != size}
        for name in broken:
            self.remove(name)
        return missing, broken


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("a file of the outbox could not be removed: %s", error)
