"""A film as an answer: whole, or the one range of it that a player asks for (RFC 9110, 14)."""

import re
from contextlib import AbstractContextManager
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

_PIECE_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
# The address is of that one film, which nobody changes.
_KEPT_BY_BROWSERS = "private, max-age=86400, immutable"


def part_of(asked: str | None, size: int) -> tuple[int, int] | None:
    """First byte and last of the range that is asked for; (size, size - 1) if there is no such part of it.

    None: the whole is meant, as for what is no range, or several of them.
    """
    found = _RANGE.fullmatch(asked.strip()) if asked else None
    if found is None:
        return None
    first, last = found.groups()
    if first == last == "" or (first and last and int(last) < int(first)):
        return None
    if not first:
        return max(0, size - int(last)), size - 1
    return min(int(first), size), min(int(last or size), size - 1)


class FilmResponse(Response):
    """`film`: opened, and closed when its last byte was taken or the client has gone."""

    media_type = "video/mp4"

    def __init__(self, film: AbstractContextManager[BinaryIO], size: int, asked: str | None) -> None:
        part = part_of(asked, size)
        self._film = film
        self._stream = film.__enter__()
        self._first, self._last = part or (0, size - 1)
        headers = {
            "Accept-Ranges": "bytes",
            "Content-Length": str(self._last - self._first + 1),
            "Cache-Control": _KEPT_BY_BROWSERS,
        }
        status = 200 if part is None else 206
        if part is not None:
            headers["Content-Range"] = f"bytes {self._first}-{self._last}/{size}"
        if self._first > self._last and size:
            status = 416
            headers |= {"Content-Range": f"bytes */{size}", "Cache-Control": "no-store"}
        super().__init__(None, status, headers)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            await run_in_threadpool(self._stream.seek, self._first)
            left = self._last - self._first + 1
            while left > 0 and (piece := await run_in_threadpool(self._stream.read, min(_PIECE_BYTES, left))):
                left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._film.__exit__(None, None, None)
