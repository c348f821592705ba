"""What the stores and the memory hold of printers, each record read once for one answer. No rules in here."""

import math
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from functions.shared.domain.keys import (
    CHATS,
    COLLECTORS,
    INSPECTIONS,
    PRINTERS,
    belongs_to,
    collector_key,
    inspection_key,
    listing_key,
    printer_key,
    told_key,
)
from functions.shared.errors import NotFoundError
from functions.shared.messages.chat_record import ChatState, chat_state_of
from functions.shared.messages.collector_record import (
    CollectorRecord,
    ReportedPrinter,
    collector_record_of,
    listed_in,
)
from functions.shared.messages.inspection_record import InspectionState, inspection_from_json
from functions.shared.messages.printer_record import PrinterRecord, printer_record_of
from functions.shared.messages.report import FrameReference
from functions.shared.messages.told_messages import ToldMessages, told_of
from functions.shared.ports import FrameStore, RecordStore, Stored, StoredFrame
from functions.shared.text import shown
from functions.shared.value_class import dataclass

if TYPE_CHECKING:
    from functions.shared.live import Live

PAGE_LIMIT, LONGEST_PAGE = 200, 500  # printers: some 0.3 s and 0.7 s of the API's function
_ALIKE_LIMIT = 500  # names that are compared as they are shown
_LISTS_LIMIT = 4  # collectors' long lists that are looked through for one printer
_NAME_LIMIT = 1024
_ESCAPE = "~"
_REPLACED = "?"  # what stands for each character that cannot be shown


@dataclass(frozen=True, slots=True)
class ReceivedStatus:
    """BambUI's merged dictionary and when it was received (edge clock)."""

    data: Mapping[str, object]
    received_at: float | None


@dataclass(frozen=True, slots=True)
class NewestImage:
    data: bytes
    taken_at: float


@dataclass(frozen=True, slots=True)
class ListedPrinter:
    """A printer as a source lists it: the memory, a record or a collector's report."""

    printer_id: str
    model: str | None
    is_online: bool | None
    has_status: bool = False
    is_connected: bool | None = None


@dataclass(frozen=True, slots=True)
class PrinterData:
    """All that is held of one printer. `record` and `inspection` are empty when there is none."""

    printer_id: str
    live: ReceivedStatus | None
    record: PrinterRecord
    inspection: InspectionState
    image_taken_at: float | None
    listed: ListedPrinter
    image_key: str | None = None  # of the frame store; None: it is in memory only, or there is none


@dataclass(frozen=True, slots=True)
class PrinterPage:
    """Some printers, and the name of the last where more follow."""

    printers: list[ListedPrinter]
    more_after: str | None


