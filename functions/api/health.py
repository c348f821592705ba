"""Is data recent? Pure rules.

Only collectors count: a printer that is switched off says nothing about the system, and a health check
must not flap with it. A collector reports on itself every five minutes whatever its printers do.
`stale`: a collector that counts was not heard of for 15 minutes. It answers 503 only when nothing at all
was heard for so long, neither a collector nor a status of any printer.
`refused`: data is recent, and Telegram refuses the chat or the bot, so that messages wait.
"""

from collections.abc import Sequence
from typing import Literal

from functions.api.json_values import age, shown_or_none, utc_time
from functions.api.schemas import ChatHealth, CollectorHealth, HealthView, PicturesHealth, PrinterHealth
from functions.shared.domain.collector_rivals import rivals_among
from functions.shared.domain.limits import COLLECTOR_FORGOTTEN_SECONDS, COLLECTOR_SILENT_SECONDS
from functions.shared.latest_pictures import LatestPictures
from functions.shared.messages.chat_record import ChatState, standing_refusal
from functions.shared.messages.collector_record import CollectorRecord
from functions.shared.printer_now import newest_status, quiet_for, silent_since
from functions.shared.read_model import PrinterData
from functions.shared.text import shown
from functions.shared.wording.durations import rough_duration

_TOPIC_NEWS_SECONDS = (
    7 * 86_400.0
)  # a topic is tried again with the next message; a printer may rest for days


def is_recent(collector: CollectorRecord, now: float, started_at: float | None) -> bool:
    return quiet_for(collector, now, started_at) <= COLLECTOR_SILENT_SECONDS


def is_superseded(collector: CollectorRecord, listed: frozenset[str] | None, now: float) -> bool:
    """Whether others took its place: they list all its printers, or it has been away for a week.

    `listed`: by those that were heard lately (None: nobody was). What is in no item of a collector, as its
    list is too long, liveness has compared.
    """
    if listed is None:
        return False
    if collector.sequence is not None and collector.liveness.forgotten_sequence == collector.sequence:
        return True
    is_forgotten = quiet_for(collector, now, None) > COLLECTOR_FORGOTTEN_SECONDS
    is_replaced = collector.listing is None and listed.issuperset(collector.names)
    return is_replaced or is_forgotten


def health(
    collectors: Sequence[CollectorRecord],
    printers: Sequence[PrinterData],
    now: float,
    started_at: float | None,
    chats: Sequence[ChatState] = (),
    disk_trouble: str | None = None,
    next_cursor: str | None = None,
) -> tuple[HealthView, bool]:
    """The answer, and whether anything at all is recent. `printers` are those of one page.

    `started_at`: when this program began to listen, if it holds the collector too (embedded): the fifteen
    minutes are counted from there at the earliest. `disk_trouble`: what is wrong with its disk, in words. A
    collector elsewhere says by itself that its disk is full.
    """
    recent = [it for it in collectors if is_recent(it, now, started_at)]
    heard = {it.collector_id for it in recent}
    listed = frozenset(name for it in recent for name in it.names) if recent else None
    collector_views = [_collector(it, it.collector_id in heard, listed, now) for it in collectors]
    printer_views = [_printer(it, now) for it in printers]
    missing = [it for it in collector_views if not it.is_recent and not it.is_superseded]
    trouble = disk_trouble or _full_disk(recent)
    rivals = _rivals(recent, now)
    has_started = started_at is not None and now - started_at <= COLLECTOR_SILENT_SECONDS
    is_anything_recent = bool(recent) or has_started or any(it.is_recent for it in printer_views)
    if not is_anything_recent:
        is_new = not collectors and not printers
        detail = "nothing is known yet" if is_new else "nothing has been heard of for 15 minutes"
    elif missing:
        quiet = max((it.age_seconds or 0.0 for it in missing), default=0.0)
        detail = f"{len(missing)} collector(s) not heard of, the longest for {rough_duration(quiet)}"
    elif trouble is not None:
        detail = trouble
    elif rivals:
        detail = f"{len(rivals)} collectors watch the same printers: end all but one ({', '.join(rivals)})"
    elif recent:
        detail = "all collectors are heard of"
    else:
        detail = "data is coming in; no collector has reported yet"
    chat = chat_health(chats, now)
    if chat.is_refused:
        detail += f"; messages wait: {chat.reason}"
    at = utc_time(now)
    assert at is not None
    status: Literal["ok", "stale", "refused", "disk_full", "doubled"] = "ok"
    if missing or not is_anything_recent:
        status = "stale"
    elif chat.is_refused:
        status = "refused"
    elif trouble is not None:
        status = "disk_full"
    elif rivals:
        status = "doubled"
    view = HealthView(
        status=status,
        detail=detail,
        at=at,
        chat=chat,
        collectors=collector_views,
        printers=printer_views,
        next_cursor=next_cursor,
    )
    return view, is_anything_recent


def _rivals(recent: Sequence[CollectorRecord], now: float) -> list[str]:
    """Those that watch the same printers; of lists that are too long for an item, liveness has seen it."""
    rivals = rivals_among((it.watch(it.names) for it in recent), now)
    heard = {it.collector_id for it in recent}
    return [
        shown(it.collector_id)
        for it in recent
        if it.collector_id in rivals or not heard.isdisjoint(it.rivals)
    ]


def _full_disk(collectors: Sequence[CollectorRecord]) -> str | None:
    full = [shown(it.collector_id) for it in collectors if it.status.outbox.get("is_disk_full") is True]
    if not full:
        return None
    return f"the disk of collector {', '.join(full)} is full: alerts go on, pictures are missing"


def chat_health(chats: Sequence[ChatState], now: float) -> ChatHealth:
    """There is a record of each chat that was ever written to; what is old is of one that is not any more."""
    refusal = standing_refusal(chats, now)
    missing = [
        it.topic_missing_since
        for it in chats
        if it.topic_tried_at is not None and now - it.topic_tried_at <= _TOPIC_NEWS_SECONDS
    ]
    return ChatHealth(
        is_refused=refusal is not None,
        reason=shown(refusal.reason) if refusal is not None else None,
        since=utc_time(refusal.since) if refusal is not None else None,
        tried_at=utc_time(refusal.tried_at) if refusal is not None else None,
        topic_missing_since=utc_time(missing[-1]) if missing else None,
        moved_to=next((it.moved_to for it in chats if it.moved_to is not None), None),
    )


def pictures_health(pictures: LatestPictures) -> PicturesHealth:
    return PicturesHealth(
        memory_bytes=pictures.bytes, limit_bytes=pictures.limit, given_way=pictures.given_way
    )


def _collector(
    collector: CollectorRecord, is_heard: bool, listed: frozenset[str] | None, now: float
) -> CollectorHealth:
    return CollectorHealth(
        collector_id=shown(collector.collector_id),
        version=shown_or_none(collector.status.version),
        received_at=utc_time(collector.received_at),
        age_seconds=age(now, collector.received_at),
        is_recent=is_heard,
        is_superseded=not is_heard and is_superseded(collector, listed, now),
    )


def _printer(printer_data: PrinterData, now: float) -> PrinterHealth:
    status, since = newest_status(printer_data), silent_since(printer_data)
    status_age = age(now, status.received_at) if status else None
    return PrinterHealth(
        printer_id=shown(printer_data.printer_id),
        is_online=printer_data.listed.is_online,
        is_recent=since is None and status_age is not None and status_age <= COLLECTOR_SILENT_SECONDS,
        silent_since=utc_time(since),
        status_age_seconds=status_age,
        image_age_seconds=age(now, printer_data.image_taken_at),
    )
