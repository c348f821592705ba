"""One Lambda event of SQS as a queue: what the handler settles, and what comes again and when."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.shared.aws.clients import make_client
from functions.shared.aws.sqs import SqsQueue
from functions.shared.aws.sqs_event import EventQueue
from functions.shared.dispatch import Done, Received, Retry, Settlement
from functions.shared.domain.keys import digest
from functions.shared.errors import ContractError
from functions.shared.ports import Delivery
from tests.support.aws.places import MiniStackHarness, listen
from tests.support.consuming import consume
from tests.support.contracts.queue import VISIBILITY_SECONDS, bodies, message, send

pytest_plugins = ("tests.support.aws.fixtures",)

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

# As AWS shows it: Lambda developer guide, "Example standard queue message event" and "... FIFO ...".
STANDARD_EVENT = """
{"Records": [{
    "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
    "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
    "body": "{\\"look\\": 1}",
    "attributes": {
        "ApproximateReceiveCount": "3",
        "SentTimestamp": "1545082649183",
        "SenderId": "AIDAIENQZJOLO23YVJ4VO",
        "ApproximateFirstReceiveTimestamp": "1545082649185"},
    "messageAttributes": {
        "group": {"stringValue": "abc123", "stringListValues": [], "binaryListValues": [],
                  "dataType": "String"}},
    "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
    "eventSource": "aws:sqs",
    "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:my-queue",
    "awsRegion": "us-east-2"}]}
"""
FIFO_EVENT = """
{"Records": [{
    "messageId": "11d6ee51-4cc7-4302-9e22-7cd8afdaadf5",
    "receiptHandle": "AQEBBX8nesZEXmkhsmZeyIE8iQAMig7qw...",
    "body": "Test message.",
    "attributes": {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1573251510774",
        "SequenceNumber": "18849496460467696128",
        "MessageGroupId": "1",
        "SenderId": "AIDAIO23YVJENQZJOL4VO",
        "MessageDeduplicationId": "1",
        "ApproximateFirstReceiveTimestamp": "1573251510774"},
    "messageAttributes": {},
    "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
    "eventSource": "aws:sqs",
    "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:fifo.fifo",
    "awsRegion": "us-east-2"}]}
