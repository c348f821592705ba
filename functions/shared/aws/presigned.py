"""Presigned addresses of S3: whoever has one may read that one object, until it ends; no call is made.

botocore signs for now, so that each address would differ from the last. Here the time of signing is given:
one picture has one address, which a browser keeps. It ends early with the credentials that signed it, a
function's after hours: who gets 403 for it asks for another.
Source: AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from botocore.auth import SIGV4_TIMESTAMP, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest

if TYPE_CHECKING:
    from botocore.credentials import Credentials

# The bucket's object of that name may be overwritten (`latest/`), and then it has another address.
_KEPT_BY_BROWSERS = "private, max-age=604800, immutable"


class _SigningOf(S3SigV4QueryAuth):
    def __init__(self, credentials: Any, region: str, begins: int, seconds: int) -> None:
        super().__init__(credentials, "s3", region, seconds)
        self._stamp = datetime.fromtimestamp(begins, UTC).strftime(SIGV4_TIMESTAMP)

    def _modify_request_before_signing(self, request: Any) -> None:
        request.context["timestamp"] = self._stamp
        super()._modify_request_before_signing(request)


class PresignedObjects:
    """Of one bucket. `endpoint`: the region's, `https://s3.<region>.amazonaws.com`, or another server's."""

    def __init__(
        self, credentials: "Callable[[], Credentials | None]", region: str, endpoint: str, bucket: str
    ) -> None:
        self._credentials = credentials
        self._region = region
        parts = urlsplit(endpoint)
        host = parts.hostname or ""
        if host.startswith("s3.") and ".amazonaws." in host:
            self.origin, self._root = f"{parts.scheme}://{bucket}.{parts.netloc}", ""
        else:  # a server of one's own seldom has names for its buckets
            self.origin, self._root = f"{parts.scheme}://{parts.netloc}", f"/{bucket}"

    def address(self, key: str, begins: int, seconds: int) -> str:
        """Of the object under that key, good from `begins` (seconds since 1970) for so long."""
        query = f"response-cache-control={quote(_KEPT_BY_BROWSERS, safe='')}"
        request = AWSRequest("GET", f"{self.origin}{self._root}/{quote(key, safe='/~')}?{query}")
        found = self._credentials()
        frozen = None if found is None else found.get_frozen_credentials()
        _SigningOf(frozen, self._region, begins, seconds).add_auth(request)  # type: ignore[no-untyped-call]
        return str(request.url)
