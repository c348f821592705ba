"""The FrameStore port on one S3 bucket: the keys are the objects' keys.

A frame is written once: who may put frames (the edge) may not overwrite, and the tag says when it goes.
Actions used: PutObject and PutObjectTagging (put), GetObject and ListBucket (all reading; without ListBucket
S3 answers "access denied" for a key that is not stored). Encryption is the bucket's default.
"""

import errno
import logging
import math
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.aws.errors import translated
from functions.shared.domain.keys import (
    FILM_NAMES,
    IMAGES,
    LATEST,
    film_made_at,
    is_key,
    second_key,
    taken_at_of,
)
from functions.shared.errors import (
    ConflictError,
    ContractError,
    NotFoundError,
    PermanentError,
    TransientError,
)
from functions.shared.ports import StoredFrame

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

_log = logging.getLogger(__name__)

_FRAME_ENDING = ".jpg"
_CONTENT_TYPES = {_FRAME_ENDING: "image/jpeg", ".jpeg": "image/jpeg", ".mp4": "video/mp4"}
_ANY_CONTENT = "application/octet-stream"
_MAY_PASS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO})
_READ_TRIES = 3
_PIECE_BYTES = 1024 * 1024


class S3FrameStore:
    """Thread-safe: an object appears whole or not at all, and is read as it was last put."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, source: Path) -> None:
        """As the port has it: uploaded in one request, then the source is removed.

        Raises ContractError for a key that is none, NotFoundError if the source is missing, PermanentError
        if it cannot be read, TransientError if that may pass (too many open files, a failing disk).
        """
        if not is_key(key):
            raise ContractError(f"{key[:200]!r} is no key of a frame or film")
        try:
            content = source.open("rb")
        except FileNotFoundError:
            if self._is_known_to_miss(key):
                raise NotFoundError(f"{source} is gone, and {key} is not stored") from None
            return
        except OSError as error:
            kind = TransientError if error.errno in _MAY_PASS else PermanentError
            raise kind(f"{source} cannot be read: {error.strerror}") from error
        content_type = _CONTENT_TYPES.get(Path(key).suffix, _ANY_CONTENT)
        try:
            with content, translated():
                self._client.put_object(
                    Bucket=self._bucket, Key=key, Body=content, ContentType=content_type, **_demanded(key)
                )
        except ConflictError:
            _log.debug("%s is stored already", key)  # a put whose answer was lost, or a crash after it
        source.unlink(missing_ok=True)

    def get(self, key: str) -> bytes:
        content = BytesIO()
        self._copy(key, content)
        return content.getvalue()

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        """As the port has it: copied to an unnamed temporary file first, so that the stream can seek."""
        with tempfile.TemporaryFile() as content:
            self._copy(key, content)
            content.seek(0)
            yield content

    def list(
        self, prefix: str, since: float | None = None, until: float | None = None
    ) -> Iterator[StoredFrame]:
        """As the port has it. In one job's folder only the requests that the time span needs are made."""
        earliest = -math.inf if since is None else math.floor(since)
        latest = math.inf if until is None else until
        is_job_folder = _is_job_folder(prefix)
        for stored in self._objects(prefix, _before(prefix, earliest) if is_job_folder else ""):
            key = stored["Key"]
            if not (key.endswith(_FRAME_ENDING) and is_key(key)):
                continue
            taken_at = taken_at_of(key)
            if taken_at is None:
                if not key.startswith(f"{LATEST}/"):
                    continue
                taken_at = stored["LastModified"].timestamp()
            if earliest <= taken_at <= latest:
                yield StoredFrame(key, stored["Size"], taken_at)
            elif taken_at > latest and is_job_folder and "/" not in key[len(prefix) :]:
                return  # names sort by time: all that follow are later still

    def films(self, prefix: str) -> Iterator[StoredFrame]:
        for stored in self._objects(prefix + FILM_NAMES, ""):
            made_at = film_made_at(stored["Key"])
            if made_at is not None and is_key(stored["Key"]):
                yield StoredFrame(stored["Key"], stored["Size"], made_at)

    def _objects(self, prefix: str, start_after: str) -> Iterator["ObjectTypeDef"]:
        """Sorted by key; a thousand a request, none before it is needed."""
        if not (prefix.isascii() and prefix.isprintable()):
            return  # no key begins so
        pages = iter(
            self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, StartAfter=start_after
            )
        )
        while True:
            with translated():
                page = next(pages, None)
            if page is None:
                return
            yield from page.get("Contents", [])

    def _copy(self, key: str, target: IO[bytes]) -> None:
        """Write the content to the target. A connection that breaks off half-way is tried again."""
        if not is_key(key):
            raise NotFoundError("nothing is stored under such a key")
        for tries_left in reversed(range(_READ_TRIES)):
            with translated():
                body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"]
                try:
                    with closing(body):
                        while piece := body.read(_PIECE_BYTES):
                            _write(target, piece)
                except BotoCoreError as error:
                    if not tries_left:
                        raise
                    _log.info("%s is read again: %s", key, type(error).__name__)
                    target.seek(0)
                    target.truncate()
                    continue
            return

    def _is_known_to_miss(self, key: str) -> bool:
        """Whether S3 says that nothing is stored there.

        Who may only put (the edge) is not told. Its source is gone because it was put before, in all but
        the rarest of cases.
        """
        with translated():
            try:
                found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)
            except ClientError as error:
                if error.response["Error"]["Code"] == "AccessDenied":
                    return False
                raise
        return [stored["Key"] for stored in found.get("Contents", [])] != [key]


def _demanded(key: str) -> dict[str, Any]:
    """What the policies of `template.yaml` let nobody put that key without.

    Frames and films lie in one folder and are kept for different times: the bucket's lifecycle tells them by
    their tag. The one frame under `latest/` has none, and is overwritten.
    """
    if key.startswith(f"{LATEST}/"):
        return {}
    is_frame = taken_at_of(key) is not None
    return {"Tagging": "kind=frame", "IfNoneMatch": "*"} if is_frame else {"Tagging": "kind=film"}


def _write(target: IO[bytes], piece: bytes) -> None:
    try:
        target.write(piece)
    except OSError as error:
        raise TransientError(f"no room for a temporary copy: {error.strerror}") from error


def _is_job_folder(prefix: str) -> bool:
    """`images/<printer>/<job>/`: what lies in it sorts by time."""
    return prefix.startswith(f"{IMAGES}/") and prefix.endswith("/") and prefix.count("/") == 3


def _before(folder: str, earliest: float) -> str:
    """A key after which every frame of that second or later sorts; none for times that no frame has."""
    try:
        return second_key(folder, earliest) if earliest > 0 else ""
    except (ValueError, OverflowError):
        return ""
