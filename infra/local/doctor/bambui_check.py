"""BambUI: its list, and each printer's WebSocket, all printers at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from collector.bambui.client import printer_url
from collector.bambui.discovery import ListedPrinter
from functions.shared.settings import Settings
from infra.local.doctor.bambui_defaults import SEED, evaluate_hosts
from infra.local.doctor.bambui_list import evaluate_list
from infra.local.doctor.findings import CheckResult, Finding, nothing, warning
from infra.local.doctor.printer_judgement import CHECK, UNKNOWN, evaluate_printer
from infra.local.doctor.printer_socket import Seen
from infra.local.probes.http import HttpAnswer, HttpRequest, Unreachable

_PRINTERS_LIMIT = 200

Ask = Callable[[HttpRequest], Awaitable[HttpAnswer | Unreachable]]
Watch = Callable[[str, float], Awaitable[Seen]]


@dataclass(frozen=True, slots=True)
class BambuiCheck:
    """`seconds`: how long each printer may take for a status and an image.

    `unset`: those of BambUI's settings whose defaults count.
    """

    settings: Settings
    seconds: float
    ask: Ask
    watch: Watch
    unset: frozenset[str] = frozenset()

    async def look(self) -> CheckResult:
        settings = self.settings
        answer = await self.ask(HttpRequest(settings.printers_api_url, is_local=True))
        listing = evaluate_list(answer, settings.printers_api_url, settings.printer_id, self.unset)
        listed = {it.printer_id for it in listing.printers}
        seed = settings.printer_id
        switched_off = [it for it in listing.printers if it.is_online is False and it.printer_id != seed]
        away = {it.printer_id for it in switched_off}
        watched = {it.printer_id: it for it in listing.printers if it.printer_id not in away}
        watched.setdefault(seed, ListedPrinter(seed, None, None))
        chosen = sorted(watched.values(), key=lambda it: (it.printer_id != seed, it.printer_id))
        chosen = chosen[:_PRINTERS_LIMIT]
        looks = await asyncio.gather(*(self._watch(printer) for printer in chosen))
        findings = [*evaluate_hosts(CHECK, settings, self.unset), *listing.findings]
        for printer, seen in zip(chosen, looks, strict=True):
            is_a_guess = printer.printer_id == seed and SEED in self.unset
            if is_a_guess and listed and seed not in listed and seen.refused_with == UNKNOWN:
                continue  # the list's finding says it
            unset = self.unset if is_a_guess else self.unset - {SEED}
            findings += evaluate_printer(printer, seen, settings.ws_url_template, self.seconds, unset)
        findings += [_switched_off(printer) for printer in switched_off]
        if len(watched) > len(chosen):
            findings.append(
                warning(
                    CHECK, "more printers", f"only the first {len(chosen)} of {len(watched)} are looked at"
                )
            )
        clocks = _clocks(answer)
        return CheckResult(tuple(findings), clocks)

    async def _watch(self, printer: ListedPrinter) -> Seen:
        return await self.watch(printer_url(self.settings.ws_url_template, printer.printer_id), self.seconds)


def _clocks(answer: HttpAnswer | Unreachable) -> tuple[tuple[str, float], ...]:
    if isinstance(answer, Unreachable) or answer.ahead is None:
        return ()
    return ((CHECK, answer.ahead),)


def _switched_off(printer: ListedPrinter) -> Finding:
    return nothing(CHECK, printer.printer_id, "switched off (it does not answer BambUI's ping)")
