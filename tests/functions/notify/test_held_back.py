"""What was held, and who a digest tells of."""

from datetime import time
from pathlib import Path

import pytest

from functions.notify import held_back
from functions.notify.held_back import HeldBack
from functions.notify.sound import Sound
from functions.shared.domain.keys import held_key, held_prefix, printer_key
from functions.shared.domain.quiet_hours import QuietHours
from functions.shared.messages.effects import Category
from functions.shared.messages.printer_record import PrinterRecord, record_to_json
from functions.shared.messages.quiet_times import QuietTimes
from tests.functions.notify.harness import BERLIN, Harness, notification
from tests.support.telegram.server import TelegramServer


def test_those_that_it_tells_of_are_known_however_many_there_are(
    tmp_path: Path, telegram: TelegramServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_back, "MOST_LOOKED_AT", 4)
    monkeypatch.setattr(held_back, "PAGE", 2)
    harness = Harness(tmp_path, telegram, telegram.chat_id)
    for number in range(9):
        record = PrinterRecord(f"P{number}", state="RUNNING")
        harness.records.put(printer_key(record.printer_id), record_to_json(record), 0)
    day = QuietTimes(QuietHours(time(1), time(23)), BERLIN)
    held = HeldBack(harness.records, harness.chat_id, day, harness.clock)
    for printer in ("P1", "P8"):
        told = notification(Category.FINISHED, printer_id=printer)
        assert held.sound(told, is_edited=False) is Sound.NONE
    at_night = QuietTimes(None, BERLIN)
    later = HeldBack(harness.records, harness.chat_id, at_night, harness.clock)
    told_of = later.told_until(harness.clock())
    assert {it.printer_id for it in told_of} == {"P1", "P8"}
    assert [it.printer_id for it in later.standing(told_of)] == ["P0", "P1", "P2", "P3", "P8"]


def test_what_was_told_is_no_longer_listed_and_what_came_later_is(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    harness = Harness(tmp_path, telegram, telegram.chat_id)
    day = QuietTimes(QuietHours(time(1), time(23)), BERLIN)
    held = HeldBack(harness.records, harness.chat_id, day, harness.clock)
    held.sound(notification(Category.FINISHED, 1), is_edited=False)
    cut = harness.clock()
    harness.clock.pass_time(1)
    held.sound(notification(Category.FINISHED, 2), is_edited=False)
    over = HeldBack(harness.records, harness.chat_id, QuietTimes(None, BERLIN), harness.clock)
    over.clear(cut)
    (left,) = over.told_until(harness.clock())
    assert [it.notification.id for it in left.messages] == ["c0-2/finished"]
    over.clear(harness.clock())
    assert harness.records.list(held_prefix(harness.chat_id)) == []
    assert harness.records.get(held_key(harness.chat_id, "A1M-1")) is None
    held.sound(notification(Category.FINISHED, 3), is_edited=False)
    assert len(harness.records.list(held_prefix(harness.chat_id))) == 1
