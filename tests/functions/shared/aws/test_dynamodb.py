"""The record contract on moto's DynamoDB, and what only that store has to take care of."""

import json
import random
import threading
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend

from functions.shared.aws.clients import make_client
from functions.shared.aws.dynamodb import PARTITIONS, DynamoRecordStore, old_place_of, place_of
from functions.shared.aws.partition_move import WAIT_SECONDS, PartitionMove
from functions.shared.aws.record_dictionary import RECORD_DICTIONARY
from functions.shared.domain.keys import printer_key
from functions.shared.errors import ConflictError, ContractError, PermanentError
from functions.shared.messages.printer_record import PrinterRecord, record_to_json
from functions.shared.messages.report import FrameReference, Report, ReportKind
from functions.shared.ports import Stored
from functions.tracker.evaluation import Rules
from functions.tracker.transitions import advance
from infra.simulator.telemetry import whole_report
from tests.support.aws.places import aws_environment, listen, make_table
from tests.support.clock import HandClock
from tests.support.contracts.records import RecordHarness, RecordsContract
from tests.support.recordings import RECORDINGS, load_recording

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoHarness(RecordHarness):
    def __init__(self, client: "DynamoDBClient") -> None:
        self.clock = HandClock()
        self.client = client
        self.table = make_table(client)
        self.records = DynamoRecordStore(client, self.table, self.clock)

    def now(self) -> float:
        return self.clock()

    def pass_time(self, seconds: float) -> None:
        self.clock.pass_time(seconds)

    def items(self) -> list[dict[str, Any]]:
        return list(self.client.scan(TableName=self.table)["Items"])


@pytest.fixture(scope="module")
def moto() -> Iterator[None]:
    """A write of DynamoDB is one step with its condition. moto's is two: here it is made one."""
    one_at_a_time = threading.Lock()
    put_item = DynamoDBBackend.put_item

    def put_one_item(*arguments: Any, **named: Any) -> Any:
        with one_at_a_time:
            return put_item(*arguments, **named)

    with aws_environment(), mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(DynamoDBBackend, "put_item", put_one_item)
        yield


@pytest.fixture(scope="module")
def shared_client(moto: None) -> "DynamoDBClient":
    return make_client("dynamodb")


@pytest.fixture
def harness(moto: None) -> DynamoHarness:
    """With a client of its own: tests listen in on it."""
    return DynamoHarness(make_client("dynamodb"))


class TestDynamoRecords(RecordsContract):
    @pytest.fixture
    def harness(self, shared_client: "DynamoDBClient") -> DynamoHarness:
        return DynamoHarness(shared_client)


def item_bytes(item: dict[str, Any]) -> int:
    """As DynamoDB counts it (AWS, "DynamoDB item sizes and formats"), numbers at their largest."""
    size = 0
    for name, attribute in item.items():
        ((kind, value),) = attribute.items()
        size += len(name.encode()) + (21 if kind == "N" else len(value if kind == "B" else value.encode()))
    return size


