"""When the digest is asked for: once it is quiet no more, and once."""

import contextlib
from dataclasses import replace
from datetime import UTC, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from functions.shared.digest_schedule import DigestSchedule, digest_schedule
from functions.shared.domain.keys import held_key, preferences_key
from functions.shared.domain.quiet_hours import QuietHours
from functions.shared.messages.chat_preferences import ChatPreferences, preferences_to_json, with_mute
from functions.shared.messages.effects import Category, Notification, decode_notification
from functions.shared.messages.held_messages import HeldMessages, held_to_json, with_message
from functions.shared.messages.quiet_times import QuietTimes
from functions.shared.settings import Settings
from infra.local.storage.database import SqliteDatabase
from infra.local.storage.queue import SqliteQueue
from infra.local.storage.records import SqliteRecordStore
from infra.local.stores import open_stores
from tests.support.clock import HandClock
from tests.support.open_databases import closed_at_the_end

CHAT = "-1001234567890"
DAY = 20_000 * 86_400.0  # midnight in UTC
HOUR = 3600.0


class Harness:
    def __init__(self, folder: Path, at: float) -> None:
        self.clock = HandClock(DAY + at)
        self.database = closed_at_the_end(SqliteDatabase(folder / "state.sqlite3"))
        self.records = SqliteRecordStore(self.database, self.clock)
        self.queue = SqliteQueue(self.database, "notifications", True, 600, None, self.clock)
        times = QuietTimes(QuietHours(time(22, 0), time(7, 0)), UTC)
        self.schedule = DigestSchedule(self.records, self.queue, CHAT, times, self.clock)

    def hold(self, printer: str) -> None:
        now = self.clock()
        told = Notification(f"{printer}/x", Category.FINISHED, printer, now)
        held = with_message(HeldMessages(), told, now, is_kept_back=False, by_hours=True)
        self.records.put(held_key(CHAT, printer), held_to_json(held), 0)

    def asked(self) -> list[Notification]:
        return [decode_notification(it.body) for it in self.queue.receive(10)]


def test_it_is_asked_for_once_after_the_night(tmp_path: Path) -> None:
    harness = Harness(tmp_path, 23 * HOUR)
    assert not harness.schedule.check()
    harness.hold("A1")
    harness.clock.pass_time(7 * HOUR + 3540)
    assert not harness.schedule.check()
    harness.clock.pass_time(60)
    assert harness.schedule.check()
    for _ in range(11):
        harness.clock.pass_time(300)
        assert not harness.schedule.check()
    (asked,) = harness.asked()
    assert (asked.category, asked.observed_at) == (Category.DIGEST, DAY + 31 * HOUR)


@pytest.mark.parametrize("answers", [True, False])
def test_what_the_chat_wished_ends_the_night_only_while_answers_are_on(tmp_path: Path, answers: bool) -> None:
    settings = Settings(
        data_dir=tmp_path,
        telegram_chat_id=CHAT,
        quiet_hours=QuietHours(time(22, 0), time(7, 0)),
        timezone=ZoneInfo("UTC"),
        chat_answers=answers,
    )
    harness = Harness(tmp_path, 23 * HOUR)
    harness.hold("A1")
    wished = preferences_to_json(ChatPreferences(quiet="off"))
    harness.records.put(preferences_key(CHAT), wished, 0)
    stores = open_stores(settings, harness.clock)
    closed_at_the_end(stores.database)
    assert digest_schedule(replace(stores, records=harness.records), settings).check() is answers


def test_one_that_was_lost_is_asked_for_anew(tmp_path: Path) -> None:
    harness = Harness(tmp_path, 6 * HOUR)
    harness.hold("A1")
    harness.clock.pass_time(HOUR)
    assert harness.schedule.check()
    assert len(harness.asked()) == 1
    harness.clock.pass_time(HOUR + 60)
    assert harness.schedule.check()


def test_a_printer_that_is_muted_longer_is_waited_for_and_holds_up_no_other(tmp_path: Path) -> None:
    harness = Harness(tmp_path, 6 * HOUR)
    muted = with_mute(ChatPreferences(), "A1", harness.clock(), harness.clock() + 4 * HOUR)
    harness.records.put(preferences_key(CHAT), preferences_to_json(muted), 0)
    harness.hold("A1")
    harness.clock.pass_time(HOUR)
    assert not harness.schedule.check()
    harness.hold("P1S")
    harness.clock.pass_time(1)
    assert harness.schedule.check()
    harness.clock.pass_time(4 * HOUR)
    assert harness.schedule.check()


def test_a_crash_between_asking_and_remembering_it_asks_again(tmp_path: Path) -> None:
    """The queue drops the repeat."""
    harness = Harness(tmp_path, 6 * HOUR)
    harness.hold("A1")
    harness.clock.pass_time(HOUR)

    class Dying(SqliteRecordStore):
        def put_if_absent(self, key: str, expires_at: float) -> bool:
            raise KeyboardInterrupt

    dying = Dying(harness.database, harness.clock)
    with contextlib.suppress(KeyboardInterrupt):
        DigestSchedule(dying, harness.queue, CHAT, harness.schedule.times, harness.clock).check()
    harness.clock.pass_time(30)
    assert harness.schedule.check()
    assert len(harness.asked()) == 1
