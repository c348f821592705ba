"""What was seen of one printer, judged. Pure. Source: the protocol of BambUI (403, silence, errors)."""

from collector.bambui.discovery import ListedPrinter
from functions.notify import wording
from functions.shared.domain.status import PrinterStatus
from infra.local.doctor.bambui_defaults import SEED, SOCKET, with_default_advice
from infra.local.doctor.findings import Finding, Outcome, fault, fine, nothing, warning
from infra.local.doctor.printer_socket import Seen
from infra.local.probes.http import Unreachable, place_of, reach_advice, reach_words

CHECK = "BambUI"
_VARIABLE = SOCKET
UNKNOWN = 403
_OFFLINE = "offline"


def evaluate_printer(
    printer: ListedPrinter,
    seen: Seen,
    template: str,
    seconds: float,
    unset: frozenset[str] = frozenset(),
) -> list[Finding]:
    """One line if nothing could be seen of it, else one for its status and one for its image.

    `unset`: those of BambUI's settings whose defaults count; PRINTER_ID only for the printer that it names.
    """
    name = printer.printer_id
    if seen.unreachable is not None:
        finding = unreached(name, _VARIABLE, template.replace("{printer_id}", ""), seen.unreachable)
        return [with_default_advice(finding, SOCKET, unset)]
    if seen.refused_with is not None:
        finding = _refused(name, seen.refused_with)
        if seen.refused_with == UNKNOWN:
            finding = with_default_advice(finding, SEED, unset)
        return [with_default_advice(finding, SOCKET, unset)]
    return [_status(printer, seen, seconds), _image(printer, seen, seconds)]


def unreached(subject: str, variable: str, url: str, answer: Unreachable) -> Finding:
    """Nothing answers at the URL that the variable has. Host and why are the cause."""
    found, advice = reach_words(url, answer), reach_advice(variable, url, answer, "BambUI")
    return Finding(CHECK, subject, Outcome.FAULT, found, advice, cause=f"{place_of(url)} {answer.words}")


def _refused(name: str, status: int) -> Finding:
    if status == UNKNOWN:
        return fault(
            CHECK,
            name,
            "BambUI knows no printer of that name (403)",
            "Set PRINTER_ID to a name as BambUI's settings have it; capital letters count.",
        )
    return fault(
        CHECK,
        name,
        f"HTTP {status} instead of a WebSocket",
        f"Check the path in {_VARIABLE}: it ends in /ws/printer/{{printer_id}}. A proxy in front of BambUI "
        "must let WebSockets through.",
    )


def _status(printer: ListedPrinter, seen: Seen, seconds: float) -> Finding:
    subject = f"{printer.printer_id} status"
    if seen.facts is not None and seen.status_after is not None:
        return fine(CHECK, subject, f"{_state(seen.facts)} (after {_after(seen.status_after)})")
    if printer.is_online is False or any(_OFFLINE in text.lower() for text in seen.errors):
        return warning(CHECK, subject, "the printer is switched off or not in the network", "Switch it on.")
    if seen.errors:
        return fault(
            CHECK, subject, f"none; BambUI says: {'; '.join(seen.errors)}", "Look into BambUI's log."
        )
    if seen.ended_with is not None:
        return fault(
            CHECK,
            subject,
            f"none, BambUI ended the connection ({seen.ended_with})",
            "Is BambUI being started anew? Try again in a minute, then look into its log.",
        )
    if seen.bad:
        return fault(
            CHECK,
            subject,
            f"none that can be read: {'; '.join(seen.bad)}",
            f"Check {_VARIABLE}: is it BambUI?",
        )
    return fault(
        CHECK,
        subject,
        f"connected, but no status within {seconds:g} s",
        "Most often BambUI has a wrong access code or IP address of this printer: look into BambUI's "
        "settings. If its own page shows no status either, start BambUI anew.",
    )


def _image(printer: ListedPrinter, seen: Seen, seconds: float) -> Finding:
    subject = f"{printer.printer_id} picture"
    if seen.image_fault is not None:
        return fault(
            CHECK,
            subject,
            f"no whole JPEG: {seen.image_fault}",
            "Start BambUI anew; if it stays so, look at the picture on BambUI's own page.",
        )
    if seen.image_after is not None:
        return fine(
            CHECK, subject, f"whole, {wording.size(seen.image_bytes)} (after {_after(seen.image_after)})"
        )
    if seen.facts is None:
        return nothing(CHECK, subject, "none came, as no status did")
    return warning(
        CHECK,
        subject,
        f"none within {seconds:g} s: messages would have no photo, and there would be no film",
        "A printer without a camera is fine so. Else look whether BambUI's own page shows a picture, and "
        "start BambUI anew.",
    )


def _state(facts: PrinterStatus) -> str:
    words = [wording.state(facts.state) if facts.state else "state not told"]
    if facts.percent is not None and facts.state not in (None, "FINISH", "FAILED", "IDLE"):
        words.append(f"{facts.percent} %")
    return ", ".join(words)


def _after(seconds: float) -> str:
    return f"{max(0.0, seconds):.1f} s"
