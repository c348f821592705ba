"""The newest picture as an HTTP answer: strong ETag, 304, the time it was taken."""

import hashlib

from starlette.responses import Response

from functions.api.readings import Picture
from functions.api.stored_values import moment

TIMESTAMP_HEADER = "X-Image-Timestamp"


def picture_response(picture: Picture, if_none_match: str | None) -> Response:
    """The JPEG, or 304 without a body if the client has these very bytes already."""
    etag = f'"{hashlib.sha256(picture.data).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-store"}
    taken_at = moment(picture.taken_at)
    if taken_at is not None:
        headers[TIMESTAMP_HEADER] = taken_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if if_none_match is not None and _matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    return Response(picture.data, headers=headers, media_type="image/jpeg")


def _matches(if_none_match: str, etag: str) -> bool:
    """RFC 9110, 13.1.2: a list of tags, compared weakly, or `*`."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags
