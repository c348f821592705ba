"""The new id of a group is set, as the bridge advises: what people wished and what was remembered goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.notify.service import build_service
from functions.notify.transports import LogTransport
from functions.shared.chat_upgrade import carry_over
from functions.shared.domain.keys import (
    chat_key,
    held_key,
    held_prefix,
    job_message_key,
    preferences_key,
    reception_key,
    topic_key,
)
from functions.shared.errors import TransientError
from functions.shared.messages.chat_preferences import ChatPreferences, preferences_to_json, with_mute
from functions.shared.messages.chat_record import ChatState, chat_state_of
from functions.shared.messages.codec import to_json
from functions.shared.settings import Settings
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.records import SqliteRecordStore
from infra.local.stores import open_stores
from tests.functions.chat.harness import NOW, Harness, running
from tests.support.clock import HandClock
from tests.support.open_databases import closed_at_the_end
from tests.support.telegram.server import GROUP_ID, TelegramServer

OLD, NEW = "-5", str(GROUP_ID)
OF_PRINTERS = (held_key, job_message_key, topic_key)


class Flaky(SqliteRecordStore):
    """Away after so many more writes."""

    left = 1000

    def put(self, *args: Any, **more: Any) -> int:
        self.left -= 1
        if self.left < 0:
            raise TransientError("away")
        return super().put(*args, **more)


@pytest.fixture
def records(tmp_path: Path) -> Flaky:
    database = closed_at_the_end(SqliteDatabase(tmp_path / "state.sqlite3"))
    return Flaky(database, HandClock(NOW))


@pytest.fixture
def telegram() -> Iterator[TelegramServer]:
    with TelegramServer(chats={-5: None, GROUP_ID: None}) as server:
        yield server


def remember(records: SqliteRecordStore, chat: str) -> None:
    wishes = with_mute(ChatPreferences(quiet="22:00-07:00"), "P1S", NOW, NOW + 3600)
    records.put(preferences_key(chat), preferences_to_json(wishes), 0)
    records.put(reception_key(chat), {"commands": "some"}, 0)
    for key_of in OF_PRINTERS:
        for printer in ("P1S", "A1"):
            records.put(key_of(chat, printer), {"of": printer}, 0)
    state = ChatState(window=(NOW - 1,), failures=2, held_from=NOW, held_until=NOW + 60, moved_to=NEW)
    records.put(chat_key(chat), to_json(state), 0)


def value(records: SqliteRecordStore, key: str) -> dict[str, Any] | None:
    stored = records.get(key)
    return None if stored is None else stored.value


def everything(records: SqliteRecordStore, chat: str) -> list[dict[str, Any] | None]:
    keys = [preferences_key(chat), reception_key(chat)]
    keys += [key_of(chat, printer) for key_of in OF_PRINTERS for printer in ("P1S", "A1")]
    return [value(records, key) for key in keys]


def test_a_mute_and_quiet_hours_outlast_the_change_of_the_id(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    harness = Harness(tmp_path, telegram, changed={"telegram_chat_id": OLD})
    harness.knows(running("P1S"))
    remember(harness.records, OLD)
    harness.changed = {"telegram_chat_id": NEW}
    harness.restart()
    assert harness.preferences.muted_until("P1S", NOW) == NOW + 3600
    harness.says("/quiet", chat={"id": GROUP_ID, "type": "supergroup"})
    assert "22:00" in harness.last


def test_all_that_is_remembered_goes_on_and_nothing_is_refused_any_more(records: Flaky) -> None:
    remember(records, OLD)
    known = everything(records, OLD)
    carry_over(records, NEW, HandClock(NOW))
    assert everything(records, NEW) == known
    assert chat_state_of(records.get(chat_key(NEW))) == ChatState(window=(NOW - 1,))
    assert records.get(chat_key(OLD)) is None, "health says no longer that an id is to be set"


def test_what_was_wished_under_the_new_id_stays(records: Flaky) -> None:
    remember(records, OLD)
    records.put(preferences_key(NEW), preferences_to_json(ChatPreferences(quiet="off")), 0)
    carry_over(records, NEW, HandClock(NOW))
    assert value(records, preferences_key(NEW)) == preferences_to_json(ChatPreferences(quiet="off"))
    assert len(records.list(held_prefix(NEW))) == 2


@pytest.mark.parametrize("writes", range(10))
def test_a_start_that_fails_in_between_leaves_the_rest_to_the_next(records: Flaky, writes: int) -> None:
    remember(records, OLD)
    known = everything(records, OLD)
    records.left = writes
    carry_over(records, NEW, HandClock(NOW))
    records.left = 1000
    carry_over(records, NEW, HandClock(NOW))
    assert everything(records, NEW) == known


@pytest.mark.parametrize("chat", [OLD, "-77", ""])
def test_another_chat_is_given_nothing(records: Flaky, chat: str) -> None:
    remember(records, OLD)
    known = everything(records, OLD)
    carry_over(records, chat, HandClock(NOW))
    assert everything(records, OLD) == known
    assert (value(records, chat_key(OLD)) or {})["moved_to"] == NEW
    assert chat == OLD or records.get(preferences_key(chat)) is None


def test_who_sends_messages_carries_it_over_too(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, telegram_chat_id=NEW)
    stores = open_stores(settings, HandClock(NOW))
    closed_at_the_end(stores.database)
    remember(stores.records, OLD)
    build_service(stores, settings, LogTransport())
    assert value(stores.records, preferences_key(NEW)) is not None