class Queries:
    """Reads for one answer: the newest from memory (`live`), else from stores, no record twice. Blocks."""

    def __init__(self, records: RecordStore, frames: FrameStore, live: "Live | None") -> None:
        self._records = records
        self._frames = frames
        self._live = live
        self._recorded: dict[str, PrinterRecord | None] = {}  # read already, by printer
        self._collectors: dict[str, CollectorRecord | None] = {}  # likewise
        self._listings: dict[str, tuple[ReportedPrinter, ...]] = {}  # likewise, by collector

    @cached_property
    def collectors(self) -> list[CollectorRecord]:
        """Every collector ever heard of."""
        found = [collector_record_of(stored) for stored in self._records.list(COLLECTORS)]
        self._collectors |= {it.collector_id: it for it in found}
        return found

    @cached_property
    def chats(self) -> list[ChatState]:
        """Every chat ever written to."""
        return [chat_state_of(stored) for stored in self._records.list(CHATS)]

    def page(self, after: str = "", limit: int = PAGE_LIMIT) -> PrinterPage:
        """The printers behind that name, sorted: what memory, records and collectors know, joined.

        Pages follow each other by the names' code points; within a page upper and lower case are one. Of
        printers that only a collector lists, those of its own item are known: others have a record anyway,
        as a collector reports each printer that is new in its list.
        """
        stored = self._records.list(PRINTERS, PRINTERS + after if after else "", limit)
        recorded = [printer_record_of(item) for item in stored]
        is_cut = len(stored) == limit
        live = [_live_printer(name, known) for name, known in self._live_printers().items()]
        reported = [
            _reported_printer(it) for collector in self._newest_first() for it in collector.status.printers
        ]
        printers = _joined((*live, *map(_record_printer, recorded), *reported))
        last = recorded[-1].printer_id if is_cut else None
        names = sorted(name for name in printers if name > after and (last is None or name <= last))[:limit]
        is_more = is_cut or len(names) < sum(name > after for name in printers)
        self._recorded |= dict.fromkeys(names) | {it.printer_id: it for it in recorded}
        shown_first = sorted(names, key=lambda name: (name.casefold(), name))
        return PrinterPage([printers[name] for name in shown_first], names[-1] if is_more and names else None)

    def find(self, name: str) -> ListedPrinter | None:
        """The printer asked for, or None.

        A name may also be given as the API shows it (`?` for what no URL can carry) or with `~` before
        it (URLs cannot carry the names `.` and `..`).
        """
        if not name or len(name) > _NAME_LIMIT:
            return None
        found = self._find_exact(name)
        if found is None and name.startswith(_ESCAPE):
            found = self._find_exact(name[1:])
        if found is None and _REPLACED in name:
            found = self._find_alike(name)
        return found

    def _find_alike(self, name: str) -> ListedPrinter | None:
        """One that is shown so: of those whose name begins as this one does."""
        beginning = name.partition(_REPLACED)[0]
        stored = self._records.list(PRINTERS + beginning, limit=_ALIKE_LIMIT)
        names = [item.key.removeprefix(PRINTERS) for item in stored]
        names += [*self._live_printers(), *(name for it in self.collectors for name in it.names)]
        exact = next((it for it in names if shown(it) == name), None)
        return None if exact is None else self._find_exact(exact)

    def read(self, listed: ListedPrinter) -> PrinterData:
        """All that is held of one printer."""
        stored = self._stored(inspection_key(listed.printer_id))
        return self._data(listed, inspection_from_json(stored.value) if stored else InspectionState())

    def read_page(self, page: PrinterPage, with_checks_after: str | None = None) -> list[PrinterData]:
        """What the lists hold of its printers. Their checks, which are a list of their own by the same names,
        only if the page's begin is given."""
        checks: dict[str, InspectionState] = {}
        if with_checks_after is not None and page.printers:
            after = INSPECTIONS + with_checks_after if with_checks_after else ""
            stored = self._records.list(INSPECTIONS, after, PAGE_LIMIT)
            checks = {it.key: inspection_from_json(it.value) for it in stored}
        return [
            self._data(it, checks.get(inspection_key(it.printer_id), InspectionState()))
            for it in page.printers
        ]

    def watchers(self, printer_id: str) -> list[CollectorRecord]:
        """The collectors of this printer: whose report of it came last, else who lists it."""
        last = self._last_collector(self.record(printer_id))
        return [it for it in self.collectors if printer_id in it.names] if last is None else [last]

    def _last_collector(self, record: PrinterRecord | None) -> CollectorRecord | None:
        """Whose report of the printer came last. Of thousands of collectors this one alone is read."""
        if record is None or not record.sequences:
            return None
        name = record.sequences[-1][0]
        if name not in self._collectors:
            stored = self._stored(collector_key(name))
            self._collectors[name] = None if stored is None else collector_record_of(stored)
        return self._collectors[name]

    def _data(self, listed: ListedPrinter, inspection: InspectionState) -> PrinterData:
        printer_id = listed.printer_id
        record = self.record(printer_id) or PrinterRecord(printer_id)
        reference = _frame_of(record)
        taken_at = self._live.frame_taken_at(printer_id) if self._live else None
        is_live = taken_at is not None
        if taken_at is None and reference is not None:
            taken_at = reference.taken_at
        return PrinterData(
            printer_id=printer_id,
            live=self._live_status(printer_id),
            record=record,
            inspection=inspection,
            image_taken_at=taken_at,
            image_key=None if is_live or reference is None else reference.key,
            listed=listed,
        )

    def film(self, printer_id: str) -> StoredFrame | None:
        """The film of the printer's last job, or None if there is none (yet, or any more)."""
        record = self.record(printer_id)
        job = record.job if record else None
        if job is None or job.prefix is None or not belongs_to(job.prefix, printer_id):
            return None
        own = [it for it in self._frames.films(job.prefix) if it.taken_at >= math.floor(job.started_at)]
        return max(own, key=lambda it: it.taken_at, default=None)

    def image(self, printer_id: str) -> NewestImage | None:
        """The newest image, or None if there is none (any more)."""
        frame = self._live.frame(printer_id) if self._live else None
        if frame is not None:
            return NewestImage(frame.data, frame.taken_at)
        reference = _frame_of(self.record(printer_id))
        if reference is None:
            return None
        try:
            return NewestImage(self._frames.get(reference.key), reference.taken_at)
        except NotFoundError:
            return None

    def told(self, printer_id: str) -> ToldMessages:
        """What was told of the printer lately."""
        stored = self._stored(told_key(printer_id))
        return told_of(stored.value) if stored else ToldMessages()

    def _find_exact(self, name: str) -> ListedPrinter | None:
        live, record = self._live_printers().get(name), self.record(name)
        sources = [_live_printer(name, live)] if live else []
        if record:
            sources.append(_record_printer(record))
        last = self._last_collector(record)
        if last is not None:
            lists = [self._listing(last)]
        else:
            lists = [it.status.printers for it in self._newest_first() if it.listing is None]
            apart = [it for it in self._newest_first() if it.listing is not None]
            lists += [self._listing(it) for it in apart[:_LISTS_LIMIT]]
        sources += [_reported_printer(it) for listing in lists for it in listing if it.printer_id == name]
        return _joined(sources).get(name)

    def _listing(self, collector: CollectorRecord) -> tuple[ReportedPrinter, ...]:
        """All printers that it lists; a long list is an item of its own."""
        if collector.listing is None:
            return collector.status.printers
        name = collector.collector_id
        if name not in self._listings:
            self._listings[name] = listed_in(self._stored(listing_key(name)))
        return self._listings[name]

    def _newest_first(self) -> list[CollectorRecord]:
        return sorted(self.collectors, key=lambda item: item.received_at or 0.0, reverse=True)

    def _live_printers(self) -> dict[str, tuple[str | None, bool | None, bool]]:
        return self._live.printers() if self._live else {}

    def _live_status(self, printer_id: str) -> ReceivedStatus | None:
        newest = self._live.status(printer_id) if self._live else None
        if newest is None:
            return None
        data = newest.data()
        if not data:  # it could not be read, which the collector has said; the record is shown instead
            return None
        return ReceivedStatus(data, newest.received_at)

    def record(self, printer_id: str) -> PrinterRecord | None:
        """What the tracker knows of the printer, None if nothing."""
        if printer_id not in self._recorded:
            stored = self._stored(printer_key(printer_id))
            self._recorded[printer_id] = printer_record_of(stored) if stored else None
        return self._recorded[printer_id]

    def _stored(self, key: str) -> Stored | None:
        try:
            return self._records.get(key)
        except UnicodeEncodeError:  # a name with lone surrogates, which this store cannot hold
            return None


