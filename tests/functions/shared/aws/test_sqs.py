"""The queue contract on SQS (MiniStack), and what only SQS asks for."""

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.shared.aws.clients import make_client
from functions.shared.aws.sqs import SqsQueue
from functions.shared.domain.keys import digest
from functions.shared.errors import ConfigurationError, TransientError
from functions.shared.ports import Delivery, Outgoing
from tests.support.aws.places import MiniStackHarness, listen
from tests.support.contracts.queue import (
    VISIBILITY_SECONDS,
    FifoQueueContract,
    StandardQueueContract,
    bodies,
    message,
    only,
    send,
)
from tests.support.timeouts import TIMEOUT

pytest_plugins = ("tests.support.aws.fixtures",)

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@pytest.fixture(scope="module")
def shared_client(aws_clock_file: Path) -> "SQSClient":
    return make_client("sqs")


@pytest.fixture
def harness(aws_clock_file: Path) -> MiniStackHarness:
    """With a client of its own: tests listen in on it."""
    return MiniStackHarness(make_client("sqs"), aws_clock_file)


class TestFifoQueue(FifoQueueContract):
    @pytest.fixture
    def harness(self, shared_client: "SQSClient", aws_clock_file: Path) -> MiniStackHarness:
        return MiniStackHarness(shared_client, aws_clock_file)


class TestStandardQueue(StandardQueueContract):
    @pytest.fixture
    def harness(self, shared_client: "SQSClient", aws_clock_file: Path) -> MiniStackHarness:
        return MiniStackHarness(shared_client, aws_clock_file)


class Calls:
    """The requests of one operation, as they are made from now on."""

    def __init__(self, client: "SQSClient", operation: str) -> None:
        self.requests: list[dict[str, Any]] = []
        listen(
            client,
            f"provide-client-params.sqs.{operation}",
            lambda params, **_: self.requests.append(dict(params)),
        )

    def batches(self) -> list[list[str]]:
        return [[entry["MessageBody"] for entry in request["Entries"]] for request in self.requests]


class Failing:
    """Between the queue and SQS: entries that `verdict` names do not arrive, and fail with its code."""

    def __init__(self, client: "SQSClient") -> None:
        self.verdicts: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        self._failed: list[dict[str, Any]] = []
        listen(client, "provide-client-params.sqs.SendMessageBatch", self._take_out)
        listen(client, "before-call.sqs.SendMessageBatch", self._answer_if_none_is_left)
        listen(client, "after-call.sqs.SendMessageBatch", self._add_failures)

    def once(self, body: str, code: str = "InternalError", sender_fault: bool = False) -> None:
        self.verdicts[body].append((code, sender_fault))

    def _take_out(self, params: dict[str, Any], **_: object) -> dict[str, Any]:
        self._failed = []
        kept = []
        for entry in params["Entries"]:
            verdicts = self.verdicts[entry["MessageBody"]]
            if verdicts:
                code, sender_fault = verdicts.pop(0)
                self._failed.append({"Id": entry["Id"], "Code": code, "SenderFault": sender_fault})
            else:
                kept.append(entry)
        return {**params, "Entries": kept}

    def _answer_if_none_is_left(self, params: dict[str, Any], **_: object) -> tuple[Any, Any] | None:
        if b'"Entries": []' not in params["body"]:
            return None
        response = type("Answer", (), {"status_code": 200, "headers": {}, "content": b"{}"})()
        return response, {"ResponseMetadata": {"HTTPStatusCode": 200}}

    def _add_failures(self, parsed: dict[str, Any], **_: object) -> None:
        parsed.setdefault("Failed", []).extend(self._failed)


def send_until_taken(queue: SqsQueue, entries: list[Outgoing]) -> list[int]:
    """As the shipper does it; the indices of those refused."""
    while True:
        try:
            return [refusal.index for refusal in queue.send(entries)]
        except TransientError:
            continue


def drain(queue: SqsQueue) -> list[Delivery]:
    seen: list[Delivery] = []
    while deliveries := queue.receive():
        seen += deliveries
        for delivery in deliveries:
            queue.acknowledge(delivery)
    return seen


class TestOrderWhenSqsTakesOnlyPartOfABatch:
    def test_messages_of_different_printers_share_a_call_and_those_of_one_do_not(
        self, harness: MiniStackHarness
    ) -> None:
        queue = harness.make()
        calls = Calls(harness.client, "SendMessageBatch")
        send(queue, *(message(f"{group}{number}", group) for number in (1, 2) for group in "abcde"))
        assert calls.batches() == [["a1", "b1", "c1", "d1", "e1"], ["a2", "b2", "c2", "d2", "e2"]]

    def test_a_standard_queue_takes_ten_in_one_call(self, harness: MiniStackHarness) -> None:
        queue = harness.make(fifo=False)
        calls = Calls(harness.client, "SendMessageBatch")
        send(queue, *(message(f"{number}") for number in range(10)))
        assert len(calls.requests) == 1

    def test_what_comes_behind_a_message_that_was_not_taken_is_not_sent_and_other_printers_go_on(
        self, harness: MiniStackHarness
    ) -> None:
        queue = harness.make()
        failing = Failing(harness.client)
        failing.once("a1")
        entries = [message(f"{group}{number}", group) for number in (1, 2) for group in "ab"]
        with pytest.raises(TransientError, match="SendMessageBatch"):
            queue.send(entries)
        assert bodies(drain(queue)) == ["b1", "b2"]
        send(queue, *entries)
        assert bodies(drain(queue)) == ["a1", "a2"]

    def test_a_message_that_is_refused_for_good_does_not_hold_up_its_printer(
        self, harness: MiniStackHarness
    ) -> None:
        queue = harness.make()
        failing = Failing(harness.client)
        failing.once("a1", "InvalidMessageContents", sender_fault=True)
        (refusal,) = queue.send([message("a1"), message("a2")])
        assert refusal.index == 0
        assert "InvalidMessageContents" in refusal.reason
        assert bodies(drain(queue)) == ["a2"]

    @pytest.mark.parametrize("code", ["KmsAccessDenied", "RequestThrottled", "AccessDenied"])
    def test_a_fault_that_is_not_the_messages_refuses_nothing_whatever_sqs_says_of_the_sender(
        self, harness: MiniStackHarness, code: str
    ) -> None:
        queue = harness.make()
        Failing(harness.client).once("a1", code, sender_fault=True)
        with pytest.raises(TransientError, match=code):
            queue.send([message("a1")])

    def test_a_call_that_fails_for_one_message_is_repeated_for_each(self, harness: MiniStackHarness) -> None:
        """MiniStack, like SQS, may refuse a whole call for what one entry holds."""
        queue = harness.make()

        def refuse(params: dict[str, Any], **_: object) -> tuple[Any, Any] | None:
            if b'"bad"' not in params["body"]:
                return None
            error = {"Code": "InvalidMessageContents", "Message": "characters"}
            response = type("Answer", (), {"status_code": 400, "headers": {}, "content": b""})()
            return response, {"Error": error, "ResponseMetadata": {"HTTPStatusCode": 400}}

        listen(harness.client, "before-call.sqs.SendMessageBatch", refuse)
        refusals = queue.send([message("one", "a"), message("bad", "b"), message("two", "c")])
        assert [refusal.index for refusal in refusals] == [1]
        assert bodies(drain(queue)) == ["one", "two"]

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        groups=st.lists(st.sampled_from("abc"), min_size=1, max_size=10),
        failures=st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=12),
    )
    def test_whatever_part_is_taken_each_printers_messages_arrive_once_and_in_order(
        self, harness: MiniStackHarness, groups: list[str], failures: list[tuple[int, bool]]
    ) -> None:
        queue = harness.make()
        failing = Failing(harness.client)
        entries = [message(f"{index}", group) for index, group in enumerate(groups)]
        for index, is_refused in failures:
            code = "InvalidMessageContents" if is_refused else "InternalError"
            failing.once(f"{index}", code, sender_fault=is_refused)
        refused = send_until_taken(queue, entries)
        arrived = drain(queue)
        for group in set(groups):
            of_group = [delivery.body for delivery in arrived if delivery.group == digest("group", group)]
            sent = [f"{index}" for index, of in enumerate(groups) if of == group and index not in refused]
            # A message refused in one try may have been taken in an earlier one; order holds all the same.
            assert [body for body in of_group if body in sent] == sent
            assert of_group == sorted(of_group, key=int)
            assert len(set(of_group)) == len(of_group)


class TestSizes:
    def test_more_than_a_mebibyte_goes_in_several_calls(self, harness: MiniStackHarness) -> None:
        queue = harness.make()
        calls = Calls(harness.client, "SendMessageBatch")
        send(queue, *(message(group * 500_000, group) for group in "abc"))
        assert [len(batch) for batch in calls.batches()] == [2, 1]
        assert sorted(delivery.body[0] for delivery in drain(queue)) == ["a", "b", "c"]

    def test_a_message_of_a_whole_mebibyte_is_taken(self, harness: MiniStackHarness) -> None:
        queue = harness.make()
        send(queue, message("small", "a"), message("ž" * (512 * 1024), "b"), message("small too", "c"))
        assert len(drain(queue)) == 3

    def test_on_a_standard_queue_the_group_counts_too(self, harness: MiniStackHarness) -> None:
        queue = harness.make(fifo=False)
        refusals = queue.send([message("x" * (1024 * 1024 - 10)), message("y" * (1024 * 1024 - 75))])
        assert [refusal.index for refusal in refusals] == [0]
        assert only(drain(queue)).group == digest("group", "a")

    @pytest.mark.parametrize("character", ["\x00", "\x1b", "\ufffe", "\ud800"])
    def test_characters_that_sqs_never_takes_are_refused_and_the_others_are_taken(
        self, harness: MiniStackHarness, character: str
    ) -> None:
        queue = harness.make()
        entries = [Outgoing(character, "a", "1"), message("\t\r\n ~\ufffd", "a")]
        assert [refusal.index for refusal in queue.send(entries)] == [0]
        assert bodies(drain(queue)) == ["\t\r\n ~\ufffd"]


class TestTimes:
    @pytest.mark.parametrize(
        ("delay", "asked"), [(-1.0, 0), (0.0, 0), (0.2, 1), (7.0, 7), (43_200.0, 42_000), (1e9, 42_000)]
    )
    def test_a_hand_back_is_in_whole_seconds_never_sooner_and_below_the_twelve_hours_of_sqs(
        self, harness: MiniStackHarness, delay: float, asked: int
    ) -> None:
        queue = harness.make()
        send(queue, message("one"))
        delivery = only(queue.receive())
        calls = Calls(harness.client, "ChangeMessageVisibility")
        queue.retry(delivery, delay)
        assert [request["VisibilityTimeout"] for request in calls.requests] == [asked]

    @pytest.mark.parametrize(("delay", "asked"), [(0.0, 0), (59.1, 60), (900.0, 900)])
    def test_a_delay_of_one_message_is_in_whole_seconds_and_never_sooner(
        self, harness: MiniStackHarness, delay: float, asked: int
    ) -> None:
        queue = harness.make(fifo=False)
        calls = Calls(harness.client, "SendMessageBatch")
        send(queue, message("one", delay_seconds=delay))
        assert calls.requests[0]["Entries"][0]["DelaySeconds"] == asked

    @pytest.mark.parametrize(("wait", "asked"), [(0.0, 0), (3.9, 3), (20.0, 20), (60.0, 20)])
    def test_a_receiver_waits_no_longer_than_sqs_allows(
        self, harness: MiniStackHarness, wait: float, asked: int
    ) -> None:
        queue = harness.make()
        send(queue, message("one"))
        calls = Calls(harness.client, "ReceiveMessage")
        queue.receive(limit=99, wait_seconds=wait)
        request = calls.requests[0]
        assert (request["WaitTimeSeconds"], request["MaxNumberOfMessages"]) == (asked, 10)

    def test_a_receiver_that_waits_gets_what_is_sent_meanwhile(self, harness: MiniStackHarness) -> None:
        queue = harness.make()
        asks = threading.Event()
        listen(harness.client, "before-send.sqs.ReceiveMessage", lambda **_: asks.set())
        with ThreadPoolExecutor(1) as pool:
            received = pool.submit(queue.receive, 10, 20.0)
            assert asks.wait(TIMEOUT)
            send(queue, message("one"))
            assert bodies(received.result(TIMEOUT)) == ["one"]

    def test_the_time_of_sending_is_that_of_sqs(self, harness: MiniStackHarness) -> None:
        queue = harness.make()
        send(queue, message("one"))
        harness.pass_time(3600)
        send(queue, message("two", "b"))
        one, two = queue.receive()
        assert 3590 < two.sent_at - one.sent_at < 3690


