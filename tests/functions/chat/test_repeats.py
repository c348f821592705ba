"""What is broken off comes to its end by a repeat: nothing twice, nothing lost, nothing promised in vain."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from functions.chat.building import build_service
from functions.chat.photos import Picture
from functions.chat.service import Handled, Later
from functions.chat.turns import Turns
from functions.shared.domain.keys import chat_key, film_key, inspection_key, preferences_key, token_of
from functions.shared.errors import TransientError
from functions.shared.job_archive import JobArchive
from functions.shared.live import Live
from functions.shared.messages.callback_data import Action, CallbackData, encode_callback
from functions.shared.messages.chat_record import ChatState, chat_state_of
from functions.shared.messages.codec import to_json
from functions.shared.messages.inspection_record import Evidence, InspectionState, inspection_to_json
from functions.shared.messages.job_history import JobEnd, JobFilm, JobHistoryChange
from functions.shared.ports import RecordStore, Stored
from functions.shared.settings import Settings
from tests.functions.chat.harness import BERLIN, NOW, Harness, jpeg, resting, running
from tests.support.telegram.faults import HANG_UP, SERVER_ERROR, Fault, too_many_requests
from tests.support.telegram.server import GROUP_ID, TelegramServer


class TroubledStore:
    """A RecordStore whose writes meet `trouble`, which is told the key."""

    def __init__(self, real: RecordStore, trouble: Callable[[str], None]) -> None:
        self._real = real
        self._trouble = trouble

    def get(self, key: str) -> Stored | None:
        return self._real.get(key)

    def put(
        self, key: str, value: dict[str, Any], expected_version: int, expires_at: float | None = None
    ) -> int:
        self._trouble(key)
        return self._real.put(key, value, expected_version, expires_at)

    def list(self, prefix: str, after: str = "", limit: int | None = None) -> list[Stored]:
        return self._real.list(prefix, after, limit)

    def put_if_absent(self, key: str, expires_at: float) -> bool:
        self._trouble(key)
        return self._real.put_if_absent(key, expires_at)


def in_trouble_once(harness: Harness, key: str) -> None:
    """The next write of that record fails, as when the database is locked."""
    left = [key]

    def trouble(written: str) -> None:
        if written in left:
            left.remove(written)
            raise TransientError("the database is locked")

    harness.records = TroubledStore(harness.records, trouble)  # type: ignore[assignment]
    harness.restart()


def until_done(harness: Harness, tries: int = 20) -> None:
    """Deal with what waits, again and again, as who polls does."""
    for _ in range(tries):
        handled = harness.deal()
        if not isinstance(handled, Later):
            return
        harness.clock.pass_time(handled.seconds)
    pytest.fail("it never ends")


def fill(harness: Harness, messages: int = 20) -> None:
    """So many messages are in the chat's last minute."""
    stored = harness.records.get(chat_key(harness.chat_id))
    state = ChatState(window=tuple(harness.clock() for _ in range(messages)))
    harness.records.put(chat_key(harness.chat_id), to_json(state), stored.version if stored else 0)


def chat_state(harness: Harness) -> ChatState:
    return chat_state_of(harness.records.get(chat_key(harness.chat_id)))


def keeps_film(harness: Harness, name: str, ended_at: float, content_size: int = 1000) -> None:
    """A past print of P1S with its film."""
    film = film_key(f"images/P1S/{name}/", ended_at)
    source = harness.folder / "film.mp4"
    source.write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(content_size))
    size = source.stat().st_size
    harness.frames.put(film, source)
    end = JobEnd(
        job_id=f"job-{name}",
        printer_id="P1S",
        name=name,
        result="finished",
        started_at=ended_at - 7200,
        start_is_known=True,
        ended_at=ended_at,
        end_is_known=True,
    )
    archive = JobArchive(harness.records, harness.clock)
    archive.keep(JobHistoryChange(end.job_id, "P1S", end=end))
    archive.keep_film(end.job_id, JobFilm(film, size, ended_at))


@pytest.fixture
def group(tmp_path: Path) -> Any:
    with TelegramServer(chats={GROUP_ID: None}) as telegram:
        harness = Harness(tmp_path, telegram)
        harness.knows(running("P1S"))
        yield harness


def test_a_mute_that_was_promised_is_written_by_the_repeat(harness: Harness) -> None:
    harness.knows(running("P1S"))
    harness.says("/status")
    in_trouble_once(harness, preferences_key(harness.chat_id))
    assert harness.presses("🔕 Mute 1 h") == "Muted."
    until_done(harness)
    assert harness.preferences.muted_until("P1S", NOW) == NOW + 3600
    assert harness.last.startswith("🔕 P1S is muted until 18:00 CET.")


