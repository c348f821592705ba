"""The Queue port on SQLite: FIFO per group or standard, for the threads of one process."""

import logging
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from functions.shared.errors import TransientError
from functions.shared.ports import (
    BATCH_LIMIT,
    HOLD_LIMIT_SECONDS,
    REASON_LIMIT,
    Delivery,
    Outgoing,
    Refusal,
    message_fault,
)
from functions.shared.runtime.clocks import Clock
from infra.local.storage.database import SqliteDatabase

_log = logging.getLogger(__name__)

DEDUPLICATION_SECONDS = 3600.0  # five minutes are promised; a small computer takes its time to start again
_JUMP_SECONDS = 1.0

# A group is closed while any of its messages is in flight or to be retried after a delay.
_CANDIDATES = """
    SELECT m.number, m.group_id, m.deduplication_id, m.sent_at, m.body, coalesce(d.receive_count, 0)
    FROM message AS m LEFT JOIN delivery AS d ON d.queue = m.queue AND d.number = m.number
    WHERE m.queue = :queue AND coalesce(d.visible_at, 0) <= :now {group_is_open}
    ORDER BY m.number LIMIT :limit
"""
# The oldest of each group that may be handed out.
_HEADS = """
    SELECT m.group_id, min(m.number)
    FROM message AS m LEFT JOIN delivery AS d ON d.queue = m.queue AND d.number = m.number
    WHERE m.queue = :queue AND coalesce(d.visible_at, 0) <= :now {group_is_open}
    GROUP BY m.group_id
"""
_GROUP_IS_OPEN = """AND m.group_id NOT IN
    (SELECT group_id FROM delivery WHERE queue = :queue AND visible_at > :now)"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up: why, when, and how often it had been handed out."""

    body: str
    group: str
    deduplication_id: str
    reason: str
    sent_at: float
    dead_at: float
    receive_count: int


Collapse = Callable[[Sequence[str]], Sequence[int]]
_TURNS_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class GroupBound:
    """From `limit` messages of one group on, those go that `collapse` names: it is given the bodies that wait
    there, oldest first, and answers with places in that list.
    """

    limit: int
    collapse: Collapse


