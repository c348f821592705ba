"""The API key: one check in front of everything, so that no route can be forgotten."""

import hashlib
import hmac
from collections.abc import Callable, Mapping

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api.paths import route_path

HEADER = "x-api-key"
REFUSED = f"API key missing or wrong: send it in the header {HEADER}"
OPEN_PATH = "/api/"
METRICS_PATH = "/metrics"
_BEARER = "bearer "
_CHALLENGE = {"WWW-Authenticate": f'ApiKey header="{HEADER}"'}


class KeyCheck:
    """Middleware: 401 for everything but `OPEN_PATH` unless the request carries the key.

    Prometheus cannot send any header one likes: for `METRICS_PATH` `Authorization: Bearer <key>` will do.

    `pages`, by their path: a page for a person holds no data and cannot send a header by itself, so its
    401 has the page as its body, which then asks for the key.
    """

    def __init__(
        self, app: ASGIApp, key: str, pages: Mapping[str, Callable[[int, dict[str, str]], Response]]
    ) -> None:
        self._app = app
        self._digest = _digest(key.encode())
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._may_pass(HTTPConnection(scope)):
            await self._app(scope, receive, send)
        else:
            await self._refusal(scope)(scope, receive, send)

    def _may_pass(self, request: HTTPConnection) -> bool:
        path = _path(request.scope)
        if path == OPEN_PATH:
            return True
        given = request.headers.get(HEADER, "")
        if path == METRICS_PATH and not given:
            given = _bearer(request.headers.get("authorization", ""))
        return hmac.compare_digest(_digest(given.encode("latin-1")), self._digest)

    def _refusal(self, scope: Scope) -> Response:
        page = self._pages.get(_path(scope)) if scope["method"] == "GET" else None
        if page is not None:
            return page(401, _CHALLENGE)
        return JSONResponse({"detail": REFUSED}, 401, _CHALLENGE)


def _bearer(authorization: str) -> str:
    is_bearer = authorization[: len(_BEARER)].lower() == _BEARER
    return authorization[len(_BEARER) :].strip() if is_bearer else ""


def _path(scope: Scope) -> str:
    return route_path(scope["path"], scope.get("root_path", ""))


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
