"""Settings of BambUI that are not set: their defaults are a BambUI that is hardly the user's own. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from functions.shared.settings import Settings
from infra.local.doctor.findings import Finding, Outcome, nothing

LIST, SOCKET, SEED = "PRINTERS_API_URL", "WS_URL_TEMPLATE", "PRINTER_ID"
_OWN = {
    LIST: "your own BambUI (http://.../api/printers)",
    SOCKET: "your own BambUI (ws://.../ws/printer/{printer_id})",
    SEED: "the name of a printer as BambUI's settings have it",
}


def unset_in(environment: Mapping[str, str]) -> frozenset[str]:
    """Those of BambUI's three settings whose defaults count."""
    return frozenset(name for name in _OWN if not environment.get(name, "").strip())


def evaluate_simulation(check: str, unset: frozenset[str], is_asked_for: bool) -> Finding:
    """Of a run that simulates its printer, because SIMULATE=1 asks for it or no BambUI is set."""
    if not is_asked_for:
        found = "no BambUI of your own is set: `printer-bridge` would show a simulated printer"
    elif unset >= _OWN.keys():
        found = "SIMULATE=1: a simulated printer is shown"
    else:
        found = "SIMULATE=1: a simulated printer is shown, your BambUI is not looked at"
    return nothing(check, "printers", found)


def with_default_advice(finding: Finding, variable: str, unset: frozenset[str]) -> Finding:
    """A fault of what that variable leads to needs no other advice as long as it is not set."""
    if variable not in unset or finding.outcome is not Outcome.FAULT:
        return finding
    advice = f"{variable} is not set, so its default counts: set it to {_OWN[variable]}."
    return replace(finding, advice=advice, cause=variable)


def evaluate_hosts(check: str, settings: Settings, unset: frozenset[str]) -> list[Finding]:
    """List and WebSockets of one BambUI are on one computer; a default for one of the two tells another."""
    addresses = {LIST: settings.printers_api_url, SOCKET: settings.ws_url_template}
    left = [name for name in addresses if name in unset]
    if len(left) != 1 or _host(addresses[LIST]) == _host(addresses[SOCKET]):
        return []
    name = left[0]
    (other,) = addresses.keys() - unset
    found = f"{name} is not set: its default is on another computer than {other}"
    return [Finding(check, name, Outcome.WARNING, found, f"Set it to {_OWN[name]}.", cause=name)]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
