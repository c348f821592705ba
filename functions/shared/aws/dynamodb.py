"""The RecordStore port on one DynamoDB table.

The table: partition key `kind` (S), sort key `key` (S), on demand, TTL attribute `expires_at` (N, whole
seconds since 1970). `key` is the record's whole key, `kind` its part before the first slash: `collector`,
`done`, ... So `list("collector/")` is one Query, and a policy can be narrowed to some kinds
(`dynamodb:LeadingKeys`). The many records of printers lie in eight partitions, `printer#0` to `printer#7`,
and those of a stack of 0.1 in the one `printer`, until they are moved (`partition_move.py`; why so:
infra/docs/decisions/0014-records-of-printers-lie-in-eight-partitions.md).

Beside them an item has `version` (N), `by` (S, which write made it), and its value (`item_values.py`).

Actions used: GetItem, PutItem, Query. (A listing whose prefix names no kind would Scan; no program asks for
one, and no policy has to allow it.)
"""

import hashlib
import heapq
import itertools
import json
import math
import re
import secrets
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from functions.shared.aws.errors import translated
from functions.shared.aws.item_values import content_of, text_of
from functions.shared.errors import ConflictError, ContractError
from functions.shared.ports import Stored
from functions.shared.runtime.clocks import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef, PutItemInputTypeDef, QueryInputTypeDef

KEY_BYTES_LIMIT = 1024  # of a sort key; AWS, "Quotas in Amazon DynamoDB"

_ABSENT = "attribute_not_exists(#key) OR expires_at <= :now"
_OF_VERSION = "version = :version AND (attribute_not_exists(expires_at) OR expires_at > :now)"
# Text that is no valid UTF-8 (half of a surrogate pair, as JSON can carry it) is written as U+FFFD and four
# hex digits; U+FFFD itself likewise, so that no two keys meet.
_UNWRITABLE = re.compile("[\ud800-\udfff\ufffd]")
_WRITTEN = re.compile("\ufffd([0-9a-f]{4})")

Item = dict[str, "AttributeValueTypeDef"]

SHARED_OUT = frozenset({"printer"})  # kinds of which each record is written with each report
PARTITIONS = 8
_NOTED_LIMIT = 10_000  # names of records in an old partition; more than a container sees while they are moved
_PAGE = 32  # items of one partition read at once for a page of all of them


