"""A place in the chat and the start of a message are written at once where the table is a trip away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from functions.shared.domain.keys import chat_key, starts_key
from functions.shared.errors import TransientError
from functions.shared.messages.effects import Category
from functions.shared.ports import RecordStore, Stored
from tests.functions.notify.harness import NOW, Harness, notification
from tests.support.telegram.server import GROUP_ID, TelegramServer


class Faster:
    """Somebody else's message takes a place in the chat right after it was looked at, once."""

    def __init__(self, inner: RecordStore, error: Exception | None = None) -> None:
        self._inner = inner
        self._error = error
        self.is_waiting = True
        self.list = inner.list
        self.put_if_absent = inner.put_if_absent

    def get(self, key: str) -> Stored | None:
        stored = self._inner.get(key)
        if self.is_waiting and key == chat_key(str(GROUP_ID)):
            self.is_waiting = False
            self._inner.put(key, {"window": [NOW]}, stored.version if stored else 0)
        return stored

    def put(self, key: str, value: dict[str, object], version: int, expires_at: float | None = None) -> int:
        if self._error is not None and key.startswith("chat/"):
            error, self._error = self._error, None
            raise error
        return self._inner.put(key, value, version, expires_at)


@pytest.fixture
def harness(tmp_path: Path, telegram: TelegramServer) -> Iterator[Harness]:
    """A group that takes one message a minute."""
    with ThreadPoolExecutor(1) as pool:
        yield Harness(tmp_path, telegram, str(GROUP_ID), per_minute=1, pool=pool)


def starts_of(harness: Harness, effect: str) -> object:
    stored = harness.records.get(starts_key(effect))
    return None if stored is None else stored.value["starts"]


def test_a_message_is_begun_and_sent(harness: Harness, telegram: TelegramServer) -> None:
    made = notification(Category.STARTED)
    harness.put(made)
    assert harness.turn() == 1
    assert len(telegram.messages) == 1
    assert starts_of(harness, made.id) == 1


def test_one_that_must_wait_is_not_begun(harness: Harness, telegram: TelegramServer) -> None:
    harness.records.put(chat_key(str(GROUP_ID)), {"window": [NOW]}, 0)
    made = notification(Category.STARTED)
    harness.put(made)
    harness.turn()
    assert not telegram.messages
    assert starts_of(harness, made.id) is None


@pytest.mark.parametrize("error", [None, TransientError("throttled")])
def test_one_that_somebody_else_was_faster_than_takes_its_start_back_and_no_other(
    harness: Harness, telegram: TelegramServer, error: Exception | None
) -> None:
    made = notification(Category.STARTED)
    harness.records.put(starts_key(made.id), {"starts": 2}, 0)  # of two runs that broke off
    harness.records = Faster(harness.records, error)
    harness.restart()
    harness.put(made)
    harness.turn()
    assert not telegram.messages
    assert starts_of(harness, made.id) == 2
    harness.run(70, step=1)
    assert len(telegram.messages) == 1
    assert starts_of(harness, made.id) == 3
