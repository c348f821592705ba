"""PROGRESS_MODE: one message for each job that is edited, alerts that answer to it; or no progress at all."""

from pathlib import Path
from typing import Any

import pytest

from functions.notify.telegram import Telegram
from functions.shared.domain.faults import Severity
from functions.shared.domain.keys import printer_key
from functions.shared.errors import TransientError
from functions.shared.messages.effects import Category
from functions.shared.messages.printer_record import Job, PrinterRecord, record_to_json
from functions.shared.messages.report import FrameReference
from functions.shared.ports import RecordStore, Stored
from tests.functions.notify.harness import JOB, NOW, PRINTER, Harness, jpeg, notification
from tests.support.telegram.chats import ChatProfile
from tests.support.telegram.faults import SERVER_ERROR, answers
from tests.support.telegram.server import GROUP_ID, TelegramServer

EDIT = {"progress_mode": "edit"}


@pytest.fixture
def editing(tmp_path: Path, telegram: TelegramServer) -> Harness:
    return Harness(tmp_path, telegram, telegram.chat_id, rules=EDIT)


class Print:
    """Messages of one job, each so many seconds after the last."""

    def __init__(self, harness: Harness, job: str = "job-1") -> None:
        self.harness = harness
        self.job = job
        self.number = 0

    def tells(self, category: Category, percent: int | None = None, after: float = 300, **said: Any) -> None:
        self.harness.clock.pass_time(after)
        self.number += 1
        told = notification(
            category,
            self.number,
            job_id=self.job,
            percent=percent,
            observed_at=self.harness.clock(),
            **said,
        )
        self.harness.put(told)
        self.harness.run(1)


def firsts(telegram: TelegramServer) -> list[str]:
    return [message.text.split("\n")[0] for message in telegram.messages]


def frame_now(harness: Harness, colour: str) -> FrameReference:
    now = harness.clock()
    taken = harness.frame(NOW - now, data=jpeg(colour=colour))
    return FrameReference(taken.key, now, taken.size)


def test_a_print_is_one_message_and_what_matters_answers_to_it(
    editing: Harness, telegram: TelegramServer
) -> None:
    job = Print(editing)
    job.tells(Category.STARTED, 0)
    for percent in (5, 10, 15):
        job.tells(Category.PROGRESS, percent)
    job.tells(Category.PAUSED, 16, severity=Severity.ATTENTION)
    job.tells(Category.RESUMED, 16)
    job.tells(Category.PROGRESS, 20)
    job.tells(Category.FINISHED, 100, duration_seconds=3600.0)
    assert firsts(telegram) == [
        "▶️ A1M-1: print started",
        "✅ A1M-1: print finished",
        "⏸️ A1M-1: print paused",
        "▶️ A1M-1: print resumed",
        "✅ A1M-1: print finished",
    ]
    assert [message.reply_to for message in telegram.messages] == [None, None, 2, 2, 2]
    assert [message.is_silent for message in telegram.messages] == [False, True, False, False, False]
    assert [(edit.id, edit.text.split("\n")[2][-4:]) for edit in telegram.edits] == [
        *((2, "10 %"), (2, "15 %"), (2, "20 %")),
        (2, " 1 h"),
    ]
    assert telegram.messages[1].text == "✅ A1M-1: print finished\nbenchy.gcode.3mf\ntook 1 h"
    assert editing.queue.count() == 0


def test_it_is_edited_at_most_once_a_minute(editing: Harness, telegram: TelegramServer) -> None:
    job = Print(editing)
    for percent in range(1, 31):
        job.tells(Category.PROGRESS, percent, after=10)
    assert len(telegram.messages) == 1
    assert 3 <= len(telegram.edits) <= 5
    job.tells(Category.FINISHED, 100, after=1)
    assert telegram.messages[0].text.startswith("✅")


def test_the_same_message_goes_on_after_a_restart(editing: Harness, telegram: TelegramServer) -> None:
    job = Print(editing)
    job.tells(Category.PROGRESS, 5)
    editing.restart()
    job.tells(Category.PROGRESS, 10)
    editing.restart()
    job.tells(Category.FAILED, 11, severity=Severity.CRITICAL)
    assert firsts(telegram) == ["❌ A1M-1: print failed", "❌ A1M-1: print failed"]
    assert (telegram.messages[0].edits, telegram.messages[1].reply_to) == (2, 1)


