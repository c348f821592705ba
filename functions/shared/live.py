"""The newest status and image of each printer, in memory: what the collector hands to the API when both
run in one process (embedded). Nothing here is ever written to disk.
"""

import base64
import binascii
import threading
from dataclasses import dataclass, field
from typing import Any

from functions.shared.domain.jpeg import JPEG_END, JPEG_START, read_jpeg
from functions.shared.errors import ContractError
from functions.shared.messages.codec import load_object


@dataclass(frozen=True, slots=True)
class LiveStatus:
    """The status as received (a JSON text of the whole message) and when."""

    message: str
    received_at: float

    def data(self) -> dict[str, Any]:
        """BambUI's merged dictionary; empty if the message is not what it should be."""
        try:
            data = load_object(self.message).get("data")
        except ContractError:
            return {}
        return data if isinstance(data, dict) else {}


@dataclass(frozen=True, slots=True)
class LiveFrame:
    """A whole JPEG and when it was received."""

    data: bytes
    taken_at: float


@dataclass(slots=True)
class LivePrinter:
    model: str | None = None
    is_online: bool | None = None
    status: LiveStatus | None = None
    newest_image: tuple[str, float] | None = None
    good_frame: LiveFrame | None = field(default=None, repr=False)


class Live:
    """Thread-safe. Images come in as base64 and are decoded only when somebody asks."""

    def __init__(self) -> None:
        self._printers: dict[str, LivePrinter] = {}
        self._lock = threading.Lock()

    def put_printer(self, printer_id: str, model: str | None, is_online: bool | None) -> None:
        with self._lock:
            printer = self._printers.setdefault(printer_id, LivePrinter())
            printer.model, printer.is_online = model, is_online

    def put_status(self, printer_id: str, message: str, received_at: float) -> None:
        with self._lock:
            self._printers.setdefault(printer_id, LivePrinter()).status = LiveStatus(message, received_at)

    def put_image(self, printer_id: str, base64_text: str, received_at: float) -> None:
        with self._lock:
            printer = self._printers.setdefault(printer_id, LivePrinter())
            printer.newest_image = (base64_text, received_at)

    def printers(self) -> dict[str, tuple[str | None, bool | None, bool]]:
        """Printer id -> model, is_online, has a status."""
        with self._lock:
            return {
                name: (printer.model, printer.is_online, printer.status is not None)
                for name, printer in self._printers.items()
            }

    def status(self, printer_id: str) -> LiveStatus | None:
        with self._lock:
            printer = self._printers.get(printer_id)
            return printer.status if printer else None

    def frame_taken_at(self, printer_id: str) -> float | None:
        """When the newest image came that looks whole; it is not decoded for that."""
        with self._lock:
            printer = self._printers.get(printer_id)
            if printer is None:
                return None
            if printer.newest_image is not None and _looks_whole(printer.newest_image[0]):
                return printer.newest_image[1]
            return printer.good_frame.taken_at if printer.good_frame else None

    def frame(self, printer_id: str) -> LiveFrame | None:
        """The newest whole image; a broken newest one leaves the last good one standing."""
        with self._lock:
            printer = self._printers.get(printer_id)
            if printer is None:
                return None
            if printer.newest_image is not None:
                text, received_at = printer.newest_image
                printer.newest_image = None
                data = _decoded(text)
                if data is not None:
                    printer.good_frame = LiveFrame(data, received_at)
            return printer.good_frame


def _looks_whole(text: str) -> bool:
    """Whether it begins and ends as a JPEG does; eight characters of base64 are six bytes."""
    head, tail = _bytes_of(text[:8]), _bytes_of(text[-8:])
    return bool(head and tail and head.startswith(JPEG_START) and tail.endswith(JPEG_END))


def _decoded(text: str) -> bytes | None:
    data = _bytes_of(text)
    if data is None:
        return None
    return None if read_jpeg(data).fault else data


def _bytes_of(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
