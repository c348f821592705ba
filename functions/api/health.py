"""Is data recent? Pure rules.

Only collectors count: a printer that is switched off says nothing about the system, and a health check
must not flap with it. A collector reports on itself every five minutes whatever its printers do.
`stale`: a collector that counts was not heard of for 15 minutes. It answers 503 only when nothing at all
was heard for so long, neither a collector nor a status of any printer.
`refused`: data is recent, and Telegram refuses the chat or the bot, so that messages wait.
"""

import math
from collections.abc import Sequence
from typing import Literal

from functions.api.json_values import age, shown, shown_or_none, utc_time
from functions.api.presenter import newest_status, silent_since
from functions.api.queries import PrinterData
from functions.api.schemas import ChatHealth, CollectorHealth, HealthView, PicturesHealth, PrinterHealth
from functions.shared.domain.limits import COLLECTOR_FORGOTTEN_SECONDS, COLLECTOR_SILENT_SECONDS
from functions.shared.latest_pictures import LatestPictures
from functions.shared.messages.chat_record import ChatState, standing_refusal
from functions.shared.messages.collector_record import CollectorRecord
from functions.shared.text import rough_duration

_TOPIC_NEWS_SECONDS = (
    7 * 86_400.0
)  # a topic is tried again with the next message; a printer may rest for days


_RIVAL_SECONDS = 400.0  # a collector reports on itself every 300 s
_OVERLAP_SECONDS = 60.0  # an old one may be heard a little after the new one of a restart began


def quiet_for(collector: CollectorRecord, now: float, started_at: float | None) -> float:
    """Seconds since it was heard of, counted at most from the start of this program if that is given."""
    heard = [at for at in (collector.received_at, started_at) if at is not None]
    return max(0.0, now - max(heard)) if heard else math.inf


def is_recent(collector: CollectorRecord, now: float, started_at: float | None) -> bool:
    return quiet_for(collector, now, started_at) <= COLLECTOR_SILENT_SECONDS


def is_superseded(collector: CollectorRecord, recent: Sequence[CollectorRecord], now: float) -> bool:
    """Whether others took its place: they list all its printers, or it has been away for a week."""
    listed = {printer.printer_id for other in recent for printer in other.status.printers}
    is_forgotten = quiet_for(collector, now, None) > COLLECTOR_FORGOTTEN_SECONDS
    is_replaced = all(printer.printer_id in listed for printer in collector.status.printers)
    return bool(recent) and (is_replaced or is_forgotten)


def collector_silence(
    printer_id: str, collectors: Sequence[CollectorRecord], now: float, started_at: float | None
) -> float | None:
    """How long the collectors of this printer have not been heard of, if that is too long, else None."""
    own = [it for it in collectors if any(printer.printer_id == printer_id for printer in it.status.printers)]
    own = own or list(collectors)
    if not own:
        return None
    quiet = min(quiet_for(collector, now, started_at) for collector in own)
    return quiet if COLLECTOR_SILENT_SECONDS < quiet < math.inf else None


def health(
    collectors: Sequence[CollectorRecord],
    printers: Sequence[PrinterData],
    now: float,
    started_at: float | None,
    chats: Sequence[ChatState] = (),
    disk_trouble: str | None = None,
) -> tuple[HealthView, bool]:
    """The answer, and whether anything at all is recent.

    `started_at`: when this program began to listen, if it holds the collector too (embedded): the fifteen
    minutes are counted from there at the earliest. `disk_trouble`: what is wrong with its disk, in words. A
    collector elsewhere says by itself that its disk is full.
    """
    recent = [it for it in collectors if is_recent(it, now, started_at)]
    collector_views = [_collector(it, recent, now) for it in collectors]
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
    )
    return view, is_anything_recent


def _rivals(collectors: Sequence[CollectorRecord], now: float) -> list[str]:
    """Those of which each was heard after another one of the same printers had begun: both are running."""
    return [
        shown(it.collector_id)
        for it in collectors
        if any(_are_rivals(it, other, now) for other in collectors if other is not it)
    ]


def _are_rivals(one: CollectorRecord, other: CollectorRecord, now: float) -> bool:
    heard = [it.received_at for it in (one, other) if it.received_at is not None]
    begun = [it.status.started_at for it in (one, other) if it.status.started_at is not None]
    if len(heard) < 2 or len(begun) < 2 or not all(0 <= now - at <= _RIVAL_SECONDS for at in heard):
        return False
    shared = {it.printer_id for it in one.status.printers} & {it.printer_id for it in other.status.printers}
    return bool(shared) and min(heard) > max(begun) + _OVERLAP_SECONDS


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


def _collector(collector: CollectorRecord, recent: Sequence[CollectorRecord], now: float) -> CollectorHealth:
    return CollectorHealth(
        collector_id=shown(collector.collector_id),
        version=shown_or_none(collector.status.version),
        received_at=utc_time(collector.received_at),
        age_seconds=age(now, collector.received_at),
        is_recent=collector in recent,
        is_superseded=collector not in recent and is_superseded(collector, recent, now),
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
