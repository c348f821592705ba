"""Pictures that clients of the API have asked for and not taken yet: bounded, however many are slow.

A server hands an answer to a slow client piece by piece, and holds all of it until then: each of 256 clients
could hold another picture of ten megabytes.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from functions.shared.errors import TransientError
from functions.shared.picture_memory import picture_shares
from functions.shared.runtime.throttled_log import LASTING_FAULT_SECONDS, LogThrottle

_log = logging.getLogger(__name__)
_PIECE_BYTES = 64 * 1024
_READ_AT_A_TIME = 4
_PATIENCE_SECONDS = 5.0


class PictureSending:
    """Thread-safe. A picture that several clients are sent at a time counts once. `refused` counts."""

    def __init__(self, limit: int = picture_shares().sending) -> None:
        self.bytes = 0
        self.refused = 0
        self._limit = limit
        self._clients: dict[int, int] = {}  # by the picture's identity
        self._lock = threading.Lock()
        self._lines = LogThrottle(time.monotonic, LASTING_FAULT_SECONDS)
        self._readers = threading.BoundedSemaphore(_READ_AT_A_TIME)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While a picture is read and does not count yet. Raises TransientError if many others are."""
        if not self._readers.acquire(timeout=_PATIENCE_SECONDS):
            raise TransientError("other pictures are being read, and that takes long")
        try:
            yield
        finally:
            self._readers.release()

    def hold(self, data: bytes) -> bool:
        """Whether there is room for it; `release` it then. One alone always may."""
        with self._lock:
            clients = self._clients.get(id(data), 0)
            if not clients:
                if self._clients and self.bytes + len(data) > self._limit:
                    self.refused += 1
                    self._say_refused()
                    return False
                self.bytes += len(data)
            self._clients[id(data)] = clients + 1
            return True

    def _say_refused(self) -> None:
        count = self._lines.take()
        if count is not None:
            _log.warning(
                "clients of the API ask for more pictures than they take: beyond %.0f MB (an eighth of "
                "PICTURES_MAX_BYTES) they are answered with 503 (%d times)",
                self._limit / 1e6,
                count,
            )

    def release(self, data: bytes) -> None:
        with self._lock:
            left = self._clients.pop(id(data)) - 1
            if left:
                self._clients[id(data)] = left
            else:
                self.bytes -= len(data)


class PictureResponse(Response):
    """A JPEG, sent in pieces: the next one when the client has taken most of those before. `ended` is called
    when nothing of it is held any longer."""

    media_type = "image/jpeg"

    def __init__(self, data: bytes, headers: Mapping[str, str], ended: Callable[[], None]) -> None:
        super().__init__(None, headers={**headers, "Content-Length": str(len(data))})
        self._data = data
        self._ended = ended

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            for start in range(0, len(self._data), _PIECE_BYTES):
                piece = self._data[start : start + _PIECE_BYTES]
                is_last = start + _PIECE_BYTES >= len(self._data)
                await send({"type": "http.response.body", "body": piece, "more_body": not is_last})
        finally:
            self._ended()
