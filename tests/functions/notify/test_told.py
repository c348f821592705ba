"""What was told of a printer is kept for a day, for who looks at the page."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import told_key
from functions.shared.errors import TransientError
from functions.shared.messages.effects import Category
from functions.shared.messages.told_messages import ToldMessage, told_of
from tests.functions.notify.harness import NOW, PRINTER, Harness, notification
from tests.support.telegram import faults as faults
from tests.support.telegram.server import GROUP_ID, TelegramServer


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    with TelegramServer() as telegram:
        yield Harness(tmp_path, telegram, str(GROUP_ID), per_minute=0)


def told(harness: Harness, printer_id: str = PRINTER) -> tuple[ToldMessage, ...]:
    stored = harness.records.get(told_key(printer_id))
    return told_of(stored.value).messages if stored else ()


def test_what_was_sent_is_kept_without_markup_and_once(harness: Harness) -> None:
    first = notification(Category.STARTED, 1, job_name="<b>@all</b> http://x.example/")
    second = notification(Category.FAILED, 2, reason="It is stuck", severity=Severity.CRITICAL)
    harness.put(first, second)
    harness.run(0)
    newest, oldest = sorted(told(harness), key=lambda it: it.id, reverse=True)
    assert (newest.id, newest.at, newest.severity) == (second.id, NOW, Severity.CRITICAL)
    assert newest.text.splitlines()[0] == f"❌ {PRINTER}: print failed"
    assert "It is stuck" in newest.text
    assert "<b>@all</b> http://x.example/" in oldest.text
    harness.put(first)
    harness.run(0)
    assert len(told(harness)) == 2


def test_progress_and_photos_and_what_is_no_printers_are_not_kept(harness: Harness) -> None:
    for number, category in enumerate((Category.PROGRESS, Category.PHOTO, Category.COLLECTOR_LOST)):
        harness.put(notification(category, number))
    harness.run(0)
    assert len(harness.telegram.messages) == 3
    assert told(harness) == ()


def test_what_is_not_sent_is_not_kept(harness: Harness) -> None:
    harness.telegram.script(faults.SERVER_ERROR)
    harness.put(notification(Category.FINISHED))
    harness.turn()
    assert told(harness) == ()
    harness.run(60)
    assert len(told(harness)) == 1


def test_a_store_that_takes_it_not_has_no_message_sent_again(harness: Harness) -> None:
    put = harness.records.put

    def refuses(key: str, *arguments: Any, **named: Any) -> int:
        if key.startswith("told/"):
            raise TransientError("the disk is full") from sqlite3.OperationalError("full")
        return put(key, *arguments, **named)

    harness.records.put = refuses  # type: ignore[method-assign]
    harness.put(notification(Category.FINISHED))
    harness.run(60)
    assert len(harness.telegram.messages) == 1
    assert told(harness) == ()


def test_it_is_forgotten_by_itself(harness: Harness) -> None:
    harness.put(notification(Category.FINISHED))
    harness.run(0)
    assert len(told(harness)) == 1
    harness.clock.pass_time(3 * 86_400)
    assert told(harness) == ()
