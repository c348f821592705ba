"""A collector does what the chat asks: the newest picture is put, once; others are left what is theirs."""

import threading
from pathlib import Path

import pytest

from collector.commands import CommandReceiver
from functions.shared.domain.keys import asked_frame_prefix, asked_frame_taken_at
from functions.shared.errors import ContractError, TransientError
from functions.shared.latest_pictures import LatestPictures
from functions.shared.messages.edge_command import EdgeCommand, decode_command, outgoing_command
from functions.shared.ports import Outgoing
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.frames import FileFrameStore
from infra.local.storage.queue import SqliteQueue
from tests.functions.chat.harness import NOW, jpeg
from tests.support.clock import HandClock
from tests.support.open_databases import closed_at_the_end
from tests.support.timeouts import TIMEOUT


class Bench:
    def __init__(self, folder: Path) -> None:
        self.frames = FileFrameStore(folder / "images")
        self.clock = HandClock(NOW)
        database = closed_at_the_end(SqliteDatabase(folder / "state.sqlite3"))
        self.queue = SqliteQueue(database, "commands", False, 2, None, self.clock)
        self.pictures = LatestPictures()
        self.opened = 0
        self.receiver = CommandReceiver(self._open, self.pictures, {"P1S", "A1"}.__contains__, 0.0)

    def _open(self) -> tuple[FileFrameStore, SqliteQueue]:
        self.opened += 1
        return self.frames, self.queue

    def ask(self, name: str, wish: str = "update/1", answer: str | None = None) -> int:
        place = asked_frame_prefix(name, wish) if answer is None else answer
        self.queue.send([outgoing_command(EdgeCommand(wish, name, place))])
        return self.receiver.receive_once()

    def stored(self, name: str, wish: str = "update/1") -> list[str]:
        return [it.key for it in self.frames.list(asked_frame_prefix(name, wish))]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_the_newest_picture_is_put_under_its_time(bench: Bench) -> None:
    bench.pictures.put("P1S", jpeg(), NOW)
    assert bench.ask("P1S") == 1
    (key,) = bench.stored("P1S")
    assert (bench.frames.get(key), asked_frame_taken_at(key)) == (jpeg(), NOW)
    assert bench.queue.receive() == []


def test_a_printer_without_a_picture_is_answered_by_nothing(bench: Bench) -> None:
    assert bench.ask("A1") == 0
    assert bench.queue.receive() == []


def test_another_collector_s_printer_stays_in_the_queue(bench: Bench) -> None:
    bench.pictures.put("X1", jpeg(), NOW)
    assert bench.ask("X1") == 0
    bench.clock.pass_time(3)
    assert len(bench.queue.receive()) == 1


class OneRound(threading.Event):
    """Time goes by while it is waited for; it is set after that, or with the third look."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self._clock = clock
        self._looks = 0

    def is_set(self) -> bool:
        self._looks += 1
        return super().is_set() or self._looks > 3

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.pass_time(timeout or 0.0)
        self.set()
        return True


def test_another_collector_finds_what_is_its_printer_s_before_we_ask_again(bench: Bench) -> None:
    bench.pictures.put("X1", jpeg(), NOW)
    other = CommandReceiver(lambda: (bench.frames, bench.queue), bench.pictures, {"X1"}.__contains__, 0.0)
    place = asked_frame_prefix("X1", "update/1")
    bench.queue.send([outgoing_command(EdgeCommand("update/1", "X1", place))])
    bench.receiver.start(OneRound(bench.clock)).join(TIMEOUT)
    assert other.receive_once() == 1
    assert len(bench.stored("X1")) == 1


@pytest.mark.parametrize("place", ["images/P1S/", "latest/A1~asked~0123456789abcdef~", "latest/../x"])
def test_nothing_is_put_anywhere_else(bench: Bench, place: str) -> None:
    bench.pictures.put("P1S", jpeg(), NOW)
    assert bench.ask("P1S", answer=place) == 0
    assert list(bench.frames.list("latest/")) == []


def test_junk_is_taken_out(bench: Bench) -> None:
    bench.queue.send([Outgoing("{}", "a", "1"), Outgoing("junk", "b", "2")])
    assert bench.receiver.receive_once() == 0
    assert bench.queue.receive() == []
    with pytest.raises(ContractError):
        decode_command('{"version": 9}')


def test_a_store_that_is_away_is_opened_again(bench: Bench) -> None:
    def fails() -> tuple[FileFrameStore, SqliteQueue]:
        raise TransientError("no credentials yet")

    receiver = CommandReceiver(fails, bench.pictures, lambda _: True)
    with pytest.raises(TransientError):
        receiver.receive_once()
