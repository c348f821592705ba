"""Quiet hours and mutes: what is no alert wakes nobody, and all of it is told once when they are over."""

from pathlib import Path
from typing import Any

import pytest

from functions.notify import service
from functions.notify.held_back import HeldBack
from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import held_prefix
from functions.shared.errors import TransientError
from functions.shared.messages.chat_preferences import (
    EVERY_PRINTER,
    with_mute,
    with_quiet,
    without_mute,
)
from functions.shared.messages.effects import Category
from functions.shared.ports import RecordStore
from tests.functions.notify.night import RAN_OUT, Night, at, harness_at, wish
from tests.support.telegram.server import TelegramServer


def loud(telegram: TelegramServer) -> list[str]:
    return [message.text.split("\n")[0] for message in telegram.messages if not message.is_silent]


@pytest.mark.parametrize(("answers", "sounds"), [(True, 1), (False, 0)])
def test_who_switches_answers_off_has_the_quiet_hours_of_the_settings(
    tmp_path: Path, telegram: TelegramServer, answers: bool, sounds: int
) -> None:
    harness = harness_at(tmp_path, telegram, "2025-11-24T23:00", chat_answers=answers)
    wish(harness, lambda preferences: with_quiet(preferences, "off"))
    Night(harness).tells("2025-11-24T23:10", "A1M-1", Category.FINISHED, "benchy.3mf")
    assert len(loud(telegram)) == sounds
    harness.clock.pass_time(1200)
    assert not harness.digests.check(), "and what is kept back is told when those are over"


def test_a_night_of_three_printers_with_a_restart_in_it(tmp_path: Path, telegram: TelegramServer) -> None:
    harness = harness_at(tmp_path, telegram, "2025-11-24T21:00")
    night = Night(harness)
    night.stands("P1S-2", "RUNNING", "bracket.3mf", 10)
    night.tells("2025-11-24T21:30", "A1M-1", Category.STARTED, "benchy.3mf")
    night.tells("2025-11-24T22:10", "A1M-1", Category.PROGRESS, "benchy.3mf", percent=20)
    night.tells("2025-11-24T23:10", "A1M-1", Category.PHOTO, "benchy.3mf", percent=40)
    night.tells("2025-11-25T01:40", "X1C-3", Category.FAILED, "vase.3mf", severity=Severity.CRITICAL)
    night.stands("X1C-3", "FAILED", "vase.3mf", 62, result="failed")
    harness.restart()
    night.tells(
        *("2025-11-25T03:12", "P1S-2", Category.PAUSED, "bracket.3mf"),
        severity=Severity.ATTENTION, reason="Filament ran out", faults=(RAN_OUT,), percent=45,
    )  # fmt: skip
    night.stands("P1S-2", "PAUSE", "bracket.3mf", 45)
    night.tells("2025-11-25T04:10", "A1M-1", Category.FINISHED, "benchy.3mf")
    night.tells("2025-11-25T05:00", "A1M-1", Category.STARTED, "lid.3mf")
    night.tells("2025-11-25T06:30", "A1M-1", Category.PROGRESS, "lid.3mf", percent=60)
    harness.clock.pass_time(at("2025-11-25T06:59") - harness.clock())
    night.stands("A1M-1", "RUNNING", "lid.3mf", 65, remaining_minutes=130)
    assert loud(telegram) == [
        "▶️ A1M-1: print started",
        "❌ X1C-3: print failed",
        "⏸️ P1S-2: print paused",
    ]
    assert [message.text.split("\n")[0] for message in telegram.messages if message.is_silent] == [
        "✅ A1M-1: print finished",
        "▶️ A1M-1: print started",
    ]
    before = len(telegram.messages)
    night.comes("2025-11-25T06:59:30")
    assert len(telegram.messages) == before
    harness.restart()
    night.comes("2025-11-25T07:00:05")
    harness.restart()
    night.comes("2025-11-25T07:05:05")
    night.comes("2025-11-25T13:10:00")
    (digest,) = telegram.messages[before:]
    assert not digest.is_silent
    assert digest.text.split("\n") == [
        "🌅 Quiet hours are over",
        "",
        "⏸️ P1S-2: paused bracket.3mf · 45 %",
        "03:12 ⏸️ print paused. Filament ran out.",
        "",
        "❌ X1C-3: failed",
        "01:40 ❌ print failed vase.3mf",
        "",
        "🖨 A1M-1: printing lid.3mf · 65 % · ready ~09:09 CET",
        "04:10 ✅ print finished benchy.3mf",
        "05:00 ▶️ print started lid.3mf",
        "",
        "Kept back: 2 progress messages · 1 photo",
    ]
    assert harness.records.list(held_prefix(harness.chat_id)) == []