def test_a_photo_goes_with_the_figures_and_stays_until_there_is_a_newer_one(
    editing: Harness, telegram: TelegramServer
) -> None:
    job = Print(editing)
    job.tells(Category.PHOTO, 5, frame=frame_now(editing, "teal"), after=0)
    assert telegram.messages[0].photo == jpeg(colour="teal")
    job.tells(Category.PROGRESS, 10)
    (message,) = telegram.messages
    assert message.photo == jpeg(colour="teal")
    assert message.text.endswith("10 %")
    editing.clock.pass_time(300)
    job.tells(Category.PHOTO, 12, frame=frame_now(editing, "red"), after=0)
    assert telegram.messages[0].photo == jpeg(colour="red")
    editing.clock.pass_time(300)
    broken = frame_now(editing, "blue")
    telegram.script(answers(400, "Bad Request: IMAGE_PROCESS_FAILED"), method="editMessageMedia")
    job.tells(Category.PHOTO, 15, frame=broken, after=0)
    assert telegram.messages[0].text.endswith("15 %")


def test_figures_without_a_photo_of_their_own_have_the_printers_newest(
    editing: Harness, telegram: TelegramServer
) -> None:
    job = Job(
        id="job-1", started_at=NOW, start_is_known=True, state="RUNNING", printing_since=NOW,
        next_photo_at=NOW, next_inspection_at=NOW, name=JOB,
    )  # fmt: skip
    record = PrinterRecord(PRINTER, job=job, frame=frame_now(editing, "teal"))
    editing.records.put(printer_key(PRINTER), record_to_json(record), 0)
    Print(editing).tells(Category.PROGRESS, 5, after=20)
    assert telegram.messages[0].photo == jpeg(colour="teal")


def test_a_message_that_somebody_deleted_is_sent_anew_once(
    editing: Harness, telegram: TelegramServer
) -> None:
    job = Print(editing)
    job.tells(Category.PROGRESS, 5)
    telegram.deleted.add(1)
    job.tells(Category.PROGRESS, 10)
    job.tells(Category.PROGRESS, 15)
    assert [message.text[-4:] for message in telegram.messages] == [" 5 %", "15 %"]
    telegram.uneditable.add(2)
    for percent in (20, 25, 30):
        job.tells(Category.PROGRESS, percent)
    assert len(telegram.messages) == 2
    job.tells(Category.FINISHED, 100)
    assert firsts(telegram)[2:] == ["✅ A1M-1: print finished"]
    assert editing.queue.count() == 0


def test_an_edit_that_changes_nothing_costs_nothing(editing: Harness, telegram: TelegramServer) -> None:
    job = Print(editing)
    job.tells(Category.PROGRESS, 5)
    job.tells(Category.PROGRESS, 5)
    job.tells(Category.PROGRESS, 10)
    assert (len(telegram.messages), telegram.messages[0].edits) == (1, 1)
    assert editing.queue.count() == 0


@pytest.mark.parametrize(
    "refusal",
    [
        "Bad Request: message is too long",
        "Bad Request: something nobody ever heard of",
        "Bad Request: can't parse entities: what is that",
    ],
)
def test_a_refused_edit_is_no_dead_letter_and_holds_nothing_up(
    refusal: str, editing: Harness, telegram: TelegramServer
) -> None:
    job = Print(editing)
    job.tells(Category.PROGRESS, 5)
    telegram.script(*[answers(400, refusal)] * 2, method="editMessageText")
    job.tells(Category.PROGRESS, 10)
    job.tells(Category.PAUSED, 10, severity=Severity.ATTENTION)
    assert firsts(telegram) == ["🖨 A1M-1: printing", "⏸️ A1M-1: print paused"]


def test_an_alert_goes_out_though_the_message_that_it_answers_to_is_gone(
    editing: Harness, telegram: TelegramServer
) -> None:
    job = Print(editing)
    job.tells(Category.PROGRESS, 5)
    telegram.deleted.add(1)
    job.tells(Category.PAUSED, 5, severity=Severity.ATTENTION)
    assert [message.reply_to for message in telegram.messages] == [None, None]


def test_the_next_job_has_its_own_message(editing: Harness, telegram: TelegramServer) -> None:
    Print(editing, "job-1").tells(Category.PROGRESS, 5)
    other = Print(editing, "job-2")
    other.number = 50
    other.tells(Category.PROGRESS, 5)
    assert len(telegram.messages) == 2


