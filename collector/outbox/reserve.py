"""A file that takes room while there is plenty, so that state can be written when there is none."""

import logging
import os
import threading
from pathlib import Path

_log = logging.getLogger(__name__)

RESERVE_FILE = "reserve"
RESERVE_BYTES = 8 * 1024 * 1024  # some thousand reports of a change
_SHARE_OF_DISK = 16  # at most a sixteenth of a small one
_ROOM_FACTOR = 3  # it is taken again only when so much more is free: else it would come and go


class DiskReserve:
    """Thread-safe. In that folder, once `take` found room for it; frames are never written from it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / RESERVE_FILE
        self._lock = threading.Lock()
        self._is_taken = False

    @property
    def is_short(self) -> bool:
        """The disk is full, or nearly: the reserve was given up and not taken again yet."""
        return not self._is_taken

    def take(self) -> bool:
        """Whether it is there now."""
        with self._lock:
            try:
                disk = os.statvfs(self._file.parent)
                size = min(RESERVE_BYTES, disk.f_blocks * disk.f_frsize // _SHARE_OF_DISK)
                if self._file.exists() and self._file.stat().st_blocks * 512 >= size:
                    self._is_taken = True
                elif disk.f_bavail * disk.f_frsize >= _ROOM_FACTOR * size:
                    self._allocate(size)
                    self._is_taken = True
            except OSError as error:
                _log.debug("no room can be reserved: %s", error)
                self._is_taken = False
                self._remove()
            return self._is_taken

    def give_up(self) -> bool:
        """Let state have the room; whether there was any."""
        with self._lock:
            was_there, self._is_taken = self._file.exists(), False
            self._remove()
            return was_there and not self._file.exists()

    def _allocate(self, size: int) -> None:
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
        finally:
            os.close(descriptor)

    def _remove(self) -> None:
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("the reserve cannot be given up: %s", error)
