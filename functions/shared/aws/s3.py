"""The FrameStore port on one S3 bucket: the keys are the objects' keys.

A frame is written once: who may put frames (the edge) may not overwrite, and the tag says when it goes. Most
come in packs (`functions/shared/domain/frame_packs.py`), and are listed and read as if they lay there alone.
Actions used: PutObject and PutObjectTagging (put), GetObject and ListBucket (all reading; without ListBucket
S3 answers "access denied" for a key that is not stored). Encryption is the bucket's default.
"""

import errno
import heapq
import logging
import math
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from functions.shared.aws.errors import translated
from functions.shared.aws.packed_frames import PackedFrames
from functions.shared.domain.frame_packs import (
    PACK_ENDING,
    Pack,
    first_key_of_packs_with,
    pack_span,
)
from functions.shared.domain.keys import (
    FILM_NAMES,
    IMAGES,
    LATEST,
    film_made_at,
    frame_key_floor,
    is_key,
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
        self._packed = PackedFrames(self._read_range)

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
        with content:
            self._put(key, content)
        source.unlink(missing_ok=True)

    def put_pack(self, pack: Pack) -> None:
        """Store a pack of frames; quiet if it is stored already. Raises as `put`."""
        if pack_span(pack.key) is None:
            raise ContractError(f"{pack.key[:200]!r} is no key of a pack")
        self._put(pack.key, pack.content)

    def _put(self, key: str, content: BinaryIO | bytes) -> None:
        content_type = _CONTENT_TYPES.get(Path(key).suffix, _ANY_CONTENT)
        try:
            with translated():
                self._client.put_object(
                    Bucket=self._bucket, Key=key, Body=content, ContentType=content_type, **_demanded(key)
                )
        except ConflictError:
            _log.debug("%s is stored already", key)  # a put whose answer was lost, or a crash after it

    def get(self, key: str) -> bytes:
        packed = self._packed.get(key)
        if packed is not None:
            return packed
        content = BytesIO()
        try:
            self._copy(key, content)
        except NotFoundError:
            packed = self._find_in_packs(key)
            if packed is None:
                raise
            return packed
        return content.getvalue()

    def _find_in_packs(self, key: str) -> bytes | None:
        """A frame that was to come alone may have come in a pack, after an outage or a power cut."""
        taken_at = taken_at_of(key)
        folder = key.rpartition("/")[0] + "/"
        if taken_at is None or not (_is_job_folder(folder) and is_key(key)):
            return None
        for stored in self._objects(folder, _before(folder, taken_at, first_key_of_packs_with)):
            name, span = stored["Key"], pack_span(stored["Key"])
            if frame_key_floor(name) > frame_key_floor(key):
                return None
            if span is None or span[1] < taken_at:
                continue
            if any(frame.key == key for frame in self._packed.frames_of(name, stored["Size"])):
                return self._packed.get(key)
        return None

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
        is_folder = _is_job_folder(prefix)
        start_after = _before(prefix, earliest, first_key_of_packs_with) if is_folder else ""
        for frame in _merged(self._frames(prefix, start_after, earliest, latest)):
            if earliest <= frame.taken_at <= latest:
                yield frame

    def _frames(
        self, prefix: str, start_after: str, earliest: float, latest: float
    ) -> Iterator[tuple[str, Sequence[StoredFrame]]]:
        """For each object with frames the key that they sort behind, and they. A pack that lies out of that
        time is not looked into."""
        for stored in self._objects(prefix, start_after):
            key = stored["Key"]
            span = pack_span(key) or _span_of(stored)
            if span is None:
                continue
            begin, end = span
            if begin > latest and _is_job_folder(prefix) and "/" not in key[len(prefix) :]:
                return  # names sort by time: all that follow are later still
            if end < earliest or begin > latest:
                continue
            if key.endswith(PACK_ENDING):
                packed = self._packed.frames_of(key, stored["Size"])
                frames = [StoredFrame(frame.key, frame.size, frame.taken_at) for frame in packed]
            else:
                frames = [StoredFrame(key, stored["Size"], begin)]
            yield frame_key_floor(key), frames

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

    def _copy(self, key: str, target: IO[bytes], span: str = "") -> None:
        """Write the content to the target. A connection that breaks off half-way is tried again."""
        if not is_key(key):
            raise NotFoundError("nothing is stored under such a key")
        asked: dict[str, Any] = {"Range": span} if span else {}
        for tries_left in reversed(range(_READ_TRIES)):
            with translated():
                body = self._client.get_object(Bucket=self._bucket, Key=key, **asked)["Body"]
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

    def _read_range(self, key: str, begin: int, end: int | None) -> bytes:
        """The bytes from one place to another, or to the end. Raises NotFoundError and TransientError."""
        content = BytesIO()
        self._copy(key, content, f"bytes={begin}-{'' if end is None else end - 1}")
        return content.getvalue()

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
    is_frame = taken_at_of(key) is not None or key.endswith(PACK_ENDING)
    return {"Tagging": "kind=frame", "IfNoneMatch": "*"} if is_frame else {"Tagging": "kind=film"}


def _write(target: IO[bytes], piece: bytes) -> None:
    try:
        target.write(piece)
    except OSError as error:
        raise TransientError(f"no room for a temporary copy: {error.strerror}") from error


def _is_job_folder(prefix: str) -> bool:
    """`images/<printer>/<job>/`: what lies in it sorts by time."""
    return prefix.startswith(f"{IMAGES}/") and prefix.endswith("/") and prefix.count("/") == 3


def _span_of(stored: "ObjectTypeDef") -> tuple[float, float] | None:
    """When the one frame that lies there was taken; None: it is none."""
    key = stored["Key"]
    if not (key.endswith(_FRAME_ENDING) and is_key(key)):
        return None
    taken_at = taken_at_of(key)
    if taken_at is None and key.startswith(f"{LATEST}/"):
        taken_at = stored["LastModified"].timestamp()
    return None if taken_at is None else (taken_at, taken_at)


def _merged(objects: Iterable[tuple[str, Sequence[StoredFrame]]]) -> Iterator[StoredFrame]:
    """Frames of objects that overlap, sorted by key, each once: one may lie there alone and in packs too (a
    power cut between its put and its being forgotten)."""
    waiting: list[tuple[str, int, float]] = []
    last = ""
    for floor, frames in objects:
        while waiting and waiting[0][0] < floor:
            key, size, at = heapq.heappop(waiting)
            if key != last:
                yield StoredFrame(key, size, at)
            last = key
        for frame in frames:
            heapq.heappush(waiting, (frame.key, frame.size, frame.taken_at))
    while waiting:
        key, size, at = heapq.heappop(waiting)
        if key != last:
            yield StoredFrame(key, size, at)
        last = key


def _before(folder: str, earliest: float, key_of: Callable[[str, float], str]) -> str:
    """A key after which all that has frames of that second or later sorts; none for times that none has."""
    try:
        return key_of(folder, earliest) if earliest > 0 else ""
    except (ValueError, OverflowError):
        return ""