def test_without_progress_there_is_none(tmp_path: Path, telegram: TelegramServer) -> None:
    harness = Harness(tmp_path, telegram, telegram.chat_id, rules={"progress_mode": "off"})
    job = Print(harness)
    for category in (Category.STARTED, Category.PROGRESS, Category.PHOTO, Category.FINISHED):
        job.tells(category, 50)
    assert firsts(telegram) == ["▶️ A1M-1: print started", "✅ A1M-1: print finished"]


def test_who_asked_for_nothing_gets_messages_as_ever(harness: Harness, telegram: TelegramServer) -> None:
    job = Print(harness)
    for category in (Category.PROGRESS, Category.PROGRESS, Category.PAUSED, Category.FINISHED):
        job.tells(category, 50)
    assert len(telegram.messages) == 4
    assert all(message.reply_to is None and message.buttons == () for message in telegram.messages)
    assert not any(
        set(message.parameters) & {"reply_parameters", "reply_markup"} for message in telegram.messages
    )


def test_a_group_that_became_a_supergroup_gets_a_new_message_and_no_other_is_overwritten(
    tmp_path: Path, telegram: TelegramServer
) -> None:
    """Numbers begin anew there: the old one's is by now another message's."""
    old = -4242
    telegram.chats[old] = None
    harness = Harness(tmp_path, telegram, str(old), rules=EDIT)
    job = Print(harness)
    job.tells(Category.PROGRESS, 5)
    telegram.profiles[old] = ChatProfile("group", migrated_to=GROUP_ID)
    job.tells(Category.PROGRESS, 10)
    job.tells(Category.PAUSED, 10, severity=Severity.ATTENTION)
    job.tells(Category.PROGRESS, 15)
    harness.restart(Telegram(telegram.token, str(old), api_url=telegram.url))
    job.tells(Category.PROGRESS, 20)
    job.tells(Category.FINISHED, 100)
    assert [(it.chat_id, it.text.split("\n")[0]) for it in telegram.messages] == [
        (old, "🖨 A1M-1: printing"),
        (GROUP_ID, "✅ A1M-1: print finished"),
        (GROUP_ID, "⏸️ A1M-1: print paused"),
        (GROUP_ID, "✅ A1M-1: print finished"),
    ]
    assert [it.edits for it in telegram.messages] == [0, 3, 0, 0]


def test_an_edit_that_never_comes_through_is_given_up_and_alerts_go_on(
    editing: Harness, telegram: TelegramServer
) -> None:
    job = Print(editing)
    job.tells(Category.PROGRESS, 5)
    telegram.script(*[SERVER_ERROR] * 20, method="editMessageText")
    job.tells(Category.FINISHED, 100)
    Print(editing, "job-2").tells(Category.STARTED, after=1)
    editing.run(600, step=5)
    assert firsts(telegram) == [
        "🖨 A1M-1: printing",
        "✅ A1M-1: print finished",
        "▶️ A1M-1: print started",
    ]
    assert editing.queue.count() == 0


def test_a_job_that_comes_back_after_silence_goes_on_in_its_message(
    editing: Harness, telegram: TelegramServer
) -> None:
    job = Print(editing)
    job.tells(Category.PROGRESS, 5)
    job.tells(Category.CONTACT_LOST, 10, severity=Severity.ATTENTION, ended=True)
    assert telegram.messages[0].text.startswith("📡")
    job.tells(Category.CONTACT_RESTORED, 10)
    job.tells(Category.PROGRESS, 15)
    assert firsts(telegram) == [
        "🖨 A1M-1: printing",
        "📡 A1M-1: contact lost at 10 %",
        "📶 A1M-1: contact restored",
    ]
    assert telegram.messages[0].text.endswith("15 %")


class Unreadable:
    """A store that knows nothing of jobs' messages for a while."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records

    def get(self, key: str) -> Stored | None:
        if key.startswith("job_message/"):
            raise TransientError("it cannot be read")
        return self._records.get(key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)


def test_an_alert_does_not_wait_for_what_it_would_answer_to(
    editing: Harness, telegram: TelegramServer
) -> None:
    editing.records = Unreadable(editing.records)
    editing.restart()
    Print(editing).tells(Category.PAUSED, 5, severity=Severity.ATTENTION)
    assert firsts(telegram) == ["⏸️ A1M-1: print paused"]
