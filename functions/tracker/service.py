"""Advances the record of a report's printer, and puts the effects on their queues.

Commit protocol: effects first, with ids derived from the report, then what changes in the history of jobs,
then the record by its version. A crash in between repeats the same ids, which queues and workers drop, and
the same changes, which come to the same.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from functions.shared.consumer import RETRY_SECONDS
from functions.shared.dispatch import DeadLetter, Done, Received, Retry, Settlement
from functions.shared.domain.keys import collector_key, listing_key, printer_key
from functions.shared.effect_sender import EffectSender
from functions.shared.errors import ContractError, PermanentError, TransientError
from functions.shared.job_archive import JobArchive
from functions.shared.messages.codec import recall
from functions.shared.messages.collector_record import (
    CollectorRecord,
    CollectorStatus,
    Listing,
    collector_record_of,
    listing_of,
    with_report,
)
from functions.shared.messages.effects import Category, Effect, Notification, Timelapse
from functions.shared.messages.job_history import JobHistoryChange
from functions.shared.messages.printer_record import PrinterRecord, record_from_json, record_to_json
from functions.shared.messages.report import Report, ReportKind, decode_report
from functions.shared.messages.supersession import numbered
from functions.shared.ports import Backends, Queue, RecordStore, Stored
from functions.shared.runtime.clocks import Clock
from functions.shared.settings import Settings
from functions.shared.starts import STARTS_LIMIT, Starts
from functions.shared.value_class import dataclass
from functions.tracker.collector_disk import disk_full_since, disk_notification
from functions.tracker.evaluation import Rules
from functions.tracker.sender_rights import report_of
from functions.tracker.transitions import advance_with_history

_ENDS = frozenset({Category.FINISHED, Category.FAILED, Category.CANCELLED, Category.ENDED})
_log = logging.getLogger(__name__)


def _no_site(sender: str) -> str | None:  # noqa: ARG001
    return None


@dataclass(frozen=True, slots=True)
class TrackerService:
    """`chat` names the notifications' group; `inspections` may be None when AI is off.

    `watches_collectors`: tells of their full disks (the embedded run tells of its own, which is the queues'
    disk too), and keeps their long lists of printers apart, of which liveness makes what others need.
    `site_of` the sender of a report, which it may report on and on no other (None: it may on all).
    `history_days`: HISTORY_RETENTION_DAYS.
    """

    records: RecordStore
    notifications: Queue
    timelapses: Queue
    inspections: Queue | None
    rules: Rules
    chat: str
    clock: Clock
    watches_collectors: bool = False
    site_of: Callable[[str], str | None] = _no_site
    history_days: float = 0.0

    decode = staticmethod(decode_report)

    def refuse(self, error: Exception) -> DeadLetter:
        _log.error("report set aside: %s", error)
        return DeadLetter(str(error))

    def handle(self, message: Received[Report]) -> Settlement:
        """Advance the record of the report's printer, or keep the collector's own."""
        if message.receive_count == 1:  # most never come again, and so cost no write
            return self._settlement_of(message)
        report, starts = message.content.id, Starts(self.records, self.clock)
        try:
            is_given_up = starts.begin(report) > STARTS_LIMIT
        except TransientError as error:
            return self._retry(error)
        settlement: Settlement
        if is_given_up:
            settlement = self.refuse(ContractError(f"{STARTS_LIMIT} runs broke off with it"))
        else:
            settlement = self._settlement_of(message)
        starts.end(report)
        return settlement

    def _settlement_of(self, message: Received[Report]) -> Settlement:
        try:
            self._track(message)
        except TransientError as error:
            return self._retry(error)
        except PermanentError as error:
            return self.refuse(error)
        return Done()

    def _retry(self, error: TransientError) -> Retry:
        _log.warning("report goes back for %g s: %s", RETRY_SECONDS, error)
        return Retry(error.retry_after or RETRY_SECONDS)

    def _track(self, message: Received[Report]) -> None:
        site = self.site_of(message.sender)
        if site is not None:
            message = replace(message, content=report_of(site, message.content))
        report = message.content
        if report.kind is ReportKind.COLLECTOR:
            self._keep_collector(message)
            return
        key = record_key(report)
        stored = self.records.get(key)
        version = stored.version if stored else 0
        record: PrinterRecord | None = None
        if stored is not None:
            try:
                record = record_from_json(stored.value)
            except ContractError as error:
                _log.error("record of %r cannot be read and starts anew: %s", report.printer_id, error)
        after, effects, changes = advance_with_history(record, report, self.rules)
        if after == record:
            return
        after, effects = _numbered(after, effects)
        late_by = lateness_of(message, self.clock())
        for effect in effects:
            self._send(effect, late_by)
        for change in changes:
            self._keep(change)
        self.records.put(key, record_to_json(after), version)
        _log_if_filmless(record, after, effects)

    def _send(self, effect: Effect, late_by: float) -> None:
        if isinstance(effect, Notification):
            _log.debug("%s: %s", effect.printer_id, effect.category.value)
        if not isinstance(effect, Timelapse):
            effect = replace(effect, late_by=late_by)
        EffectSender(self.chat, self.notifications, self.timelapses, self.inspections).send(effect)

    def _keep(self, change: JobHistoryChange) -> None:
        """A fault in the history of a job is no reason to lose track of its printer."""
        try:
            JobArchive(self.records, self.clock, self.history_days).keep(change)
        except PermanentError as error:
            _log.error("the history of %r is not kept: %s", change.printer_id, error)

    def _keep_collector(self, message: Received[Report]) -> None:
        """A collector's report on itself; the far side's own clock says when it was heard."""
        report, now = message.content, self.clock()
        key = record_key(report)
        stored = self.records.get(key)
        before = collector_record_of(stored) if stored else CollectorRecord(report.collector_id)
        last = -1 if before.sequence is None else before.sequence  # the doctor's has -1, and is not kept
        if report.sequence <= last:
            return
        listing = listing_of(report) if self.watches_collectors else None
        if listing is not None and listing.digest != before.listing:
            self._keep_listing(report.collector_id, listing)
        kept = with_report(stored.value if stored else {}, report, now, before.disk_full_since, listing)
        if self.watches_collectors:
            status = recall(CollectorStatus, report.status or {})
            since = disk_full_since(before, status, report.observed_at)
            kept = with_report(kept, report, now, since, listing)
            after = collector_record_of(Stored(key, kept, 0))
            names = [printer.printer_id for printer in status.printers]
            told = disk_notification(report.id, before, after, names, lateness_of(message, now))
            if told is not None:
                _log.warning("%s: %s", told.printer_id, told.category.value)
                EffectSender(self.chat, self.notifications).send(told)
        self.records.put(key, kept, stored.version if stored else 0)

    def _keep_listing(self, collector_id: str, listing: Listing) -> None:
        """Before the collector's item, which names its digest: a crash in between only repeats it."""
        key = listing_key(collector_id)
        stored = self.records.get(key)
        self.records.put(key, listing.to_json(), stored.version if stored else 0)