class SqliteQueue:
    """Thread-safe; any number of objects of one name over one database are one queue.

    A message that is not acknowledged is handed out again after `visibility_seconds`; after
    `max_receive_count` times (None: never) it goes to the dead letters. A repeat is dropped for an hour.
    An outdated receipt is one of a message that was handed out again or retried since.
    `timer` measures visibility and delays: a clock that jumps (`clock`, which says when a message was sent)
    would hand out again what somebody still has in hand, and make late what was sent a moment before: a
    delivery's `sent_at` is by the clock as it goes when the message is handed out.
    Who receives one at a time from a FIFO queue has the groups in turns: one with hundreds waiting holds up
    no other. `left_out` counts what the bound of a group made go.
    """

    def __init__(
        self,
        database: SqliteDatabase,
        name: str,
        fifo: bool,
        visibility_seconds: float,
        max_receive_count: int | None,
        clock: Clock,
        timer: Clock | None = None,
        bound: GroupBound | None = None,
    ) -> None:
        self.name = name
        self.left_out = 0
        self._bound = bound
        self._turns: dict[str, int] = {}  # groups, by when they last had one handed out
        self._handed_out = 0
        self._database = database
        self.is_fifo = fifo
        self._visibility_seconds = visibility_seconds
        self._max_receive_count = max_receive_count
        self._clock = clock
        self._timer = timer or clock
        self._sent: dict[int, float] = {}  # of this run, by number and by the timer
        self._signal = database.signal(name)
        group_is_open = _GROUP_IS_OPEN if fifo else ""
        self._candidates = _CANDIDATES.format(group_is_open=group_is_open)
        self._next_candidate = _CANDIDATES.format(group_is_open=f"{group_is_open} AND m.number = :number")
        self._heads = _HEADS.format(group_is_open=group_is_open)

    def send(self, entries: Sequence[Outgoing]) -> Sequence[Refusal]:
        if len(entries) > BATCH_LIMIT:
            raise ValueError(f"{len(entries)} messages in one send: {BATCH_LIMIT} are allowed")
        faults = [message_fault(entry, fifo=self.is_fifo) for entry in entries]
        accepted = [entry for entry, fault in zip(entries, faults, strict=True) if fault is None]
        if accepted:

            def insert(connection: sqlite3.Connection) -> None:
                for entry in accepted:
                    self._insert(connection, entry, self._timer())

            self._database.write(insert)
            self._signal.announce()
        return [Refusal(index, fault) for index, fault in enumerate(faults) if fault is not None]

    def receive(self, limit: int = BATCH_LIMIT, wait_seconds: float = 0.0) -> list[Delivery]:
        """As the port has it; `[]` at once when the queue was closed. Waiting writes and polls nothing."""
        deadline = time.monotonic() + wait_seconds
        while True:
            seen = self._signal.count
            if self._signal.has_closed():
                return []
            now = self._timer()
            try:
                deliveries = self._take(max(1, min(limit, BATCH_LIMIT)), now)
                if deliveries:
                    return deliveries
                next_at = self._next_visible_at(now)
            except TransientError:
                if self._signal.has_closed():
                    return []
                raise
            left = deadline - time.monotonic()
            if left <= 0:
                return []
            if next_at is not None:
                left = min(left, max(0.001, next_at - now))
            self._signal.wait_beyond(seen, left)

    def acknowledge(self, delivery: Delivery) -> None:
        """As the port has it. Lost in a power cut, it only brings back what records and marks, which were
        synced before it, show to be done."""

        def forget(connection: sqlite3.Connection) -> None:
            number = self._current(connection, delivery)
            if number is not None:
                self._forget(connection, number)

        self._database.write(forget, durable=False)
        self._signal.announce()

    def retry(self, delivery: Delivery, delay_seconds: float) -> None:
        delay = max(0.0, min(delay_seconds, HOLD_LIMIT_SECONDS))
        visible_at = self._timer() + delay if delay else 0.0

        def hand_back(connection: sqlite3.Connection) -> None:
            number = self._current(connection, delivery)
            if number is not None:
                connection.execute(
                    "UPDATE delivery SET receipt = NULL, visible_at = ?, delay_seconds = ?"
                    " WHERE queue = ? AND number = ?",
                    (visible_at, delay, self.name, number),
                )

        self._database.write(hand_back, durable=False)
        self._signal.announce()

    def dead_letter(self, delivery: Delivery, reason: str) -> None:

        def bury(connection: sqlite3.Connection) -> None:
            number = self._current(connection, delivery)
            if number is not None:
                self._dead_letter(connection, number, reason)

        self._database.write(bury)
        self._signal.announce()

    def recover(self) -> None:
        """To be called once at start, before anything is received.

        What was in flight when the program was killed is visible at once. Hand-back delays stand, but
        never longer than they were meant, even if the clock has jumped back in between.
        """
        now = self._timer()
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE delivery SET receipt = NULL, visible_at = 0, delay_seconds = 0"
                " WHERE queue = ? AND receipt IS NOT NULL",
                (self.name,),
            )
            connection.execute(
                "UPDATE delivery SET visible_at = :now + delay_seconds"
                " WHERE queue = :queue AND visible_at > :now + delay_seconds",
                {"queue": self.name, "now": now},
            )
            connection.execute(
                "UPDATE deduplication SET expires_at = :latest WHERE queue = :queue AND expires_at > :latest",
                {"queue": self.name, "latest": now + DEDUPLICATION_SECONDS},
            )
        self._signal.announce()

    def regroup(self, group: str, group_of: Callable[[str], str | None]) -> int:
        """To be called at start: what waits in that group goes where its body belongs (None: it stays).

        Its order and its tries stay. How many went.
        """
        query = "SELECT number, body FROM message WHERE queue = ? AND group_id = ?"
        with self._database.reading() as connection:
            waiting = connection.execute(query, (self.name, group)).fetchall()
        moves = [(there, number) for number, body in waiting if (there := group_of(body)) is not None]
        if moves:
            with self._database.writing() as connection:
                for there, number in moves:
                    for table in ("message", "delivery"):
                        connection.execute(
                            f"UPDATE {table} SET group_id = ? WHERE queue = ? AND number = ?",  # noqa: S608
                            (there, self.name, number),
                        )
        return len(moves)

    def close(self) -> None:
        """Every receiver of this queue returns `[]` at once, now and from now on."""
        self._signal.close()

    def count(self) -> int:
        """Messages waiting, in flight and to be retried; not the dead ones."""
        with self._database.reading() as connection:
            query = "SELECT count(*) FROM message WHERE queue = ?"
            (count,) = connection.execute(query, (self.name,)).fetchone()
            return int(count)

    def dead_letters(self) -> list[DeadLetter]:
        """What was rejected or handed out too often, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT body, group_id, deduplication_id, reason, sent_at, dead_at, receive_count"
                " FROM dead_letter WHERE queue = ? ORDER BY number",
                (self.name,),
            ).fetchall()
        return [DeadLetter(*row) for row in rows]

    def _insert(self, connection: sqlite3.Connection, entry: Outgoing, now: float) -> None:
        is_new = connection.execute(
            "INSERT INTO deduplication (queue, id, expires_at) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at WHERE expires_at <= ?",
            (self.name, entry.deduplication_id, now + DEDUPLICATION_SECONDS, now),
        ).rowcount
        if not is_new:
            return
        query = "SELECT coalesce(max(number), 0) + 1 FROM message WHERE queue = ?"
        (number,) = connection.execute(query, (self.name,)).fetchone()
        connection.execute(
            "INSERT INTO message (queue, number, group_id, deduplication_id, sent_at, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (self.name, number, entry.group, entry.deduplication_id, self._clock(), entry.body),
        )
        self._sent[number] = self._timer()
        if self._bound is not None:
            self._keep_bound(connection, entry.group, self._bound)
        if entry.delay_seconds:
            connection.execute(
                "INSERT INTO delivery (queue, number, group_id, receive_count, visible_at, delay_seconds)"
                " VALUES (?, ?, ?, 0, ?, ?)",
                (self.name, number, entry.group, now + entry.delay_seconds, entry.delay_seconds),
            )

    def _keep_bound(self, connection: sqlite3.Connection, group: str, bound: GroupBound) -> None:
        """What was handed out before stays: somebody may have it in hand."""
        query = "SELECT count(*) FROM message WHERE queue = ? AND group_id = ?"
        (count,) = connection.execute(query, (self.name, group)).fetchone()
        if count <= bound.limit:
            return
        waiting = connection.execute(
            "SELECT number, body FROM message WHERE queue = :queue AND group_id = :group AND number NOT IN"
            " (SELECT number FROM delivery WHERE queue = :queue) ORDER BY number",
            {"queue": self.name, "group": group},
        ).fetchall()
        gone = [waiting[place][0] for place in bound.collapse([body for _, body in waiting])]
        for number in gone:
            self._forget(connection, number)
        if gone:
            self.left_out += len(gone)
            _log.warning(
                "queue %s: %d of %d messages of one group are left out, newer ones tell how it stands",
                *(self.name, len(gone), count),
            )

    def _candidates_now(
        self, connection: sqlite3.Connection, limit: int, now: float
    ) -> list[tuple[int, str, str, float, str, int]]:
        """The oldest; one at a time from a FIFO queue: of the group whose last turn is longest ago."""
        values: dict[str, object] = {"queue": self.name, "now": now, "limit": limit}
        if not self.is_fifo or limit > 1:
            return connection.execute(self._candidates, values).fetchall()
        heads = connection.execute(self._heads, values).fetchall()
        if not heads:
            return []
        _, number = min(heads, key=lambda head: (self._turns.get(head[0], 0), head[1]))
        return connection.execute(self._next_candidate, values | {"number": number}).fetchall()

    def _take(self, limit: int, now: float) -> list[Delivery]:
        """Hand out what is visible; what was handed out too often is buried on the way."""
        values = {"queue": self.name, "now": now, "limit": limit}
        while True:
            with self._database.reading() as connection:
                if connection.execute(self._candidates, values | {"limit": 1}).fetchone() is None:
                    return []
            deliveries: list[Delivery] = []
            # Losing this mark in a power cut only means that the messages are visible at once again.
            with self._database.writing(durable=False) as connection:
                for number, group, _, sent_at, body, count in self._candidates_now(connection, limit, now):
                    if self._max_receive_count is not None and count >= self._max_receive_count:
                        self._dead_letter(connection, number, f"handed out {count} times without success")
                        continue
                    receipt = f"{number}:{secrets.token_hex(8)}"
                    connection.execute(
                        "INSERT OR REPLACE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?)",
                        (
                            *(self.name, number, group, receipt, count + 1),
                            *(now + self._visibility_seconds, self._visibility_seconds),
                        ),
                    )
                    self._handed_out += 1
                    if len(self._turns) >= _TURNS_REMEMBERED:
                        self._turns.clear()
                    self._turns[group] = self._handed_out
                    moment = self._sent_at(number, sent_at)
                    deliveries.append(Delivery(body, group, receipt, count + 1, moment))
            if deliveries:
                return deliveries

    def _sent_at(self, number: int, sent_at: float) -> float:
        """Moved along with a clock that was set since; nothing is known of what another run sent."""
        sent = self._sent.get(number)
        if sent is None:
            return sent_at
        jumped = self._clock() - sent_at - (self._timer() - sent)
        return sent_at + jumped if abs(jumped) > _JUMP_SECONDS else sent_at

    def _next_visible_at(self, now: float) -> float | None:
        with self._database.reading() as connection:
            query = "SELECT min(visible_at) FROM delivery WHERE queue = ? AND visible_at > ?"
            (next_at,) = connection.execute(query, (self.name, now)).fetchone()
        return None if next_at is None else float(next_at)

    def _current(self, connection: sqlite3.Connection, delivery: Delivery) -> int | None:
        """The message's number, or None if the receipt is outdated."""
        number = int(delivery.receipt.partition(":")[0])
        query = "SELECT 1 FROM delivery WHERE queue = ? AND number = ? AND receipt = ?"
        found = connection.execute(query, (self.name, number, delivery.receipt)).fetchone()
        return None if found is None else number

    def _dead_letter(self, connection: sqlite3.Connection, number: int, reason: str) -> None:
        reason = reason.encode("utf-8", "replace").decode()[:REASON_LIMIT]
        connection.execute(
            "INSERT INTO dead_letter"
            " (queue, group_id, deduplication_id, sent_at, dead_at, receive_count, reason, body)"
            " SELECT m.queue, m.group_id, m.deduplication_id, m.sent_at, ?, d.receive_count, ?, m.body"
            " FROM message AS m JOIN delivery AS d USING (queue, number) WHERE queue = ? AND number = ?",
            (self._clock(), reason, self.name, number),
        )
        self._forget(connection, number)
        _log.warning("queue %s: a message is given up: %s", self.name, reason)

    def _forget(self, connection: sqlite3.Connection, number: int) -> None:
        self._sent.pop(number, None)
        for table in ("message", "delivery"):
            connection.execute(
                f"DELETE FROM {table} WHERE queue = ? AND number = ?",  # noqa: S608
                (self.name, number),
            )


_BUSY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """Messages not yet done with, seconds since the oldest of them was sent (0: none), messages given up."""

    waiting: int = 0
    oldest_seconds: float = 0.0
    dead_letters: int = 0


def read_queue_figures(path: Path, now: float) -> dict[str, QueueFigures]:
    """The figures of every queue that has any, by name. Raises TransientError.

    By a connection of its own that cannot write: SQLite's readers wait for no writer, and so for no disk.
    """
    try:
        with closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", timeout=_BUSY_SECONDS, uri=True)
        ) as connection:
            waiting = connection.execute(
                "SELECT queue, count(*), min(sent_at) FROM message GROUP BY queue"
            ).fetchall()
            dead = dict(
                connection.execute("SELECT queue, count(*) FROM dead_letter GROUP BY queue").fetchall()
            )
    except sqlite3.Error as error:
        raise TransientError(f"{path.name}: {error}") from error
    figures = {name: QueueFigures(dead_letters=count) for name, count in dead.items()}
    for name, count, sent_at in waiting:
        figures[name] = QueueFigures(count, max(0.0, now - sent_at), dead.get(name, 0))
    return figures
