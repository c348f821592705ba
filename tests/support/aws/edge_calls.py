"""The calls by which a collector ships, in AWS's forms: SQS's SendMessageBatch (JSON), S3's PutObject."""

import hashlib
import json
from typing import Any
from urllib.parse import unquote, urlsplit

from functions.shared.domain.frame_packs import PACK_ENDING, read_index
from tests.support.http_server import Answer, Request

Entry = dict[str, Any]


def is_batch(request: Request) -> bool:
    return request.method == "POST" and request.headers.get("x-amz-target") == "AmazonSQS.SendMessageBatch"


def is_frame(request: Request) -> bool:
    return request.method == "PUT"


def entries_of(request: Request) -> list[Entry]:
    """The messages of a batch."""
    entries: list[Entry] = json.loads(request.body)["Entries"]
    return entries


def key_of(request: Request) -> str:
    """Of the object that is put."""
    return unquote(urlsplit(request.path).path).split("/", 2)[2]


def frame_keys_of(request: Request) -> list[str]:
    """Of the frames in it: of a pack those that its index names."""
    key = key_of(request)
    if not key.endswith(PACK_ENDING):
        return [key]
    return [frame.key for frame in read_index(key, request.body, len(request.body))]


def batch_taken(entries: list[Entry]) -> Answer:
    """All of it."""
    taken = [
        {
            "Id": entry["Id"],
            "MessageId": f"m-{number}",
            "MD5OfMessageBody": hashlib.md5(entry["MessageBody"].encode(), usedforsecurity=False).hexdigest(),
            "SequenceNumber": str(number),
        }
        for number, entry in enumerate(entries)
    ]
    body = json.dumps({"Successful": taken, "Failed": []}).encode()
    return Answer(body, content_type="application/x-amz-json-1.0")


def frame_taken() -> Answer:
    return Answer(b"", content_type="application/xml", headers=(("etag", '"1"'),))
