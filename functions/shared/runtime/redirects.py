"""Redirects stay on the server that a setting names. Whatever answers there could otherwise send the bridge,
with what it asks and knows, to any other machine of this network.
"""

import http.client
import urllib.request
from typing import IO
from urllib.parse import SplitResult, urlsplit

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def stays_on_server(url: str, target: str) -> bool:
    """Whether the second URL is of the first one's server: the same scheme, host and port.

    The same host by HTTPS counts too, at the usual ports: many a server sends all its visitors there.
    """
    try:
        source, goal = _server(urlsplit(url)), _server(urlsplit(target))
    except ValueError:
        return False
    if "@" in urlsplit(target).netloc:
        return False
    host = source[1]
    return bool(host) and (goal == source or (source, goal) == (("http", host, 80), ("https", host, 443)))


def _server(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


class RedirectsOnServer(urllib.request.HTTPRedirectHandler):
    """Any other redirect is an answer, raised as HTTPError with its status."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if not stays_on_server(req.full_url, newurl):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class NoRedirects(urllib.request.HTTPRedirectHandler):
    """Every redirect is an answer."""

    def redirect_request(self, *_: object) -> None:
        return None
