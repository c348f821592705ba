"""The embedded FIFO queue against a simple model of it, in any order of events, kills included."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from functions.shared.ports import Delivery, Outgoing
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.queue import SqliteQueue
from tests.support.clock import HandClock

VISIBILITY_SECONDS = 30.0
MAX_RECEIVE_COUNT = 4


@dataclass
class Waiting:
    body: str
    group: str
    visible_at: float = 0.0
    receipt: str | None = None
    receive_count: int = 0


class QueueMachine(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock = HandClock(1000.0)
        self.model: list[Waiting] = []
        self.dead: list[str] = []
        self.handed_out: list[Delivery] = []
        self.sent = 0
        self.connect()

    def connect(self) -> None:
        self.database = SqliteDatabase(self.folder / "state.sqlite3")
        self.queue = SqliteQueue(self.database, "q", True, VISIBILITY_SECONDS, MAX_RECEIVE_COUNT, self.clock)

    @rule(groups=st.lists(st.sampled_from("abc"), min_size=1, max_size=4))
    def send(self, groups: list[str]) -> None:
        entries = []
        for group in groups:
            self.sent += 1
            entries.append(Outgoing(f"{self.sent}", group, f"id-{self.sent}"))
            self.model.append(Waiting(f"{self.sent}", group))
        assert self.queue.send(entries) == []

    @rule(back=st.integers(0, 5))
    def repeat(self, back: int) -> None:
        if self.sent > back:
            number = self.sent - back
            assert self.queue.send([Outgoing("a repeat", "a", f"id-{number}")]) == []

    @rule(limit=st.integers(1, 5))
    def receive(self, limit: int) -> None:
        delivered = self.queue.receive(limit)
        expected: list[Waiting] = []
        while not expected:
            now = self.clock()
            closed = {waiting.group for waiting in self.model if waiting.visible_at > now}
            batch = [waiting for waiting in self.model if waiting.group not in closed][:limit]
            if not batch:
                break
            for waiting in batch:
                if waiting.receive_count >= MAX_RECEIVE_COUNT:
                    self.model.remove(waiting)
                    self.dead.append(waiting.body)
                else:
                    expected.append(waiting)
        assert [delivery.body for delivery in delivered] == [waiting.body for waiting in expected]
        for delivery, waiting in zip(delivered, expected, strict=True):
            waiting.receive_count += 1
            waiting.receipt = delivery.receipt
            waiting.visible_at = self.clock() + VISIBILITY_SECONDS
            assert delivery.receive_count == waiting.receive_count
        self.handed_out += delivered

    def found(self, delivery: Delivery) -> Waiting | None:
        return next((waiting for waiting in self.model if waiting.receipt == delivery.receipt), None)

    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        if self.handed_out:
            delivery = data.draw(st.sampled_from(self.handed_out[-6:]))
            self.queue.acknowledge(delivery)
            waiting = self.found(delivery)
            if waiting is not None:
                self.model.remove(waiting)

    @rule(data=st.data(), delay=st.sampled_from([0.0, 5.0, 900.0]))
    def retry(self, data: st.DataObject, delay: float) -> None:
        if self.handed_out:
            delivery = data.draw(st.sampled_from(self.handed_out[-6:]))
            self.queue.retry(delivery, delay)
            waiting = self.found(delivery)
            if waiting is not None:
                waiting.receipt = None
                waiting.visible_at = self.clock() + delay

    @rule(data=st.data())
    def dead_letter(self, data: st.DataObject) -> None:
        if self.handed_out:
            delivery = data.draw(st.sampled_from(self.handed_out[-6:]))
            self.queue.dead_letter(delivery, "no use")
            waiting = self.found(delivery)
            if waiting is not None:
                self.model.remove(waiting)
                self.dead.append(waiting.body)

    @rule(seconds=st.sampled_from([1.0, 6.0, 31.0, 901.0]))
    def pass_time(self, seconds: float) -> None:
        self.clock.pass_time(seconds)

    @rule()
    def kill_and_start_again(self) -> None:
        killed = self.database
        self.connect()
        killed.close()
        self.queue.recover()
        for waiting in self.model:
            if waiting.receipt is not None:
                waiting.receipt, waiting.visible_at = None, 0.0

    @invariant()
    def nothing_is_lost(self) -> None:
        if hasattr(self, "queue"):
            assert self.queue.count() == len(self.model)
            assert [letter.body for letter in self.queue.dead_letters()] == self.dead

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            shutil.rmtree(self.folder)


QueueMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestQueueAgainstModel = QueueMachine.TestCase
