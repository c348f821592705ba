"""Lambda entry of the API: a request of API Gateway (REST, proxy integration) in, its answer out.

The gateway has asked for the key already, so the application asks for none.
"""

import functools
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from mangum import Mangum
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api.app import create_app
from functions.api.middleware import OPEN_PATH
from functions.shared.aws.bootstrap import LambdaContext, Runtime, make_runtime, start_early
from functions.shared.ports import FrameStore, RecordStore

_KEPT = "/%:@!$&'()*+,;=~"


@functools.cache
def worker() -> tuple[Runtime, RecordStore, FrameStore]:
    """Made once per container."""
    runtime = make_runtime("api")
    return runtime, runtime.backends.records, runtime.backends.frames


@functools.cache
def application(root_path: str) -> Mangum:
    """The application as it is served under that path."""
    runtime, records, frames = worker()
    app = create_app(records, frames, None, runtime.backends.clock, "", root_path)
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
    return application(stage_path(event))(request, context)  # type: ignore[arg-type]


def stage_path(event: Mapping[str, Any]) -> str:
    """What the client's path has before ours: `/prod` at the gateway's own address, nothing at a domain."""
    about = event.get("requestContext") or {}
    prefix = f"/{about.get('stage')}"
    asked = str(about.get("path") or "")
    return prefix if asked == prefix or asked.startswith(prefix + "/") else ""


start_early(lambda: application("/prod"))