class TestDeadLetters:
    @pytest.mark.parametrize("fifo", [True, False])
    def test_a_rejected_message_keeps_its_group_and_says_why(
        self, harness: MiniStackHarness, fifo: bool
    ) -> None:
        queue = harness.make(fifo=fifo)
        send(queue, message("bad"))
        queue.dead_letter(only(queue.receive()), "no\x00 report: " + "x" * 5_000)
        letters = SqsQueue(harness.client, harness.dead_letter_url, fifo).receive()
        assert [(letter.body, letter.group) for letter in letters] == [("bad", digest("group", "a"))]
        harness.pass_time(VISIBILITY_SECONDS + 1)
        (letter,) = harness.dead_letters()
        reason = letter["MessageAttributes"]["reason"]["StringValue"]
        assert reason.startswith("no? report: xxx")
        assert len(reason) == 1000

    def test_a_rejection_without_words_is_one_too(self, harness: MiniStackHarness) -> None:
        queue = harness.make()
        send(queue, message("bad"))
        queue.dead_letter(only(queue.receive()), "")
        assert harness.dead_bodies() == ["bad"]

    def test_a_message_as_large_as_can_be_goes_without_its_reason(self, harness: MiniStackHarness) -> None:
        queue = harness.make()
        send(queue, message("x" * 1024 * 1024))
        queue.dead_letter(only(queue.receive()), "too much")
        (letter,) = harness.dead_letters()
        assert "MessageAttributes" not in letter

    def test_a_rejection_cut_short_by_a_crash_gives_one_letter(self, harness: MiniStackHarness) -> None:
        queue = harness.make()
        send(queue, message("bad"), message("good"))
        first = only(queue.receive(limit=1))
        Crash(harness.client, "DeleteMessage").arm()
        with pytest.raises(TransientError):
            queue.dead_letter(first, "broken")
        harness.pass_time(61)
        second = only(queue.receive(limit=1))
        assert (second.body, second.receive_count) == ("bad", 2)
        queue.dead_letter(second, "broken")
        assert harness.dead_bodies() == ["bad"]
        assert bodies(queue.receive()) == ["good"]

    def test_a_rejection_that_the_dead_letter_queue_does_not_take_loses_nothing(
        self, harness: MiniStackHarness
    ) -> None:
        queue = harness.make()
        send(queue, message("bad"))
        Crash(harness.client, "SendMessage").arm()
        with pytest.raises(TransientError):
            queue.dead_letter(only(queue.receive()), "broken")
        harness.pass_time(61)
        assert bodies(queue.receive()) == ["bad"]
        assert harness.dead_bodies() == []

    def test_without_a_dead_letter_queue_nothing_can_be_rejected_and_nothing_is_lost(
        self, harness: MiniStackHarness
    ) -> None:
        harness.make()
        queue = SqsQueue(harness.client, harness.url, fifo=True)
        send(queue, message("bad"))
        with pytest.raises(ConfigurationError, match="dead-letter"):
            queue.dead_letter(only(queue.receive()), "broken")
        harness.pass_time(VISIBILITY_SECONDS + 61)
        assert bodies(queue.receive()) == ["bad"]


class Crash:
    """The next call of that operation finds the network gone."""

    def __init__(self, client: "SQSClient", operation: str) -> None:
        self._is_armed = False
        listen(client, f"before-call.sqs.{operation}", self._perhaps)

    def arm(self) -> None:
        self._is_armed = True

    def _perhaps(self, **_: object) -> None:
        if self._is_armed:
            self._is_armed = False
            raise ConnectionResetError("gone")


class TestQueueThatIsNotThere:
    def test_a_missing_queue_is_said_and_refuses_nothing(self, harness: MiniStackHarness) -> None:
        """A stack being deployed, or a wrong REPORTS_QUEUE_URL: reports wait and are not set aside."""
        harness.make()
        queue = SqsQueue(harness.client, harness.url.replace("queue-", "no-queue-"), fifo=True)
        with pytest.raises(TransientError, match="no such queue"):
            queue.send([message("one")])
        with pytest.raises(TransientError, match="no such queue"):
            queue.receive()
