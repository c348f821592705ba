"""Journeys through the chat, and how a person sees them: who, where, loud or not, answers, buttons, edits.

The transcripts lie in `transcripts/` beside this file. After a wanted change of words, write them anew with
`python -m tests.functions.notify.journeys`, and read the difference.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from functions.shared.domain.faults import Severity
from functions.shared.messages.chat_preferences import with_mute
from functions.shared.messages.effects import Category
from tests.functions.notify.night import RAN_OUT, Night, at, harness_at, wish
from tests.support.telegram.chats import ChatProfile
from tests.support.telegram.server import GROUP_ID, Posted, TelegramServer

TRANSCRIPTS = Path(__file__).parent / "transcripts"
_MAY = {"status": "administrator", "can_manage_topics": True}
_CODES = {"severity": Severity.ATTENTION, "reason": RAN_OUT.text, "faults": (RAN_OUT,)}


def a_night(folder: Path, telegram: TelegramServer) -> None:
    """Three printers, a restart, and the digest in the morning."""
    harness = harness_at(folder, telegram, "2025-11-24T21:00", chat_answers=True)
    night = Night(harness)
    night.stands("P1S-2", "RUNNING", "bracket.3mf", 10)
    night.tells("2025-11-24T21:30", "A1M-1", Category.STARTED, "benchy.3mf")
    night.tells("2025-11-24T22:10", "A1M-1", Category.PROGRESS, "benchy.3mf", percent=20)
    night.tells("2025-11-24T23:10", "A1M-1", Category.PHOTO, "benchy.3mf", percent=40)
    night.tells("2025-11-25T01:40", "X1C-3", Category.FAILED, "vase.3mf", severity=Severity.CRITICAL)
    night.stands("X1C-3", "FAILED", "vase.3mf", 62, result="failed")
    harness.restart()
    night.tells("2025-11-25T03:12", "P1S-2", Category.PAUSED, "bracket.3mf", percent=45, **_CODES)
    night.stands("P1S-2", "PAUSE", "bracket.3mf", 45)
    night.tells("2025-11-25T04:10", "A1M-1", Category.FINISHED, "benchy.3mf", duration_seconds=24_000.0)
    night.tells("2025-11-25T05:00", "A1M-1", Category.STARTED, "lid.3mf", remaining_minutes=240, percent=0)
    night.tells("2025-11-25T06:30", "A1M-1", Category.PROGRESS, "lid.3mf", percent=60)
    night.stands("A1M-1", "RUNNING", "lid.3mf", 60, remaining_minutes=130)
    harness.restart()
    night.comes("2025-11-25T07:00:05")
    night.comes("2025-11-25T07:05:05")


def a_mute(folder: Path, telegram: TelegramServer) -> None:
    """One of two printers is muted for two hours in mid-print."""
    harness = harness_at(folder, telegram, "2025-11-24T12:00", quiet_hours=None, chat_answers=True)
    night = Night(harness)
    night.tells("2025-11-24T11:55", "A1M-1", Category.PROGRESS, "benchy.3mf", percent=20)
    wish(harness, lambda known: with_mute(known, "A1M-1", at("2025-11-24T12:00"), at("2025-11-24T14:00")))
    night.tells("2025-11-24T12:30", "A1M-1", Category.PROGRESS, "benchy.3mf", percent=25)
    night.tells("2025-11-24T12:31", "P1S-2", Category.PROGRESS, "vase.3mf", percent=25)
    night.tells("2025-11-24T12:50", "A1M-1", Category.PAUSED, "benchy.3mf", percent=30, **_CODES)
    night.tells("2025-11-24T12:55", "A1M-1", Category.RESUMED, "benchy.3mf", percent=30)
    harness.restart()
    night.tells("2025-11-24T13:30", "A1M-1", Category.PHOTO, "benchy.3mf", percent=35)
    night.stands("A1M-1", "RUNNING", "benchy.3mf", 40, remaining_minutes=60)
    night.comes("2025-11-24T14:00:10")
    night.tells("2025-11-24T14:20", "A1M-1", Category.PROGRESS, "benchy.3mf", percent=45)


def a_deleted_topic(folder: Path, telegram: TelegramServer) -> None:
    """Somebody deletes a printer's topic, then takes the right to make another."""
    telegram.chats = {GROUP_ID: frozenset()}
    telegram.profiles[GROUP_ID] = ChatProfile(is_forum=True, member=dict(_MAY))
    harness = harness_at(folder, telegram, "2025-11-24T12:00", quiet_hours=None, topics="printer")
    day = Night(harness)
    day.tells("2025-11-24T12:01", "A1M-1", Category.STARTED, "benchy.3mf")
    day.tells("2025-11-24T12:02", "P1S-2", Category.STARTED, "vase.3mf")
    telegram.forum.delete(GROUP_ID, min(telegram.forum.names))
    harness.restart()
    day.tells("2025-11-24T12:30", "A1M-1", Category.PAUSED, "benchy.3mf", percent=30, **_CODES)
    telegram.profiles[GROUP_ID].member = {"status": "administrator"}
    telegram.forum.delete(GROUP_ID, max(telegram.forum.names))
    day.tells("2025-11-24T12:40", "A1M-1", Category.FAILED, "benchy.3mf", severity=Severity.CRITICAL)
    day.tells("2025-11-24T12:41", "P1S-2", Category.FINISHED, "vase.3mf")


