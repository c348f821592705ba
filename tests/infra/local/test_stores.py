"""A clock that jumps hands nothing out twice, for what is in hand is measured by time that really passes."""

from pathlib import Path

import pytest

from functions.shared.domain.keys import digest, films_chat, printer_chat
from functions.shared.effect_sender import EffectSender
from functions.shared.messages.effects import Category, Film, Notification, decode_notification, outgoing
from functions.shared.runtime.clocks import MonotonicWallClock
from functions.shared.settings import Settings
from infra.local.stores import open_stores
from tests.support.clock import HandClock
from tests.support.contracts.queue import bodies, message, only, send

WEEKS = 3 * 7 * 86_400.0


@pytest.mark.parametrize("jump", [WEEKS, -WEEKS])
def test_what_is_in_hand_stays_so_though_the_clock_jumps(tmp_path: Path, jump: float) -> None:
    hand = HandClock()
    clock = MonotonicWallClock(wall=hand.wall, monotonic=hand.monotonic)
    settings = Settings(data_dir=tmp_path / "data", images_dir=tmp_path / "images")
    stores = open_stores(settings, clock, hand.monotonic)
    queue = stores.notifications
    send(queue, message("first", "chat"), message("other", "films"), message("second", "chat"))
    in_hand, late = queue.receive(2)
    queue.retry(late, 600.0)
    hand.jump(jump)
    hand.pass_time(30)
    assert queue.receive() == []
    hand.pass_time(600)
    assert only(queue.receive()).body == "other"
    queue.acknowledge(in_hand)
    second = only(queue.receive())
    assert second.body == "second"
    send(queue, message("third", "later"))
    assert only(queue.receive()).sent_at == clock()
    stores.database.close()
    again = open_stores(settings, clock, hand.monotonic)
    assert set(bodies(again.notifications.receive())) == {"other", "second", "third"}
    again.database.close()


@pytest.mark.parametrize("jump", [WEEKS, -WEEKS, 0.0])
def test_what_waits_is_as_late_as_it_really_is_though_the_clock_jumps(tmp_path: Path, jump: float) -> None:
    hand = HandClock()
    settings = Settings(data_dir=tmp_path / "data", images_dir=tmp_path / "images")
    stores = open_stores(settings, hand.wall, hand.monotonic)
    queue = stores.notifications
    send(queue, message("alert"))
    hand.pass_time(30)
    queue.retry(only(queue.receive()), 10.0)
    hand.jump(jump)
    hand.pass_time(10)
    alert = only(queue.receive())
    assert hand.wall() - alert.sent_at == pytest.approx(40.0)
    send(queue, message("next", "later"))
    hand.pass_time(5)
    assert hand.wall() - only(queue.receive()).sent_at == pytest.approx(5.0)
    queue.acknowledge(alert)
    stores.database.close()


def test_what_another_run_sent_is_as_old_as_it_says(tmp_path: Path) -> None:
    hand = HandClock()
    settings = Settings(data_dir=tmp_path / "data", images_dir=tmp_path / "images")
    stores = open_stores(settings, hand.wall, hand.monotonic)
    send(stores.notifications, message("alert"))
    stores.database.close()
    hand.pass_time(3600)
    again = open_stores(settings, hand.wall, hand.monotonic)
    assert hand.wall() - only(again.notifications.receive()).sent_at == pytest.approx(3600.0)
    again.database.close()


def test_messages_of_an_older_version_go_into_the_lines_of_their_printers(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path / "data",
        images_dir=tmp_path / "images",
        telegram_chat_id="-5",
        telegram_bot_token="x",
    )
    clock = HandClock()
    stores = open_stores(settings, clock)
    film = Film("images/A/x/timelapse_20251124T160000.mp4", 1, 1.0, 2, 2, 2)
    old = [
        outgoing(Notification(f"{number}", Category.FINISHED, printer, 1.0), "-5")
        for number, printer in enumerate("ABA")
    ]
    for each in (*old, outgoing(Notification("film", Category.FILM, "A", 2.0, film=film), "-5/films")):
        assert not stores.notifications.send([each])
    stores.database.close()
    stores = open_stores(settings, clock)
    lines: dict[str, list[str]] = {}
    for delivery in stores.notifications.receive(10):
        lines.setdefault(delivery.group, []).append(decode_notification(delivery.body).id)
    stores.database.close()
    line_of_a, line_of_b = (digest("group", printer_chat("-5", printer)) for printer in "AB")
    assert lines == {line_of_a: ["0", "2", "film"], line_of_b: ["1"]}


def test_a_film_in_the_line_of_films_stays_there_over_a_start(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", images_dir=tmp_path / "images")
    clock = HandClock()
    stores = open_stores(settings, clock)
    film = Film("images/A/x/timelapse_20251124T160000.mp4", 1, 1.0, 2, 2, 2)
    made = Notification("film", Category.FILM, "A", 2.0, film=film)
    stores.notifications.send([outgoing(made, films_chat(stores.chat))])
    stores.database.close()
    stores = open_stores(settings, clock)
    assert only(stores.notifications.receive(10)).group == digest("group", films_chat(stores.chat))
    stores.database.close()


def test_one_printer_cannot_fill_the_disk_with_what_it_has_to_tell(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", images_dir=tmp_path / "images")
    stores = open_stores(settings, HandClock())
    sender = EffectSender(stores.chat, stores.notifications)
    for number in range(1200):
        category = Category.PAUSED if number % 100 == 7 else Category.STATE_CHANGED
        sender.send(Notification(f"{number}", category, "F", 1.0))
    assert stores.notifications.count() <= 500
    assert stores.notifications.count() + stores.notifications.left_out == 1200
    stores.database.close()
