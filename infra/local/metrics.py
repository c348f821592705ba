"""`/metrics` of the embedded run: what the edge tells of itself, and what only this program has."""

import dataclasses
import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

from collector.agent import Collector
from collector.metrics.agent import edge_parts
from collector.metrics.exposition import MetricsPage, alone, counter, gauge
from collector.metrics.printers import printer_families
from collector.outbox.outbox import Outbox
from collector.printer.supervisor import PrinterSnapshot
from functions.api.json_values import age, shown_or_none
from functions.chat.admission import Refusal
from functions.chat.service import ChatService
from functions.inspection.model import Answer as ModelAnswer
from functions.inspection.model import VisionModel
from functions.inspection.prompt import Question
from functions.notify.render import Message
from functions.notify.transports import Answer, Outcome, Transport
from functions.shared.domain.keys import printer_key
from functions.shared.errors import BridgeError
from functions.shared.messages.effects import Film
from functions.shared.messages.job_message import JobMessage
from functions.shared.messages.printer_record import printer_record_of
from functions.shared.ports import RecordStore
from functions.shared.runtime.clocks import Clock
from functions.timelapse.service import TimelapseService
from infra.local.storage.queue import QueueFigures, read_queue_figures
from infra.local.stores import Stores


class CountingTransport:
    """`outcomes`: how often each came, from whatever thread."""

    def __init__(self, transport: Transport) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self._transport = transport
        self._lock = threading.Lock()

    def send_text(self, message: Message) -> Answer:
        return self._counted(self._transport.send_text(message))

    def send_photo(self, message: Message, photo: bytes) -> Answer:
        return self._counted(self._transport.send_photo(message, photo))

    def send_film(self, message: Message, film: Film, content: BinaryIO, thumbnail: bytes | None) -> Answer:
        return self._counted(self._transport.send_film(message, film, content, thumbnail))

    def edit(self, message: Message, shown: JobMessage, photo: bytes | None) -> Answer:
        return self._counted(self._transport.edit(message, shown, photo))

    def make_topic(self, name: str) -> Answer:
        return self._transport.make_topic(name)

    def _counted(self, answer: Answer) -> Answer:
        with self._lock:
            self.outcomes[answer.outcome] += 1
        return answer


class CountingModel:
    """`answered` and `failed`: looks that the model gave an answer to, and those it did not. One thread."""

    def __init__(self, model: VisionModel) -> None:
        self.answered = 0
        self.failed = 0
        self._model = model

    def ask(self, question: Question) -> ModelAnswer:
        """As the model it stands for, its errors included."""
        try:
            answer = self._model.ask(question)
        except Exception:
            self.failed += 1
            raise
        self.answered += 1
        return answer


if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

_log = logging.getLogger(__name__)


def metrics_page(
    collector: Collector,
    outbox: Outbox,
    stores: Stores,
    transport: CountingTransport,
    films: TimelapseService,
    model: CountingModel | None,
    clock: Clock,
    version: str,
    left_out: Callable[[], int] = lambda: 0,
    chat: ChatService | None = None,
) -> MetricsPage:
    """All parts of the embedded run. `chat`: None while it answers nobody."""

    def printers() -> "list[Metric]":
        return printer_families(remembered(collector.snapshots(), stores.records, clock()))

    own = {
        "the printers": printers,
        "the queues": lambda: queue_families(stores, clock()),
        "the messages": lambda: effect_families(transport, films, model, left_out()),
        "the chat": lambda: chat_families(chat),
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
    record = printer_record_of(stored) if stored else None
    if record is None or record.status is None:
        return snapshot
    taken_at = record.frame.taken_at if record.frame else None
    return dataclasses.replace(
        snapshot,
        model=snapshot.model or shown_or_none(record.model),
        is_online=record.is_online if snapshot.is_online is None else snapshot.is_online,
        status_text=json.dumps({"data": record.status}),
        status_age=age(now, record.received_at) if snapshot.status_age is None else snapshot.status_age,
        image_age=age(now, taken_at) if snapshot.image_age is None else snapshot.image_age,
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
    transport: CountingTransport, films: TimelapseService, model: CountingModel | None, left_out: int = 0
) -> "Iterator[Metric]":
    """What came of messages, films and looks since the start."""
    yield counter(
        "notifications",
        "Tries to send a message, by what came of them (wait, away: tried again)",
        (([outcome.value], transport.outcomes[outcome]) for outcome in Outcome),
        ["outcome"],
    )
    yield counter(
        "notifications_left_out",
        "Messages not sent because hundreds waited and newer ones tell how it stands",
        alone(left_out),
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


def chat_families(chat: ChatService | None) -> "Iterator[Metric]":
    """What came of what people asked since the start."""
    answered, refused = (chat.answered, chat.refused) if chat is not None else (0, Counter[str]())
    outcomes = [(["answered"], answered), *(([reason.value], refused[reason.value]) for reason in Refusal)]
    yield counter(
        "chat_updates",
        "Commands and buttons that were answered, and those left without an answer, by the reason",
        outcomes,
        ["outcome"],
    )
