"""The newest status and picture of each printer, in memory: what the collector hands to the API when both
run in one process (embedded). Nothing here is ever written to disk.
"""

import dataclasses
import threading
from typing import Any

from functions.shared.errors import ContractError, PermanentError
from functions.shared.latest_pictures import LatestPicture, LatestPictures
from functions.shared.messages.codec import load_object
from functions.shared.value_class import dataclass


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


@dataclasses.dataclass(slots=True)
class LivePrinter:
    model: str | None = None
    is_online: bool | None = None
    status: LiveStatus | None = None


class Live:
    """Thread-safe. `pictures` are put there by the collector's sessions."""

    def __init__(self, pictures: LatestPictures | None = None) -> None:
        self.pictures = pictures or LatestPictures()
        self._printers: dict[str, LivePrinter] = {}
        self._lock = threading.Lock()

    def put_printer(self, printer_id: str, model: str | None, is_online: bool | None) -> None:
        with self._lock:
            printer = self._printers.setdefault(printer_id, LivePrinter())
            printer.model, printer.is_online = model, is_online

    def put_status(self, printer_id: str, message: str, received_at: float) -> None:
        with self._lock:
            self._printers.setdefault(printer_id, LivePrinter()).status = LiveStatus(message, received_at)

    def put_heard(self, printer_id: str) -> None:
        """Something came from the printer, if only a picture: it is one to be listed."""
        with self._lock:
            self._printers.setdefault(printer_id, LivePrinter())

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
        """When the newest picture came that looks whole; it is not decoded for that."""
        return self.pictures.taken_at(printer_id)

    def frame(self, printer_id: str) -> LatestPicture | None:
        """The newest whole picture, or None."""
        try:
            return self.pictures.get(printer_id)
        except PermanentError:
            return None
