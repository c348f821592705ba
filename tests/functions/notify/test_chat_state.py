"""What is remembered of a chat survives two writers at once."""

from dataclasses import replace

import pytest

from functions.notify.chat_state import change_state, read_state
from functions.shared.errors import ConflictError
from functions.shared.messages.chat_record import ChatState
from functions.shared.ports import RecordStore, Stored
from tests.functions.notify.harness import Harness

KEY = "chat/x"


class Contested:
    """Somebody else always writes between a read and the write that follows it, so many times."""

    def __init__(self, inner: RecordStore, times: int) -> None:
        self._inner = inner
        self._left = times
        self.put = inner.put
        self.list = inner.list
        self.put_if_absent = inner.put_if_absent

    def get(self, key: str) -> Stored | None:
        stored = self._inner.get(key)
        if self._left:
            self._left -= 1
            window = (stored.value["window"] if stored else []) + [float(self._left)]
            self._inner.put(key, {"window": window, "failures": 0}, stored.version if stored else 0)
        return stored


def one_more(state: ChatState) -> ChatState:
    return replace(state, failures=state.failures + 1)


def test_a_change_that_meets_another_is_applied_to_the_newer_state(harness: Harness) -> None:
    after = change_state(Contested(harness.records, 3), KEY, one_more)
    assert after == ChatState(window=(2.0, 1.0, 0.0), failures=1)
    assert read_state(harness.records, KEY) == after


def test_endless_contention_is_said_and_not_endless(harness: Harness) -> None:
    with pytest.raises(ConflictError):
        change_state(Contested(harness.records, 10_000), KEY, one_more)


def test_no_change_writes_nothing(harness: Harness) -> None:
    change_state(harness.records, KEY, one_more)
    before = harness.database.commits
    change_state(harness.records, KEY, lambda state: state)
    assert harness.database.commits == before
