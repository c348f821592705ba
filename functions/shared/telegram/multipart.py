"""A form with files, streamed: multipart/form-data by RFC 7578.

Its length is known beforehand, so no chunked encoding is needed, and a film never lies in memory as a whole.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import BinaryIO

from functions.shared.value_class import dataclass

_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file in the form: field, file name, type, content and its exact length in bytes."""

    field: str
    name: str
    content_type: str
    content: BinaryIO
    size: int


class MultipartBody:
    """Has a length and can be read once; what `requests` streams.

    `read` raises OSError when a file is shorter than its size.
    """

    def __init__(self, fields: Mapping[str, str], files: Sequence[FilePart]) -> None:
        self._boundary = secrets.token_hex(16)
        self._segments: list[tuple[BinaryIO, int]] = []
        for name, value in fields.items():
            self._add(f'form-data; name="{name}"', None, value.encode("utf-8"))
        for file in files:
            disposition = f'form-data; name="{file.field}"; filename="{file.name}"'
            self._add(disposition, file.content_type, None)
            self._segments.append((file.content, file.size))
            self._add_bytes(b"\r\n")
        self._add_bytes(f"--{self._boundary}--\r\n".encode())
        self._length = sum(size for _, size in self._segments)
        self._pieces = self._read_segments()
        self._rest = b""

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self._boundary}"

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all the rest when negative; empty at the end."""
        if size < 0:
            rest, self._rest = self._rest, b""
            return rest + b"".join(self._pieces)
        if not self._rest:
            self._rest = next(self._pieces, b"")
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def _add(self, disposition: str, content_type: str | None, value: bytes | None) -> None:
        head = f"--{self._boundary}\r\nContent-Disposition: {disposition}\r\n"
        if content_type:
            head += f"Content-Type: {content_type}\r\n"
        self._add_bytes(f"{head}\r\n".encode())
        if value is not None:
            self._add_bytes(value + b"\r\n")

    def _add_bytes(self, data: bytes) -> None:
        self._segments.append((BytesIO(data), len(data)))

    def _read_segments(self) -> Iterator[bytes]:
        for content, size in self._segments:
            left = size
            while left:
                piece = content.read(min(left, _PIECE))
                if not piece:
                    raise OSError(f"a file ended {left} bytes before its length of {size}")
                left -= len(piece)
                yield piece
