"""Reading packs of frames in S3: which frames they hold, and any of them.

One frame of a pack is read by its range; whoever reads a second one is likely to want them all (a film), and
the whole pack is read. A pack never changes, so what was read of one holds.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable

from functions.shared.domain.frame_packs import INDEX_READ_BYTES, PackedFrame, index_end, read_index
from functions.shared.errors import PermanentError

_log = logging.getLogger(__name__)

_INDEXES_KEPT = 200  # of a film of 10,000 frames
_PACKS_KEPT = 4  # whole ones, of 5 MiB each: frames of a film are read in order, by several threads

ReadRange = Callable[[str, int, int | None], bytes]


class _KnownPack:
    def __init__(self, key: str, frames: list[PackedFrame]) -> None:
        self.key = key
        self.frames = {frame.key: frame for frame in frames}
        self.was_read = False
        self.lock = threading.Lock()


class PackedFrames:
    """Thread-safe. `read` gives the bytes of an object from one place to another (None: to its end)."""

    def __init__(self, read: ReadRange) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _KnownPack] = OrderedDict()
        self._places: dict[str, _KnownPack] = {}
        self._contents: OrderedDict[str, bytes] = OrderedDict()

    def frames_of(self, pack_key: str, size: int) -> Iterable[PackedFrame]:
        """By time; none if it is gone or broken (said in the log). Raises TransientError."""
        with self._lock:
            known = self._known.get(pack_key)
        if known is None:
            try:
                known = _KnownPack(pack_key, self._index(pack_key, size))
            except PermanentError as error:
                _log.warning("the pack %s is left out: %s", pack_key, error)
                return []
            self._remember(known)
        return list(known.frames.values())

    def _index(self, pack_key: str, size: int) -> list[PackedFrame]:
        start = self._read(pack_key, 0, INDEX_READ_BYTES)
        end = index_end(start)
        if end > len(start):
            start += self._read(pack_key, len(start), end)
        return read_index(pack_key, start, size)

    def _remember(self, known: _KnownPack) -> None:
        with self._lock:
            self._known[known.key] = known
            self._places.update(dict.fromkeys(known.frames, known))
            while len(self._known) > _INDEXES_KEPT:
                _, oldest = self._known.popitem(last=False)
                for key in oldest.frames:
                    if self._places.get(key) is oldest:
                        del self._places[key]

    def get(self, key: str) -> bytes | None:
        """The frame of that key, if it is known to be in a pack. Raises NotFoundError and TransientError."""
        with self._lock:
            known = self._places.get(key)
        if known is None:
            return None
        frame = known.frames[key]
        with known.lock:
            with self._lock:
                content = self._contents.get(known.key)
            if content is None:
                if not known.was_read:
                    known.was_read = True
                    return self._read(known.key, frame.offset, frame.offset + frame.size)
                content = self._read(known.key, 0, None)
                self._keep(known.key, content)
        return content[frame.offset : frame.offset + frame.size]

    def _keep(self, pack_key: str, content: bytes) -> None:
        with self._lock:
            self._contents[pack_key] = content
            while len(self._contents) > _PACKS_KEPT:
                self._contents.popitem(last=False)
