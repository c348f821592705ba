"""BambUI: its settings and their defaults, its list of printers, and every printer at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from collector.bambui.client import printer_url
from collector.bambui.discovery import ListedPrinter, merge_listing, parse_listing
from functions.shared.errors import ContractError
from functions.shared.settings import Settings
from infra.local.doctor.check import Check, CheckResult, Setup
from infra.local.doctor.findings import Finding, Outcome, fault, fine, nothing, unreached, warning
from infra.local.doctor.printer_check import UNKNOWN, Seen, evaluate_printer, watch_printer
from infra.local.probes.http import HttpAnswer, HttpRequest, Unreachable, ask

LIST, SOCKET, SEED = "PRINTERS_API_URL", "WS_URL_TEMPLATE", "PRINTER_ID"
_MARGIN_SECONDS = 30.0  # over the time that the printers have: names, list, handshakes
_PRINTERS_LIMIT = 200
_NAMES_SHOWN = 8
_SUBJECT = "list of printers"
_OWN = {
    LIST: "your own BambUI (http://.../api/printers)",
    SOCKET: "your own BambUI (ws://.../ws/printer/{printer_id})",
    SEED: "the name of a printer as BambUI's settings have it",
}


@dataclass(frozen=True, slots=True)
class Listing:
    """What was found, and the printers that were listed."""

    findings: Sequence[Finding]
    printers: Sequence[ListedPrinter] = ()


def simulate(setup: Setup) -> CheckResult:
    """A run that simulates its printer, because SIMULATE=1 asks for it or no BambUI is set."""
    if setup.settings.simulate is not True:
        found = "no BambUI of your own is set: `printer-bridge` would show a simulated printer"
    elif unset_in(setup.environment) >= _OWN.keys():
        found = "SIMULATE=1: a simulated printer is shown"
    else:
        found = "SIMULATE=1: a simulated printer is shown, your BambUI is not looked at"
    return CheckResult([nothing("printers", found)])


def run(setup: Setup, watch: Callable[[str, float], Awaitable[Seen]] = watch_printer) -> CheckResult:
    settings = setup.settings
    answer = ask(HttpRequest(settings.printers_api_url, is_local=True))
    listing = evaluate_list(
        answer, settings.printers_api_url, settings.printer_id, unset_in(setup.environment)
    )
    chosen = printers_to_watch(listing.printers, settings.printer_id)
    urls = [printer_url(settings.ws_url_template, it.printer_id) for it in chosen[:_PRINTERS_LIMIT]]

    async def watch_all() -> list[Seen]:
        return await asyncio.gather(*(watch(url, setup.seconds) for url in urls))

    return CheckResult(evaluate_bambui(setup, listing, chosen, asyncio.run(watch_all())), answer.ahead)


SIMULATION = Check("BambUI", ("SIMULATE",), simulate, 1, applies=lambda setup: setup.is_simulated)
CHECK = Check(
    "BambUI",
    (LIST, SOCKET, SEED),
    run,
    _MARGIN_SECONDS,
    applies=lambda setup: not setup.is_simulated,
    waits_for_printers=True,
)


def unset_in(environment: Mapping[str, str]) -> frozenset[str]:
    """Those of BambUI's three settings whose defaults count: a BambUI that is hardly the user's own."""
    return frozenset(name for name in _OWN if not environment.get(name, "").strip())


def printers_to_watch(listed: Sequence[ListedPrinter], seed: str) -> list[ListedPrinter]:
    """PRINTER_ID first, whatever is known of it, and all that are not switched off."""
    first = next((it for it in listed if it.printer_id == seed), ListedPrinter(seed, None, None))
    others = [it for it in listed if it.is_online is not False and it.printer_id != seed]
    return [first, *sorted(others, key=lambda it: it.printer_id)]


def evaluate_bambui(
    setup: Setup, listing: Listing, chosen: Sequence[ListedPrinter], looks: Sequence[Seen]
) -> list[Finding]:
    """`looks`: what was seen of the first of the printers that were chosen."""
    seed, unset = setup.settings.printer_id, unset_in(setup.environment)
    findings = [*evaluate_hosts(setup.settings, unset), *listing.findings]
    is_unlisted = len(listing.printers) > 0 and seed not in {it.printer_id for it in listing.printers}
    for printer, seen in zip(chosen, looks, strict=False):
        is_a_guess = printer.printer_id == seed and SEED in unset
        if is_a_guess and is_unlisted and seen.refused_with == UNKNOWN:
            continue  # the list's finding says it
        evaluated = evaluate_printer(printer, seen, setup.settings.ws_url_template, setup.seconds)
        for variable in _leading_to(seen, is_a_guess):
            evaluated = [with_default_advice(it, variable, unset) for it in evaluated]
        findings += evaluated
    for printer in listing.printers:
        if printer.is_online is False and printer.printer_id != seed:
            findings.append(nothing(printer.printer_id, "switched off (it does not answer BambUI's ping)"))
    if len(looks) < len(chosen):
        found = f"only the first {len(looks)} of {len(chosen)} are looked at"
        findings.append(warning("more printers", found))
    return findings


def with_default_advice(finding: Finding, variable: str, unset: frozenset[str]) -> Finding:
    """A fault of what that variable leads to needs no other advice as long as it is not set."""
    if variable not in unset or finding.outcome is not Outcome.FAULT:
        return finding
    advice = f"{variable} is not set, so its default counts: set it to {_OWN[variable]}."
    return replace(finding, advice=advice, cause=variable)


def evaluate_hosts(settings: Settings, unset: frozenset[str]) -> list[Finding]:
    """List and WebSockets of one BambUI are on one computer; a default for one of the two tells another."""
    addresses = {LIST: settings.printers_api_url, SOCKET: settings.ws_url_template}
    left = [name for name in addresses if name in unset]
    hosts = {urlsplit(url).hostname for url in addresses.values()}
    if len(left) != 1 or len(hosts) == 1:
        return []
    (name,) = left
    (other,) = addresses.keys() - unset
    found = f"{name} is not set: its default is on another computer than {other}"
    return [replace(warning(name, found, f"Set it to {_OWN[name]}."), cause=name)]


def evaluate_list(
    answer: HttpAnswer | Unreachable, url: str, seed: str, unset: frozenset[str] = frozenset()
) -> Listing:
    """`seed` is PRINTER_ID, which is connected whatever the list says.

    `unset`: those of BambUI's settings whose defaults count.
    """
    if isinstance(answer, Unreachable):
        listing = Listing([unreached(_SUBJECT, LIST, url, answer, "BambUI")])
    else:
        listing = _evaluate_answer(answer, seed, SEED not in unset)
        if answer.status == 500 or "json" in answer.content_type.lower():  # a BambUI all the same
            return listing
    return replace(listing, findings=[with_default_advice(it, LIST, unset) for it in listing.findings])


def _leading_to(seen: Seen, is_a_guess: bool) -> Sequence[str]:
    """The settings that may be why nothing was seen, the first to be told last."""
    if seen.refused_with == UNKNOWN and is_a_guess:
        return (SEED, SOCKET)
    return (SOCKET,) if seen.unreachable is not None or seen.refused_with is not None else ()


def _evaluate_answer(answer: HttpAnswer, seed: str, is_seed_set: bool) -> Listing:
    if answer.status in (401, 403):
        return _wrong(
            f"something in front of BambUI asks for a password (HTTP {answer.status})",
            f"Put user and password into {LIST}: http://user:password@host/api/printers.",
        )
    if answer.status == 500:
        return _wrong(
            "BambUI fails at its own list (HTTP 500)",
            "BambUI does so when one of its printers has a model that it does not know: look into BambUI's "
            "settings and its log.",
        )
    if 300 <= answer.status < 400:
        return _wrong(
            f"a redirect to another server (HTTP {answer.status}), which is not followed",
            f"Set {LIST} to the address to which it leads, if that is your BambUI.",
        )
    if answer.status != 200:
        return _wrong(
            f"HTTP {answer.status} instead of a list", f"Check the path in {LIST}: it ends in /api/printers."
        )
    try:
        merged = merge_listing({}, parse_listing(answer.content_type, answer.body))
    except ContractError as error:
        return _unusable(str(error), answer.content_type)
    printers = list(merged.known.values())
    findings = [_listed(printers)] if printers else []
    if merged.faults:
        found = f"left out: {'; '.join(merged.faults[:3])}"
        findings.append(warning(_SUBJECT, found, "Name it in BambUI's settings."))
    findings.append(_evaluate_seed([it.printer_id for it in printers], seed, is_seed_set))
    return Listing(findings, printers)


def _unusable(why: str, content_type: str) -> Listing:
    if "empty" in why:
        return _wrong("the list is empty", "Add your printers to BambUI's settings, and start BambUI anew.")
    if "json" not in content_type.lower():
        return _wrong(
            "a web page instead of a list",
            f"Check the path in {LIST}: it ends in /api/printers. BambUI answers its own page to every "
            "path that it does not know; a login page means that something stands in front of it.",
        )
    return _wrong(f"the list {why}", f"Check {LIST}: what answers there is not BambUI.")


def _wrong(found: str, advice: str) -> Listing:
    return Listing([fault(_SUBJECT, found, advice)])


def _listed(printers: Sequence[ListedPrinter]) -> Finding:
    names = [it.printer_id + (f" ({it.model})" if it.model else "") for it in printers[:_NAMES_SHOWN]]
    more = f" and {len(printers) - _NAMES_SHOWN} more" if len(printers) > _NAMES_SHOWN else ""
    head = "1 printer" if len(printers) == 1 else f"{len(printers)} printers"
    return fine(_SUBJECT, f"{head}: {', '.join(names)}{more}")


def _evaluate_seed(names: Sequence[str], seed: str, is_set: bool) -> Finding:
    if seed in names:
        return fine(SEED, f"{seed} is in the list")
    same = next((name for name in names if name.lower() == seed.lower()), None)
    if same is not None:
        advice = f"Set PRINTER_ID={same}: capital letters count."
    elif names:
        advice = f"Set PRINTER_ID to one of the list, such as {names[0]}."
    else:
        advice = "Check PRINTER_ID."
    found = f"{seed} is not in the list"
    return warning(SEED, found if is_set else f"PRINTER_ID is not set, and its default {found}", advice)
