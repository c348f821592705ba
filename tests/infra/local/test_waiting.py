"""While Telegram is away the status line says that messages wait, and not "all delivered"."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from functions.shared.ports import Outgoing
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.queue import QueueFigures, SqliteQueue
from infra.local.waiting import waiting_for_telegram, waiting_in_words


@pytest.mark.parametrize(
    ("waiting", "oldest", "words"),
    [
        (0, 0.0, []),
        (3, 2.0, []),  # they are being sent
        (1, 42.0, ["1 message waits for Telegram, for up to 42 s"]),
        (12, 840.0, ["12 messages wait for Telegram, for up to 14 min"]),
    ],
)
def test_in_words(waiting: int, oldest: float, words: list[str]) -> None:
    assert waiting_in_words(QueueFigures(waiting, oldest)) == words


def test_of_the_database(tmp_path: Path) -> None:
    place = tmp_path / "bridge.sqlite3"
    with contextlib.closing(SqliteDatabase(place)) as database:
        queue = SqliteQueue(database, "notifications", True, 3600.0, None, lambda: 1000.0, lambda: 1000.0)
        queue.send([Outgoing("{}", "chat", "one")])
        assert waiting_for_telegram(place, 1007.0) == []
        assert waiting_for_telegram(place, 1420.0) == ["1 message waits for Telegram, for up to 7 min"]


def test_a_database_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    place = tmp_path / "bridge.sqlite3"
    with contextlib.closing(sqlite3.connect(place)) as empty:
        empty.execute("CREATE TABLE other (x)")
    assert waiting_for_telegram(place, 0.0) == ["what waits to be sent cannot be read"]
