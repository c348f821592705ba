"""What was seen of one printer, judged. Pure. Source: the protocol of BambUI (403, silence, errors)."""

from collector.listing import ListedPrinter
from functions.bridge.status_facts import StatusFacts
from functions.notify import phrases
from infra.local.doctor.finding import Finding, fault, fine, nothing, warning
from infra.local.doctor.printer_socket import Seen
from infra.local.doctor.reaching import reach_advice, reach_words

CHECK = "BambUI"
_VARIABLE = "WS_URL_TEMPLATE"
_UNKNOWN = 403
_OFFLINE = "offline"


def judge_printer(printer: ListedPrinter, seen: Seen, template: str, seconds: float) -> list[Finding]:
    """One line if nothing could be seen of it, else one for its status and one for its picture."""
    name = printer.printer_id
    if seen.unreachable is not None:
        url = template.replace("{printer_id}", "")
        advice = reach_advice(_VARIABLE, url, seen.unreachable, "BambUI")
        return [fault(CHECK, name, reach_words(url, seen.unreachable), advice)]
    if seen.refused_with is not None:
        return [_refused(name, seen.refused_with)]
    return [_status(printer, seen, seconds), _picture(printer, seen, seconds)]


def _refused(name: str, status: int) -> Finding:
    if status == _UNKNOWN:
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


def _picture(printer: ListedPrinter, seen: Seen, seconds: float) -> Finding:
    subject = f"{printer.printer_id} picture"
    if seen.picture_fault is not None:
        return fault(
            CHECK,
            subject,
            f"no whole JPEG: {seen.picture_fault}",
            "Start BambUI anew; if it stays so, look at the picture on BambUI's own page.",
        )
    if seen.picture_after is not None:
        return fine(
            CHECK, subject, f"whole, {phrases.size(seen.picture_bytes)} (after {_after(seen.picture_after)})"
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


def _state(facts: StatusFacts) -> str:
    words = [phrases.state(facts.state) if facts.state else "state not told"]
    if facts.percent is not None and facts.state not in (None, "FINISH", "FAILED", "IDLE"):
        words.append(f"{facts.percent} %")
    return ", ".join(words)


def _after(seconds: float) -> str:
    return f"{max(0.0, seconds):.1f} s"
