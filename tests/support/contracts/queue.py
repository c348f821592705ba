"""What every Queue back end must do. A back end binds these classes to itself with a `harness` fixture."""

from abc import ABC, abstractmethod

import pytest

from functions.shared.domain.keys import digest
from functions.shared.ports import Delivery, Outgoing, Queue

VISIBILITY_SECONDS = 30.0


class QueueHarness(ABC):
    """One back end, ready to be tested: its queues, its time, its dead-letter place."""

    @abstractmethod
    def make(self, *, fifo: bool = True, max_receive_count: int | None = None) -> Queue:
        """A new, empty queue with a visibility time-out of VISIBILITY_SECONDS."""

    @abstractmethod
    def pass_time(self, seconds: float) -> None:
        """Let the time of the queues pass."""

    @abstractmethod
    def dead_bodies(self) -> list[str]:
        """The bodies in the dead-letter place of the queue last made."""


def message(body: str, group: str = "a", delay_seconds: float = 0.0) -> Outgoing:
    return Outgoing(body, digest("group", group), digest(body), delay_seconds)


def send(queue: Queue, *entries: Outgoing) -> None:
    assert list(queue.send(entries)) == []


def bodies(deliveries: list[Delivery]) -> list[str]:
    return [delivery.body for delivery in deliveries]


def only(deliveries: list[Delivery]) -> Delivery:
    assert len(deliveries) == 1
    return deliveries[0]


class AnyQueueContract:
    """What FIFO and standard queues have in common."""

    fifo = True

    @pytest.fixture
    def harness(self) -> QueueHarness:
        raise NotImplementedError("the back end binds this")

    @pytest.fixture
    def queue(self, harness: QueueHarness) -> Queue:
        return harness.make(fifo=self.fifo)

    def test_a_message_arrives_as_it_was_sent(self, queue: Queue) -> None:
        send(queue, message("žluťoučký 🖨 \n <b>", group="a"))
        delivery = only(queue.receive())
        assert delivery.body == "žluťoučký 🖨 \n <b>"
        assert delivery.group == digest("group", "a")
        assert delivery.receive_count == 1

    def test_an_empty_queue_gives_nothing(self, queue: Queue) -> None:
        assert queue.receive() == []

    def test_sending_nothing_is_allowed(self, queue: Queue) -> None:
        assert list(queue.send([])) == []

    def test_no_more_than_the_limit_is_handed_out(self, queue: Queue) -> None:
        send(queue, *(message(f"{number}", group=f"{number}") for number in range(5)))
        assert len(queue.receive(limit=3)) == 3
        assert len(queue.receive(limit=3)) == 2

    def test_what_was_acknowledged_never_comes_again(self, harness: QueueHarness, queue: Queue) -> None:
        send(queue, message("one"))
        queue.acknowledge(only(queue.receive()))
        harness.pass_time(VISIBILITY_SECONDS * 2)
        assert queue.receive() == []

    def test_what_was_not_acknowledged_comes_again_after_the_time_out(
        self, harness: QueueHarness, queue: Queue
    ) -> None:
        send(queue, message("one"))
        first = only(queue.receive())
        harness.pass_time(VISIBILITY_SECONDS - 1)
        assert queue.receive() == []
        harness.pass_time(2)
        second = only(queue.receive())
        assert (second.body, second.receive_count) == ("one", 2)
        assert second.sent_at == first.sent_at

    def test_a_message_handed_back_comes_again_after_its_delay_and_not_before(
        self, harness: QueueHarness, queue: Queue
    ) -> None:
        send(queue, message("one"))
        queue.retry(only(queue.receive()), 120.0)
        harness.pass_time(115)
        assert queue.receive() == []
        harness.pass_time(6)
        assert only(queue.receive()).receive_count == 2

    def test_a_message_handed_back_without_delay_comes_again_at_once(self, queue: Queue) -> None:
        send(queue, message("one"))
        queue.retry(only(queue.receive()), 0.0)
        assert bodies(queue.receive()) == ["one"]

    def test_a_rejected_message_goes_to_the_dead_letters(self, harness: QueueHarness, queue: Queue) -> None:
        send(queue, message("bad", group="a"), message("good", group="b"))
        for delivery in queue.receive():
            if delivery.body == "bad":
                queue.dead_letter(delivery, "it can never succeed")
            else:
                queue.acknowledge(delivery)
        harness.pass_time(VISIBILITY_SECONDS * 2)
        assert queue.receive() == []
        assert harness.dead_bodies() == ["bad"]

    def test_a_message_handed_out_too_often_goes_to_the_dead_letters(self, harness: QueueHarness) -> None:
        queue = harness.make(fifo=self.fifo, max_receive_count=3)
        send(queue, message("poison"))
        for _ in range(3):
            assert bodies(queue.receive()) == ["poison"]
            harness.pass_time(VISIBILITY_SECONDS + 1)
        assert queue.receive() == []
        assert harness.dead_bodies() == ["poison"]

    def test_a_message_that_is_too_large_is_refused_and_the_others_are_taken(self, queue: Queue) -> None:
        entries = [message("one"), message("x" * (1024 * 1024 + 1)), message("two", group="b")]
        assert [refusal.index for refusal in queue.send(entries)] == [1]
        assert sorted(bodies(queue.receive())) == ["one", "two"]

    def test_more_than_ten_messages_in_one_send_are_a_mistake_of_the_caller(self, queue: Queue) -> None:
        with pytest.raises(ValueError, match="10"):
            queue.send([message(f"{number}") for number in range(11)])