def test_a_mute_in_mid_print_says_at_its_end_what_it_kept_back(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    harness = harness_at(tmp_path, telegram, "2025-11-24T12:00", quiet_hours=None, chat_answers=True)
    night = Night(harness)
    night.stands("A1M-1", "RUNNING", "benchy.3mf", 20)
    wish(harness, lambda known: with_mute(known, "A1M-1", at("2025-11-24T12:00"), at("2025-11-24T14:00")))
    night.tells("2025-11-24T12:30", "A1M-1", Category.PROGRESS, "benchy.3mf", percent=25)
    night.tells("2025-11-24T12:31", "P1S-2", Category.PROGRESS, "vase.3mf", percent=25)
    night.tells("2025-11-24T12:40", "A1M-1", Category.RESUMED, "benchy.3mf", percent=25)
    night.tells(*("2025-11-24T12:50", "A1M-1", Category.PAUSED, "benchy.3mf"), severity=Severity.ATTENTION)
    night.comes("2025-11-24T13:59")
    assert [message.text.split("\n")[0] for message in telegram.messages] == [
        "🖨 P1S-2: printing",
        "▶️ A1M-1: print resumed",
        "⏸️ A1M-1: print paused",
    ]
    assert loud(telegram) == ["⏸️ A1M-1: print paused"]
    night.comes("2025-11-24T14:00:10")
    night.comes("2025-11-24T14:10:10")
    (digest,) = telegram.messages[3:]
    assert digest.text.split("\n") == [
        "🔔 A1M-1: no longer muted",
        "",
        "🖨 A1M-1: printing benchy.3mf · 20 %",
        "12:40 ▶️ print resumed",
        "12:50 ⏸️ print paused",
        "",
        "Kept back: 1 progress message",
    ]


def test_a_mute_that_is_taken_back_is_over_at_once_and_one_of_all_is_told_together(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    harness = harness_at(tmp_path, telegram, "2025-11-24T12:00", quiet_hours=None, chat_answers=True)
    night = Night(harness)
    wish(harness, lambda known: with_mute(known, EVERY_PRINTER, harness.clock(), harness.clock() + 36_000))
    night.tells("2025-11-24T12:30", "A1M-1", Category.FINISHED, "benchy.3mf")
    night.tells("2025-11-24T12:31", "P1S-2", Category.FINISHED, "vase.3mf")
    night.comes("2025-11-24T13:00")
    assert loud(telegram) == []
    wish(harness, lambda known: without_mute(known, EVERY_PRINTER, harness.clock()))
    night.comes("2025-11-24T13:01")
    assert loud(telegram) == ["🔔 No longer muted"]


def test_the_wish_of_the_chat_outranks_the_hours_that_are_set(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    harness = harness_at(tmp_path, telegram, "2025-11-24T12:00", chat_answers=True)
    night = Night(harness)
    wish(harness, lambda known: with_quiet(known, "off"))
    night.tells("2025-11-24T23:00", "A1M-1", Category.FINISHED, "benchy.3mf")
    wish(harness, lambda known: with_quiet(known, "12:00-14:00"))
    night.tells("2025-11-25T13:00", "A1M-1", Category.FINISHED, "lid.3mf")
    assert [message.is_silent for message in telegram.messages] == [False, True]


def test_what_is_late_or_asks_for_nothing_more_is_told_as_ever(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    """Nothing is read or written of quiet where nobody asked for it."""
    harness = harness_at(tmp_path, telegram, "2025-11-24T23:00", quiet_hours=None)
    wish(harness, lambda known: with_mute(known, EVERY_PRINTER, harness.clock(), harness.clock() + 36_000))
    Night(harness).tells("2025-11-24T23:00", "A1M-1", Category.FINISHED, "benchy.3mf")
    assert loud(telegram) == ["✅ A1M-1: print finished"]
    assert harness.records.list(held_prefix(harness.chat_id)) == []


def test_a_digest_waits_for_telegram_and_comes_once(tmp_path: Path, telegram: TelegramServer) -> None:
    harness = harness_at(tmp_path, telegram, "2025-11-24T23:00")
    night = Night(harness)
    night.tells("2025-11-24T23:00", "A1M-1", Category.FINISHED, "benchy.3mf")
    telegram.down()
    for minutes in range(0, 60, 5):
        night.comes(f"2025-11-25T07:{minutes:02}")
    assert harness.queue.count() == 1
    harness.restart()
    telegram.up()
    harness.run(900, step=5)
    night.comes("2025-11-25T09:00")
    assert [message.text.split("\n")[0] for message in telegram.messages] == [
        "✅ A1M-1: print finished",
        "🌅 Quiet hours are over",
    ]


@pytest.mark.parametrize(
    ("begin", "last", "over"),
    [
        ("2025-03-29T23:00", "2025-03-30T06:59", "2025-03-30T07:00:10"),
        ("2025-10-25T23:00", "2025-10-26T06:59", "2025-10-26T07:00:10"),
    ],
    ids=["clocks go forward", "clocks go back"],
)
def test_a_night_in_which_clocks_change_has_one_digest(
    begin: str, last: str, over: str, tmp_path: Path, telegram: TelegramServer
) -> None:
    harness = harness_at(tmp_path, telegram, begin)
    night = Night(harness)
    night.tells(begin, "A1M-1", Category.FINISHED, "benchy.3mf")
    start, end = at(begin), at(last)
    for step in range(1, int((end - start) // 600)):
        harness.clock.pass_time(start + step * 600 - harness.clock())
        harness.digests.check()
    night.comes(last)
    assert len(telegram.messages) == 1
    night.comes(over)
    assert len(telegram.messages) == 2


class FullStore:
    """A store that writes nothing of what is held while `is_full`."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self.is_full = False

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        if self.is_full and key.startswith("held/"):
            raise TransientError("it takes nothing")
        return self._records.put(key, value, expected_version, expires_at)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)


def test_a_store_in_trouble_keeps_what_waits_and_holds_up_no_alert(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    harness = harness_at(tmp_path, telegram, "2025-11-24T23:00")
    store = FullStore(harness.records)
    harness.records = store
    harness.restart()
    night = Night(harness)
    store.is_full = True
    night.tells("2025-11-24T23:01", "A1M-1", Category.PAUSED, "benchy.3mf", severity=Severity.ATTENTION)
    night.tells("2025-11-24T23:02", "A1M-1", Category.RESUMED, "benchy.3mf")
    assert loud(telegram) == ["⏸️ A1M-1: print paused"]
    assert harness.queue.count() == 1
    store.is_full = False
    harness.run(90)
    store.is_full = True
    night.comes("2025-11-25T07:01")
    harness.run(30)
    store.is_full = False
    harness.run(90)
    night.comes("2025-11-25T09:01")
    assert [message.text.split("\n")[0] for message in telegram.messages] == [
        "⏸️ A1M-1: print paused",
        "▶️ A1M-1: print resumed",
        "🌅 Quiet hours are over",
    ]
    assert harness.records.list(held_prefix(harness.chat_id)) == []


class KilledError(BaseException):
    """The process is gone at this point."""


@pytest.mark.parametrize("when", ["before the mark", "before it is taken out"])
def test_a_kill_around_the_digest_repeats_it_at_most_where_a_message_may_be_repeated(
    when: str, tmp_path: Path, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = harness_at(tmp_path, telegram, "2025-11-24T23:00")
    night = Night(harness)
    night.tells("2025-11-24T23:00", "A1M-1", Category.FINISHED, "benchy.3mf")

    def dies(*_: object) -> None:
        raise KilledError

    is_before = when == "before the mark"
    if is_before:
        monkeypatch.setattr(service, "mark_done", dies)
    else:
        monkeypatch.setattr(HeldBack, "clear", dies)
    with pytest.raises(KilledError):
        night.comes("2025-11-25T07:01")
    monkeypatch.undo()
    harness.clock.pass_time(601)
    harness.restart()
    harness.run(5)
    night.comes("2025-11-25T09:01")
    digests = [message for message in telegram.messages if message.text.startswith("🌅")]
    assert len(digests) == (2 if is_before else 1)
    assert harness.records.list(held_prefix(harness.chat_id)) == []
