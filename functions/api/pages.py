"""The pages for a person, which load without a key: the page with its files, and what describes the API."""

import base64
import hashlib
import re
from importlib import resources
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, Request
from starlette.responses import HTMLResponse, Response

from functions.api.web_files import PREFIX, WebFiles

_PAGE_PATH = "/"
_DOCS_PATH = "/docs"
_DOCS_QUERY = (
    "docs"  # the gateway answers that path itself: it sends the browser to the page's, asking for this
)
_Header = Annotated[str | None, Header()]


def open_paths(web: WebFiles) -> frozenset[str]:
    """What loads without the key."""
    return web.paths | {_PAGE_PATH, _DOCS_PATH}


def add_pages(app: FastAPI, web: WebFiles) -> None:
    """The routes."""
    docs = Page("docs.html")

    @app.get(_PAGE_PATH, include_in_schema=False)
    def show_page(
        request: Request, if_none_match: _Header = None, accept_encoding: _Header = None
    ) -> Response:
        if _DOCS_QUERY in request.query_params:
            return docs.response()
        return web.page(if_none_match, accept_encoding or "")

    @app.get(PREFIX + "{name}", include_in_schema=False)
    def show_file(
        name: str, v: str | None = None, if_none_match: _Header = None, accept_encoding: _Header = None
    ) -> Response:
        file = web.file(name, v, if_none_match, accept_encoding or "")
        if file is None:
            raise HTTPException(404)
        return file

    @app.get(_DOCS_PATH, include_in_schema=False)
    def show_docs() -> Response:
        return docs.response()


class Page:
    """An HTML file of this package and the content security policy made from it."""

    def __init__(self, name: str) -> None:
        self._html = resources.files("functions.api").joinpath(name).read_text(encoding="utf-8")
        self._policy = "; ".join(
            (
                "default-src 'none'",
                f"script-src {_source(self._html, 'script')}",
                f"style-src {_source(self._html, 'style')}",
                "img-src 'self' blob: data:",
                "media-src 'self' blob:",
                "connect-src 'self'",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            )
        )

    def response(self) -> Response:
        """The page as an answer."""
        return HTMLResponse(self._html, headers={"Content-Security-Policy": self._policy})


def _source(html: str, tag: str) -> str:
    """The hash that lets the one inline element of that name work, and no other."""
    found = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    assert found is not None
    digest = hashlib.sha256(found[1].encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
