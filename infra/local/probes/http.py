"""One HTTP request, every way it can come out as a value, and what to do when nothing answers."""

import base64
import contextlib
import errno
import http.client
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit, urlunsplit

from functions.shared.messages.codec import fields_in
from functions.shared.runtime.redirects import NoRedirects, RedirectsOnServer

_CHUNK = 64 * 1024
_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})
_PUBLIC = frozenset({"api.telegram.org", "openrouter.ai"})


class Trouble(Enum):
    """Why there is no answer, and the advice: `who` should listen at the URL that `variable` holds."""

    NAME = (
        "Check the name in {variable}. If it is right: this machine does not find names now (no network, or "
        "no DNS); a local name may need its IP address instead."
    )
    REFUSED = "Start {who}, or correct the port in {variable}."
    CERTIFICATE = (
        "Give {who} a certificate that this machine trusts, with that very name in it, correct the name in "
        "{variable}, and check this machine's clock."
    )
    TLS = "If {who} speaks plain HTTP there, begin {variable} with http:// or ws://."
    TIMEOUT = "Check the address in {variable}; is that machine on, and the network? A firewall in between?"
    NETWORK = (
        "Check this machine's network, then the address in {variable}; is that machine on, and the network?"
    )
    PROTOCOL = "Check scheme, host and port in {variable}: what answers there is not {who}."


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No answer: why, and the system's own words for it."""

    trouble: Trouble
    words: str
    ahead: ClassVar[None] = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer of any status. `ahead`: seconds by which its Date is ahead of our clock, None without one."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    ahead: float | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """Of the JSON object that it is; anything else has none."""
        return fields_in(self.body)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A GET, or with a body a POST. `is_local`: by the system's certificates and never by a proxy.

    Redirects are followed as the bridge's own clients do: local ones on their server, others never.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    seconds: float = 10.0
    most_bytes: int = 1024 * 1024
    is_local: bool = False


def ask(request: HttpRequest) -> HttpAnswer | Unreachable:
    """Ask once. Never raises for what the other side or the network does."""
    deadline = time.monotonic() + request.seconds
    begun = time.time()
    try:
        try:
            response = _opener(request).open(_prepared(request), timeout=request.seconds)
        except urllib.error.HTTPError as error:
            response = error
        with contextlib.closing(response):
            ahead = ahead_of(response.headers.get("date"), (begun + time.time()) / 2)
            body = b""
            while len(body) < request.most_bytes and (chunk := response.read(_CHUNK)):
                body += chunk
                if time.monotonic() > deadline:
                    return Unreachable(Trouble.TIMEOUT, "the answer takes too long")
            return HttpAnswer(response.status, response.headers.get("content-type", ""), body, ahead)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return unreachable(error)


def ahead_of(date: str | None, now: float) -> float | None:
    """Seconds from our clock to that Date, which knows only whole seconds: half of one is added."""
    if date is None:
        return None
    try:
        return parsedate_to_datetime(date).timestamp() + 0.5 - now
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def unreachable(error: BaseException) -> Unreachable:
    """Why, from types and system errors alone: messages may hold a URL and with it a secret."""
    causes = _causes(error)
    for cause in causes:
        match cause:
            case ssl.SSLCertVerificationError():
                return Unreachable(
                    Trouble.CERTIFICATE, f"its certificate is not accepted: {cause.verify_message}"
                )
            case ssl.SSLError():
                why = (cause.reason or "handshake failed").lower()
                trouble = Trouble.CERTIFICATE if "certificate" in why else Trouble.TLS
                return Unreachable(trouble, f"no TLS there ({why})")
            case socket.gaierror():
                return Unreachable(Trouble.NAME, "its name is not known")
            case UnicodeError():
                return Unreachable(Trouble.NAME, "that is no name of a computer")
            case ConnectionRefusedError():
                return Unreachable(Trouble.REFUSED, "nobody listens there (connection refused)")
            case TimeoutError():
                return Unreachable(Trouble.TIMEOUT, "no answer in time")
            case OSError(errno=number) if number in _NO_WAY:
                return Unreachable(Trouble.NETWORK, f"no way there ({cause.strerror})")
    for cause in causes:
        if isinstance(cause, OSError) and cause.errno is not None and cause.strerror:
            return Unreachable(Trouble.PROTOCOL, f"the connection failed ({cause.strerror})")
    if isinstance(error, ValueError) and not isinstance(error, http.client.HTTPException):
        return Unreachable(Trouble.PROTOCOL, "that is no address")
    return Unreachable(Trouble.PROTOCOL, f"what answers there is something else ({type(error).__name__})")


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    pending: list[object] = [error]
    while pending:
        current = pending.pop(0)
        if isinstance(current, BaseException) and all(current is not seen for seen in found):
            found.append(current)
            pending += [getattr(current, "reason", None), current.__cause__, current.__context__]
            pending += list(getattr(current, "exceptions", ()))
    return found


def _opener(request: HttpRequest) -> urllib.request.OpenerDirector:
    if request.is_local:
        return urllib.request.build_opener(urllib.request.ProxyHandler({}), RedirectsOnServer())
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())  # as the bridge's own clients have it
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), NoRedirects())


def _prepared(request: HttpRequest) -> urllib.request.Request:
    """User and password of the URL go into a header. No header of ours is sent with a redirect."""
    parts = urlsplit(request.url)
    url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    headers = dict(request.headers)
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"} | headers
    prepared = urllib.request.Request(  # noqa: S310 - the settings allow http and https only
        url, data=request.body, headers={"accept": "application/json"}
    )
    for name, value in headers.items():
        prepared.add_unredirected_header(name, value)
    return prepared


def place_of(url: str) -> str:
    """Host and port, as a person would say where something is."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or "there"
    except ValueError:
        return "there"


def reach_words(url: str, answer: Unreachable) -> str:
    return f"{place_of(url)} cannot be reached: {answer.words}"


def reach_advice(variable: str, url: str, answer: Unreachable, who: str) -> str:
    """`who` should listen there, such as `BambUI`."""
    if place_of(url) in _PUBLIC:
        return _public_advice(answer)
    return answer.trouble.value.format(variable=variable, who=who)


def _public_advice(answer: Unreachable) -> str:
    """The address is right; the way there is not."""
    if answer.trouble in (Trouble.CERTIFICATE, Trouble.TLS):
        return "Check this machine's clock, and whether something in between opens encrypted connections."
    return (
        "Check this machine's network: no way into the internet, no DNS, or a firewall, filter or provider "
        "that blocks it. HTTPS_PROXY names a proxy, if there is one."
    )
