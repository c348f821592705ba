"""A picture as an answer: what of it a client has already, and may keep."""

import hashlib

from fastapi import HTTPException, Response
from fastapi.responses import JSONResponse

from functions.api.addresses import version_of
from functions.api.json_values import utc_time
from functions.api.picture_sending import PictureResponse, PictureSending
from functions.shared.read_model import NewestImage

TOO_MANY_PICTURES = "too many pictures are being sent just now: try again in a few seconds"
IMAGE_TOO_LARGE = "the newest image is too large to be answered here, and cannot be made smaller"

_KEPT = "private, max-age=86400, immutable"
_STANDS_SECONDS = 60.0

TIMESTAMP_HEADER = "X-Image-Timestamp"


def image_response(
    image: NewestImage,
    if_none_match: str | None,
    sending: PictureSending,
    bytes_limit: int | None = None,
    keeping: str = "no-store",
) -> Response:
    """The JPEG, or 304 without a body if the client has it already. `keeping`: its Cache-Control.

    Over `bytes_limit` a smaller rendition, made only for who has not got it yet; 404 if none can be made. 503
    when too many clients have not taken theirs yet.
    """
    is_too_large = bytes_limit is not None and len(image.data) > bytes_limit
    rendition = "-smaller" if is_too_large else ""
    etag = f'"{hashlib.sha256(image.data).hexdigest()[:32]}{rendition}"'
    headers = {"ETag": etag, "Cache-Control": keeping}
    taken_at = utc_time(image.taken_at)
    if taken_at is not None:
        headers[TIMESTAMP_HEADER] = taken_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if if_none_match is not None and matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    data: bytes | None = image.data
    if is_too_large and bytes_limit:
        from functions.api.rendition import smaller

        data = smaller(image.data, bytes_limit)
    if data is None:
        raise HTTPException(404, IMAGE_TOO_LARGE)
    if not sending.hold(data):
        return JSONResponse({"detail": TOO_MANY_PICTURES}, 503, {"Retry-After": "2"})
    return PictureResponse(data, headers, lambda: sending.release(data))


def matches(if_none_match: str, etag: str) -> bool:
    """RFC 9110, 13.1.2: a list of tags, compared weakly, or `*`."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag.removeprefix("W/") in tags


def keeping_of(image: NewestImage, version: str | None, now: float) -> str:
    """Whether browsers may keep a picture: if it is the one the address names, and has stood for a while.

    One that another follows within seconds is not worth their disk.
    """
    is_named = version == version_of(image.taken_at)
    return _KEPT if is_named and now - image.taken_at > _STANDS_SECONDS else "no-store"
