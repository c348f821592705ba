"""AWS in memory behind real boto3 clients, counting what AWS would charge for.

boto3 checks and serialises every request; in place of the network an answer is made here
(its event `before-call` may give one). What is charged is counted from the request and the stored bytes.
"""

import contextlib
import io
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.performance.cost.assumptions import FILM_BYTES, FRAME_BYTES, THUMBNAIL_BYTES
from tests.performance.cost.figures import Figures
from tests.performance.cost.mailbox import Letter, Mailbox
from tests.performance.cost.prices import Unit

_ASKED = "asked"
_CHUNK = 64 * 1024
_LIST_PAGE = 1000
_WRITE_BYTES, _READ_BYTES = 1024, 4096
_QUERY_BYTES = 1024 * 1024

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Http:
    status_code: int


class AwsFaultError(Exception):
    """An answer with an error code."""

    def __init__(self, code: str, **more: Any) -> None:
        super().__init__(code)
        self.answer = {"Error": {"Code": code, "Message": code}, **more}


@dataclass
class CountingAws:
    """`figures` is what was used so far, `caller` the function that uses it now."""

    clock: Callable[[], float]
    secrets: Mapping[str, str]
    figures: Figures = field(default_factory=Figures)
    caller: str = "edge"

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self.mailboxes: dict[str, Mailbox] = {}
        self.objects: dict[str, bytes] = {}
        self._partitions: dict[str, dict[str, dict[str, Any]]] = {}

    def attach(self, client: Any) -> None:
        """Have this client answered from here."""

        def remember(params: Answer, context: dict[str, Any], **_: Any) -> None:
            context[_ASKED] = params

        def answer(model: Any, context: dict[str, Any], **_: Any) -> tuple[_Http, Answer]:
            with self._lock:
                try:
                    return _Http(200), getattr(self, f"_{model.name}")(context[_ASKED])
                except AwsFaultError as fault:
                    return _Http(400), fault.answer

        client.meta.events.register_last("provide-client-params", remember)
        client.meta.events.register_first("before-call", answer)

    @contextlib.contextmanager
    def uncounted(self) -> Iterator[None]:
        """What is done meanwhile costs nothing."""
        before = Figures(self.figures)
        yield
        self.figures.clear()
        self.figures.update(before)

    def mailbox(self, url: str) -> Mailbox:
        return self.mailboxes.setdefault(url, Mailbox(url.endswith(".fifo")))

    def count_request(self, url: str, payload: int = 0) -> None:
        """A request to a queue; each 64 KB of what it carries are one."""
        unit = Unit.FIFO_REQUEST if self.mailbox(url).fifo else Unit.STANDARD_REQUEST
        self.figures[unit] += max(1, math.ceil(payload / _CHUNK))

    # ---- SQS

    def _SendMessageBatch(self, asked: Answer) -> Answer:  # noqa: N802 - AWS's names
        url, entries = asked["QueueUrl"], asked["Entries"]
        now = self.clock()
        letters = [Letter(entry, now, now + entry.get("DelaySeconds", 0)) for entry in entries]
        self.count_request(url, sum(letter.size for letter in letters))
        for letter in letters:
            self.mailbox(url).put(letter)
        return {"Successful": [{"Id": entry["Id"], "MessageId": "m"} for entry in entries], "Failed": []}

    def _ChangeMessageVisibility(self, asked: Answer) -> Answer:  # noqa: N802
        self.count_request(asked["QueueUrl"])
        self.mailbox(asked["QueueUrl"]).hide(
            asked["ReceiptHandle"], self.clock() + asked["VisibilityTimeout"]
        )
        return {}

    def _ChangeMessageVisibilityBatch(self, asked: Answer) -> Answer:  # noqa: N802
        self.count_request(asked["QueueUrl"])
        for entry in asked["Entries"]:
            until = self.clock() + entry["VisibilityTimeout"]
            self.mailbox(asked["QueueUrl"]).hide(entry["ReceiptHandle"], until)
        return {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]], "Failed": []}

    # ---- DynamoDB

    def _GetItem(self, asked: Answer) -> Answer:  # noqa: N802
        partition, key = _key_of(asked["Key"])
        item = self._partitions.get(partition, {}).get(key)
        self._count_read(_size(item) if item else 0, is_consistent=asked.get("ConsistentRead", False))
        return {"Item": item} if item else {}

    def _PutItem(self, asked: Answer) -> Answer:  # noqa: N802
        item = asked["Item"]
        partition, key = _key_of(item)
        before = self._partitions.get(partition, {}).get(key)
        kind = partition.partition("#")[0]
        # Charged by the larger of what was and what will be, whether the condition holds or not.
        size = max(_size(item), _size(before) if before else 0)
        units = math.ceil(size / _WRITE_BYTES)
        self.figures[Unit.WRITE_UNIT] += units
        self.figures[f"writes of {kind}"] += 1
        self.figures[f"write units of {kind}"] += units
        expected = asked["ExpressionAttributeValues"].get(":version")
        if (before["version"] if before else None) != expected:
            raise AwsFaultError("ConditionalCheckFailedException", **({"Item": before} if before else {}))
        self._partitions.setdefault(partition, {})[key] = item
        return {}

    def _Query(self, asked: Answer) -> Answer:  # noqa: N802
        values = asked["ExpressionAttributeValues"]
        prefix = values.get(":prefix", {"S": ""})["S"]
        after = asked.get("ExclusiveStartKey", {"key": {"S": ""}})["key"]["S"]
        partition = self._partitions.get(values[":kind"]["S"], {})
        found: list[dict[str, Any]] = []
        size, is_cut = 0, False
        for key in sorted(key for key in partition if key.startswith(prefix) and key > after):
            if len(found) == asked.get("Limit", math.inf) or size > _QUERY_BYTES:
                is_cut = True
                break
            found.append(partition[key])
            size += _size(partition[key])
        self._count_read(size, is_consistent=asked.get("ConsistentRead", False))
        more = {"LastEvaluatedKey": {name: found[-1][name] for name in ("kind", "key")}} if is_cut else {}
        return {"Items": found, "Count": len(found), **more}

    def _count_read(self, size: int, *, is_consistent: bool) -> None:
        units = max(1, math.ceil(size / _READ_BYTES))
        self.figures[Unit.READ_UNIT] += units if is_consistent else units / 2

    # ---- S3

    def _PutObject(self, asked: Answer) -> Answer:  # noqa: N802
        key = asked["Key"]
        is_latest = key.startswith("latest/")
        self.figures[Unit.S3_PUT_LATEST if is_latest else Unit.S3_PUT] += 1
        if not is_latest:
            self.figures["frames kept" if _is_frame(key) else "films kept"] += 1
            self.figures["frame bytes" if _is_frame(key) else "film bytes"] += assumed_size(key)
        self.objects[key] = asked["Body"].read()
        return {"ETag": '"e"'}

    def _GetObject(self, asked: Answer) -> Answer:  # noqa: N802
        self.figures[Unit.S3_GET] += 1
        self.figures[f"bytes read by {self.caller}"] += assumed_size(asked["Key"])
        content = self.objects.get(asked["Key"])
        if content is None:
            raise AwsFaultError("NoSuchKey")
        return {"Body": io.BytesIO(content), "ContentLength": len(content)}

    def _ListObjectsV2(self, asked: Answer) -> Answer:  # noqa: N802
        self.figures[Unit.S3_LIST] += 1
        after = asked.get("ContinuationToken") or asked.get("StartAfter", "")
        most = min(asked.get("MaxKeys", _LIST_PAGE), _LIST_PAGE)
        found = sorted(key for key in self.objects if key.startswith(asked["Prefix"]) and key > after)
        page = found[:most]
        now = datetime.fromtimestamp(self.clock(), UTC)
        contents = [{"Key": key, "Size": len(self.objects[key]), "LastModified": now} for key in page]
        answer: Answer = {"Contents": contents, "KeyCount": len(page), "IsTruncated": len(found) > most}
        if len(found) > most:
            answer["NextContinuationToken"] = page[-1]
        return answer

    # ---- SSM: standard parameters are read for nothing

    def _GetParameter(self, asked: Answer) -> Answer:  # noqa: N802
        return {"Parameter": {"Name": asked["Name"], "Value": self.secrets[asked["Name"]]}}


def assumed_size(key: str) -> int:
    """What a real object under such a key would have, in bytes."""
    if key.endswith(".mp4"):
        return FILM_BYTES
    is_whole = key.startswith("latest/") or _is_frame(key) or key.endswith("_photo.jpeg")
    return FRAME_BYTES if is_whole else THUMBNAIL_BYTES


def _is_frame(key: str) -> bool:
    name = key.rsplit("/", 1)[-1]
    return name.endswith(".jpg") and not name.startswith("timelapse_")


def _key_of(item: Answer) -> tuple[str, str]:
    return item["kind"]["S"], item["key"]["S"]


def _size(item: Answer) -> int:
    """As DynamoDB counts: names and values in UTF-8; a number has a byte for two digits and one more.

    Source: AWS, DynamoDB Developer Guide, "DynamoDB item sizes and formats".
    """
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "N":
        return math.ceil(len(content) / 2) + 1
    return len(content.encode() if kind == "S" else content)