"""


@pytest.fixture(scope="module")
def shared_client(aws_clock_file: Path) -> "SQSClient":
    return make_client("sqs")


@pytest.fixture
def harness(shared_client: "SQSClient", aws_clock_file: Path) -> MiniStackHarness:
    return MiniStackHarness(shared_client, aws_clock_file)


class Invocation:
    """What Lambda does: receives a batch from the bench's queue, has it handled, deletes what went well."""

    def __init__(
        self, harness: MiniStackHarness, *, fifo: bool = True, client: "SQSClient | None" = None
    ) -> None:
        self._harness = harness
        answer = harness.client.receive_message(
            QueueUrl=harness.url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        self.records = [self._record(dict(found)) for found in answer.get("Messages", [])]
        event = {"Records": self.records}
        self.queue = EventQueue(client or harness.client, event, harness.url, harness.dead_letter_url, fifo)

    @staticmethod
    def _record(found: dict[str, Any]) -> dict[str, Any]:
        attributes = {
            name: {"stringValue": value["StringValue"], "dataType": value["DataType"]}
            for name, value in found.get("MessageAttributes", {}).items()
        }
        return {
            "messageId": found["MessageId"],
            "receiptHandle": found["ReceiptHandle"],
            "body": found["Body"],
            "attributes": found["Attributes"],
            "messageAttributes": attributes,
            "eventSource": "aws:sqs",
        }

    def end(self) -> list[str]:
        """The bodies of what comes again."""
        response = json.loads(json.dumps(self.queue.response()))
        assert set(response) == {"batchItemFailures"}
        failed = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
        for record in self.records:
            if record["messageId"] not in failed:
                self._harness.client.delete_message(
                    QueueUrl=self._harness.url, ReceiptHandle=record["receiptHandle"]
                )
        return [record["body"] for record in self.records if record["messageId"] in failed]


def start(harness: MiniStackHarness, *names: str, fifo: bool = True) -> Invocation:
    """A queue with messages named by group and number (`a1`), and the invocation that gets them."""
    send(harness.make(fifo=fifo), *(message(name, name[0]) for name in names))
    return Invocation(harness, fifo=fifo)


def left_behind(harness: MiniStackHarness) -> list[str]:
    """What is delivered when every visibility time is over, one batch after the other."""
    harness.pass_time(43_300)
    seen = []
    while (again := Invocation(harness)).records:
        for delivery in again.queue.deliveries():
            seen.append(delivery.body)
            again.queue.acknowledge(delivery)
        again.end()
    return seen


@dataclass(frozen=True)
class Letter:
    id: str
    printer_id: str = "A1M-1"


class Settling:
    """A service: what becomes of the messages that are named; the others are done."""

    def __init__(self, **named: Settlement) -> None:
        self._named = named

    decode = staticmethod(Letter)

    def refuse(self, error: Exception) -> Settlement:
        raise AssertionError("each letter is one") from error

    def handle(self, message: Received[Letter]) -> Settlement:
        return self._named.get(message.content.id, Done())


class TestReading:
    def test_a_fifo_event_is_read(self, shared_client: "SQSClient") -> None:
        queue = EventQueue(shared_client, json.loads(FIFO_EVENT), "https://queue", None, fifo=True)
        assert queue.deliveries() == [
            Delivery("Test message.", "1", "AQEBBX8nesZEXmkhsmZeyIE8iQAMig7qw...", 1, 1573251510.774)
        ]

    def test_a_standard_event_is_read_with_the_group_that_we_gave_it(
        self, shared_client: "SQSClient"
    ) -> None:
        queue = EventQueue(shared_client, json.loads(STANDARD_EVENT), "https://queue", None, fifo=False)
        assert queue.deliveries() == [
            Delivery('{"look": 1}', "abc123", "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...", 3, 1545082649.183)
        ]

    @pytest.mark.parametrize(
        "event", [{}, {"Records": None}, {"Records": [{"eventSource": "aws:s3"}]}, {"httpMethod": "GET"}]
    )
    def test_an_event_of_something_else_is_said(
        self, shared_client: "SQSClient", event: dict[str, Any]
    ) -> None:
        with pytest.raises(ContractError, match="SQS"):
            EventQueue(shared_client, event, "https://queue", None, fifo=True)

    def test_the_messages_are_handed_out_in_order(self, harness: MiniStackHarness) -> None:
        assert bodies(start(harness, "a1", "b1", "c1").queue.deliveries()) == ["a1", "b1", "c1"]


@pytest.mark.parametrize(("event", "sender"), [(STANDARD_EVENT, "AIDAIENQZJOLO23YVJ4VO"), (FIFO_EVENT, None)])
def test_who_sent_a_message_is_what_sqs_says(event: str, sender: str | None) -> None:
    said = json.loads(event)
    known = said["Records"][0]["attributes"]
    [delivery] = EventQueue(None, said, "https://queue", None, True).deliveries()  # type: ignore[arg-type]
    assert delivery.sender == (sender or known["SenderId"])
    del known["SenderId"]
    [unnamed] = EventQueue(None, said, "https://queue", None, True).deliveries()  # type: ignore[arg-type]
    assert unnamed.sender == ""


class TestSettling:
    def test_what_is_acknowledged_is_over(self, harness: MiniStackHarness) -> None:
        invocation = start(harness, "a1", "b1")
        for delivery in invocation.queue.deliveries():
            invocation.queue.acknowledge(delivery)
        assert invocation.end() == []
        assert left_behind(harness) == []

    def test_what_is_handed_back_comes_again_after_its_delay_and_not_before(
        self, harness: MiniStackHarness
    ) -> None:
        invocation = start(harness, "a1")
        invocation.queue.retry(invocation.queue.deliveries()[0], 600.0)
        assert invocation.end() == ["a1"]
        harness.pass_time(590)
        assert Invocation(harness).records == []
        harness.pass_time(15)
        (again,) = Invocation(harness).queue.deliveries()
        assert (again.body, again.receive_count) == ("a1", 2)

    def test_the_rest_of_a_printers_batch_comes_again_with_the_one_handed_back_and_in_order(
        self, harness: MiniStackHarness
    ) -> None:
        invocation = start(harness, "a1", "a2", "b1", "a3")
        consume(invocation.queue, Settling(a1=Retry(2.0)), invocation.queue.deliveries())
        assert invocation.end() == ["a1", "a2", "a3"]
        harness.pass_time(3)  # and not the queue's own visibility time
        assert bodies(Invocation(harness).queue.deliveries()) == ["a1", "a2", "a3"]

    def test_what_was_done_before_the_one_handed_back_is_over(self, harness: MiniStackHarness) -> None:
        invocation = start(harness, "a1", "a2", "a3")
        consume(invocation.queue, Settling(a2=Retry(0.0)), invocation.queue.deliveries())
        assert invocation.end() == ["a2", "a3"]
        assert left_behind(harness) == ["a2", "a3"]

    def test_what_was_done_for_good_behind_the_one_handed_back_is_not_done_again(
        self, harness: MiniStackHarness
    ) -> None:
        invocation = start(harness, "a1", "a2", "a3")
        first, second, third = invocation.queue.deliveries()
        invocation.queue.retry(first, 1.0)
        invocation.queue.acknowledge(second)
        invocation.queue.retry(third, 1.0)
        assert invocation.end() == ["a1", "a3"]
        assert left_behind(harness) == ["a1", "a3"]

    def test_on_a_standard_queue_a_hand_back_takes_no_other_with_it(self, harness: MiniStackHarness) -> None:
        invocation = start(harness, "a1", "a2", fifo=False)
        first, second = invocation.queue.deliveries()
        invocation.queue.retry(first, 1.0)
        invocation.queue.acknowledge(second)
        assert invocation.end() == ["a1"]

    def test_what_nobody_settled_comes_again(self, harness: MiniStackHarness) -> None:
        invocation = start(harness, "a1", "b1")
        invocation.queue.acknowledge(invocation.queue.deliveries()[1])
        assert invocation.end() == ["a1"]
        harness.pass_time(VISIBILITY_SECONDS + 1)
        assert left_behind(harness) == ["a1"]

    def test_a_rejected_message_goes_to_the_dead_letters_and_its_printer_goes_on(
        self, harness: MiniStackHarness
    ) -> None:
        invocation = start(harness, "a1", "a2")
        first, second = invocation.queue.deliveries()
        invocation.queue.dead_letter(first, "unreadable")
        invocation.queue.acknowledge(second)
        assert invocation.end() == []
        (letter,) = harness.dead_letters()
        assert letter["Body"] == "a1"
        assert letter["MessageAttributes"]["reason"]["StringValue"] == "unreadable"
        assert left_behind(harness) == []

    def test_a_message_sent_by_a_service_to_the_queue_it_works_off_comes_from_it(
        self, harness: MiniStackHarness
    ) -> None:
        """A second look of the inspection."""
        invocation = start(harness, "a1", fifo=False)
        queue = SqsQueue(harness.client, harness.url, fifo=False)
        assert list(queue.send([message("a2", "a", delay_seconds=60.0)])) == []
        invocation.queue.acknowledge(invocation.queue.deliveries()[0])
        invocation.end()
        assert Invocation(harness, fifo=False).records == []
        harness.pass_time(61)
        (confirmation,) = Invocation(harness, fifo=False).queue.deliveries()
        assert (confirmation.body, confirmation.group) == ("a2", digest("group", "a"))


class TestWhenSqsDoesNotAnswer:
    @pytest.fixture
    def deaf_client(self, aws_clock_file: Path) -> "SQSClient":
        client = make_client("sqs")

        def refuse(**_: object) -> None:
            raise ConnectionResetError("gone")

        listen(client, "before-call.sqs", refuse)
        return client

    def test_a_hand_back_comes_after_the_queues_own_time(
        self, harness: MiniStackHarness, deaf_client: "SQSClient"
    ) -> None:
        send(harness.make(), message("a1"), message("a2"))
        invocation = Invocation(harness, client=deaf_client)
        invocation.queue.retry(invocation.queue.deliveries()[0], 5.0)
        assert invocation.end() == ["a1", "a2"]
        harness.pass_time(VISIBILITY_SECONDS + 1)
        assert bodies(Invocation(harness).queue.deliveries()) == ["a1", "a2"]

    def test_a_rejection_is_tried_again_and_holds_its_printer_meanwhile(
        self, harness: MiniStackHarness, deaf_client: "SQSClient"
    ) -> None:
        send(harness.make(), message("a1"), message("a2"))
        invocation = Invocation(harness, client=deaf_client)
        invocation.queue.dead_letter(invocation.queue.deliveries()[0], "unreadable")
        assert invocation.end() == ["a1", "a2"]
        assert harness.dead_bodies() == []

    def test_without_a_dead_letter_queue_a_rejection_loses_nothing(self, harness: MiniStackHarness) -> None:
        send(harness.make(), message("a1"))
        received = Invocation(harness)
        queue = EventQueue(harness.client, {"Records": received.records}, harness.url, None, fifo=True)
        queue.dead_letter(queue.deliveries()[0], "unreadable")
        assert len(queue.response()["batchItemFailures"]) == 1


class Step:
    """What a worker may do with a message."""

    ACKNOWLEDGE, RETRY, DEAD_LETTER, FORGET = range(4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(st.sampled_from("ab"), min_size=1, max_size=8),
    steps=st.lists(st.integers(0, 3), min_size=8, max_size=8),
    delays=st.lists(st.sampled_from([0.0, 1.0, 60.0, 43_200.0]), min_size=8, max_size=8),
)
def test_whatever_a_worker_does_each_message_is_done_dead_or_comes_again_in_its_printers_order(
    harness: MiniStackHarness, names: list[str], steps: list[int], delays: list[float]
) -> None:
    invocation = start(harness, *(f"{name}{number}" for number, name in enumerate(names)))
    pending = []
    for delivery, step, delay in zip(invocation.queue.deliveries(), steps, delays, strict=False):
        if step == Step.ACKNOWLEDGE:
            invocation.queue.acknowledge(delivery)
        elif step == Step.DEAD_LETTER:
            invocation.queue.dead_letter(delivery, "no good")
        else:
            pending.append(delivery.body)
            if step == Step.RETRY:
                invocation.queue.retry(delivery, delay)
    assert invocation.end() == pending
    assert len(harness.dead_bodies()) == steps[: len(names)].count(Step.DEAD_LETTER)
    again = left_behind(harness)
    for name in "ab":
        assert [body for body in again if body[0] == name] == [body for body in pending if body[0] == name]


def test_a_run_that_says_nothing_more_holds_its_messages_for_as_long_as_it_said(
    harness: MiniStackHarness,
) -> None:
    start(harness, "a1", "b1").queue.hold(50)
    harness.pass_time(48)
    assert Invocation(harness).records == []
    harness.pass_time(4)
    assert sorted(record["body"] for record in Invocation(harness).records) == ["a1", "b1"]


def test_what_somebody_else_was_given_by_now_is_left_to_them(harness: MiniStackHarness) -> None:
    late = start(harness, "a1", "b1")
    harness.pass_time(VISIBILITY_SECONDS + 1)
    harness.client.receive_message(QueueUrl=harness.url, MaxNumberOfMessages=1)
    late.queue.hold(50)
    assert [delivery.body for delivery in late.queue.deliveries()] != ["a1", "b1"]
    assert "a1" not in [delivery.body for delivery in late.queue.deliveries()]
    assert "a1" in late.end()


def test_a_queue_that_does_not_answer_holds_its_messages_for_its_own_time(
    harness: MiniStackHarness,
) -> None:
    client = make_client("sqs")

    def refuse(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="sqs")

    listen(client, "before-call.sqs.ChangeMessageVisibilityBatch", refuse)
    send(harness.make(), message("a1", "a"))
    invocation = Invocation(harness, client=client)
    invocation.queue.hold(5)
    assert [delivery.body for delivery in invocation.queue.deliveries()] == ["a1"]
    harness.pass_time(VISIBILITY_SECONDS - 1)
    assert Invocation(harness).records == []
