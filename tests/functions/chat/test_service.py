"""What a person gets who asks: the answers, once each, and in their turn."""

from pathlib import Path

import pytest

from functions.chat.admission import OLDEST_SECONDS
from functions.chat.service import Handled, Later
from functions.chat.turns import ROOM_FOR_ALERTS
from functions.shared.domain.keys import chat_key, film_key, inspection_key, reception_key, token_of
from functions.shared.job_archive import JobArchive
from functions.shared.live import Live
from functions.shared.messages.callback_data import Action, CallbackData, encode_callback
from functions.shared.messages.chat_reception import read_reception
from functions.shared.messages.chat_record import ChatState, chat_state_of
from functions.shared.messages.codec import to_json
from functions.shared.messages.inspection_record import Evidence, InspectionState, inspection_to_json
from functions.shared.messages.job_history import JobEnd, JobFilm, JobHistoryChange
from functions.shared.wording.chat_answers import PRINTER_GONE_TOAST
from tests.functions.chat.harness import NOW, Harness, jpeg, resting, running
from tests.support.telegram.faults import HANG_UP, SERVER_ERROR, Fault, too_many_requests
from tests.support.telegram.server import GROUP_ID, TelegramServer

EVE = {"id": 78, "is_bot": False, "first_name": "Eve"}


def test_a_status_tells_of_each_printer_what_is_wrong_first(harness: Harness) -> None:
    harness.knows(resting("A1"), running("P1S"), running("X1", gcode_state="PAUSE", print_error=0x0300_8015))
    harness.says("/status")
    assert harness.last.splitlines()[0] == "3 printers, 1 needs you, 2 printing"
    names = [
        name for line in harness.last.splitlines() for name in ("X1", "P1S", "A1") if f" {name}: " in line
    ]
    assert names == ["X1", "P1S", "A1"]
    assert "1 h left" in harness.last


def test_who_presses_mute_has_quiet_for_an_hour_and_all_see_it(harness: Harness) -> None:
    harness.knows(running("P1S"))
    harness.says("/status")
    assert harness.presses("🔕 Mute 1 h") == "Muted."
    assert harness.preferences.muted_until("P1S", NOW) == NOW + 3600
    assert harness.last == ("🔕 P1S is muted until 18:00 CET. Critical messages still come. /unmute ends it.")
    harness.says("/status")
    assert "muted until 18:00 CET" in harness.last
    harness.says("/unmute")
    assert harness.preferences.muted_until("P1S", NOW) is None


def test_a_button_of_the_last_of_a_thousand_printers_works(harness: Harness) -> None:
    harness.knows(*(resting(f"P{number:04}") for number in range(750)), running("X1"))
    harness.says("/status X1")
    assert harness.presses("🔕 Mute 1 h") == "Muted."
    assert harness.preferences.muted_until("X1", NOW) == NOW + 3600
    gone = CallbackData(Action.PHOTO, token_of("Y1"))
    press = harness.telegram.presses_data(encode_callback(gone), harness.telegram.messages[-1])
    harness.deal()
    assert harness.telegram.bot.answers[press] == PRINTER_GONE_TOAST


def test_a_printer_is_chosen_by_buttons_if_there_are_several(harness: Harness) -> None:
    harness.knows(running("P1S"), resting("A1"))
    harness.says("/mute 2h")
    assert harness.last == "Which printer is to be quiet?"
    harness.presses("A1")
    assert harness.preferences.muted_until("A1", NOW) == NOW + 7200
    harness.says("/mute p1 30m")
    assert harness.preferences.muted_until("P1S", NOW) == NOW + 1800
    harness.says("/mute all")
    assert harness.preferences.muted_until("another", NOW) == NOW + 3600


def test_a_photo_comes_with_how_the_printer_stands(tmp_path: Path, telegram: TelegramServer) -> None:
    live = Live()
    harness = Harness(tmp_path, telegram, live)
    harness.knows(running("P1S"))
    live.put_heard("P1S")
    live.pictures.put("P1S", jpeg(), NOW - 2)
    harness.says("/photo")
    assert telegram.messages[-1].photo is not None
    assert "ago" not in harness.last
    live.pictures.put("P1S", jpeg("red"), NOW - 300)
    harness.says("/photo p1s")
    assert "picture from 5 min ago" in harness.last


def test_no_picture_is_said(harness: Harness) -> None:
    harness.knows(running("P1S"))
    harness.says("/photo")
    assert "There is no picture of P1S." in harness.last


def test_an_update_is_answered_once_also_after_a_restart(harness: Harness) -> None:
    harness.knows(running("P1S"))
    harness.telegram.says("/status", date=int(NOW))
    update = harness.telegram.updates.waiting[0]
    assert isinstance(harness.service.handle(update), Handled)
    harness.restart()
    harness.service.handle(update)
    assert len(harness.telegram.messages) == 1