def write_units(item: dict[str, Any]) -> int:
    return -(-item_bytes(item) // 1024)


class TestWhatAReportCosts:
    @pytest.mark.parametrize("recording", RECORDINGS)
    def test_the_record_of_each_report_of_a_print_takes_at_most_two_write_units(
        self, harness: DynamoHarness, recording: str
    ) -> None:
        record: PrinterRecord | None = None
        statuses = [message["data"] for _, message in load_recording(recording) if "data" in message]
        assert max(len(json.dumps(status)) for status in statuses) > 4_000
        for number, status in enumerate(statuses, 1):
            at = 1_750_000_000.123 + number
            frame = FrameReference(
                f"images/A1M-1/a_job_of_this_name/{number}_a_job_of_this_name.jpg", at, 60_000
            )
            report = Report(
                "0123456789abcdef" * 2, number, "A1M-1", ReportKind.STATUS, at, at + 0.3,
                model="A1 mini", is_online=True, status=status, frame=frame, frames_kept=number,
            )  # fmt: skip
            record, _ = advance(record, report, Rules())
            if number % 10 == 1 or number == len(statuses):
                stored = harness.records.get(printer_key("A1M-1"))
                harness.records.put("printer/A1M-1", record_to_json(record), stored.version if stored else 0)
                (item,) = harness.items()
                assert write_units(item) <= 2

    def test_small_records_and_marks_take_one(self, harness: DynamoHarness) -> None:
        harness.records.put("chat/0123456789abcdef", {"sent": [1_750_000_000.5 + n for n in range(30)]}, 0)
        harness.records.put("collector/x", {"note": "n" * 600}, 0)
        harness.records.put_if_absent("done/" + "x" * 120, harness.now() + 100)
        assert [write_units(item) for item in harness.items()] == [1, 1, 1]

    def test_a_read_of_a_printer_is_consistent_and_no_write_reads(self, harness: DynamoHarness) -> None:
        calls: list[tuple[str, dict[str, Any]]] = []
        listen(
            harness.client,
            "provide-client-params.dynamodb",
            lambda params, model, **_: calls.append((model.name, dict(params))),
        )
        harness.records.put("printer/A1", {"n": 1}, 0)
        harness.records.put_if_absent("done/x", harness.now() + 100)
        harness.records.get("printer/A1")
        harness.records.list("printer/")
        assert [name for name, _ in calls] == ["PutItem", "PutItem", "GetItem", *["Query"] * 9]
        assert all(params["ConsistentRead"] for name, params in calls if name != "PutItem")


class TestLayout:
    def test_the_kind_is_the_partition_and_a_listing_reads_no_other(self, harness: DynamoHarness) -> None:
        harness.records.put("printer/A1", {"n": 1}, 0)
        harness.records.put("inspection-budget", {"n": 2}, 0)
        harness.records.put_if_absent("done/x", harness.now() + 100.5)
        kinds = {item["key"]["S"]: item["kind"]["S"] for item in harness.items()}
        assert kinds == {
            "printer/A1": place_of("printer/A1")["kind"]["S"],
            "inspection-budget": "inspection-budget",
            "done/x": "done",
        }

    def test_dynamodb_itself_removes_marks_and_never_records(self, harness: DynamoHarness) -> None:
        harness.records.put("printer/A1", {"n": 1}, 0)
        harness.records.put_if_absent("done/x", harness.now() + 100.5)
        over = {item["key"]["S"]: item.get("expires_at") for item in harness.items()}
        assert over == {"printer/A1": None, "done/x": {"N": f"{harness.now() + 101:.0f}"}}
        ttl = harness.client.describe_time_to_live(TableName=harness.table)["TimeToLiveDescription"]
        assert ttl["AttributeName"] == "expires_at"

    def test_a_small_record_can_be_read_in_the_console_and_a_status_is_packed(
        self, harness: DynamoHarness
    ) -> None:
        harness.records.put("a/small", {"looks": 3}, 0)
        harness.records.put("a/large", {"status": "x" * 5_000}, 0)
        large, small = harness.items()
        assert small["value"] == {"S": '{"looks":3}'}
        assert len(large["packed"]["B"]) < 100
        assert json.loads(zlib.decompress(large["packed"]["B"])) == {"status": "x" * 5_000}

    def test_a_printer_s_record_takes_one_write_unit_in_the_partitions_of_today(
        self, harness: DynamoHarness
    ) -> None:
        record = {"printer_id": "A1M-1", "status": whole_report("A1M")}
        text = json.dumps(record, separators=(",", ":"))
        harness.records.put("printer/A1M-1", record, 0)
        (item,) = harness.items()
        assert item["kind"]["S"].startswith("printer#")
        assert item_bytes(item) <= 1024 < len(zlib.compress(text.encode(), 9))
        # An older program could not read it so, and finds it only where it does not look.
        old_place = {"kind": {"S": "printer"}, "key": item["key"]}
        harness.client.put_item(TableName=harness.table, Item=item | old_place | {"key": {"S": "printer/B"}})
        harness.records.put("printer/B", record, 1)
        old = next(it for it in harness.items() if it["kind"]["S"] == "printer")
        assert json.loads(zlib.decompress(old["packed"]["B"])) == record
        for name in ("A1M-1", "B"):
            stored = harness.records.get(f"printer/{name}")
            assert stored is not None
            assert stored.value == record

    def test_the_dictionary_of_packed_records_is_part_of_the_format_and_never_changes(self) -> None:
        assert zlib.adler32(RECORD_DICTIONARY) == 1124967336

    def test_a_packed_value_that_is_cut_short_is_no_record(self, harness: DynamoHarness) -> None:
        harness.records.put("printer/A1M-1", {"noise": noise(5_000)}, 0)
        (item,) = harness.items()
        item["packed"]["B"] = item["packed"]["B"][:-10]
        harness.client.put_item(TableName=harness.table, Item=item)
        with pytest.raises(ContractError, match="not written by this program"):
            harness.records.get("printer/A1M-1")

    def test_who_only_shows_what_stands_reads_at_half_the_price(self, harness: DynamoHarness) -> None:
        reads: list[bool] = []
        for call in ("GetItem", "Query"):
            listen(
                harness.client,
                f"provide-client-params.dynamodb.{call}",
                lambda params, **_: reads.append(params["ConsistentRead"]),
            )
        records = DynamoRecordStore(harness.client, harness.table, harness.clock, is_consistent=False)
        records.get("chat/1")
        records.list("chat/")
        assert reads == [False, False]


class TestMarks:
    def test_a_mark_that_is_over_but_not_yet_deleted_gives_way_to_a_record(
        self, harness: DynamoHarness
    ) -> None:
        harness.records.put_if_absent("k", harness.now() + 100)
        harness.pass_time(101)
        with pytest.raises(ConflictError):
            harness.records.put("k", {"n": 1}, 1)
        assert harness.records.put("k", {"n": 1}, 0) == 1
        harness.pass_time(10_000)
        assert harness.records.get("k") == Stored("k", {"n": 1}, 1)

    def test_a_mark_is_ours_when_only_the_answer_was_lost(self, harness: DynamoHarness) -> None:
        """boto3 sends such a write again by itself, and finds the item of its first try."""
        lose_one_answer(harness)
        assert harness.records.put_if_absent("done/x", harness.now() + 100) is True
        assert harness.records.put_if_absent("done/x", harness.now() + 100) is False

    def test_a_write_counts_once_when_only_its_answer_was_lost(self, harness: DynamoHarness) -> None:
        harness.records.put("k", {"n": 1}, 0)
        lose_one_answer(harness)
        assert harness.records.put("k", {"n": 2}, 1) == 2
        with pytest.raises(ConflictError):
            harness.records.put("k", {"n": 2}, 1)
        assert harness.records.get("k") == Stored("k", {"n": 2}, 2)


def lose_one_answer(harness: DynamoHarness) -> None:
    """The next write is done, and then done again as if its answer had never come."""
    answers = []

    def again(**_: object) -> int | None:
        answers.append(1)
        return 0 if len(answers) == 1 else None

    listen(harness.client, "needs-retry.dynamodb.PutItem", again)


def noise(size: int) -> str:
    """Text that compresses to half its size at best."""
    return random.Random(size).randbytes(size).hex()


class TestKeysAndValues:
    @pytest.mark.parametrize("key", ["", "printer/" + "x" * 1017, "printer/" + "é" * 509])
    def test_a_key_that_dynamodb_cannot_hold_is_not_stored_and_says_so(
        self, harness: DynamoHarness, key: str
    ) -> None:
        assert harness.records.get(key) is None
        with pytest.raises(ContractError):
            harness.records.put(key, {}, 0)
        with pytest.raises(ContractError):
            harness.records.put_if_absent(key, harness.now() + 100)

    def test_the_longest_key_is_held(self, harness: DynamoHarness) -> None:
        key = "printer/" + "x" * 1016
        harness.records.put(key, {}, 0)
        assert harness.records.get(key) == Stored(key, {}, 1)

    @pytest.mark.parametrize("value", [{"x": float("nan")}, {"x": float("inf")}, {"x": {1, 2}}])
    def test_a_value_that_is_no_json_is_refused_and_changes_nothing(
        self, harness: DynamoHarness, value: dict[str, Any]
    ) -> None:
        with pytest.raises(ContractError):
            harness.records.put("k", value, 0)
        assert harness.items() == []

    def test_an_item_over_400_kilobytes_is_refused_for_good(self, harness: DynamoHarness) -> None:
        with pytest.raises(PermanentError, match="PutItem"):
            harness.records.put("printer/A1", {"noise": noise(500_000)}, 0)
        assert harness.records.get("printer/A1") is None

    def test_an_item_that_somebody_else_wrote_is_announced_apart_from_ours(
        self, harness: DynamoHarness
    ) -> None:
        harness.client.put_item(
            TableName=harness.table,
            Item={"kind": {"S": "printer"}, "key": {"S": "printer/A1"}, "version": {"N": "1"}},
        )
        with pytest.raises(ContractError, match="printer/A1"):
            harness.records.get("printer/A1")

    def test_a_listing_goes_on_over_all_pages(self, harness: DynamoHarness) -> None:
        queries = []
        listen(harness.client, "before-call.dynamodb.Query", lambda **_: queries.append(1))
        for number in range(12):
            harness.records.put(f"printer/{number:03d}", {"n": number, "noise": noise(150_000)}, 0)
        assert [stored.value["n"] for stored in harness.records.list("printer/")] == list(range(12))
        assert len(queries) > 1


def put_as_of_0_1(harness: DynamoHarness, key: str, value: dict[str, Any], version: int = 1) -> None:
    """A record as 0.1 stored it."""
    item = {"version": {"N": str(version)}, "by": {"S": "0.1"}, "value": {"S": json.dumps(value)}}
    harness.client.put_item(TableName=harness.table, Item={**old_place_of(key), **item})


def kinds_of(harness: DynamoHarness) -> dict[str, list[str]]:
    """The partitions in which each record lies."""
    found: dict[str, list[str]] = {}
    for item in harness.items():
        found.setdefault(item["key"]["S"], []).append(item["kind"]["S"])
    return found


class TestPartitions:
    def test_printers_lie_in_eight_partitions_and_are_listed_in_order(self, harness: DynamoHarness) -> None:
        names = [f"printer/{number:03d}" for number in range(64)]
        for name in names:
            harness.records.put(name, {"name": name}, 0)
        kinds = Counter(kind for (kind,) in kinds_of(harness).values())
        assert set(kinds) == {f"printer#{number}" for number in range(8)}
        assert max(kinds.values()) <= 24
        assert [stored.key for stored in harness.records.list("printer/")] == names
        assert [stored.key for stored in harness.records.list("printer/", names[9], 20)] == names[10:30]

    def test_a_page_reads_little_more_than_it_gives(self, harness: DynamoHarness) -> None:
        for number in range(200):
            harness.records.put(f"printer/{number:03d}", {"n": number}, 0)
        read: list[int] = []
        listen(harness.client, "after-call.dynamodb.Query", lambda parsed, **_: read.append(parsed["Count"]))
        assert len(harness.records.list("printer/", "printer/050", 40)) == 40
        assert len(read) <= 2 * PARTITIONS + 1
        assert sum(read) <= 40 + PARTITIONS * 32

    def test_a_record_of_0_1_is_read_and_written_where_it_is(self, harness: DynamoHarness) -> None:
        put_as_of_0_1(harness, "printer/A1", {"n": 1}, version=7)
        assert harness.records.get("printer/A1") == Stored("printer/A1", {"n": 1}, 7)
        assert harness.records.put("printer/A1", {"n": 2}, 7) == 8
        another = DynamoRecordStore(harness.client, harness.table, harness.clock)
        assert another.put("printer/A1", {"n": 3}, 8) == 9, "it need not have read it"
        with pytest.raises(ConflictError):
            another.put("printer/A1", {"n": 4}, 8)
        harness.records.put("printer/new", {"n": 5}, 0)
        assert kinds_of(harness)["printer/A1"] == ["printer"]
        assert kinds_of(harness)["printer/new"] != ["printer"]
        assert [stored.value["n"] for stored in harness.records.list("printer/")] == [3, 5]
        assert [stored.value["n"] for stored in harness.records.list("printer/", limit=5)] == [3, 5]


class TestMove:
    @pytest.fixture
    def move(self, harness: DynamoHarness) -> PartitionMove:
        return PartitionMove(harness.client, harness.table, harness.records, harness.clock)

    def test_nothing_is_moved_while_old_code_may_still_run(
        self, harness: DynamoHarness, move: PartitionMove
    ) -> None:
        put_as_of_0_1(harness, "printer/A1", {"n": 1})
        harness.pass_time(100_000)  # an upgrade of a stack that has run for long
        assert move.step() == 0
        harness.pass_time(3500)
        assert move.step() == 0
        assert kinds_of(harness)["printer/A1"] == ["printer"]
        harness.pass_time(100)
        assert [move.step(), move.step()] == [1, 0]
        assert kinds_of(harness)["printer/A1"] == [place_of("printer/A1")["kind"]["S"]]
        assert harness.records.get("printer/A1") == Stored("printer/A1", {"n": 1}, 1)

    def test_many_are_moved_a_part_at_a_time(self, harness: DynamoHarness) -> None:
        move = PartitionMove(harness.client, harness.table, harness.records, harness.clock, 10)
        for number in range(13):
            put_as_of_0_1(harness, f"printer/{number:03d}", {"n": number})
        before = harness.records.list("printer/")
        move.step()
        harness.pass_time(WAIT_SECONDS)
        assert [move.step(), move.step(), move.step()] == [10, 3, 0]
        assert harness.records.list("printer/") == before

    def test_reports_that_flow_meanwhile_lose_nothing(
        self, harness: DynamoHarness, move: PartitionMove
    ) -> None:
        """Read before the move and written after it; and written between the mover's look and its move."""
        put_as_of_0_1(harness, "printer/A1", {"n": 1}, version=3)
        move.step()
        harness.pass_time(WAIT_SECONDS)
        stored = harness.records.get("printer/A1")
        assert stored is not None

        def report_between(**_: object) -> None:
            if not written:
                written.append(1)
                harness.records.put("printer/A1", {"n": 2}, 3)

        written: list[int] = []
        listen(harness.client, "before-call.dynamodb.TransactWriteItems", report_between)
        assert move.step() == 0, "it was written meanwhile"
        assert harness.records.get("printer/A1") == Stored("printer/A1", {"n": 2}, 4)
        assert move.step() == 1
        assert harness.records.put("printer/A1", {"n": 3}, 4) == 5, "its reader took it for unmoved"
        assert kinds_of(harness)["printer/A1"] == [place_of("printer/A1")["kind"]["S"]]

    def test_a_record_that_moves_between_two_looks_is_found(
        self, harness: DynamoHarness, move: PartitionMove
    ) -> None:
        put_as_of_0_1(harness, "printer/A1", {"n": 1})
        move.step()
        harness.pass_time(WAIT_SECONDS)
        looks: list[int] = []

        def move_after_the_first(**_: object) -> None:
            looks.append(1)
            if len(looks) == 2:
                assert move.step() == 1

        listen(harness.client, "before-call.dynamodb.GetItem", move_after_the_first)
        other = DynamoRecordStore(harness.client, harness.table, harness.clock)
        assert other.get("printer/A1") == Stored("printer/A1", {"n": 1}, 1)

    def test_what_old_code_began_anew_beside_the_new_place_goes(
        self, harness: DynamoHarness, move: PartitionMove
    ) -> None:
        harness.records.put("printer/A1", {"n": 2}, 0)
        put_as_of_0_1(harness, "printer/A1", {"n": 1})
        assert [stored.value for stored in harness.records.list("printer/")] == [{"n": 2}]
        assert [stored.value for stored in harness.records.list("printer/", limit=9)] == [{"n": 2}]
        move.step()
        harness.pass_time(WAIT_SECONDS)
        assert move.step() == 1
        assert harness.records.get("printer/A1") == Stored("printer/A1", {"n": 2}, 1)
        assert len(harness.items()) == 2, "the record, and the mark of when the move began"