class FifoQueueContract(AnyQueueContract):
    """Order, groups and repeats."""

    fifo = True

    def test_messages_of_one_group_come_in_order_in_one_batch(self, queue: Queue) -> None:
        send(queue, *(message(f"{number}") for number in range(10)))
        send(queue, *(message(f"{number}") for number in range(10, 12)))
        first = queue.receive()
        assert bodies(first) == [f"{number}" for number in range(len(first))]
        for delivery in first:
            queue.acknowledge(delivery)
        rest = queue.receive()
        assert bodies(first + rest)[:12] == [f"{number}" for number in range(len(first) + len(rest))]

    def test_a_group_waits_while_one_of_its_messages_is_in_flight(self, queue: Queue) -> None:
        send(queue, message("a1"), message("a2"), message("b1", group="b"))
        first = queue.receive(limit=1)
        assert bodies(first) == ["a1"]
        assert bodies(queue.receive()) == ["b1"]
        queue.acknowledge(first[0])
        assert bodies(queue.receive()) == ["a2"]

    def test_a_group_waits_while_one_of_its_messages_is_handed_back(
        self, harness: QueueHarness, queue: Queue
    ) -> None:
        send(queue, message("a1"), message("a2"), message("b1", group="b"))
        queue.retry(only(queue.receive(limit=1)), 60.0)
        assert bodies(queue.receive()) == ["b1"]
        harness.pass_time(61)
        assert bodies(queue.receive(limit=1)) == ["a1"]

    def test_a_batch_handed_back_whole_comes_again_in_order(
        self, harness: QueueHarness, queue: Queue
    ) -> None:
        send(queue, message("a1"), message("a2"), message("a3"), message("a4"))
        for delivery in queue.receive(limit=3):
            queue.retry(delivery, 2.0)
        harness.pass_time(3)
        seen = []
        while delivered := queue.receive(limit=10):
            seen += bodies(delivered)
            for delivery in delivered:
                queue.acknowledge(delivery)
        assert seen == ["a1", "a2", "a3", "a4"]

    def test_the_rest_of_a_batch_never_overtakes_its_first_message(
        self, harness: QueueHarness, queue: Queue
    ) -> None:
        """The first is handed back, the others are forgotten by their receiver."""
        send(queue, message("a1"), message("a2"), message("a3"))
        first, *_ = queue.receive()
        queue.retry(first, VISIBILITY_SECONDS * 3)
        harness.pass_time(VISIBILITY_SECONDS + 1)
        assert queue.receive() == []
        harness.pass_time(VISIBILITY_SECONDS * 2)
        assert bodies(queue.receive())[0] == "a1"

    def test_the_rest_of_a_batch_may_be_acknowledged_after_its_first_was_handed_back(
        self, harness: QueueHarness, queue: Queue
    ) -> None:
        send(queue, message("a1"), message("a2"))
        first, second = queue.receive()
        queue.retry(first, 5.0)
        queue.acknowledge(second)
        harness.pass_time(6)
        queue.acknowledge(only(queue.receive()))
        assert queue.receive() == []

    def test_redelivered_messages_keep_their_order(self, harness: QueueHarness, queue: Queue) -> None:
        send(queue, message("a1"), message("a2"), message("a3"))
        assert bodies(queue.receive(limit=2)) == ["a1", "a2"]
        harness.pass_time(VISIBILITY_SECONDS + 1)
        assert bodies(queue.receive(limit=3))[:2] == ["a1", "a2"]

    def test_a_repeat_is_dropped_while_the_first_is_waiting(self, queue: Queue) -> None:
        send(queue, message("one"))
        send(queue, message("one"))
        assert bodies(queue.receive()) == ["one"]

    def test_a_repeat_in_the_same_send_is_dropped(self, queue: Queue) -> None:
        send(queue, message("one"), message("one"))
        assert bodies(queue.receive()) == ["one"]

    def test_a_repeat_is_dropped_for_five_minutes_after_the_acknowledgement(
        self, harness: QueueHarness, queue: Queue
    ) -> None:
        send(queue, message("one"))
        queue.acknowledge(only(queue.receive()))
        harness.pass_time(290)
        send(queue, message("one"), message("two"))
        assert bodies(queue.receive()) == ["two"]

    def test_an_outdated_receipt_changes_nothing(self, harness: QueueHarness, queue: Queue) -> None:
        send(queue, message("one"), message("two"))
        outdated = only(queue.receive(limit=1))
        harness.pass_time(VISIBILITY_SECONDS + 1)
        current = only(queue.receive(limit=1))
        queue.acknowledge(outdated)
        queue.retry(outdated, 0.0)
        queue.dead_letter(outdated, "outdated")
        assert queue.receive() == []
        assert harness.dead_bodies() == []
        queue.acknowledge(current)
        assert bodies(queue.receive()) == ["two"]

    def test_a_group_goes_on_after_a_dead_letter(self, harness: QueueHarness, queue: Queue) -> None:
        send(queue, message("bad"), message("good"))
        queue.dead_letter(only(queue.receive(limit=1)), "broken")
        assert bodies(queue.receive()) == ["good"]

    def test_a_delay_for_one_message_is_refused(self, queue: Queue) -> None:
        entries = [message("one", delay_seconds=5.0), message("two")]
        assert [refusal.index for refusal in queue.send(entries)] == [0]
        assert bodies(queue.receive()) == ["two"]


class StandardQueueContract(AnyQueueContract):
    """Delays, and no order."""

    fifo = False

    def test_a_delayed_message_comes_after_its_delay_and_holds_up_no_other(
        self, harness: QueueHarness, queue: Queue
    ) -> None:
        send(queue, message("late", delay_seconds=60.0), message("now"))
        now = only(queue.receive())
        assert now.body == "now"
        queue.acknowledge(now)
        harness.pass_time(61)
        late = only(queue.receive())
        assert (late.body, late.receive_count) == ("late", 1)

    def test_a_message_in_flight_or_handed_back_holds_up_no_other_of_its_group(self, queue: Queue) -> None:
        send(queue, message("one"), message("two"), message("three"))
        queue.retry(only(queue.receive(limit=1)), 60.0)
        assert len(queue.receive(limit=1)) == 1
        assert len(queue.receive(limit=1)) == 1

    def test_a_delay_beyond_fifteen_minutes_is_refused(self, queue: Queue) -> None:
        entries = [message("one", delay_seconds=901.0), message("two", delay_seconds=900.0)]
        assert [refusal.index for refusal in queue.send(entries)] == [0]