def test_what_was_asked_long_ago_is_not_answered(harness: Harness) -> None:
    harness.says("/help", date=int(NOW - OLDEST_SECONDS - 1))
    assert harness.telegram.messages == []
    assert harness.service.refused == {"too_old": 1}


def test_others_get_nothing_and_are_counted(tmp_path: Path, telegram: TelegramServer) -> None:
    harness = Harness(tmp_path, telegram, changed={"telegram_users": frozenset({77})})
    harness.says("/help", sender=EVE)
    harness.says("/help", chat={"id": GROUP_ID, "type": "supergroup"})
    harness.says("/help@another_bot")
    harness.says("/nothing")
    assert telegram.messages == []
    assert harness.service.refused == {"other_user": 1, "other_chat": 1, "other_bot": 1}
    harness.says("/help@bridge_bot")
    assert len(telegram.messages) == 1


@pytest.mark.parametrize("fault", [SERVER_ERROR, HANG_UP, too_many_requests(7)])
def test_what_is_for_another_bot_is_not_answered_though_our_name_was_not_had_at_first(
    harness: Harness, fault: Fault
) -> None:
    harness.telegram.script(fault, method="getMe")
    assert harness.says("/help@another_bot") == Later(7.0 if fault.code == 429 else 2.0)
    assert harness.deal() == Handled()
    assert harness.telegram.messages == []
    assert harness.service.refused == {"other_bot": 1}
    harness.says("/help@bridge_bot")
    assert len(harness.telegram.messages) == 1


def test_strangers_cost_no_question_for_our_name(harness: Harness) -> None:
    harness.says("/help@another_bot", chat={"id": GROUP_ID, "type": "supergroup"})
    assert harness.telegram.calls_of["getMe"] == 0


def test_who_floods_the_bot_costs_nobody_else_anything(harness: Harness) -> None:
    for _ in range(30):
        harness.says("/help", sender=EVE)
    assert len(harness.telegram.messages) == 5
    assert harness.service.refused == {"too_many": 25}
    harness.says("/help")
    assert len(harness.telegram.messages) == 6


def test_answers_leave_room_for_alerts(tmp_path: Path) -> None:
    with TelegramServer(chats={GROUP_ID: None}) as telegram:
        harness = Harness(tmp_path, telegram)
        window = tuple(NOW - 10 for _ in range(20 - ROOM_FOR_ALERTS))
        harness.records.put(chat_key(harness.chat_id), to_json(ChatState(window=window)), 0)
        waits = harness.says("/help")
        assert waits == Later(50.0)
        harness.clock.pass_time(50.0)
        assert harness.deal() == Handled()
        assert len(chat_state_of(harness.records.get(chat_key(harness.chat_id))).window) == 1


def test_a_wish_to_wait_holds_alerts_too_and_the_answer_comes_later(harness: Harness) -> None:
    harness.telegram.script(too_many_requests(7), method="sendMessage")
    assert harness.says("/help") == Later(7.0)
    state = chat_state_of(harness.records.get(chat_key(harness.chat_id)))
    assert state.asked_until == NOW + 7
    harness.clock.pass_time(7.5)
    assert harness.deal() == Handled()
    assert len(harness.telegram.messages) == 1


def test_what_looks_fine_is_remembered_with_its_pictures(harness: Harness) -> None:
    harness.knows(running("P1S"))
    source = harness.folder / "new.jpg"
    keys = [f"images/P1S/part/20251124T15000{second}_00000{second}_part.jpg" for second in (1, 2)]
    for key in keys:
        source.write_bytes(jpeg())
        harness.frames.put(key, source)
    evidence = Evidence("check-1", "job-P1S", "spaghetti", NOW - 60, 0.9, "threads", keys[1], keys[0])
    state = InspectionState(alerts=(evidence,))
    harness.records.put(inspection_key("P1S"), inspection_to_json(state), 0)
    harness.says("/status")
    fine = CallbackData(Action.LOOKS_FINE, token_of("P1S"), token_of("job-P1S"), "spaghetti")
    press = harness.telegram.presses_data(encode_callback(fine), harness.telegram.messages[-1])
    harness.deal()
    assert harness.telegram.bot.answers[press].startswith("Thank you")
    assert harness.last == "👌 P1S: Ada looked: all is well. Spaghetti is not told again in this print."
    assert harness.preferences.is_dismissed("job-P1S", "spaghetti")
    (kept,) = harness.samples.newest()
    assert (kept.category, kept.summary, kept.pictures) == ("spaghetti", "threads", 2)
    assert (harness.folder / "samples" / kept.folder / "2.jpeg").read_bytes() == jpeg()


