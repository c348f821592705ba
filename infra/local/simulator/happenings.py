"""What comes out of a simulated printer, as values in the order of time (`at`: script seconds)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.simulator.scene import Scene

OFFLINE_MESSAGE = "Printer Offline"


@dataclass(frozen=True, slots=True)
class StatusDelta:
    """One report of the printer: the fields it carries. `is_whole`: BambUI's data is replaced by it."""

    at: float
    fields: Mapping[str, Any]
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """One camera picture: a scene that is yet to be drawn, or the base64 of a JPEG."""

    at: float
    scene: Scene | None = None
    base64_text: str = ""


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """BambUI's own message that something is wrong."""

    at: float
    message: str = OFFLINE_MESSAGE


@dataclass(frozen=True, slots=True)
class Power:
    """The printer went off or came back."""

    at: float
    is_on: bool


@dataclass(frozen=True, slots=True)
class Done:
    """The script is over; the printer stays as it is from here on."""

    at: float


Happening = StatusDelta | Picture | ErrorMessage | Power | Done
