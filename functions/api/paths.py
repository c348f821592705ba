"""Printer names in the path of a request: they may contain anything, a slash too.

Servers hand on the path decoded, where `a%2Fimage` cannot be told from `a/image`. So the routes see the
name as one encoded segment, made from the raw path where the server gives it. API Gateway does not: there a
name that ends in `/image` is taken for a request for the picture.
"""

from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Receive, Scope, Send

_PRINTER = "/api/printer/"
_IMAGE = "/image"


def route_path(path: str, root_path: str) -> str:
    """The path without the prefix under which a gateway or proxy serves the application."""
    return path.removeprefix(root_path) if root_path and path.startswith(root_path + "/") else path


def printer_path(path: str, raw_path: str | None) -> str:
    """A path below `/api/printer/` with the name as one encoded segment; any other path as it is."""
    if not path.startswith(_PRINTER):
        return path
    if raw_path is not None and raw_path.startswith(_PRINTER):
        rest = raw_path.removeprefix(_PRINTER).removesuffix("/")
        name = unquote(rest.removesuffix(_IMAGE), errors="replace")
    else:
        rest = path.removeprefix(_PRINTER)
        name = rest.removesuffix(_IMAGE)
    return _PRINTER + quote(name, safe="") + (_IMAGE if rest.endswith(_IMAGE) else "")


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