@pytest.mark.parametrize("fault", [too_many_requests(7), SERVER_ERROR, HANG_UP])
def test_a_photo_by_a_button_comes_though_telegram_had_to_be_asked_twice(
    tmp_path: Path, telegram: TelegramServer, fault: Fault
) -> None:
    live = Live()
    harness = Harness(tmp_path, telegram, live)
    harness.knows(running("P1S"))
    live.put_heard("P1S")
    live.pictures.put("P1S", jpeg(), NOW - 2)
    harness.says("/status")
    telegram.script(fault, method="sendPhoto")
    harness.presses("📷 Photo")
    until_done(harness)
    assert [message.photo is not None for message in telegram.messages] == [False, True]


class PictureAfterAWait:
    """FreshPictures; while the picture is waited for, Telegram asks notify to leave the chat alone."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self.asked: list[str] = []

    def ask(self, printer_id: str, wish: str) -> Picture:
        if not self.asked:
            Turns(self._harness.records, self._harness.chat_id, 0, self._harness.clock).asked_to_wait(7.0)
            self._harness.clock.pass_time(4.0)
        self.asked.append(wish)
        return Picture(jpeg(), self._harness.clock())


def test_a_photo_that_was_waited_for_keeps_to_the_wait_that_telegram_asked_for_meanwhile(
    harness: Harness,
) -> None:
    harness.knows(running("P1S"))
    fresh = PictureAfterAWait(harness)
    settings = Settings(telegram_chat_id=harness.chat_id, timezone=BERLIN)
    harness.service = build_service(
        *(harness.bot, harness.records, harness.frames, harness.samples, harness.clock, settings), fresh=fresh
    )
    assert harness.says("/photo") == Later(3.0)
    assert harness.telegram.calls_of["sendPhoto"] == 0
    until_done(harness)
    assert [message.photo is not None for message in harness.telegram.messages] == [True]
    assert len(set(fresh.asked)) == 1, "a repeat asks for the same picture"


def test_in_a_full_chat_a_press_mutes_at_once_and_the_toast_says_so(group: Harness) -> None:
    group.says("/status")
    fill(group)
    toast = group.presses("🔕 Mute 1 h")
    assert toast == "🔕 P1S is muted until 18:00 CET. Critical messages still come. /unmute ends it."
    assert group.preferences.muted_until("P1S", NOW) == NOW + 3600
    assert len(group.telegram.messages) == 1, "the chat is full"


@pytest.mark.parametrize("text", ["/mute 1h", "/quiet 22:00-07:00"])
def test_in_a_full_chat_a_wish_holds_at_once_and_its_line_comes_later(group: Harness, text: str) -> None:
    fill(group)
    assert isinstance(group.says(text), Later)
    wished = group.preferences
    assert wished.mutes or wished.quiet == "22:00-07:00"
    assert group.telegram.messages == []
    until_done(group)
    assert len(group.telegram.messages) == 1
    assert "18:00 CET" in group.last or "22:00-07:00" in group.last
    assert group.preferences == wished, "as it was wished, not as late as it was said"


def test_an_end_of_a_mute_in_between_is_not_undone_by_the_late_line(group: Harness) -> None:
    fill(group)
    group.says("/mute 1h")
    (late,) = group.telegram.updates.waiting
    group.telegram.updates.waiting.clear()
    group.says("/unmute")
    assert group.preferences.muted_until("P1S", group.clock()) is None
    group.telegram.updates.waiting.append(late)
    group.clock.pass_time(61)
    until_done(group)
    assert group.preferences.muted_until("P1S", group.clock()) is None


def test_who_ends_a_mute_is_told_so_though_the_first_try_failed(harness: Harness) -> None:
    harness.knows(running("P1S"))
    harness.says("/mute P1S 1h")
    harness.telegram.script(too_many_requests(7), method="sendMessage")
    harness.says("/unmute P1S")
    until_done(harness)
    assert harness.last == "🔔 P1S speaks again."


def test_in_a_full_chat_what_looks_fine_is_remembered(group: Harness) -> None:
    group.says("/status")
    fill(group)
    data = encode_callback(CallbackData(Action.LOOKS_FINE, token_of("P1S"), token_of("job-P1S"), "spaghetti"))
    press = group.telegram.presses_data(data, group.telegram.messages[-1])
    assert group.deal() == Handled()
    assert group.preferences.is_dismissed("job-P1S", "spaghetti")
    assert "Spaghetti is not told again in this print." in group.telegram.bot.answers[press]


def test_what_looks_fine_is_said_also_when_the_disk_takes_no_sample(harness: Harness) -> None:
    harness.knows(running("P1S"))
    (harness.folder / "samples").write_text("no folder can be made here")
    evidence = Evidence("check-1", "job-P1S", "spaghetti", NOW - 60, 0.9, "threads")
    harness.records.put(inspection_key("P1S"), inspection_to_json(InspectionState(alerts=(evidence,))), 0)
    harness.says("/status")
    data = encode_callback(CallbackData(Action.LOOKS_FINE, token_of("P1S"), token_of("job-P1S"), "spaghetti"))
    harness.telegram.presses_data(data, harness.telegram.messages[-1])
    assert harness.deal() == Handled()
    assert harness.last.endswith("Spaghetti is not told again in this print.")


def test_too_many_answers_to_presses_hold_no_alert_and_undo_no_wish(harness: Harness) -> None:
    harness.knows(running("P1S"))
    harness.says("/status")
    harness.telegram.script(too_many_requests(300), method="answerCallbackQuery")
    harness.telegram.presses("🔕 Mute 1 h")
    assert harness.deal() == Handled()
    assert chat_state(harness).asked_until is None
    assert harness.preferences.muted_until("P1S", NOW) == NOW + 3600
    assert harness.last.startswith("🔕 P1S is muted")


def test_who_presses_again_and_again_is_told_once_that_it_is_too_much(harness: Harness) -> None:
    harness.says("/help")
    for _ in range(30):
        harness.telegram.presses_data("junk", harness.telegram.messages[-1])
        harness.deal()
    assert harness.service.refused == {"too_many": 26}
    assert harness.telegram.calls_of["answerCallbackQuery"] == 4 + 1
    harness.clock.pass_time(60)
    for _ in range(12):
        harness.telegram.presses_data("junk", harness.telegram.messages[-1])
        harness.deal()
    assert harness.telegram.calls_of["answerCallbackQuery"] == 5 + 5 + 1


@pytest.mark.parametrize("fault", [too_many_requests(7), "store"])
def test_a_film_that_was_not_taken_is_sent_by_the_repeat(harness: Harness, fault: Fault | str) -> None:
    harness.knows(running("P1S"))
    keeps_film(harness, "Vase", NOW - 90_000)
    harness.telegram.says("/film", date=int(NOW))
    if isinstance(fault, Fault):
        harness.telegram.script(fault, method="sendVideo")
    else:
        update_id = harness.telegram.updates.waiting[0]["update_id"]
        in_trouble_once(harness, f"done/update/{update_id}/steps")
    assert isinstance(harness.deal(), Later)
    until_done(harness)
    assert [message.video_size for message in harness.telegram.messages] == [1012]


def test_a_film_whose_sending_was_broken_off_is_not_sent_twice_and_that_is_said(harness: Harness) -> None:
    harness.knows(running("P1S"))
    keeps_film(harness, "Vase", NOW - 90_000)
    harness.telegram.script(HANG_UP, method="sendVideo")
    harness.telegram.script(SERVER_ERROR, SERVER_ERROR, method="sendMessage")
    harness.says("/film")
    until_done(harness)
    assert harness.telegram.calls_of["sendVideo"] == 1
    assert harness.telegram.texts == [
        "The film of P1S may be here already: its sending was broken off. If it is not, ask again."
    ]


def test_a_long_answer_leaves_alerts_their_room_between_its_messages(group: Harness) -> None:
    group.knows(*(running(f"Printer {number:03}", print_error=0x0300_8015) for number in range(120)))
    fill(group, 8)
    waits = group.says("/errors")
    assert isinstance(waits, Later)
    assert len(group.telegram.messages) == 2, "half of the minute's twenty are the alerts'"
    until_done(group)
    shown = [line for text in group.telegram.texts for line in text.splitlines()]
    assert [shown.count(f"Printer {number:03}") for number in range(120)] == [1] * 120
    assert len(group.telegram.messages) > 2


def test_answers_take_half_of_what_a_chat_may_be_sent(group: Harness) -> None:
    fill(group, 10)
    assert group.says("/help") == Later(60.0)


def test_who_gets_no_answer_is_summed_up_in_the_log_each_hour(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "functions.chat.service")
    other: Mapping[str, Any] = {"id": GROUP_ID, "type": "supergroup"}

    def lines() -> list[str]:
        return [it for it in caplog.messages if "no answer" in it]

    for _ in range(5):
        harness.says("/help", chat=other)
    assert lines() == ["updates that got no answer since this was last said: 1 other_chat"]
    harness.clock.pass_time(3600)
    harness.says("/help")
    assert lines()[1:] == ["updates that got no answer since this was last said: 4 other_chat"]
    assert math.isclose(harness.clock(), NOW + 3600)


def test_the_film_of_the_print_before_is_had_while_one_runs(harness: Harness) -> None:
    harness.knows(running("P1S"))
    keeps_film(harness, "Vase", NOW - 90_000)
    keeps_film(harness, "Boat", NOW - 80_000, 2000)
    harness.says("/film")
    assert harness.telegram.messages[-1].video_size == 2012
    assert harness.last == "🎬 P1S: Boat"


def test_a_film_is_had_by_the_name_of_a_past_print(harness: Harness) -> None:
    harness.knows(resting("P1S"), running("X1"))
    keeps_film(harness, "Vase", NOW - 90_000)
    keeps_film(harness, "Boat", NOW - 80_000, 2000)
    harness.says("/film vase")
    assert harness.telegram.messages[-1].video_size == 1012
