"""Moves the records of printers from the one partition of 0.1 into those of today, while reports flow.

Why it waits, and what makes it safe:
infra/docs/decisions/0014-records-of-printers-lie-in-eight-partitions.md.
Actions used: Query, PutItem and DeleteItem (both within TransactWriteItems).
"""

import logging
from typing import TYPE_CHECKING, Any

from functions.shared.aws.dynamodb import SHARED_OUT, Item, place_of
from functions.shared.aws.errors import translated
from functions.shared.ports import RecordStore
from functions.shared.runtime.clocks import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Old code finds nothing in the new places. A stack's functions are all of one version within minutes, and a
# run of old code lasts a quarter of an hour at the most (AWS Lambda, "Lambda quotas").
WAIT_SECONDS = 3600.0
RUN_LIMIT = 200  # a transaction takes some 20 ms in a small function: a few seconds of its minute
_log = logging.getLogger(__name__)


class PartitionMove:
    """`step` does a bounded part of it, and costs one small query once all is done."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        records: RecordStore,
        clock: Clock,
        run_limit: int = RUN_LIMIT,
    ) -> None:
        self._client = client
        self._table = table
        self._records = records
        self._clock = clock
        self._run_limit = run_limit

    def step(self) -> int:
        """How many records were moved. Raises TransientError."""
        return sum(self._step(kind) for kind in sorted(SHARED_OUT))

    def _step(self, kind: str) -> int:
        items = self._old_items(kind, 1)
        if not items or not self._has_waited(kind):
            return 0
        moved = sum(self._move(item) for item in self._old_items(kind, self._run_limit))
        _log.info("%d records of kind %r moved to the partitions they are read from", moved, kind)
        return moved

    def _has_waited(self, kind: str) -> bool:
        key = f"move/{kind}"
        stored = self._records.get(key)
        if stored is None:
            self._records.put(key, {"seen_at": self._clock()}, 0)
            return False
        return self._clock() - float(stored.value["seen_at"]) >= WAIT_SECONDS

    def _old_items(self, kind: str, limit: int) -> list[Item]:
        with translated():
            answer = self._client.query(
                TableName=self._table,
                ConsistentRead=True,
                Limit=limit,
                KeyConditionExpression="#kind = :kind",
                ExpressionAttributeNames={"#kind": "kind"},
                ExpressionAttributeValues={":kind": {"S": kind}},
            )
        return list(answer["Items"])

    def _move(self, item: Item) -> bool:
        """Whether it lies in its new place alone now; what was written meanwhile is for the next run."""
        if self._transact(item, [{"Put": self._put_of(item)}, {"Delete": self._delete_of(item)}]):
            return True
        # Old code may have begun one anew beside that of the new place, which is the one that is read.
        new_place = place_of(item["key"]["S"])
        check: dict[str, Any] = {
            "TableName": self._table,
            "Key": new_place,
            "ConditionExpression": "attribute_exists(version)",
        }
        return self._transact(item, [{"ConditionCheck": check}, {"Delete": self._delete_of(item)}])

    def _put_of(self, item: Item) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Item": {**item, **place_of(item["key"]["S"])},
            "ConditionExpression": "attribute_not_exists(version)",
        }

    def _delete_of(self, item: Item) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Key": {"kind": item["kind"], "key": item["key"]},
            "ConditionExpression": "version = :version",
            "ExpressionAttributeValues": {":version": item["version"]},
        }

    def _transact(self, item: Item, actions: list[Any]) -> bool:
        with translated():
            try:
                self._client.transact_write_items(TransactItems=actions)
            except self._client.exceptions.TransactionCanceledException as error:
                _log.info("%s was not moved: %s", item["key"]["S"], error.response["Error"]["Message"])
                return False
        return True
