"""What stands before every route: whose request it is, the API key, safe headers, printer names of any
content in a path.

Servers hand on the path decoded, where `a%2Fimage` cannot be told from `a/image`. So the routes see the name
as one encoded segment, made from the raw path where the server gives it. API Gateway does not: there a name
that ends in `/image` is taken for a request for the image (likewise `/film`, `/film.mp4`, `/job`,
`/messages`).
"""

import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping
from urllib.parse import quote, unquote

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from functions.shared.domain.web_origin import is_foreign, is_own_host

_PRINTER = "/api/printer/"
_OF_A_PRINTER = ("/image", "/film", "/film.mp4", "/job", "/messages")


def route_path(path: str, root_path: str) -> str:
    """The path without the prefix under which a gateway or proxy serves the application."""
    return path.removeprefix(root_path) if root_path and path.startswith(root_path + "/") else path


def printer_path(path: str, raw_path: str | None) -> str:
    """A path below `/api/printer/` with the name as one encoded segment; any other path as it is."""
    if not path.startswith(_PRINTER):
        return path
    if raw_path is not None and raw_path.startswith(_PRINTER):
        rest = raw_path.removeprefix(_PRINTER).removesuffix("/")
        name = unquote(rest.removesuffix(_asked_of(rest)), errors="replace")
    else:
        rest = path.removeprefix(_PRINTER)
        name = rest.removesuffix(_asked_of(rest))
    return _PRINTER + quote(name, safe="") + _asked_of(rest)


def _asked_of(rest: str) -> str:
    return next((it for it in _OF_A_PRINTER if rest.endswith(it)), "")


def decoded(segment: str) -> str:
    """The name in a segment that `printer_path` made."""
    return unquote(segment, errors="replace")


class PrinterPaths:
    """Middleware: gives the routes paths of `printer_path`; answers HEAD like GET (servers drop the body)."""

    def __init__(self, app: ASGIApp, root_path: str = "") -> None:
        self._app = app
        self._root_path = root_path.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            root = scope.get("root_path") or self._root_path
            raw: bytes | None = scope.get("raw_path")
            raw_path = raw.split(b"?", 1)[0].decode("latin-1") if raw else None
            path = printer_path(
                route_path(scope["path"], root), None if raw_path is None else route_path(raw_path, root)
            )
            method = "GET" if scope["method"] == "HEAD" else scope["method"]
            scope = {**scope, "root_path": root, "path": root + path, "method": method}
        await self._app(scope, receive, send)


MISDIRECTED = (
    "this bridge is not known by that name: open it by its address, or set ALLOWED_HOSTS (or API_KEY)"
)
FOREIGN = "a page of another site may not ask here"


class OwnRequests:
    """Middleware: 403 for what a page of another site asks for; with `hosts` also 421 for a name that is none
    of the user's own, see `web_origin` (None: any name; a key protects against more than that).
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(HTTPConnection(scope)) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refusal(scope, receive, send)

    def _refusal(self, request: HTTPConnection) -> Response | None:
        headers = request.headers
        host = headers.get("host")  # HTTP/1.0 has none, and no browser speaks that
        if self._hosts is not None and host is not None and not is_own_host(host, self._hosts):
            return JSONResponse({"detail": MISDIRECTED}, 421)
        site, mode, target = (headers.get(f"sec-fetch-{it}") for it in ("site", "mode", "dest"))
        if is_foreign(host or "", site, headers.get("origin"), mode, target):
            return JSONResponse({"detail": FOREIGN}, 403)
        return None


HEADER = "x-api-key"
REFUSED = f"API key missing or wrong: send it in the header {HEADER}"
TOO_MANY = "too many wrong keys: try again in a second"
OPEN_PATH = "/api/"
METRICS_PATH = "/metrics"
_BEARER = "bearer "
_CHALLENGE = {"WWW-Authenticate": f'ApiKey header="{HEADER}"'}


class KeyCheck:
    """Middleware: 401 unless the request carries the key; 429 for an address that tries one after another.

    Open are `OPEN_PATH`, `pages`, which hold no data and ask for the key themselves, and what `opens` for a
    request's path and query: an address that was given to who had the key.

    Prometheus cannot send any header one likes: for `METRICS_PATH` `Authorization: Bearer <key>` will do.
    """

    def __init__(
        self,
        app: ASGIApp,
        key: str,
        pages: Collection[str],
        opens: Callable[[str, Mapping[str, str]], bool],
    ) -> None:
        from functions.api.key_tries import KeyTries  # the cloud's gateway has asked for the key

        self._app = app
        self._digest = _digest(key.encode())
        self._pages = pages
        self._opens = opens
        self._tries = KeyTries()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_open(scope):
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        given, address = self._given(request), request.client.host if request.client else ""
        if given and self._tries.is_held_back(address):  # not even compared: a right one would be told apart
            answer = JSONResponse({"detail": TOO_MANY}, 429, {"Retry-After": "1"})
            await answer(scope, receive, send)
        elif hmac.compare_digest(_digest(given.encode("latin-1")), self._digest):
            await self._app(scope, receive, send)
        else:
            if given:
                self._tries.note_wrong(address)
            await JSONResponse({"detail": REFUSED}, 401, _CHALLENGE)(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        path = _path(scope)
        if path == OPEN_PATH:
            return True
        if scope["method"] != "GET":  # HEAD is a GET by now
            return False
        return path in self._pages or self._opens(path, HTTPConnection(scope).query_params)

    def _given(self, request: HTTPConnection) -> str:
        given = request.headers.get(HEADER, "")
        if _path(request.scope) == METRICS_PATH and not given:
            given = _bearer(request.headers.get("authorization", ""))
        return given


def _bearer(authorization: str) -> str:
    is_bearer = authorization[: len(_BEARER)].lower() == _BEARER
    return authorization[len(_BEARER) :].strip() if is_bearer else ""


def _path(scope: Scope) -> str:
    return route_path(scope["path"], scope.get("root_path", ""))


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


SAFE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Over plain HTTP a browser does not say who asks: this alone keeps our pictures out of foreign pages.
    "Cross-Origin-Resource-Policy": "same-site",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class SafeHeaders:
    """Middleware: adds the headers that an answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