def build_service(
    backends: Backends,
    settings: Settings,
    checks_are_on: bool,
    *,
    watches_collectors: bool = False,
    site_of: Callable[[str], str | None] = _no_site,
) -> TrackerService:
    """Over those back ends; without checks nothing is put on the inspections' queue."""
    return TrackerService(
        backends.records,
        backends.notifications,
        backends.timelapses,
        backends.inspections if checks_are_on else None,
        Rules.from_settings(settings, checks_are_on),
        backends.chat,
        backends.clock,
        watches_collectors,
        site_of,
        settings.history_retention_days,
    )


def record_key(report: Report) -> str:
    """Of the record that the report goes into: its printer's, or the collector's own."""
    if report.kind is ReportKind.COLLECTOR:
        return collector_key(report.collector_id)
    return printer_key(report.printer_id)


def lateness_of(message: Received[Report], now: float) -> float:
    """Seconds from the observation at the edge (by its clock) to now, less what only clocks disagree on."""
    report = message.content
    shipped_at = report.shipped_at if report.shipped_at is not None else report.observed_at
    return round(max(0.0, shipped_at - report.observed_at) + max(0.0, now - message.sent_at), 3)


def _numbered(after: PrinterRecord, effects: Sequence[Effect]) -> tuple[PrinterRecord, tuple[Effect, ...]]:
    """Its notifications with their numbers, and the record that knows them."""
    asked, sent = after.asked, list[Effect]()
    for effect in effects:
        if isinstance(effect, Notification):
            asked, notification = numbered(asked, effect)
            sent.append(notification)
        else:
            sent.append(effect)
    return replace(after, asked=asked), tuple(sent)


def _log_if_filmless(before: PrinterRecord | None, after: PrinterRecord, effects: Sequence[Effect]) -> None:
    """A job of which no photo was ever kept has no film: that is no fault, and only the log tells it."""
    jobs = (record.job for record in (before, after) if record is not None)
    unseen = {job.id for job in jobs if job is not None and job.prefix is None}
    filmed = {effect.job_id for effect in effects if isinstance(effect, Timelapse)}
    for effect in effects:
        if not isinstance(effect, Notification) or effect.job_id not in unseen - filmed:
            continue
        if effect.ended or effect.category in _ENDS:
            named = repr(effect.job.name) if effect.job.name else "a job without a name"
            _log.info("no film of %s on %r: no picture of it came", named, effect.printer_id)
