"""Watches one printer's WebSocket until it has a status and an image, or the time is over."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from collector.bambui.client import MESSAGE_LIMIT
from collector.bambui.messages import (
    BadMessage,
    ErrorMessage,
    ImageError,
    ImageMessage,
    StatusMessage,
    decode_image,
    read_message,
)
from functions.shared.domain.status import PrinterStatus
from infra.local.probes.http import Unreachable, unreachable

_OPEN_SECONDS = 10.0
_CLOSE_SECONDS = 0.5
_NOTES_LIMIT = 3


@dataclass(slots=True)
class Seen:
    """What came. Times are seconds after the connection was there; None: it never came."""

    unreachable: Unreachable | None = None
    refused_with: int | None = None
    ended_with: str | None = None
    status_after: float | None = None
    facts: PrinterStatus | None = None
    image_after: float | None = None
    image_bytes: int = 0
    image_fault: str | None = None
    errors: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        return self.status_after is not None and self.image_after is not None and not self.image_fault


async def watch_printer(url: str, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> Seen:
    """Only listens: BambUI ends sessions in which anything is said. Never raises for what comes."""
    seen = Seen()
    try:
        websocket = await connect(
            url,
            compression=None,
            proxy=None,
            open_timeout=min(_OPEN_SECONDS, seconds),
            ping_interval=None,
            close_timeout=_CLOSE_SECONDS,
            max_size=MESSAGE_LIMIT,
        )
    except InvalidStatus as error:
        seen.refused_with = error.response.status_code
        return seen
    except (OSError, WebSocketException, ValueError, EOFError) as error:
        seen.unreachable = unreachable(error)
        return seen
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _read(websocket, seen, monotonic)
    except ConnectionClosed as end:
        seen.ended_with = str(end.rcvd.code) if end.rcvd is not None else "no closing frame"
    finally:
        websocket.transport.abort()
    return seen


async def _read(websocket: ClientConnection, seen: Seen, monotonic: Callable[[], float]) -> None:
    begun = monotonic()
    while not seen.is_complete:
        match read_message(await websocket.recv()):
            case StatusMessage(facts=facts):
                if seen.status_after is None:
                    seen.status_after = monotonic() - begun
                seen.facts = facts
            case ImageMessage() as image:
                _take_image(seen, image, monotonic() - begun)
            case ErrorMessage(text=text):
                seen.errors = _noted(seen.errors, text)
            case BadMessage(reason=reason):
                seen.bad = _noted(seen.bad, reason)


def _take_image(seen: Seen, image: ImageMessage, after: float) -> None:
    if seen.image_after is None:
        seen.image_after = after
    try:
        seen.image_bytes = len(decode_image(image))
    except ImageError as fault:
        seen.image_fault = str(fault)
    else:
        seen.image_fault = None


def _noted(notes: tuple[str, ...], text: str) -> tuple[str, ...]:
    return notes if text in notes or len(notes) >= _NOTES_LIMIT else (*notes, text)
