"""A service's model as far as we ask anything of it: a tenth of a file of a megabyte.

botocore reads the whole of it for a client, with the texts of all that could be asked. What is not named
here no client of a function can do.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

# What we ask, and what botocore asks by itself: S3 where a bucket is, if it is not where it should be, and
# for a session with a directory bucket.
OPERATIONS: Mapping[str, frozenset[str]] = {
    "dynamodb": frozenset({"GetItem", "PutItem", "Query", "Scan", "TransactWriteItems"}),
    "s3": frozenset(
        {"CreateSession", "DeleteObject", "GetObject", "HeadBucket", "ListObjectsV2", "PutObject"}
    ),
    "sqs": frozenset(
        {
            "ChangeMessageVisibility",
            "ChangeMessageVisibilityBatch",
            "DeleteMessage",
            "ReceiveMessage",
            "SendMessage",
            "SendMessageBatch",
        }
    ),
    "ssm": frozenset({"GetParameter"}),
}
_OPERATIONS_BEGIN = b'\n  "operations":{'
_SHAPES_BEGIN = b'\n  },\n  "shapes":{'
_SHAPES_END = b"\n  }"
_ENTRY = b'\n    "'


def model_of(text: bytes, operations: Iterable[str]) -> dict[str, Any]:
    """The model with those operations, and with the shapes that they lead to.

    Its entries are told apart by how botocore's files are written: each begins a line, four characters in. Of
    one that is written in another way, or lacks any of them, all is read.
    """
    begin, has_operations, rest = text.partition(_OPERATIONS_BEGIN)
    operations_text, has_shapes, rest = rest.partition(_SHAPES_BEGIN)
    shapes_text, has_end, end = rest.partition(_SHAPES_END)
    if not (has_operations and has_shapes and has_end):
        return _whole(text)
    try:
        model: dict[str, Any] = json.loads(begin + b'"operations":{},"shapes":{}' + end)
        entries = _entries(operations_text)
        model["operations"] = {name: _entry(entries, name) for name in sorted(operations)}
        model["shapes"] = _shapes_of(model["operations"], _entries(shapes_text))
    except (KeyError, ValueError):
        return _whole(text)
    return model


def _whole(text: bytes) -> dict[str, Any]:
    model: dict[str, Any] = json.loads(text.decode())
    return model


def _entries(text: bytes) -> dict[bytes, bytes]:
    """Text of each entry, which begins with its name, by name."""
    return {it[: it.index(b'"')]: it for it in text.split(_ENTRY)[1:]}


def _entry(entries: Mapping[bytes, bytes], name: str) -> Any:
    text = entries[name.encode()].decode()
    return _DECODER.raw_decode(text, len(name) + len('":'))[0]


_DECODER = json.JSONDecoder()


def _shapes_of(operations: dict[str, Any], entries: Mapping[bytes, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    ahead = _names_in(operations)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found[name] = _entry(entries, name)
            ahead += _names_in(found[name])
    return found


def _names_in(value: Any) -> list[str]:
    """The shapes that a part of a model names."""
    if isinstance(value, list):
        return [name for it in value for name in _names_in(it)]
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("shape"), str):
        return [value["shape"]]
    return [name for it in value.values() for name in _names_in(it)]
