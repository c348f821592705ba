"""What BambUI's list of printers says, and how it changes what is known. Untrusted text throughout."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.bridge.errors import ContractError

NAME_LIMIT = 300
PRINTERS_LIMIT = 1000
_MODEL_LIMIT = 40
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class ListedPrinter:
    """One entry of the list. `is_online` is one ping by BambUI: it says nothing of the printer's reports."""

    printer_id: str
    model: str | None
    is_online: bool | None


@dataclass(frozen=True, slots=True)
class Merged:
    """What is known after an answer, what of it is new or changed, and what was wrong with it."""

    known: Mapping[str, ListedPrinter]
    changed: tuple[ListedPrinter, ...]
    faults: tuple[str, ...]


def is_usable_name(name: object) -> bool:
    """A printer's id can be any printable text that is not too long."""
    return isinstance(name, str) and 1 <= len(name) <= NAME_LIMIT and name.isprintable()


def parse_listing(content_type: str, body: bytes) -> list[Any]:
    """The entries of an answer. Raises ContractError: BambUI answers 200 with a page to unknown paths."""
    if "json" not in content_type.lower():
        raise ContractError("is no JSON (a page?): check PRINTERS_API_URL")
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError):
        raise ContractError("is broken JSON") from None
    if not isinstance(entries, list):
        raise ContractError("is not a list")
    if not entries:
        raise ContractError("is empty")
    return entries


def merge_listing(known: Mapping[str, ListedPrinter], entries: list[Any]) -> Merged:
    """Nothing known is forgotten: a printer that is missing in an answer stays as it was."""
    merged = dict(known)
    faults: list[str] = []
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(name, str) or not is_usable_name(name):
            faults.append(f"no usable printer name: {name!r:.{_SHOWN}}")
        elif name not in merged and len(merged) >= PRINTERS_LIMIT:
            faults.append(f"more than {PRINTERS_LIMIT} printers: the rest is left out")
            break
        else:
            online = entry.get("is_online")
            merged[name] = ListedPrinter(
                name, _model(entry.get("model")), online if isinstance(online, bool) else None
            )
    changed = tuple(printer for name, printer in merged.items() if known.get(name) != printer)
    return Merged(merged, changed, tuple(faults))


def _model(value: object) -> str | None:
    if not isinstance(value, str) or not value.isprintable():
        return None
    return value[:_MODEL_LIMIT] or None
