"""Lambda entry of the API: a request of API Gateway (REST, proxy integration) in, its answer out.

The gateway has asked for the key already, so the application asks for none.
"""

import functools
import json
import logging
import os
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from mangum import Mangum
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api.app import create_app
from functions.api.middleware import OPEN_PATH, SAFE_HEADERS
from functions.shared.aws.bootstrap import LambdaContext, Runtime, make_runtime, start_early
from functions.shared.ports import FrameStore, RecordStore

_KEPT = "/%:@!$&'()*+,;=~"

# Of what a function answers, as JSON. Source: AWS Lambda Developer Guide, "Lambda quotas". A larger answer is
# lost on its way, and the client gets a 502.
ANSWER_BYTES_LIMIT = 6 * 1024 * 1024
_HEADERS_BYTES = 16 * 1024
# An image goes as base64, four characters for three bytes: 4.7 MB of it.
IMAGE_BYTES_LIMIT = (ANSWER_BYTES_LIMIT - _HEADERS_BYTES) // 4 * 3
_MEASURED_FROM = ANSWER_BYTES_LIMIT // 8  # a character takes six bytes of JSON at the most
_log = logging.getLogger(__name__)


@functools.cache
def worker() -> tuple[Runtime, RecordStore, FrameStore]:
    """Made once per container."""
    runtime = make_runtime("api")
    return runtime, runtime.backends.records, runtime.backends.frames


@functools.cache
def application(root_path: str) -> Mangum:
    """The application as it is served under that path."""
    runtime, records, frames = worker()
    app = create_app(
        records,
        frames,
        None,
        runtime.backends.clock,
        "",
        root_path,
        image_bytes_limit=IMAGE_BYTES_LIMIT,
        bucket=runtime.backends.presigned(),
        film_days=runtime.backends.settings.film_retention_days,
        image_days=runtime.backends.settings.image_retention_days,
        samples=runtime.backends.samples,
        routes_later=True,
    )
    return Mangum(RawPath(app), lifespan="off")


class RawPath:
    """Middleware: the path as the client sent it, which a REST API leaves encoded and Mangum leaves out.

    Only so the printer `a/image` can be told from the image of `a`. An emulator may have decoded it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["aws.event"]["path"]
        await self._app({**scope, "raw_path": quote(path, safe=_KEPT).encode("ascii")}, receive, send)


def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One request; an image is answered in base64, which the gateway turns into bytes again."""
    worker()[0].logs.about({"request_id": context.aws_request_id})
    request = dict(event)
    if request.get("path") == OPEN_PATH.rstrip("/"):
        request["path"] = (
            OPEN_PATH  # a gateway may drop the slash; asked to redirect, it would do so for ever
        )
    answer = application(stage_path(event))(request, context)  # type: ignore[arg-type]
    return answer if fits(answer) else _too_large_answer()


def fits(answer: Mapping[str, Any]) -> bool:
    """Whether Lambda lets so large an answer through."""
    if len(answer["body"]) <= _MEASURED_FROM:
        return True
    return len(json.dumps(answer, ensure_ascii=False).encode(errors="replace")) <= ANSWER_BYTES_LIMIT


def _too_large_answer() -> dict[str, Any]:
    _log.error("an answer was over the %d bytes that a function may give", ANSWER_BYTES_LIMIT)
    detail = "this answer is larger than the 6 MB that AWS Lambda lets through: ask for one printer at a time"
    headers = {name.lower(): value for name, value in SAFE_HEADERS.items()}
    return {
        "statusCode": 500,
        "headers": {**headers, "content-type": "application/json"},
        "body": json.dumps({"detail": detail}),
        "isBase64Encoded": False,
    }


def stage_path(event: Mapping[str, Any]) -> str:
    """What the client's path has before ours: `/prod` at the gateway's own address, nothing at a domain."""
    about = event.get("requestContext") or {}
    prefix = f"/{about.get('stage')}"
    asked = str(about.get("path") or "")
    return prefix if asked == prefix or asked.startswith(prefix + "/") else ""


def _start() -> None:
    # FastAPI asks of every answer's model whether it is one of pydantic 1, and loads pydantic's copy of it
    # for that; and pydantic looks for plugins in every package that is installed. Here is neither.
    sys.modules.setdefault("pydantic.v1", None)  # type: ignore[arg-type]
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    application("/prod")


start_early(_start)
