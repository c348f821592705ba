"""The latest picture of each printer, in memory: one copy of each, within one bound over all printers.

A picture stays as it came (base64) until somebody asks for it, and as a JPEG from then on. Nothing here is
ever written to disk.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from functions.shared.errors import PermanentError
from functions.shared.picture_memory import picture_shares
from functions.shared.runtime.throttled_log import LASTING_FAULT_SECONDS, LogThrottle
from functions.shared.value_class import dataclass

_log = logging.getLogger(__name__)


class EncodedPicture(Protocol):
    """A picture as BambUI sent it."""

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        ...

    def looks_whole(self) -> bool:
        """Whether it begins and ends as a JPEG does; nothing is decoded for that."""
        ...

    def decode(self) -> bytes:
        """The JPEG. Raises PermanentError if it is none."""
        ...


@dataclass(frozen=True, slots=True)
class LatestPicture:
    """A whole JPEG and when it was received."""

    data: bytes
    taken_at: float


@dataclass(frozen=True, slots=True)
class _Held:
    picture: EncodedPicture | bytes
    memory: int
    taken_at: float


class LatestPictures:
    """Thread-safe. Over `limit` bytes the largest gives way first, of equal ones the oldest."""

    def __init__(
        self, limit: int = picture_shares().latest, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.limit = limit
        self.bytes = 0
        self.given_way = 0
        self._held: dict[str, _Held] = {}  # the oldest first
        self._lock = threading.Lock()
        self._decoding = threading.Lock()  # one at a time: until it is done there are two copies
        self._lines = LogThrottle(monotonic, LASTING_FAULT_SECONDS)

    def put(self, printer_id: str, picture: EncodedPicture | bytes, taken_at: float) -> None:
        """The printer's latest picture from now on. One that does not look whole replaces nothing."""
        if isinstance(picture, bytes):
            held = _Held(picture, len(picture), taken_at)
        elif picture.looks_whole():
            held = _Held(picture, picture.memory, taken_at)
        else:
            return
        with self._lock:
            self._remove(printer_id)
            self._held[printer_id] = held
            self.bytes += held.memory
            while self.bytes > self.limit:
                self._give_way(max(self._held, key=self._memory_of))

    def taken_at(self, printer_id: str) -> float | None:
        """When the latest picture came; it is not decoded for that."""
        with self._lock:
            held = self._held.get(printer_id)
            return None if held is None else held.taken_at

    def get(self, printer_id: str) -> LatestPicture | None:
        """The latest picture, or None if there is none or it gave way.

        Raises PermanentError if it turns out to be no whole JPEG; it is not held any longer then.
        """
        picture = self._decoded(printer_id)
        if picture is None:
            with self._decoding:
                picture = self._decoded(printer_id) or self._decode(printer_id)
        return picture

    def _decoded(self, printer_id: str) -> LatestPicture | None:
        with self._lock:
            held = self._held.get(printer_id)
        if held is None or not isinstance(held.picture, bytes):
            return None
        return LatestPicture(held.picture, held.taken_at)

    def _decode(self, printer_id: str) -> LatestPicture | None:
        with self._lock:
            held = self._held.get(printer_id)
        if held is None:
            return None
        if isinstance(held.picture, bytes):  # a newer one came just now
            return LatestPicture(held.picture, held.taken_at)
        try:
            data = held.picture.decode()
        except PermanentError:
            with self._lock:
                if self._held.get(printer_id) is held:
                    self._remove(printer_id)
            raise
        with self._lock:
            if self._held.get(printer_id) is held:
                self.bytes += len(data) - held.memory
                self._held[printer_id] = _Held(data, len(data), held.taken_at)
        return LatestPicture(data, held.taken_at)

    def _memory_of(self, printer_id: str) -> int:
        return self._held[printer_id].memory

    def _remove(self, printer_id: str) -> None:
        held = self._held.pop(printer_id, None)
        if held is not None:
            self.bytes -= held.memory

    def _give_way(self, printer_id: str) -> None:
        size = self._held[printer_id].memory
        self._remove(printer_id)
        self.given_way += 1
        count = self._lines.take()
        if count is not None:
            _log.warning(
                "the latest pictures of all printers take more than %.0f MB of memory (half of "
                "PICTURES_MAX_BYTES): the largest gave way (%d times), this one: printer %r, %.1f MB",
                self.limit / 1e6,
                count,
                printer_id,
                size / 1e6,
            )
