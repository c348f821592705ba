"""Addresses of pictures and films: each changes only with what it shows, so that a browser keeps that.

An `<img>` and a `<video>` cannot send a key. So an address opens its one picture or film by itself, for
some days: signed by us where we serve it, for S3 (`functions/shared/aws/presigned.py`) where that does.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import quote

from functions.shared.text import shown
from functions.shared.value_class import dataclass

# A picture that stands for weeks (a printer that is off) gets another address this often. An address is good
# for two such times: S3 signs nothing for longer than seven days.
RENEWED_SECONDS = 302_400

_VERSION, _UNTIL, _SIGNATURE = "at", "until", "signature"
_DOTS = (".", "..")


@dataclass(frozen=True, slots=True)
class Address:
    """`text`: relative to the page's own, or whole. Good until then (seconds since 1970) at the most."""

    text: str
    good_until: int


class Addresses(Protocol):
    """Who serves what is stored."""

    @property
    def origin(self) -> str | None:
        """Of another server that does (`https://bucket.example`); None: our own."""
        ...

    def of(
        self, path: str, key: str | None, changed_at: float, now: float, /, file_name: str | None = None
    ) -> Address:
        """The address of what lies there since then. `path`: at our own API; `key`: of the frame store.
        `file_name`: it is to be kept under that name. At our own a page's link says so itself.
        """
        ...


def validity(changed_at: float, now: float) -> tuple[int, int]:
    """From when to when an address is good: the same for as long as the picture stands, at most 3.5 days."""
    begun = int(changed_at)
    begun += (int(now) - begun) // RENEWED_SECONDS * RENEWED_SECONDS
    return begun, begun + 2 * RENEWED_SECONDS


def version_of(changed_at: float) -> str:
    """What stands in the address for the picture of that time."""
    return str(round(changed_at * 1000))


def printer_address(printer_id: str, what: str) -> str:
    """The path of a printer's picture or film, relative to the page. Clients drop the segments `.`, `..`."""
    name = shown(printer_id)
    return f"api/printer/{quote('~' + name if name in _DOTS else name, safe='')}/{what}"


class OwnAddresses:
    """Those of this API. With a key they are signed by it, and open nothing but what they name."""

    origin = None

    def __init__(self, api_key: str) -> None:
        self._secret = hashlib.sha256(b"addresses\0" + api_key.encode()).digest() if api_key else None

    def of(
        self,
        path: str,
        _key: str | None,
        changed_at: float,
        now: float,
        /,
        file_name: str | None = None,  # noqa: ARG002 - only another server must be told
    ) -> Address:
        version, until = version_of(changed_at), validity(changed_at, now)[1]
        text = f"{path}?{_VERSION}={version}"
        if self._secret is not None:
            text += f"&{_UNTIL}={until}&{_SIGNATURE}={self._signature(path, version, str(until))}"
        return Address(text, until)

    def opens(self, path: str, asked: Mapping[str, str], now: float) -> bool:
        """Whether such a request (its query) may be answered without the key. `path` begins with a slash."""
        until, given = asked.get(_UNTIL, ""), asked.get(_SIGNATURE, "")
        if self._secret is None or not given or not (until.isascii() and until.isdigit()):
            return False
        expected = self._signature(path.removeprefix("/"), asked.get(_VERSION, ""), until)
        return hmac.compare_digest(given.encode(), expected.encode()) and now < int(until[:12])

    def _signature(self, path: str, version: str, until: str) -> str:
        assert self._secret is not None
        return hmac.new(self._secret, f"{path}\n{version}\n{until}".encode(), hashlib.sha256).hexdigest()[:32]


class SigningBucket(Protocol):
    """The owner of what is stored in a bucket, see `functions/shared/aws/presigned.py`."""

    @property
    def origin(self) -> str: ...

    def address(self, key: str, begins: int, seconds: int, file_name: str | None = None) -> str: ...


class BucketAddresses:
    """Those of a bucket. What has no object of its own is served by the API, to who has the key."""

    def __init__(self, bucket: SigningBucket) -> None:
        self._bucket = bucket
        self._own = OwnAddresses("")

    @property
    def origin(self) -> str:
        return self._bucket.origin

    def of(
        self, path: str, key: str | None, changed_at: float, now: float, /, file_name: str | None = None
    ) -> Address:
        if key is None:
            return self._own.of(path, key, changed_at, now)
        begins, ends = validity(changed_at, now)
        return Address(self._bucket.address(key, begins, ends - begins, file_name), ends)
