"""Two people press one button at the same moment: both are answered, and what both wish is done once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from functions.chat.service import Handled
from functions.shared.domain.keys import inspection_key, preferences_key, token_of
from functions.shared.live import Live
from functions.shared.messages.callback_data import Action, CallbackData, encode_callback
from functions.shared.messages.inspection_record import Evidence, InspectionState, inspection_to_json
from functions.shared.ports import RecordStore, Stored
from infra.local.chat_polling import ChatPolling
from tests.functions.chat.harness import NOW, Harness, jpeg, running
from tests.support.telegram.server import TelegramServer

ADA = {"id": 77, "is_bot": False, "first_name": "Ada"}
BEN = {"id": 78, "is_bot": False, "first_name": "Ben"}
MUTE = CallbackData(Action.MUTE, token_of("P1S"), seconds=3600)
FINE = CallbackData(Action.LOOKS_FINE, token_of("P1S"), token_of("job-P1S"), "spaghetti")


@dataclass
class StoreBetween:
    """A RecordStore in whose first write of that key something else comes first, as from another program."""

    real: RecordStore
    key: str
    other: Callable[[], object]
    conflicts: list[str] = field(default_factory=list)

    def get(self, key: str) -> Stored | None:
        return self.real.get(key)

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        if key == self.key:
            self.key = ""
            self.other()
        try:
            return self.real.put(key, value, expected_version, expires_at)
        except Exception:
            self.conflicts.append(key)
            raise

    def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[Stored]:
        return self.real.list(prefix, after, limit)

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        return self.real.put_if_absent(key, expires_at)


@pytest.fixture
def alarmed(tmp_path: Path, telegram: TelegramServer) -> Harness:
    """A printer that the AI has told something of, with the picture of it."""
    live = Live()
    harness = Harness(tmp_path, telegram, live)
    harness.knows(running("P1S"))
    live.put_heard("P1S")
    frame = harness.folder / "seen.jpg"
    frame.write_bytes(jpeg())
    key = "images/P1S/part/20251124T155900_000001_part.jpg"
    harness.frames.put(key, frame)
    evidence = Evidence("check-1", "job-P1S", "spaghetti", NOW - 60, 0.9, "threads", key)
    harness.records.put(inspection_key("P1S"), inspection_to_json(InspectionState(alerts=(evidence,))), 0)
    harness.bot.call("sendMessage", chat_id=int(harness.chat_id), text="🚨 P1S")
    return harness


def pressed(harness: Harness, data: CallbackData) -> tuple[list[str], list[dict[str, Any]]]:
    """Both press at once: the ids of the presses, and the updates."""
    (below,) = harness.telegram.messages
    presses = [harness.telegram.presses_data(encode_callback(data), below, who) for who in (ADA, BEN)]
    return presses, list(harness.telegram.updates.waiting)


def check(harness: Harness, presses: list[str], data: CallbackData) -> None:
    """Both saw that it was done, it is told twice as two have asked, and it is done once."""
    toast = "Muted." if data == MUTE else "Thank you: not told again in this print."
    assert [harness.telegram.bot.answers[press] for press in presses] == [toast, toast]
    told = harness.telegram.texts[1:]
    if data == MUTE:
        assert told == ["🔕 P1S is muted until 18:00 CET. Critical messages still come. /unmute ends it."] * 2
        assert len(harness.preferences.mutes) == 1
        assert harness.preferences.muted_until("P1S", NOW) == NOW + 3600
    else:
        assert sorted(text.split()[2] for text in told) == ["Ada", "Ben"]
        assert len(harness.preferences.dismissed) == 1
        assert len(harness.samples.newest()) == 1, "kept once"
    assert harness.telegram.refusals == []


@pytest.mark.parametrize("data", [MUTE, FINE], ids=["mute", "fine"])
def test_both_presses_come_with_one_poll(alarmed: Harness, data: CallbackData) -> None:
    presses, _ = pressed(alarmed, data)
    polling = ChatPolling(
        *(alarmed.connection, alarmed.bot, alarmed.service, alarmed.records, alarmed.chat_id, alarmed.clock)
    )
    polling.poll_once()
    check(alarmed, presses, data)


@pytest.mark.parametrize("data", [MUTE, FINE], ids=["mute", "fine"])
def test_one_press_is_dealt_with_in_the_midst_of_the_other(alarmed: Harness, data: CallbackData) -> None:
    """As when two containers run in the cloud: both have read what was wished before, and both write."""
    presses, (first, second) = pressed(alarmed, data)
    alone = alarmed.service
    between = StoreBetween(alarmed.records, preferences_key(alarmed.chat_id), lambda: alone.handle(second))
    alarmed.records = between  # type: ignore[assignment]
    alarmed.restart()
    assert alarmed.service.handle(first) == Handled()
    assert between.conflicts == [preferences_key(alarmed.chat_id)], "it was read again and written then"
    check(alarmed, presses, data)
    assert [alarmed.service.handle(update) for update in (first, second)] == [Handled(), Handled()]
    assert len(alarmed.telegram.texts) == 3, "a repeat says nothing"


def test_one_mutes_while_the_other_ends_it(alarmed: Harness) -> None:
    """Whoever is written last wins; the answers are in the order of the wishes."""
    alarmed.service.handle({
        "update_id": 1,
        "message": {
            "message_id": 9, "date": int(NOW), "chat": {"id": int(alarmed.chat_id), "type": "private"},
            "from": BEN, "text": "/mute P1S 2h",
        },
    })  # fmt: skip
    (below, _) = alarmed.telegram.messages
    alarmed.telegram.presses_data(encode_callback(MUTE), below, ADA)
    alarmed.telegram.says("/unmute P1S", BEN, date=int(NOW))
    press, end = alarmed.telegram.updates.waiting
    alone = alarmed.service
    alarmed.records = StoreBetween(  # type: ignore[assignment]
        alarmed.records, preferences_key(alarmed.chat_id), lambda: alone.handle(end)
    )
    alarmed.restart()
    alarmed.service.handle(press)
    assert alarmed.telegram.texts[-2:] == [
        "🔔 P1S speaks again.",
        "🔕 P1S is muted until 18:00 CET. Critical messages still come. /unmute ends it.",
    ]
    assert alarmed.preferences.muted_until("P1S", NOW) == NOW + 3600
