"""One printer as BambUI shows it: its WebSocket is watched until it has a status and an image.

Source: infra/docs/bambui-protocol.md (403, silence, errors).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from collector.bambui.client import MESSAGE_LIMIT, connect_to_server
from collector.bambui.discovery import ListedPrinter
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
from functions.shared.wording import figures
from infra.local.doctor.findings import Finding, fault, fine, nothing, unreached, warning
from infra.local.probes.http import Unreachable, unreachable

UNKNOWN = 403
_VARIABLE = "WS_URL_TEMPLATE"
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


async def watch_printer(
    url: str,
    seconds: float,
    monotonic: Callable[[], float] = time.monotonic,
    wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Seen:
    """Only listens: BambUI ends sessions in which anything is said. Never raises for what comes.

    `wait` returns when those seconds are over: what has come by then is what was seen.
    """
    seen = Seen()
    try:
        websocket = await connect_to_server(
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
    reading = asyncio.ensure_future(_read(websocket, seen, monotonic))
    window = asyncio.ensure_future(wait(seconds))
    try:
        await asyncio.wait((reading, window), return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            reading.result()
    except ConnectionClosed as end:
        seen.ended_with = str(end.rcvd.code) if end.rcvd is not None else "no closing frame"
    finally:
        for task in (reading, window):
            task.cancel()
        await asyncio.gather(reading, window, return_exceptions=True)
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
                if seen.image_after is None:
                    seen.image_after = monotonic() - begun
                try:
                    seen.image_bytes, seen.image_fault = len(decode_image(image)), None
                except ImageError as error:
                    seen.image_fault = str(error)
            case ErrorMessage(text=text):
                seen.errors = _noted(seen.errors, text)
            case BadMessage(reason=reason):
                seen.bad = _noted(seen.bad, reason)


def _noted(notes: tuple[str, ...], text: str) -> tuple[str, ...]:
    return notes if text in notes or len(notes) >= _NOTES_LIMIT else (*notes, text)


def evaluate_printer(printer: ListedPrinter, seen: Seen, template: str, seconds: float) -> list[Finding]:
    """Pure. One line if nothing could be seen of it, else one for its status and one for its image."""
    name = printer.printer_id
    if seen.unreachable is not None:
        url = template.replace("{printer_id}", "")
        return [unreached(name, _VARIABLE, url, seen.unreachable, "BambUI")]
    if seen.refused_with == UNKNOWN:
        advice = "Set PRINTER_ID to a name as BambUI's settings have it; capital letters count."
        return [fault(name, "BambUI knows no printer of that name (403)", advice)]
    if seen.refused_with is not None:
        advice = (
            f"Check the path in {_VARIABLE}: it ends in /ws/printer/{{printer_id}}. A proxy in front of "
            "BambUI must let WebSockets through."
        )
        return [fault(name, f"HTTP {seen.refused_with} instead of a WebSocket", advice)]
    return [_status(printer, seen, seconds), _image(f"{name} picture", seen, seconds)]


def _status(printer: ListedPrinter, seen: Seen, seconds: float) -> Finding:
    subject = f"{printer.printer_id} status"
    if seen.facts is not None and seen.status_after is not None:
        return fine(subject, f"{_state(seen.facts)} ({_after(seen.status_after)})")
    if printer.is_online is False or any("offline" in text.lower() for text in seen.errors):
        return warning(subject, "the printer is switched off or not in the network", "Switch it on.")
    if seen.errors:
        return fault(subject, f"none; BambUI says: {'; '.join(seen.errors)}", "Look into BambUI's log.")
    if seen.ended_with is not None:
        return fault(
            subject,
            f"none, BambUI ended the connection ({seen.ended_with})",
            "Is BambUI being started anew? Try again in a minute, then look into its log.",
        )
    if seen.bad:
        found = f"none that can be read: {'; '.join(seen.bad)}"
        return fault(subject, found, f"Check {_VARIABLE}: is it BambUI?")
    return fault(
        subject,
        f"connected, but no status within {seconds:g} s",
        "Most often BambUI has a wrong access code or IP address of this printer: look into BambUI's "
        "settings. If its own page shows no status either, start BambUI anew.",
    )


def _image(subject: str, seen: Seen, seconds: float) -> Finding:
    if seen.image_fault is not None:
        advice = "Start BambUI anew; if it stays so, look at the picture on BambUI's own page."
        return fault(subject, f"no whole JPEG: {seen.image_fault}", advice)
    if seen.image_after is not None:
        return fine(subject, f"whole, {figures.size(seen.image_bytes)} ({_after(seen.image_after)})")
    if seen.facts is None:
        return nothing(subject, "none came, as no status did")
    return warning(
        subject,
        f"none within {seconds:g} s: messages would have no photo, and there would be no film",
        "A printer without a camera is fine so. Else look whether BambUI's own page shows a picture, and "
        "start BambUI anew.",
    )


def _state(facts: PrinterStatus) -> str:
    words = figures.state(facts.state) if facts.state else "state not told"
    is_printing = facts.percent is not None and facts.state not in (None, "FINISH", "FAILED", "IDLE")
    return f"{words}, {facts.percent} %" if is_printing else words


def _after(seconds: float) -> str:
    return f"after {max(0.0, seconds):.1f} s"
