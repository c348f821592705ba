"""Presigned addresses of S3: whoever has one may read that one object, until it ends; no call is made.

botocore signs for now, so that each address would differ from the last. Here the time of signing is given:
one picture has one address, which a browser keeps. It ends early with the credentials that signed it, a
function's after hours: who gets 403 for it asks for another.
Source: AWS, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from functions.shared.errors import TransientError

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from mypy_boto3_s3 import S3Client

# The bucket's object of that name may be overwritten (`latest/`), and then it has another address.
_KEPT_BY_BROWSERS = "private, max-age=604800, immutable"
_ALGORITHM = "AWS4-HMAC-SHA256"


class PresignedObjects:
    """Of one bucket, where the client finds it. `origin`: the server's, as a browser names it."""

    def __init__(
        self, client: "S3Client", credentials: "Callable[[], Credentials | None]", bucket: str
    ) -> None:
        self._credentials = credentials
        self._region = client.meta.region_name
        endpoint = urlsplit(client.meta.endpoint_url)
        # A bucket has a name of its own at AWS, and seldom at another server: the client knows. Its own
        # addresses are at the host of all regions, which sends those of a new bucket elsewhere for a day.
        theirs = urlsplit(client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "x"})).netloc
        is_named = theirs.startswith(f"{bucket}.")
        self._host = f"{bucket}.{endpoint.netloc}" if is_named else endpoint.netloc
        self._folder = "" if is_named else f"/{bucket}"
        self.origin = f"{endpoint.scheme}://{self._host}"

    def address(self, key: str, begins: int, seconds: int, file_name: str | None = None) -> str:
        """Of the object under that key, good from `begins` (seconds since 1970) for so long. With a name it
        is a file to keep and not to show: a link of a page at another server cannot say so.

        Raises TransientError without credentials.
        """
        found = self._credentials()
        if found is None:
            raise TransientError("there are no credentials of AWS to sign an address with")
        own = found.get_frozen_credentials()
        stamp = datetime.fromtimestamp(begins, UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = (stamp[:8], self._region, "s3", "aws4_request")
        asked = {
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{own.access_key}/{'/'.join(scope)}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(seconds),
            **({"X-Amz-Security-Token": own.token} if own.token else {}),
            "X-Amz-SignedHeaders": "host",
            "response-cache-control": _KEPT_BY_BROWSERS,
            **({"response-content-disposition": _attachment(file_name)} if file_name is not None else {}),
        }
        query = "&".join(f"{name}={quote(value, safe='~')}" for name, value in asked.items())  # in that order
        path = f"{self._folder}/{quote(key, safe='/~')}"
        request = "\n".join(("GET", path, query, f"host:{self._host}", "", "host", "UNSIGNED-PAYLOAD"))
        text = "\n".join((_ALGORITHM, stamp, "/".join(scope), hashlib.sha256(request.encode()).hexdigest()))
        signing = f"AWS4{own.secret_key}".encode()
        for part in (*scope, text):
            signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
        return f"{self.origin}{path}?{query}&X-Amz-Signature={signing.hex()}"


def _attachment(file_name: str) -> str:
    """RFC 6266: the name in UTF-8, and for who does not know that, in ASCII."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", file_name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='', errors='replace')}"