def one_message(folder: Path, telegram: TelegramServer) -> None:
    """A print with PROGRESS_MODE=edit, and a restart in it."""
    harness = harness_at(
        folder, telegram, "2025-11-24T12:00", quiet_hours=None, progress_mode="edit", chat_answers=True
    )
    day = Night(harness)
    day.tells("2025-11-24T12:01", "A1M-1", Category.STARTED, "benchy.3mf", remaining_minutes=200, percent=0)
    for number, percent in enumerate(range(5, 30, 5), 1):
        when = f"2025-11-24T12:{number * 5:02}"
        day.tells(when, "A1M-1", Category.PROGRESS, "benchy.3mf", percent=percent)
    harness.restart()
    day.tells("2025-11-24T12:40", "A1M-1", Category.PAUSED, "benchy.3mf", percent=30, **_CODES)
    day.tells("2025-11-24T12:50", "A1M-1", Category.RESUMED, "benchy.3mf", percent=30)
    harness.restart()
    day.tells("2025-11-24T13:00", "A1M-1", Category.PROGRESS, "benchy.3mf", percent=60)
    day.tells("2025-11-24T15:00", "A1M-1", Category.FINISHED, "benchy.3mf", duration_seconds=10_800.0)


JOURNEYS: dict[str, Callable[[Path, TelegramServer], None]] = {
    journey.__name__: journey for journey in (a_night, a_mute, a_deleted_topic, one_message)
}


def transcript_of(name: str, folder: Path) -> str:
    """Played, and as a person sees it at the end."""
    with TelegramServer() as telegram:
        JOURNEYS[name](folder, telegram)
        assert [
            it for it in telegram.refusals if "thread not found" not in it and "not enough" not in it
        ] == []
        return "\n".join(_shown(message, telegram) for message in telegram.messages)


def _shown(message: Posted, telegram: TelegramServer) -> str:
    where = telegram.forum.names.get(message.thread_id or 0)
    notes = [
        "without a sound" if message.is_silent else "",
        f"in the topic {where}" if where else "",
        f"answers to {message.reply_to}" if message.reply_to else "",
        f"edited {message.edits} times" if message.edits else "",
    ]
    said = ", ".join(note for note in notes if note)
    rows = ["[" + "] [".join(text for text, _ in row) + "]\n" for row in message.buttons]
    return f"--- {message.id}{f' ({said})' if said else ''}\n{message.text}\n{''.join(rows)}"


if __name__ == "__main__":
    for journey_name in JOURNEYS:
        with tempfile.TemporaryDirectory() as work_folder:
            written = transcript_of(journey_name, Path(work_folder))
        (TRANSCRIPTS / f"{journey_name}.txt").write_text(written, encoding="utf-8")
