"""A collector's own item: the tracker writes what it reported, liveness keeps its state beside that.

Each of the two writes its own part and leaves the rest as it was, what a newer version wrote there included.
A long list of printers is an item of its own: whoever reads all collectors does not read all printers.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from functions.shared.domain.collector_liveness import Collector, LivenessState
from functions.shared.domain.collector_rivals import Watch
from functions.shared.domain.keys import COLLECTORS
from functions.shared.domain.limits import PRINTER_NAME_LIMIT
from functions.shared.errors import ContractError
from functions.shared.messages.codec import WHOLE, recall, to_json, without_empty
from functions.shared.messages.report import Report
from functions.shared.ports import Stored
from functions.shared.value_class import dataclass


@dataclass(frozen=True, slots=True)
class ReportedPrinter:
    """A printer as a collector lists it. `is_connected`: to BambUI, for this printer."""

    printer_id: str
    model: str | None = None
    is_online: bool | None = None
    is_connected: bool | None = None


@dataclass(frozen=True, slots=True)
class CollectorStatus:
    """What a collector says of itself: the status of its own report. `outbox`: that one's figures."""

    version: str | None = None
    started_at: float | None = None
    outbox: Mapping[str, Any] = field(default_factory=dict)
    printers: tuple[ReportedPrinter, ...] = ()


@dataclass(frozen=True, slots=True)
class CollectorRecord:
    """The last report of a collector on itself; `received_at` is by our clock, `observed_at` by its own.

    `disk_full_since`, by its clock too: that its disk is full was told, and not yet that it is over.
    `listing`: the digest of its printers, where these are too many for this item; `rivals`: who watches some
    of them as well, by the last look of liveness.
    """

    collector_id: str = ""
    sequence: int | None = None
    received_at: float | None = None
    observed_at: float | None = None
    status: CollectorStatus = field(default_factory=CollectorStatus)
    liveness: LivenessState = field(default=LivenessState(), metadata=WHOLE)
    disk_full_since: float | None = None
    listing: str | None = None
    rivals: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Of the printers that stand in this item."""
        return frozenset(printer.printer_id for printer in self.status.printers)

    def watch(self, printers: frozenset[str]) -> Watch:
        return Watch(self.collector_id, self.received_at, self.status.started_at, printers)


def collector_record_of(stored: Stored) -> CollectorRecord:
    """The record of that item. Total: what cannot be read is not known."""
    return recall(CollectorRecord, stored.value | {"collector_id": stored.key.removeprefix(COLLECTORS)})


# Printers of a household or a workshop. More are an item of their own: each answer of the API reads the items
# of all collectors, and 20 names take a tenth of what it is charged for one.
PRINTERS_WITHIN_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Listing:
    """A long list of printers, and its digest. `status` is the report's without it."""

    status: Mapping[str, Any]
    printers: Sequence[Any]
    digest: str

    def to_json(self) -> dict[str, Any]:
        return {"printers": list(self.printers), "digest": self.digest}


def listing_of(report: Report) -> Listing | None:
    """The report's list of printers, if it is too long for the collector's item."""
    status = dict(report.status or {})
    printers = status.pop("printers", None)
    if not isinstance(printers, list) or len(printers) <= PRINTERS_WITHIN_LIMIT:
        return None
    text = json.dumps(printers, separators=(",", ":"), sort_keys=True)
    return Listing(status, printers, hashlib.sha256(text.encode()).hexdigest()[:32])


def listed_in(stored: Stored | None) -> tuple[ReportedPrinter, ...]:
    """The printers of such an item. Total."""
    return () if stored is None else recall(CollectorStatus, stored.value).printers


def with_report(
    value: Mapping[str, Any],
    report: Report,
    received_at: float,
    disk_full_since: float | None = None,
    listing: Listing | None = None,
) -> dict[str, Any]:
    """The item's value (empty: there is none yet) with that report in it, all else as it was."""
    kept = {name: item for name, item in value.items() if name not in ("disk_full_since", "listing")}
    return {
        **kept,
        **({} if disk_full_since is None else {"disk_full_since": disk_full_since}),
        **({} if listing is None else {"listing": listing.digest}),
        "collector_id": report.collector_id,
        "sequence": report.sequence,
        "received_at": received_at,
        "observed_at": report.observed_at,
        "status": dict(report.status or {}) if listing is None else dict(listing.status),
    }


_NAMES_SHOWN = 10
_NOBODY = "Printer bridge"


def heading_of(names: Sequence[str]) -> str:
    """What a message on a collector is headed by, as each is of a printer: the one that it watches, or how
    many there are."""
    if len(names) > 1:
        return f"{len(names)} printers"
    return names[0] if names else _NOBODY


def watched_words(names: Sequence[str]) -> str | None:
    """Which they are, if the heading does not say it."""
    if len(names) < 2:
        return None
    shown = sorted(names, key=lambda name: (name.casefold(), name))
    hidden = shown[_NAMES_SHOWN:]
    last = f"{len(hidden)} more" if hidden else shown.pop()
    return f"It watches {', '.join(shown[:_NAMES_SHOWN])} and {last}"


def with_state(value: Mapping[str, Any], state: LivenessState) -> dict[str, Any]:
    """The item's value with that state in it, all else as it was."""
    kept = {name: item for name, item in value.items() if name != "liveness"}
    return kept if state == LivenessState() else {**kept, "liveness": without_empty(to_json(state))}


def with_rivals(value: Mapping[str, Any], rivals: Sequence[str]) -> dict[str, Any]:
    """The item's value with these rivals in it, all else as it was."""
    kept = {name: item for name, item in value.items() if name != "rivals"}
    return {**kept, "rivals": list(rivals)} if rivals else kept


def collector_of(record: CollectorRecord) -> Collector:
    """The collector as the rule of liveness sees it. Raises ContractError if the item was no collector's."""
    if record.sequence is None:
        raise ContractError("sequence is not an integer")
    if record.received_at is None:
        raise ContractError("received_at is not a number")
    names = dict.fromkeys(printer.printer_id[:PRINTER_NAME_LIMIT] for printer in record.status.printers)
    return Collector(record.collector_id, record.sequence, record.received_at, tuple(names), record.liveness)