def _joined(sources: Iterable[ListedPrinter]) -> dict[str, ListedPrinter]:
    """One entry a printer; where two sources know the same, the earlier one is believed."""
    joined: dict[str, ListedPrinter] = {}
    for item in sources:
        known = joined.get(item.printer_id, item)
        joined[item.printer_id] = ListedPrinter(
            item.printer_id,
            item.model if known.model is None else known.model,
            item.is_online if known.is_online is None else known.is_online,
            known.has_status or item.has_status,
            item.is_connected if known.is_connected is None else known.is_connected,
        )
    joined.pop("", None)
    return joined


def _reported_printer(listed: ReportedPrinter) -> ListedPrinter:
    """As a collector lists it."""
    return ListedPrinter(listed.printer_id, listed.model, listed.is_online, is_connected=listed.is_connected)


def _live_printer(printer_id: str, known: tuple[str | None, bool | None, bool]) -> ListedPrinter:
    return ListedPrinter(printer_id, *known)


def _record_printer(record: PrinterRecord) -> ListedPrinter:
    return ListedPrinter(record.printer_id, record.model, record.is_online, record.status is not None)


def _frame_of(record: PrinterRecord | None) -> FrameReference | None:
    """The record's newest frame, if it is one of that printer."""
    frame = record.frame if record else None
    if record is None or frame is None:
        return None
    return frame if belongs_to(frame.key, record.printer_id) and frame.key.endswith(".jpg") else None
