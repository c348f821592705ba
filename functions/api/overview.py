"""All that a wall of printers needs, in one answer: pure rules, and the form in which it is sent.

A page asks for it again and again, all day: so it says what is the same as before (a weak tag: neither the
time of the answer nor who signed an address is any news), and is sent compressed.
"""

import gzip
import hashlib
from collections.abc import Sequence

from fastapi import Response

from functions.api.json_values import shown, utc_time
from functions.api.queries import ListedPrinter
from functions.api.schemas import OverviewHealth, OverviewPrinter, OverviewView

PRINTERS_LIMIT = 100  # in one answer, unless less is asked for
_EMBEDDED_SECONDS = 3.0
# What a page costs in a month in the cloud follows from these (`make cost`): how often it asks, a little less
# with many printers, as each answer costs more; and how often it loads a new picture of any of them, whose
# traffic is the most of it.
_CLOUD_SECONDS = (15.0, 20.0)
_MANY_PRINTERS = 10
CLOUD_PICTURE_SECONDS = 25.0
_COMPRESSED_FROM_BYTES = 1200  # less fits one packet
_COMPRESSION = 5
_OF_NO_NEWS = {"at": True, "printers": {"__all__": {"image": {"address"}}}}


def refresh_seconds(printers: int, is_embedded: bool) -> float:
    """After which time it is worth asking again. A printer in the cloud reports every two minutes or so."""
    return _EMBEDDED_SECONDS if is_embedded else _CLOUD_SECONDS[printers > _MANY_PRINTERS]


def some_of(
    listed: Sequence[ListedPrinter], after: str | None, limit: str | None
) -> tuple[Sequence[ListedPrinter], str | None]:
    """Those after that one, so many at the most, and after which one to go on (None: these were the last).

    Both as they were asked for: text of any content. `listed` is sorted by name.
    """
    most = int(limit[:9]) if limit and limit.isascii() and limit.isdigit() else PRINTERS_LIMIT
    begin = 0
    if after is not None:
        begin = next((place for place, it in enumerate(listed) if _place(it) > _place_of(after)), len(listed))
    found = listed[begin : begin + max(1, min(most, PRINTERS_LIMIT))]
    is_last = begin + len(found) >= len(listed)
    return found, None if is_last else shown(found[-1].printer_id)


def _place(printer: ListedPrinter) -> tuple[str, str]:
    return _place_of(shown(printer.printer_id))


def _place_of(name: str) -> tuple[str, str]:
    return name.casefold(), name


def overview(
    printers: list[OverviewPrinter],
    printers_in_all: int,
    go_on_after: str | None,
    health: OverviewHealth,
    now: float,
    is_embedded: bool,
) -> OverviewView:
    at = utc_time(now)
    assert at is not None
    return OverviewView(
        at=at,
        refresh_seconds=refresh_seconds(printers_in_all, is_embedded),
        seconds_a_picture=None if is_embedded else CLOUD_PICTURE_SECONDS,
        health=health,
        printers_in_all=printers_in_all,
        printers=printers,
        next=go_on_after,
    )


def tag_of(view: OverviewView) -> str:
    """The weak tag (RFC 9110, 8.8.1): of all but what is no news."""
    text = view.model_dump_json(exclude=_OF_NO_NEWS)  # type: ignore[arg-type]
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def overview_response(view: OverviewView, tag: str, accepted_encodings: str) -> Response:
    body = view.model_dump_json().encode()
    headers = {"ETag": tag, "Vary": "Accept-Encoding"}
    if len(body) >= _COMPRESSED_FROM_BYTES and "gzip" in accepted_encodings.lower():
        body = gzip.compress(body, _COMPRESSION, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers, media_type="application/json")
