"""The API key: one check in front of everything, so that no route can be forgotten."""

import hashlib
import hmac
from collections.abc import Callable

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api.paths import route_path

HEADER = "x-api-key"
OPEN_PATH = "/api/"
_PAGE_PATH = "/"
_CHALLENGE = {"WWW-Authenticate": f'ApiKey header="{HEADER}"'}


class KeyCheck:
    """Middleware: 401 for everything but `OPEN_PATH` unless the request carries the key.

    The page for a person holds no data and cannot send a header by itself, so its 401 has the page as
    its body, which then asks for the key.
    """

    def __init__(self, app: ASGIApp, key: str, page: Callable[[int, dict[str, str]], Response]) -> None:
        self._app = app
        self._digest = _digest(key.encode())
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._may_pass(HTTPConnection(scope)):
            await self._app(scope, receive, send)
        else:
            await self._refusal(scope)(scope, receive, send)

    def _may_pass(self, request: HTTPConnection) -> bool:
        if _path(request.scope) == OPEN_PATH:
            return True
        given = request.headers.get(HEADER, "").encode("latin-1")
        return hmac.compare_digest(_digest(given), self._digest)

    def _refusal(self, scope: Scope) -> Response:
        if _path(scope) == _PAGE_PATH and scope["method"] == "GET":
            return self._page(401, _CHALLENGE)
        detail = f"API key missing or wrong: send it in the header {HEADER}"
        return JSONResponse({"detail": detail}, 401, _CHALLENGE)


def _path(scope: Scope) -> str:
    return route_path(scope["path"], scope.get("root_path", ""))


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
