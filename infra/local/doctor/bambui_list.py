"""What BambUI's answer to PRINTERS_API_URL says of BambUI. Pure."""

from dataclasses import dataclass, replace

from collector.bambui.discovery import ListedPrinter, merge_listing, parse_listing
from functions.shared.errors import ContractError
from infra.local.doctor.bambui_defaults import LIST, SEED, with_default_advice
from infra.local.doctor.findings import Finding, fault, fine, warning
from infra.local.doctor.printer_judgement import CHECK, unreached
from infra.local.probes.http import HttpAnswer, Unreachable

_VARIABLE = LIST
_NAMES_SHOWN = 8
_SUBJECT = "list of printers"


@dataclass(frozen=True, slots=True)
class Listing:
    """What was found, and the printers that were listed."""

    findings: tuple[Finding, ...]
    printers: tuple[ListedPrinter, ...] = ()


def evaluate_list(
    answer: HttpAnswer | Unreachable, url: str, seed: str, unset: frozenset[str] = frozenset()
) -> Listing:
    """`seed` is PRINTER_ID, which is connected whatever the list says.

    `unset`: those of BambUI's settings whose defaults count.
    """
    if isinstance(answer, Unreachable):
        listing = Listing((unreached(_SUBJECT, _VARIABLE, url, answer),))
    else:
        listing = _evaluate_answer(answer, seed, SEED not in unset)
        if answer.status == 500 or "json" in answer.content_type.lower():  # a BambUI all the same
            return listing
    return replace(listing, findings=tuple(with_default_advice(it, LIST, unset) for it in listing.findings))


def _evaluate_answer(answer: HttpAnswer, seed: str, is_seed_set: bool) -> Listing:
    if answer.status in (401, 403):
        return _wrong(
            f"something in front of BambUI asks for a password (HTTP {answer.status})",
            f"Put user and password into {_VARIABLE}: http://user:password@host/api/printers.",
        )
    if answer.status == 500:
        return _wrong(
            "BambUI fails at its own list (HTTP 500)",
            "BambUI does so when one of its printers has a model that it does not know: look into BambUI's "
            "settings and its log.",
        )
    if answer.status != 200:
        return _wrong(
            f"HTTP {answer.status} instead of a list",
            f"Check the path in {_VARIABLE}: it ends in /api/printers.",
        )
    try:
        merged = merge_listing({}, parse_listing(answer.content_type, answer.body))
    except ContractError as error:
        return _unusable(str(error), answer.content_type)
    printers = tuple(merged.known.values())
    findings = [_listed(printers)] if printers else []
    if merged.faults:
        findings.append(
            warning(
                CHECK, _SUBJECT, f"left out: {'; '.join(merged.faults[:3])}", "Name it in BambUI's settings."
            )
        )
    findings.append(_seed(printers, seed, is_seed_set))
    return Listing(tuple(findings), printers)


def _listed(printers: tuple[ListedPrinter, ...]) -> Finding:
    names = [it.printer_id + (f" ({it.model})" if it.model else "") for it in printers[:_NAMES_SHOWN]]
    more = f" and {len(printers) - _NAMES_SHOWN} more" if len(printers) > _NAMES_SHOWN else ""
    head = "1 printer" if len(printers) == 1 else f"{len(printers)} printers"
    return fine(CHECK, _SUBJECT, f"{head}: {', '.join(names)}{more}")


def _seed(printers: tuple[ListedPrinter, ...], seed: str, is_set: bool) -> Finding:
    names = [it.printer_id for it in printers]
    if seed in names:
        return fine(CHECK, SEED, f"{seed} is in the list")
    same = next((name for name in names if name.lower() == seed.lower()), None)
    if same is not None:
        advice = f"Set PRINTER_ID={same}: capital letters count."
    elif names:
        advice = f"Set PRINTER_ID to one of the list, such as {names[0]}."
    else:
        advice = "Check PRINTER_ID."
    found = f"{seed} is not in the list"
    if not is_set:
        found = f"PRINTER_ID is not set, and its default {found}"
    return warning(CHECK, SEED, found, advice)


def _unusable(why: str, content_type: str) -> Listing:
    if "empty" in why:
        return _wrong("the list is empty", "Add your printers to BambUI's settings, and start BambUI anew.")
    if "json" not in content_type.lower():
        return _wrong(
            "a web page instead of a list",
            f"Check the path in {_VARIABLE}: it ends in /api/printers. BambUI answers its own page to every "
            "path that it does not know; a login page means that something stands in front of it.",
        )
    return _wrong(f"the list {why}", f"Check {_VARIABLE}: what answers there is not BambUI.")


def _wrong(found: str, advice: str) -> Listing:
    return Listing((fault(CHECK, _SUBJECT, found, advice),))