@pytest.mark.parametrize("data", ["junk", "1:photo:0123456789abcdef", "1:ask::fly"])
def test_a_press_is_always_answered(harness: Harness, data: str) -> None:
    harness.says("/help")
    press = harness.telegram.presses_data(data, harness.telegram.messages[-1])
    assert harness.deal() == Handled()
    assert press in harness.telegram.bot.answers


def test_a_press_that_telegram_has_forgotten_changes_nothing(harness: Harness) -> None:
    harness.knows(running("P1S"))
    harness.says("/status")
    harness.telegram.presses("🔕 Mute 1 h")
    harness.telegram.bot.open_presses.clear()
    assert harness.deal() == Handled()
    assert harness.preferences.mutes == ()


def test_quiet_hours_are_set_shown_and_ended(harness: Harness) -> None:
    for text, hours in [
        ("/quiet 22:00-7:00", "22:00-07:00"),
        ("/quiet off", "off"),
        ("/quiet default", None),
    ]:
        harness.says(text)
        harness.clock.pass_time(10)
        assert harness.preferences.quiet == hours
    harness.says("/quiet at night")
    assert "Hours such as" in harness.last


def test_a_group_that_became_a_supergroup_is_followed_and_that_is_said(tmp_path: Path) -> None:
    with TelegramServer(chats={-4711: None, GROUP_ID: None}) as telegram:
        harness = Harness(tmp_path, telegram)
        harness.says("", migrate_to_chat_id=GROUP_ID)
        assert harness.last.startswith(f"This group has a new id: set TELEGRAM_CHAT_ID={GROUP_ID}.")
        assert telegram.messages[-1].chat_id == GROUP_ID
        harness.says("/help", chat={"id": GROUP_ID, "type": "supergroup"})
        assert len(telegram.messages) == 2


def test_that_the_bot_was_removed_is_remembered_until_it_is_back(harness: Harness) -> None:
    def removed_at() -> float | None:
        stored = harness.records.get(reception_key(harness.chat_id))
        return read_reception(stored.value).removed_at if stored else None

    chat = {"id": int(harness.chat_id), "type": "private"}
    for status, at in [("kicked", NOW), ("member", None)]:
        change = {"chat": chat, "date": int(NOW), "from": EVE, "new_chat_member": {"status": status}}
        harness.telegram.happens(my_chat_member=change)
        harness.deal()
        assert removed_at() == at


def test_a_press_is_answered_also_when_the_chat_is_full(tmp_path: Path) -> None:
    with TelegramServer(chats={GROUP_ID: None}) as telegram:
        harness = Harness(tmp_path, telegram)
        harness.knows(running("P1S"))
        harness.says("/status")
        state = chat_state_of(harness.records.get(chat_key(harness.chat_id)))
        full = ChatState(window=tuple(NOW for _ in range(20)))
        assert len(state.window) == 1
        harness.records.put(chat_key(harness.chat_id), to_json(full), 1)
        assert harness.presses("📷 Photo").startswith("One moment")


def test_past_prints_and_their_films_come_from_the_history(harness: Harness) -> None:
    harness.knows(resting("P1S"))
    archive = JobArchive(harness.records, harness.clock)
    film = film_key("images/P1S/Vase/", NOW - 90_000)
    source = harness.folder / "film.mp4"
    source.write_bytes(b"\x00\x00\x00\x18ftypisom" + bytes(1000))
    harness.frames.put(film, source)
    for name, result, ended_at in [("Vase", "finished", NOW - 90_000), ("Boat", "failed", NOW - 80_000)]:
        end = JobEnd(
            job_id=f"job-{name}",
            printer_id="P1S",
            name=name,
            result=result,
            started_at=ended_at - 7200,
            start_is_known=True,
            ended_at=ended_at,
            end_is_known=True,
        )
        archive.keep(JobHistoryChange(end.job_id, "P1S", end=end))
    archive.keep_film("job-Vase", JobFilm(film, 1012, NOW - 90_000))
    harness.says("/history")
    assert harness.last.replace("\u2060", "").splitlines() == [
        "✅ P1S: P1S part.3mf",
        "finished · 16:30 CET · took 2 h",
        "❌ P1S: Boat",
        "failed · Sun 18:47 CET · took 2 h",
        "✅ P1S: Vase",
        "finished · Sun 16:00 CET · took 2 h",
    ]
    harness.says("/stats")
    assert harness.last.splitlines()[0] == "3 prints known"
    button = CallbackData(Action.FILM, token_of("P1S"), token_of("job-Vase"))
    harness.telegram.presses_data(encode_callback(button), harness.telegram.messages[-1])
    harness.deal()
    assert harness.telegram.messages[-1].video_size == 1012
