"""All that a wall of printers needs, in one answer: pure rules, and the form in which it is sent.

A page asks for it again and again, all day: so it says what is the same as before (a weak tag: neither the
time of the answer nor who signed an address is any news), and is sent compressed.
"""

import gzip
import hashlib

from fastapi import Response

from functions.api.json_values import utc_time
from functions.api.schemas import OverviewHealth, OverviewPrinter, OverviewView

MOST = 100  # printers in one answer
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


def overview(
    printers: list[OverviewPrinter],
    next_cursor: str | None,
    health: OverviewHealth,
    now: float,
    is_embedded: bool,
) -> OverviewView:
    at = utc_time(now)
    assert at is not None
    return OverviewView(
        at=at,
        refresh_seconds=refresh_seconds(len(printers), is_embedded),
        seconds_a_picture=None if is_embedded else CLOUD_PICTURE_SECONDS,
        health=health,
        printers=printers,
        next_cursor=next_cursor,
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
