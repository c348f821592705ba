"""`/metrics` of the embedded run: what the edge tells of itself, and what only this program has."""

import dataclasses
import json
import logging
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from collector.collector import Collector
from collector.metric_family import alone, counter, gauge
from collector.metrics_page import MetricsPage
from collector.metrics_parts import edge_parts
from collector.outbox import Outbox
from collector.printer_families import printer_families
from collector.printer_snapshot import PrinterSnapshot
from functions.api.stored_values import age, flag_in, number_in, text_in
from functions.bridge.embedded.queue_figures import QueueFigures, read_queue_figures
from functions.bridge.errors import BridgeError
from functions.bridge.ports import RecordStore
from functions.bridge.records import printer_key
from functions.bridge.steady_clock import Clock
from functions.notify.sink import Outcome
from functions.timelapse.service import TimelapseService
from infra.local.counting import CountingModel, CountingSink
from infra.local.stores import Stores

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

_log = logging.getLogger(__name__)


def metrics_page(
    collector: Collector,
    outbox: Outbox,
    stores: Stores,
    sink: CountingSink,
    films: TimelapseService,
    model: CountingModel | None,
    clock: Clock,
    version: str,
) -> MetricsPage:
    """All parts of the embedded run."""

    def printers() -> "list[Metric]":
        return printer_families(remembered(collector.snapshots(), stores.records, clock()))

    own = {
        "the printers": printers,
        "the queues": lambda: queue_families(stores, clock()),
        "the messages": lambda: effect_families(sink, films, model),
    }
    return MetricsPage(edge_parts(collector, outbox, version) | own)


def remembered(
    snapshots: Sequence[PrinterSnapshot], records: RecordStore, now: float
) -> list[PrinterSnapshot]:
    """With what the record knows of each printer that has sent nothing yet since the start.

    When records cannot be read the printers are told without them.
    """
    try:
        return [
            _with_record(snapshot, records, now)
            if snapshot.status_text is None and not snapshot.is_refused
            else snapshot
            for snapshot in snapshots
        ]
    except BridgeError as error:
        _log.debug("the printers' records cannot be read: %s", error)
        return list(snapshots)


def _with_record(snapshot: PrinterSnapshot, records: RecordStore, now: float) -> PrinterSnapshot:
    stored = records.get(printer_key(snapshot.printer_id))
    if stored is None or not isinstance(stored.value.get("status"), dict):
        return snapshot
    record = stored.value
    received_at, frame = number_in(record, "received_at"), record.get("frame")
    taken_at = number_in(frame, "taken_at") if isinstance(frame, dict) else None
    return dataclasses.replace(
        snapshot,
        model=snapshot.model or text_in(record, "model"),
        is_online=flag_in(record, "is_online") if snapshot.is_online is None else snapshot.is_online,
        status_text=json.dumps({"data": record["status"]}),
        status_age=age(now, received_at) if snapshot.status_age is None else snapshot.status_age,
        picture_age=age(now, taken_at) if snapshot.picture_age is None else snapshot.picture_age,
    )


def queue_families(stores: Stores, now: float) -> "Iterator[Metric]":
    """What waits in each queue and what was given up. Raises TransientError when the file cannot be read."""
    read = read_queue_figures(stores.database.path, now)
    figures = {queue.name: read.get(queue.name, QueueFigures()) for queue in stores.queues}
    yield gauge(
        "queue_messages",
        "Messages in the queue that are not done with",
        (([name], it.waiting) for name, it in figures.items()),
        ["queue"],
    )
    yield gauge(
        "queue_age_seconds",
        "How long ago the oldest message in the queue was sent (0: it is empty)",
        (([name], it.oldest_seconds) for name, it in figures.items()),
        ["queue"],
    )
    yield gauge(
        "dead_letters",
        "Messages that were given up (kept for 14 days)",
        (([name], it.dead_letters) for name, it in figures.items()),
        ["queue"],
    )
    yield counter("state_commits", "Commits of queues and records to disk", alone(stores.database.commits))


def effect_families(
    sink: CountingSink, films: TimelapseService, model: CountingModel | None
) -> "Iterator[Metric]":
    """What came of messages, films and looks since the start."""
    yield counter(
        "notifications",
        "Tries to send a message, by what came of them (wait, away: tried again)",
        (([outcome.name.lower()], sink.outcomes[outcome]) for outcome in Outcome),
        ["outcome"],
    )
    yield counter(
        "films",
        "Films made, and those that could not be",
        [(["made"], films.made), (["failed"], films.failed)],
        ["outcome"],
    )
    yield counter(
        "looks",
        "Looks of the AI that were answered, and those that were not",
        [(["answered"], model.answered if model else 0), (["failed"], model.failed if model else 0)],
        ["outcome"],
    )