class DynamoRecordStore:
    """Thread-safe. Reads are consistent, unless it is for readers only (`is_consistent`): those may see what
    stood a second ago, for half the price. What is over by `clock` counts as absent, deleted yet or not.

    A mark (`put_if_absent`) is a record of the empty object, version 1, until its time is over. The values
    are bounded by DynamoDB's 400 KB an item, which is about 2 MB of status before compression.
    """

    def __init__(
        self, client: "DynamoDBClient", table: str, clock: Clock, is_consistent: bool = True
    ) -> None:
        self._client = client
        self._is_consistent = is_consistent
        self._table = table
        self._clock = clock
        self._in_old_place: set[str] = set()  # found there; a guess that only saves a request

    def get(self, key: str) -> Stored | None:
        written = _written(key)
        if not _can_be_key(written):
            return None
        places = self._places(written)
        again = places[:1] if len(places) > 1 else ()  # it may have been moved between the two looks
        for place in (*places, *again):
            with translated():
                answer = self._client.get_item(
                    TableName=self._table, Key=place, ConsistentRead=self._is_consistent
                )
            item = answer.get("Item")
            if item is not None:
                self._note(written, item)
                return None if self._is_over(item) else _stored(item)
        return None

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
        expected = None if expected_version == 0 else expected_version
        if not self._write(key, version, text, _over(expires_at), expected):
            raise ConflictError(f"record {key[:100]!r} is not of version {expected_version} any more")
        return version

    def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[Stored]:
        """As the port has it; a page goes by the keys as they are written."""
        with translated():
            items = self._items(_written(prefix), _written(after), limit)
            found = {item["key"]["S"]: item for item in items}  # one that is being moved may come twice
        return sorted(map(_stored, found.values()), key=lambda stored: stored.key)

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        return self._write(key, 1, "{}", _over(expires_at), None)

    def _write(self, key: str, version: int, text: str, over: Item, expected_version: int | None) -> bool:
        """Put the item if that version (None: nothing) is stored; whether it did."""
        written = _written(key)
        if not _can_be_key(written):
            raise ContractError(f"{key[:100]!r} is no key: it must have 1 to {KEY_BYTES_LIMIT} bytes")
        by = secrets.token_hex(8)
        values: Item = {":now": {"N": repr(self._clock())}}
        # What is new begins in its new place; what is there is written where it is.
        places = (place_of(written),) if expected_version is None else self._places(written)
        if expected_version is not None:
            values[":version"] = {"N": str(expected_version)}
        for place in places:
            # No program of before the partitions finds what lies in them: there the format may be newer.
            content = content_of(text, has_dictionary="#" in place["kind"]["S"])
            item: Item = {"version": {"N": str(version)}, "by": {"S": by}, **content, **over}
            found = self._write_at(place, item, values, expected_version)
            if found is None:
                return True
            if found:
                return bool(found.get("by") == {"S": by})
        return False

    def _write_at(
        self, place: Item, item: Item, values: Item, expected_version: int | None
    ) -> Mapping[str, Any] | None:
        """None if it was written, else what is in the way (empty: nothing lies there).

        boto3 repeats a request whose answer was lost: then our own write is what is in the way.
        """
        request: PutItemInputTypeDef = {
            "TableName": self._table,
            "Item": {**place, **item},
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
                answer: Mapping[str, Any] = error.response
                return answer.get("Item") or {}
        return None

    def _places(self, written: str) -> tuple[Item, ...]:
        """Where the record may lie, the likelier place first."""
        place = place_of(written)
        if _kind_of(written) not in SHARED_OUT:
            return (place,)
        old_place = old_place_of(written)
        return (old_place, place) if written in self._in_old_place else (place, old_place)

    def _note(self, written: str, item: Item) -> None:
        """Where it was found, so that it is looked for there next time."""
        if item["kind"]["S"] not in SHARED_OUT:
            self._in_old_place.discard(written)
        elif len(self._in_old_place) < _NOTED_LIMIT:
            self._in_old_place.add(written)

    def _items(self, prefix: str, after: str, limit: int | None) -> Iterator[Item]:
        kind, slash, _ = prefix.partition("/")
        if not (kind and slash):
            yield from self._scanned(prefix, after, limit)
            return
        # The old place first: what is moved meanwhile is seen in one of the two.
        kinds = [kind, *partitions_of(kind)] if kind in SHARED_OUT else [kind]
        size = limit if limit is None or len(kinds) == 1 else min(limit, _PAGE)
        walks = [self._queried(each, prefix, after, size) for each in kinds]
        merged = itertools.chain(*walks) if limit is None else heapq.merge(*walks, key=_key_of)
        lasting = (item for item in merged if not self._is_over(item))
        # Of one that lies in both places, that of the new one: it comes behind the other.
        distinct = (list(same)[-1] for _, same in itertools.groupby(lasting, _key_of))
        yield from itertools.islice(distinct, limit)

    def _queried(self, kind: str, prefix: str, after: str, size: int | None) -> Iterator[Item]:
        """One partition's items, sorted by key, `size` at a time and only as far as they are taken."""
        more: QueryInputTypeDef = {
            "TableName": self._table,
            "ConsistentRead": self._is_consistent,
            "KeyConditionExpression": "#kind = :kind AND begins_with(#key, :prefix)",
            "ExpressionAttributeNames": {"#key": "key", "#kind": "kind"},
            "ExpressionAttributeValues": {":kind": {"S": kind}, ":prefix": {"S": prefix}},
        }
        if size is not None:
            more["Limit"] = size
        if after:
            more["ExclusiveStartKey"] = {"kind": {"S": kind}, "key": {"S": after}}
        while True:
            answer = self._client.query(**more)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _scanned(self, prefix: str, after: str, limit: int | None) -> Iterator[Item]:
        """No program asks for a prefix within a kind, and no policy has to allow it."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table, ConsistentRead=self._is_consistent
        )
        items = (item for page in pages for item in page["Items"] if not self._is_over(item))
        found = sorted((item for item in items if _key_of(item).startswith(prefix)), key=_key_of)
        yield from itertools.islice((item for item in found if _key_of(item) > after), limit)

    def _is_over(self, item: Item) -> bool:
        expires_at = item.get("expires_at", {}).get("N")
        return expires_at is not None and float(expires_at) <= self._clock()


def place_of(written: str) -> Item:
    """The item's primary key, of a record's key as it is written."""
    kind = _kind_of(written)
    if kind in SHARED_OUT:
        kind = partitions_of(kind)[hashlib.sha256(written.encode()).digest()[0] % PARTITIONS]
    return {"kind": {"S": kind}, "key": {"S": written}}


def old_place_of(written: str) -> Item:
    """The same until 0.1."""
    return {"kind": {"S": _kind_of(written)}, "key": {"S": written}}


def partitions_of(kind: str) -> list[str]:
    return [f"{kind}#{number}" for number in range(PARTITIONS)]


def _kind_of(written: str) -> str:
    kind, slash, _ = written.partition("/")
    return kind or slash


def _key_of(item: Item) -> str:
    return str(item["key"]["S"])


def _over(expires_at: float | None) -> Item:
    """Whole seconds for TTL, rounded up: it lasts at least as long as asked for."""
    return {} if expires_at is None else {"expires_at": {"N": str(math.ceil(expires_at))}}


def _stored(item: Item) -> Stored:
    key = _WRITTEN.sub(lambda found: chr(int(found[1], 16)), item["key"]["S"])
    try:
        value, version = json.loads(text_of(item)), int(item["version"]["N"])
    except (KeyError, ValueError) as error:
        raise ContractError(f"record {key[:100]!r} was not written by this program: {error}") from error
    return Stored(key, value, version)


def _written(key: str) -> str:
    return _UNWRITABLE.sub(lambda found: f"\ufffd{ord(found[0]):04x}", key)


def _can_be_key(written: str) -> bool:
    return 0 < len(written.encode()) <= KEY_BYTES_LIMIT
