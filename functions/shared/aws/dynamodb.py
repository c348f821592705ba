"""The RecordStore port on one DynamoDB table.

The table: partition key `kind` (S), sort key `key` (S), on demand, TTL attribute `expires_at` (N, whole
seconds since 1970). `key` is the record's whole key, `kind` its part before the first slash: `printer`,
`collector`, `done`, ... So `list("printer/")` is one Query, and a policy can be narrowed to some kinds
(`dynamodb:LeadingKeys`). Beside them an item has `version` (N), `by` (S, which write made it), and its value:
`value` (S, JSON) if small, else `packed` (B, the JSON compressed by zlib).

Actions used: GetItem, PutItem, Query. (A listing whose prefix names no kind would Scan; no program asks for
one, and no policy has to allow it.)
"""

import json
import math
import re
import secrets
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from functions.shared.aws.errors import translated
from functions.shared.errors import ConflictError, ContractError
from functions.shared.ports import Stored
from functions.shared.runtime.clocks import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, PutItemInputTypeDef

KEY_BYTES_LIMIT = 1024  # of a sort key; AWS, "Quotas in Amazon DynamoDB"
PLAIN_BYTES_LIMIT = 600  # smaller values fit one write unit (1 KiB) anyway, and can be read in the console

_ABSENT = "attribute_not_exists(#key) OR expires_at <= :now"
_OF_VERSION = "version = :version AND (attribute_not_exists(expires_at) OR expires_at > :now)"
# Text that is no valid UTF-8 (half of a surrogate pair, as JSON can carry it) is written as U+FFFD and four
# hex digits; U+FFFD itself likewise, so that no two keys meet.
_UNWRITABLE = re.compile("[\ud800-\udfff\ufffd]")
_WRITTEN = re.compile("\ufffd([0-9a-f]{4})")

Item = dict[str, "AttributeValueTypeDef"]


class DynamoRecordStore:
    """Thread-safe. Reads are consistent; what is over by `clock` counts as absent, deleted yet or not.

    A mark (`put_if_absent`) is a record of the empty object, version 1, until its time is over. The values
    are bounded by DynamoDB's 400 KB an item, which is about 2 MB of status before compression.
    """

    def __init__(self, client: "DynamoDBClient", table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def get(self, key: str) -> Stored | None:
        written = _written(key)
        if not _can_be_key(written):
            return None
        with translated():
            answer = self._client.get_item(TableName=self._table, Key=_place(written), ConsistentRead=True)
        item = answer.get("Item")
        return None if item is None or self._is_over(item) else _stored(item)

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        """As the port has it. Raises ContractError for a value that is no JSON or a key over 1024 bytes.

        If the answer to a write is lost for good, the next one over the same version is a conflict.
        """
        try:
            text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise ContractError(f"record {key[:100]!r} is not JSON: {error}") from error
        version = expected_version + 1
        content = _content(text) | _over(expires_at)
        if not self._write(key, version, content, None if expected_version == 0 else expected_version):
            raise ConflictError(f"record {key[:100]!r} is not of version {expected_version} any more")
        return version

    def list(self, prefix: str) -> list[Stored]:
        with translated():
            items = [item for item in self._items(_written(prefix)) if not self._is_over(item)]
        return sorted(map(_stored, items), key=lambda stored: stored.key)

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        mark: Item = {"value": {"S": "{}"}, **_over(expires_at)}
        return self._write(key, 1, mark, None)

    def _write(self, key: str, version: int, content: Item, expected_version: int | None) -> bool:
        """Put the item if that version (None: nothing) is stored; whether it did."""
        written = _written(key)
        if not _can_be_key(written):
            raise ContractError(f"{key[:100]!r} is no key: it must have 1 to {KEY_BYTES_LIMIT} bytes")
        by = secrets.token_hex(8)
        values: Item = {":now": {"N": repr(self._clock())}}
        if expected_version is not None:
            values[":version"] = {"N": str(expected_version)}
        request: PutItemInputTypeDef = {
            "TableName": self._table,
            "Item": {**_place(written), "version": {"N": str(version)}, "by": {"S": by}, **content},
            "ConditionExpression": _ABSENT if expected_version is None else _OF_VERSION,
            "ExpressionAttributeValues": values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if expected_version is None:
            request["ExpressionAttributeNames"] = {"#key": "key"}
        with translated():
            try:
                self._client.put_item(**request)
            except self._client.exceptions.ConditionalCheckFailedException as error:
                # boto3 repeats a request whose answer was lost: then our own write is what is in the way.
                answer: Mapping[str, Any] = error.response
                return bool(answer.get("Item", {}).get("by") == {"S": by})
        return True

    def _items(self, prefix: str) -> Iterator[Item]:
        kind, slash, _ = prefix.partition("/")
        if not (kind and slash):
            scan = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
            for read in scan:
                yield from (item for item in read["Items"] if item["key"]["S"].startswith(prefix))
            return
        query = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="#kind = :kind AND begins_with(#key, :prefix)",
            ExpressionAttributeNames={"#key": "key", "#kind": "kind"},
            ExpressionAttributeValues={":kind": {"S": kind}, ":prefix": {"S": prefix}},
        )
        for page in query:
            yield from page["Items"]

    def _is_over(self, item: Item) -> bool:
        expires_at = item.get("expires_at", {}).get("N")
        return expires_at is not None and float(expires_at) <= self._clock()


def _place(written: str) -> Item:
    kind, slash, _ = written.partition("/")
    return {"kind": {"S": kind or slash}, "key": {"S": written}}


def _content(text: str) -> Item:
    """The value as stored. The text is ASCII."""
    if len(text) <= PLAIN_BYTES_LIMIT:
        return {"value": {"S": text}}
    return {"packed": {"B": zlib.compress(text.encode(), 9)}}


def _over(expires_at: float | None) -> Item:
    """Whole seconds for TTL, rounded up: it lasts at least as long as asked for."""
    return {} if expires_at is None else {"expires_at": {"N": str(math.ceil(expires_at))}}


def _stored(item: Item) -> Stored:
    key = _WRITTEN.sub(lambda found: chr(int(found[1], 16)), item["key"]["S"])
    try:
        packed = item.get("packed", {}).get("B")
        text = item["value"]["S"] if packed is None else zlib.decompress(bytes(packed))
        value, version = json.loads(text), int(item["version"]["N"])
    except (KeyError, ValueError, zlib.error) as error:
        raise ContractError(f"record {key[:100]!r} was not written by this program: {error}") from error
    return Stored(key, value, version)


def _written(key: str) -> str:
    return _UNWRITABLE.sub(lambda found: f"\ufffd{ord(found[0]):04x}", key)


def _can_be_key(written: str) -> bool:
    return 0 < len(written.encode()) <= KEY_BYTES_LIMIT
