"""What `/openapi.json` says of answers beside their shapes: their headers, codes and examples."""

from typing import Any

from functions.api.middleware import REFUSED
from functions.api.picture_answer import TIMESTAMP_HEADER
from functions.api.schemas import HealthView, Refusal

UNKNOWN_PRINTER = "unknown printer"


def not_found(*details: str) -> dict[int | str, dict[str, Any]]:
    """A 404 with the reasons there can be."""
    examples = {detail: {"value": {"detail": detail}} for detail in details}
    return {
        404: {
            "model": Refusal,
            "description": " or ".join(f"`{detail}`" for detail in details),
            "content": {"application/json": {"examples": examples}},
        }
    }


NEEDS_KEY: dict[int | str, dict[str, Any]] = {
    401: {
        "model": Refusal,
        "description": "API key missing or wrong",
        "content": {"application/json": {"example": {"detail": REFUSED}}},
    }
}
STALE: dict[int | str, dict[str, Any]] = {
    503: {
        "model": HealthView,
        "description": "Nothing at all was heard for 15 minutes",
        "content": {
            "application/json": {
                "example": {
                    "status": "stale",
                    "detail": "nothing has been heard of for 15 minutes",
                    "at": "2025-11-22T13:08:00.123000Z",
                    "collectors": [],
                    "printers": [],
                }
            }
        },
    }
}
_TEXT = {"schema": {"type": "string"}}
_TAG = {"ETag": {"description": "Changes with what is said; send it back as `If-None-Match`", **_TEXT}}
OVERVIEW_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"headers": _TAG},
    304: {"description": "Nothing has changed", "headers": _TAG},
}
FILM_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The film",
        "content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {"description": "The part of it that `Range` asks for"},
    302: {"description": "In the cloud: where it is stored"},
    416: {"description": "There is no such part"},
}
PAGED: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"Link": {"description": 'Where more follow: the next page, `rel="next"`', **_TEXT}}}
}
_IMAGE_HEADERS = {
    "ETag": {"description": "Changes with the picture; send it back as `If-None-Match`", **_TEXT},
    TIMESTAMP_HEADER: {"description": "When it was received, ISO 8601 in UTC", **_TEXT},
}
IMAGE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture",
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        "headers": _IMAGE_HEADERS,
    },
    304: {"description": "The client has this picture already", "headers": _IMAGE_HEADERS},
}
