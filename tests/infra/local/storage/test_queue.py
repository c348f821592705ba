"""The queue contract on a real SQLite file, and what only the embedded queue promises."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from functions.shared.domain.keys import digest
from functions.shared.ports import Delivery, Outgoing
from functions.shared.runtime.clocks import MonotonicWallClock
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.queue import GroupBound, SqliteQueue
from tests.support.clock import HandClock
from tests.support.contracts.queue import (
    VISIBILITY_SECONDS,
    FifoQueueContract,
    QueueHarness,
    StandardQueueContract,
    bodies,
    message,
    only,
    send,
)
from tests.support.timeouts import TIMEOUT


class SqliteHarness(QueueHarness):
    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = HandClock()
        self.database = SqliteDatabase(path)

    def make(self, *, fifo: bool = True, max_receive_count: int | None = None) -> SqliteQueue:
        self._arguments = (fifo, VISIBILITY_SECONDS, max_receive_count, self.clock)
        self.queue = SqliteQueue(self.database, "queue", *self._arguments)
        return self.queue

    def pass_time(self, seconds: float) -> None:
        self.clock.pass_time(seconds)

    def dead_bodies(self) -> list[str]:
        return [letter.body for letter in self.queue.dead_letters()]

    def restart(self) -> SqliteQueue:
        """As after a kill: the old connection is never closed in an orderly way before the new one opens."""
        killed, self.database = self.database, SqliteDatabase(self.path)
        self.queue = SqliteQueue(self.database, "queue", *self._arguments)
        self.queue.recover()
        killed.close()
        return self.queue


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[SqliteHarness]:
    harness = SqliteHarness(tmp_path / "data" / "state.sqlite3")
    yield harness
    harness.database.close()


class TestSqliteFifoQueue(FifoQueueContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[SqliteHarness]:
        harness = SqliteHarness(tmp_path / "state.sqlite3")
        yield harness
        harness.database.close()


class TestSqliteStandardQueue(StandardQueueContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[SqliteHarness]:
        harness = SqliteHarness(tmp_path / "state.sqlite3")
        yield harness
        harness.database.close()


class TestAfterAKill:
    def test_what_was_in_flight_is_visible_at_once_and_in_order(self, harness: SqliteHarness) -> None:
        queue = harness.make()
        send(queue, message("a1"), message("a2"), message("a3"))
        killed = queue.receive(limit=2)
        queue = harness.restart()
        again = queue.receive()
        assert bodies(again) == ["a1", "a2", "a3"]
        assert [delivery.receive_count for delivery in again] == [2, 2, 1]
        queue.acknowledge(killed[0])
        harness.pass_time(VISIBILITY_SECONDS + 1)
        assert bodies(queue.receive()) == ["a1", "a2", "a3"]

    def test_a_hand_back_delay_stands(self, harness: SqliteHarness) -> None:
        queue = harness.make()
        send(queue, message("a1"), message("a2"))
        queue.retry(only(queue.receive(limit=1)), 600.0)
        queue = harness.restart()
        harness.pass_time(599)
        assert queue.receive() == []
        harness.pass_time(2)
        assert bodies(queue.receive()) == ["a1", "a2"]

    def test_a_clock_that_woke_up_in_the_past_does_not_freeze_a_hand_back(
        self, harness: SqliteHarness
    ) -> None:
        queue = harness.make()
        send(queue, message("a1"))
        queue.retry(only(queue.receive()), 600.0)
        harness.clock.jump(86_400.0 - harness.clock())
        queue = harness.restart()
        assert queue.receive() == []
        harness.pass_time(601)
        assert bodies(queue.receive()) == ["a1"]

    def test_a_clock_that_woke_up_in_the_past_does_not_hide_new_messages(
        self, harness: SqliteHarness
    ) -> None:
        queue = harness.make()
        send(queue, message("a1"))
        harness.clock.jump(86_400.0 - harness.clock())
        queue = harness.restart()
        send(queue, message("a2"))
        assert bodies(queue.receive()) == ["a1", "a2"]

    def test_a_delayed_message_keeps_its_delay(self, harness: SqliteHarness) -> None:
        queue = harness.make(fifo=False)
        send(queue, message("late", delay_seconds=600.0))
        queue = harness.restart()
        assert queue.receive() == []
        harness.pass_time(601)
        assert bodies(queue.receive()) == ["late"]

    def test_a_repeat_is_still_dropped(self, harness: SqliteHarness) -> None:
        queue = harness.make()
        send(queue, message("one"))
        queue.acknowledge(only(queue.receive()))
        queue = harness.restart()
        send(queue, message("one"))
        assert queue.receive() == []

    def test_dead_letters_are_still_there_with_reason_time_and_count(self, harness: SqliteHarness) -> None:
        queue = harness.make()
        send(queue, message("bad"))
        sent_at = harness.clock()
        harness.pass_time(5)
        queue.dead_letter(only(queue.receive()), "chat not found \ud800" + "x" * 5000)
        letter = harness.restart().dead_letters()[0]
        assert (letter.body, letter.group) == ("bad", digest("group", "a"))
        assert letter.reason.startswith("chat not found ?xxx")
        assert len(letter.reason) == 1000
        assert (letter.sent_at, letter.dead_at, letter.receive_count) == (sent_at, sent_at + 5, 1)


class TestWaiting:
    """With the real clock; every wait ends by an event, none by its time-out."""

    @pytest.fixture
    def queue(self, harness: SqliteHarness) -> SqliteQueue:
        return SqliteQueue(harness.database, "waiting", True, TIMEOUT * 10, None, MonotonicWallClock())

    def waiting(self, queue: SqliteQueue, then: Callable[[], object]) -> list[Delivery]:
        """What a receiver gets that was waiting already when `then` happened."""
        is_looking = threading.Event()
        look = queue._take  # noqa: SLF001 - the moment between looking and waiting has no other sign

        def take(limit: int, now: float) -> list[Delivery]:
            taken = look(limit, now)
            is_looking.set()
            return taken

        queue._take = take  # type: ignore[method-assign]  # noqa: SLF001
        with ThreadPoolExecutor(1) as pool:
            received = pool.submit(queue.receive, 10, TIMEOUT * 10)
            assert is_looking.wait(TIMEOUT)
            then()
            return received.result(TIMEOUT)

    def test_a_receiver_wakes_when_a_message_is_sent(
        self, harness: SqliteHarness, queue: SqliteQueue
    ) -> None:
        sender = SqliteQueue(harness.database, "waiting", True, 30.0, None, MonotonicWallClock())
        assert bodies(self.waiting(queue, lambda: send(sender, message("one")))) == ["one"]

    def test_a_receiver_wakes_when_its_group_is_free_again(self, queue: SqliteQueue) -> None:
        send(queue, message("one"), message("two"))
        first = only(queue.receive(limit=1))
        assert bodies(self.waiting(queue, lambda: queue.acknowledge(first))) == ["two"]

    def test_a_receiver_wakes_when_a_message_is_handed_back(self, queue: SqliteQueue) -> None:
        send(queue, message("one"))
        first = only(queue.receive())
        assert bodies(self.waiting(queue, lambda: queue.retry(first, 0.0))) == ["one"]

    def test_a_receiver_wakes_when_a_delay_is_over(self, queue: SqliteQueue) -> None:
        send(queue, message("one"))
        first = only(queue.receive())
        assert bodies(self.waiting(queue, lambda: queue.retry(first, 0.05))) == ["one"]

    def test_a_receiver_goes_away_when_the_queue_is_closed(self, queue: SqliteQueue) -> None:
        assert self.waiting(queue, queue.close) == []

    def test_a_receiver_goes_away_when_the_database_is_closed(
        self, harness: SqliteHarness, queue: SqliteQueue
    ) -> None:
        assert self.waiting(queue, harness.database.close) == []

    def test_a_closed_queue_gives_nothing_and_takes_messages_still(self, queue: SqliteQueue) -> None:
        queue.close()
        send(queue, message("one"))
        assert queue.receive(wait_seconds=TIMEOUT * 10) == []
        assert queue.count() == 1

    def test_other_queues_of_the_file_are_not_touched(
        self, harness: SqliteHarness, queue: SqliteQueue
    ) -> None:
        other = harness.make()
        send(other, message("other"))
        send(queue, message("one"))
        queue.close()
        assert bodies(other.receive()) == ["other"]
        assert (other.count(), queue.count()) == (1, 1)


class TestFrugality:
    def test_an_idle_receiver_writes_nothing(self, harness: SqliteHarness) -> None:
        queue = harness.make()
        send(queue, message("one"), message("two"))
        queue.retry(queue.receive(limit=1)[0], 900.0)

        def files() -> dict[str, tuple[int, int]]:
            return {
                path.name: (path.stat().st_size, path.stat().st_mtime_ns)
                for path in harness.path.parent.iterdir()
                if not path.name.endswith("-shm")  # shared memory: marks of readers, never synced
            }

        commits, before = harness.database.commits, files()
        for _ in range(50):
            assert queue.receive() == []
            harness.pass_time(1)
        assert queue.receive(wait_seconds=0.02) == []
        assert harness.database.commits == commits
        assert files() == before

    def test_ten_messages_cost_one_commit_to_send_one_to_receive_and_one_each_to_acknowledge(
        self, harness: SqliteHarness
    ) -> None:
        queue, database = harness.make(), harness.database
        costs = [database.commits]
        send(queue, *(message(f"{number}") for number in range(10)))
        costs.append(database.commits)
        deliveries = queue.receive()
        costs.append(database.commits)
        for delivery in deliveries:
            queue.acknowledge(delivery)
        costs.append(database.commits)
        assert [later - earlier for earlier, later in pairwise(costs)] == [1, 1, 10]

    def test_repeats_and_outdated_receipts_cost_no_write(self, harness: SqliteHarness) -> None:
        queue = harness.make()
        send(queue, message("one"))
        delivery = only(queue.receive())
        queue.acknowledge(delivery)
        commits = harness.database.commits
        send(queue, message("one"))
        queue.acknowledge(delivery)
        queue.retry(delivery, 5.0)
        queue.recover()
        assert harness.database.commits == commits


class TestManyThreads:
    def test_every_message_is_handled_once_and_in_order(self, harness: SqliteHarness) -> None:
        queue = SqliteQueue(harness.database, "busy", True, TIMEOUT * 100, None, MonotonicWallClock())
        groups, per_group = 6, 20
        seen: dict[str, list[int]] = {digest("group", f"{group}"): [] for group in range(groups)}
        handled = threading.Semaphore(0)

        def produce(group: int) -> None:
            for number in range(per_group):
                send(queue, Outgoing(f"{number}", digest("group", f"{group}"), digest(f"{group} {number}")))

        def consume() -> None:
            turn = 0
            while deliveries := queue.receive(limit=3, wait_seconds=TIMEOUT * 10):
                turn += 1
                for delivery in deliveries:
                    if turn % 5 == 0:
                        queue.retry(delivery, 0.0)
                        continue
                    seen[delivery.group].append(int(delivery.body))
                    queue.acknowledge(delivery)
                    handled.release()

        with ThreadPoolExecutor(10) as pool:
            consumers = [pool.submit(consume) for _ in range(4)]
            for producer in [pool.submit(produce, group) for group in range(groups)]:
                producer.result(TIMEOUT * 3)
            for _ in range(groups * per_group):
                assert handled.acquire(timeout=TIMEOUT)
            queue.close()
            for consumer in consumers:
                consumer.result(TIMEOUT)
        assert list(seen.values()) == [list(range(per_group))] * groups
        assert queue.count() == 0


def test_a_message_that_is_no_text_is_refused_and_costs_nothing(harness: SqliteHarness) -> None:
    queue = harness.make()
    entries = [message("good"), Outgoing("\ud800", "a", "b"), Outgoing("x", "", "c"), Outgoing("x", "é", "c")]
    refusals = queue.send(entries)
    assert [refusal.index for refusal in refusals] == [1, 2, 3]
    assert bodies(queue.receive()) == ["good"]


def test_a_backlog_of_days_is_still_handed_out_quickly_to_another_group(harness: SqliteHarness) -> None:
    queue = harness.make()
    for start in range(0, 2000, 10):
        with_bodies = [Outgoing(f"{start + n}" + "x" * 800, "a", f"{start + n}") for n in range(10)]
        send(queue, *with_bodies)
    queue.retry(only(queue.receive(limit=1)), 900.0)
    send(queue, message("film", group="films"))
    assert bodies(queue.receive()) == ["film"]
    harness.pass_time(901)
    assert len(queue.receive()) == 10


def test_groups_have_turns_when_one_message_is_received_at_a_time(harness: SqliteHarness) -> None:
    queue = harness.make()
    for number in range(6):
        send(queue, message(f"flapping {number}", "F"))
    taken = []
    for _ in range(2):
        delivery = only(queue.receive(1))
        queue.acknowledge(delivery)
        taken.append(delivery.body)
    send(queue, message("a", "A"), message("b", "B"))
    while delivery_or_none := queue.receive(1):
        queue.acknowledge(delivery_or_none[0])
        taken.append(delivery_or_none[0].body)
    assert taken[:2] == ["flapping 0", "flapping 1"]
    assert set(taken[2:4]) == {"a", "b"}
    assert taken[4:] == [f"flapping {number}" for number in range(2, 6)]


def bounded(harness: SqliteHarness, limit: int) -> SqliteQueue:
    """What begins with `!` stays; of the rest the last does."""

    def collapse(bodies: Sequence[str]) -> list[int]:
        return [place for place, body in enumerate(bodies) if not body.startswith("!")][:-1]

    return SqliteQueue(
        harness.database,
        "queue",
        True,
        VISIBILITY_SECONDS,
        None,
        harness.clock,
        bound=GroupBound(limit, collapse),
    )


def test_a_full_group_keeps_what_must_stay_and_the_last_of_the_rest(
    harness: SqliteHarness, caplog: pytest.LogCaptureFixture
) -> None:
    queue = bounded(harness, 4)
    for body in ("s0", "s1", "!1", "s2"):
        send(queue, message(body, "F"))
    send(queue, message("other", "A"))
    assert (queue.count(), queue.left_out) == (5, 0)
    send(queue, message("s3", "F"))
    assert (queue.count(), queue.left_out) == (3, 3)
    assert bodies(queue.receive(10)) == ["!1", "other", "s3"]
    (line,) = caplog.messages
    assert "3 of 5 messages of one group are left out" in line


def test_a_full_group_keeps_what_somebody_has_in_hand_or_will_try_again(harness: SqliteHarness) -> None:
    queue = bounded(harness, 2)
    send(queue, message("s0", "F"))
    queue.retry(only(queue.receive(1)), 100.0)
    for number in range(1, 9):
        send(queue, message(f"s{number}", "F"))
    harness.pass_time(100)
    assert bodies(queue.receive(10)) == ["s0", "s8"]


def test_what_must_stay_is_never_bounded(harness: SqliteHarness) -> None:
    queue = bounded(harness, 2)
    for number in range(9):
        send(queue, message(f"!{number}", "F"))
    assert (queue.count(), queue.left_out) == (9, 0)


def test_a_group_is_divided_in_its_order_and_a_wait_goes_along(harness: SqliteHarness) -> None:
    queue = harness.make()
    for body in ("A1", "B1", "A2", "??", "B2"):
        send(queue, message(body, "all"))
    queue.retry(only(queue.receive(1)), 50.0)
    moved = queue.regroup(message("", "all").group, lambda body: None if body == "??" else body[0])
    assert moved == 4
    others = queue.receive(10)
    assert bodies(others) == ["B1", "??", "B2"]
    for delivery in others:
        queue.acknowledge(delivery)
    harness.pass_time(50)
    assert bodies(queue.receive(10)) == ["A1", "A2"]
