"""BambUI's messages, told apart as cheaply as can be, and their images decoded when they are kept.

Most bytes are images that nobody needs. Forms: infra/docs/bambui-protocol.md, "Messages from the server"
(compact JSON in text frames, told apart by `type`).
"""

import binascii
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from functions.shared.domain.jpeg import JPEG_END, JPEG_START, SIZE_LIMIT, read_jpeg
from functions.shared.domain.status import STATUS_KEYS, PrinterStatus, read_status
from functions.shared.errors import ContractError, PermanentError
from functions.shared.messages.codec import load_object
from functions.shared.messages.report import STATUS_BYTES_LIMIT

IMAGE_PREFIX = '{"type":"jpeg_image","image":"'
IMAGE_SUFFIX = '"}'
_ENVELOPE_ALLOWANCE = 64
_BRACKETS_LIMIT = 500
"""Above it a message is read by the standard parser, whose bound on nesting is our own.

A recorded status has 28, and every parser on every Python reads that deep."""
_TYPE_SHOWN = 40


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """A `printer_status`: the whole message as received, and what it says."""

    text: str
    facts: PrinterStatus


@dataclass(frozen=True, slots=True)
class ImageMessage:
    """A `jpeg_image`, undecoded: where in the message its base64 stands."""

    message: str
    start: int
    end: int

    @property
    def base64_text(self) -> str:
        return self.message[self.start : self.end]

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        return sys.getsizeof(self.message)

    def looks_whole(self) -> bool:
        """Whether it begins and ends as a JPEG does, by eight characters (six bytes) each."""
        head = self.message[self.start : self.start + _PEEKED]
        tail = self.message[max(self.start, self.end - _PEEKED) : self.end]
        return (
            self.end - self.start <= _BASE64_LIMIT
            and _peek(head).startswith(JPEG_START)
            and _peek(tail).endswith(JPEG_END)
        )

    def decode(self) -> bytes:
        """The JPEG. Raises ImageError saying why there is none."""
        return decode_image(self)


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """BambUI's own `error`, such as "Printer Offline"."""

    text: str


@dataclass(frozen=True, slots=True)
class OtherMessage:
    """Well formed, and of no interest here."""

    type: str


@dataclass(frozen=True, slots=True)
class BadMessage:
    """Not what BambUI sends: why."""

    reason: str


Message: TypeAlias = StatusMessage | ImageMessage | ErrorMessage | OtherMessage | BadMessage


@dataclass(frozen=True, slots=True)
class Envelope:
    """The fields of any message that matter; `data` has only those that facts are read from."""

    type: object
    data: Mapping[str, Any] | None
    image: object
    message: object


def read_message(frame: str | bytes) -> Message:
    """What a frame is. Total: anything odd is a BadMessage."""
    if not isinstance(frame, str):
        return BadMessage("a binary frame")
    if frame.startswith(IMAGE_PREFIX) and frame.endswith(IMAGE_SUFFIX):
        return ImageMessage(frame, len(IMAGE_PREFIX), len(frame) - len(IMAGE_SUFFIX))
    if frame.count("[") + frame.count("{") > _BRACKETS_LIMIT:
        return read_leniently(frame)
    envelope = _open_quickly(frame)
    if envelope is None:
        return read_leniently(frame)
    return _sort(frame, envelope)


def read_leniently(frame: str) -> Message:
    """The same by the standard parser, which takes types and orders that the quick one refuses."""
    try:
        body = load_object(frame)
    except ContractError as error:
        return BadMessage(str(error))
    data = body.get("data")
    envelope = Envelope(
        body.get("type"),
        data if isinstance(data, dict) else None,
        body.get("image"),
        body.get("message"),
    )
    return _sort(frame, envelope)


def whole_status(text: str) -> dict[str, Any]:
    """BambUI's merged dictionary of a status message, fit to be sent on.

    Raises ContractError for what the remote backend could not read (see `load_object`).
    """
    data = load_object(text).get("data")
    if not isinstance(data, dict):
        raise ContractError("status without data")
    return data


def _sort(frame: str, envelope: Envelope) -> Message:
    match envelope.type:
        case "printer_status":
            if envelope.data is None:
                return BadMessage("a status without data")
            if _is_oversized(frame):
                return BadMessage(f"a status over {STATUS_BYTES_LIMIT // 1024} KiB")
            return StatusMessage(frame, read_status(envelope.data))
        case "jpeg_image":
            if not isinstance(envelope.image, str):
                return BadMessage("a picture without its data")
            return ImageMessage(envelope.image, 0, len(envelope.image))
        case "error":
            return ErrorMessage(str(envelope.message)[:200])
        case str(other):
            return OtherMessage(other[:_TYPE_SHOWN])
        case _:
            return BadMessage("a message without a type")


def _is_oversized(frame: str) -> bool:
    limit = STATUS_BYTES_LIMIT + _ENVELOPE_ALLOWANCE
    if len(frame) * 4 <= limit:
        return False
    return len(frame) > limit or len(frame.encode("utf-8", "replace")) > limit


def _with_standard_parser(_: str) -> Envelope | None:
    """Without the quick parser everything is read by the standard one."""
    return None


def _with_quick_parser() -> Callable[[str], Envelope | None]:
    """msgspec skips what no field is declared for; fields are untyped, for printers mix their types."""
    import msgspec

    status_type = msgspec.defstruct("Facts", [(key, Any, None) for key in STATUS_KEYS])

    class Body(msgspec.Struct):
        type: Any = None
        data: status_type | None = None  # type: ignore[valid-type]
        image: Any = None
        message: Any = None

    decode = msgspec.json.Decoder(Body).decode

    def open_message(frame: str) -> Envelope | None:
        try:
            body = decode(frame)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None
        facts = body.data
        data = None if facts is None else {key: getattr(facts, key) for key in STATUS_KEYS}
        return Envelope(body.type, data, body.image, body.message)

    return open_message


try:
    _open_quickly = _with_quick_parser()
except ImportError:  # no wheel for this machine
    _open_quickly = _with_standard_parser

__all__ = [
    "BadMessage",
    "ErrorMessage",
    "ImageMessage",
    "Message",
    "OtherMessage",
    "StatusMessage",
    "read_leniently",
    "read_message",
    "whole_status",
]


_BASE64_LIMIT = SIZE_LIMIT * 4 // 3 + 4
_PEEKED = 8


class ImageError(PermanentError):
    """The message holds no whole JPEG of usable size."""


def decode_image(image: ImageMessage) -> bytes:
    """The JPEG of a message. Raises ImageError saying why there is none."""
    if image.end - image.start > _BASE64_LIMIT:
        raise ImageError(f"over the limit of {SIZE_LIMIT} bytes")
    text = image.base64_text
    if "\\" in text or '"' in text:  # valid JSON of an unusual form: an escape, or more keys behind
        again = read_leniently(image.message)
        text = again.base64_text if isinstance(again, ImageMessage) else text
    try:
        data = _decode(text)
    except (binascii.Error, ValueError):
        raise ImageError("broken base64") from None
    fault = read_jpeg(data).fault
    if fault is not None:
        raise ImageError(fault)
    return data


def _peek(text: str) -> bytes:
    """The bytes of a piece of base64, none if it is not that."""
    try:
        return _decode(text)
    except (binascii.Error, ValueError):
        return b""


def _decoder() -> Callable[[str], bytes]:
    try:
        import pybase64
    except ImportError:  # no wheel for this machine
        import base64

        return lambda text: base64.b64decode(text, validate=True)
    return lambda text: pybase64.b64decode(text, validate=True)


_decode = _decoder()
