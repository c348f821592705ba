"""BambUI's list of printers: what it says (untrusted text throughout), how it changes what is known, and
the loop that reads it.
"""

import asyncio
import base64
import http.client
import json
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from functions.shared.domain.limits import PRINTER_NAME_LIMIT
from functions.shared.domain.sites import name_at
from functions.shared.errors import ContractError, TransientError
from functions.shared.runtime.redirects import RedirectsOnServer
from functions.shared.runtime.threads import run_in_daemon_thread
from functions.shared.runtime.throttled_log import LASTING_FAULT_SECONDS, LogThrottle

_log = logging.getLogger(__name__)

PRINTERS_LIMIT = 1000
_MODEL_LIMIT = 40
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class ListedPrinter:
    """One entry of the list. `is_online` is one ping by BambUI: it says nothing of the printer's reports."""

    printer_id: str
    model: str | None
    is_online: bool | None


@dataclass(frozen=True, slots=True)
class Merged:
    """What is known after an answer, what of it is new or changed, and what was wrong with it."""

    known: Mapping[str, ListedPrinter]
    changed: tuple[ListedPrinter, ...]
    faults: tuple[str, ...]


def is_usable_name(name: object) -> bool:
    """A printer's id can be any printable text that is not too long."""
    return isinstance(name, str) and 1 <= len(name) <= PRINTER_NAME_LIMIT and name.isprintable()


def parse_listing(content_type: str, body: bytes) -> list[Any]:
    """The entries of an answer. Raises ContractError: BambUI answers 200 with a page to unknown paths."""
    if "json" not in content_type.lower():
        raise ContractError("is no JSON (a page?): check PRINTERS_API_URL")
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError):
        raise ContractError("is broken JSON") from None
    if not isinstance(entries, list):
        raise ContractError("is not a list")
    if not entries:
        raise ContractError("is empty")
    return entries


def merge_listing(known: Mapping[str, ListedPrinter], entries: list[Any], site: str = "") -> Merged:
    """Nothing known is forgotten: a printer that is missing in an answer stays as it was.

    `site`: what their names begin with, elsewhere than in BambUI.
    """
    merged = dict(known)
    faults: list[str] = []
    for entry in entries:
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(name, str) or not is_usable_name(name):
            faults.append(f"no usable printer name: {name!r:.{_SHOWN}}")
        elif (name := name_at(site, name)) not in merged and len(merged) >= PRINTERS_LIMIT:
            faults.append(f"more than {PRINTERS_LIMIT} printers: the rest is left out")
            break
        else:
            online = entry.get("is_online")
            merged[name] = ListedPrinter(
                name, _model(entry.get("model")), online if isinstance(online, bool) else None
            )
    changed = tuple(printer for name, printer in merged.items() if known.get(name) != printer)
    return Merged(merged, changed, tuple(faults))


def _model(value: object) -> str | None:
    if not isinstance(value, str) or not value.isprintable():
        return None
    return value[:_MODEL_LIMIT] or None


BODY_LIMIT = 1024 * 1024
TIMEOUT = 10.0
SOON = 60.0
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    content_type: str
    body: bytes


def fetch(url: str) -> Answer:
    """One GET, ten seconds and 1 MiB at most, no proxy, no redirect to another server.

    Raises TransientError without the URL in it.
    """
    deadline = time.monotonic() + TIMEOUT
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), RedirectsOnServer())
    try:
        with opener.open(_request(url), timeout=TIMEOUT) as response:
            body = b""
            while chunk := response.read1(_CHUNK):
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise TransientError(f"is over {BODY_LIMIT} bytes")
                if time.monotonic() > deadline:
                    raise TransientError("takes too long")
            return Answer(response.headers.get("content-type", ""), body)
    except urllib.error.HTTPError as error:
        error.close()
        if 300 <= error.code < 400:
            raise TransientError(
                f"is a redirect to another server ({error.code}), not followed: check PRINTERS_API_URL"
            ) from None
        raise TransientError(f"failed with {error.code}") from None
    except urllib.error.URLError as error:
        raise TransientError(f"cannot be read: {_words(error.reason)}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TransientError(f"cannot be read: {_words(error)}") from None


class Discovery:
    """`known` is what was listed so far, by printer id; `changed` is told what is new in each answer."""

    def __init__(
        self,
        url: str,
        refresh: float,
        monotonic: Callable[[], float],
        *,
        site: str = "",
        soon: float = SOON,
        read: Callable[[str], Answer] = fetch,
    ) -> None:
        self.known: Mapping[str, ListedPrinter] = {}
        self._url = url
        self._refresh = refresh
        self._site = site
        self._soon = soon
        self._read = read
        self._has_failed = False
        self._lines = LogThrottle(monotonic, LASTING_FAULT_SECONDS)

    async def poll(self) -> tuple[ListedPrinter, ...]:
        """Read the list once: the printers that are new or changed. An unusable answer changes nothing."""
        try:
            answer = await run_in_daemon_thread(lambda: self._read(self._url))
            entries = parse_listing(answer.content_type, answer.body)
        except (TransientError, ContractError) as error:
            self._has_failed = True
            self._log_fault(f"{error}")
            return ()
        self._has_failed = False
        merged = merge_listing(self.known, entries, self._site)
        if merged.faults:
            self._log_fault("; ".join(merged.faults[:5]))
        self.known = merged.known
        return merged.changed

    async def wait(self, *, is_one_unconnected: bool) -> None:
        """Until the next look: sooner while a printer may yet be switched on or no list was got."""
        is_soon = is_one_unconnected or self._has_failed
        await asyncio.sleep(min(self._soon, self._refresh) if is_soon else self._refresh)

    def _log_fault(self, fault: str) -> None:
        count = self._lines.take()
        if count is not None:
            times = f" ({count} times)" if count > 1 else ""
            _log.warning("BambUI's list of printers %s%s; what is known stays", fault, times)


def _request(url: str) -> urllib.request.Request:
    """A user and password in the URL become a header, for the library does not take them; they are not
    sent with a redirect."""
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = urllib.request.Request(bare, headers={"accept": "application/json"})  # noqa: S310 - http(s) only
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        encoded = base64.b64encode(pair.encode()).decode()
        request.add_unredirected_header("Authorization", f"Basic {encoded}")
    return request


def _words(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return type(reason).__name__ if isinstance(reason, Exception) else "no connection"
