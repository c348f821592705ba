"""Films: streamed, in a group of their own, made smaller once when they are too large."""

from pathlib import Path

import pytest

from functions.shared.messages.effects import Category, decode_notification, decode_timelapse, encode_effect
from tests.functions.notify.harness import Scene, film_order, group_scene, jpeg, notification
from tests.support.telegram import faults as faults
from tests.support.telegram.server import TelegramServer

SMALL = jpeg(320, 180)
TOO_LARGE = faults.answers(413, "Request Entity Too Large")


def test_a_film_is_sent_with_its_caption_and_thumbnail(scene: Scene, telegram: TelegramServer) -> None:
    scene.put(notification(Category.FILM, film=scene.film(), frame=scene.frame(age=5000, data=SMALL)))
    scene.turn()
    (posted,) = telegram.messages
    assert (posted.method, posted.video_size) == ("sendVideo", 300_000)
    assert posted.text == "🎬 A1M-1: timelapse\nbenchy.gcode.3mf\n45 s film · 1,350 frames"
    assert posted.thumbnail == SMALL


def test_a_film_without_a_picture_goes_without_thumbnail(scene: Scene, telegram: TelegramServer) -> None:
    scene.put(notification(Category.FILM, film=scene.film()))
    scene.turn()
    assert telegram.messages[0].thumbnail is None


@pytest.mark.parametrize("picture", [b"junk", jpeg()[:300] + b"\xff\xd9", jpeg(321, 180)])
def test_a_picture_that_is_no_thumbnail_for_telegram_is_left_out(
    scene: Scene, telegram: TelegramServer, picture: bytes
) -> None:
    scene.put(notification(Category.FILM, film=scene.film(), frame=scene.frame(age=5000, data=picture)))
    scene.turn()
    (posted,) = telegram.messages
    assert (posted.method, posted.thumbnail) == ("sendVideo", None)


def test_a_film_that_is_stuck_holds_up_no_alert(scene: Scene, telegram: TelegramServer) -> None:
    telegram.script(*[faults.HANG_UP] * 3)
    scene.put(notification(Category.FILM, 1, film=scene.film()))
    scene.run(6)
    assert telegram.messages == []
    scene.put(notification(Category.STARTED, 2))
    assert scene.turn() == 1
    assert [posted.method for posted in telegram.messages] == ["sendMessage"]
    scene.run(10)
    assert [posted.method for posted in telegram.messages] == ["sendMessage", "sendVideo"]


def test_a_film_that_never_gets_through_is_told_by_text_after_an_hour_and_blocks_no_other(
    scene: Scene, telegram: TelegramServer
) -> None:
    telegram.script(*[faults.HANG_UP] * 13)
    scene.put(
        notification(Category.FILM, 1, film=scene.film()), notification(Category.FILM, 2, film=scene.film())
    )
    scene.run_until(lambda: len(telegram.messages) == 2, most=7200)
    assert [posted.method for posted in telegram.messages] == ["sendMessage", "sendVideo"]
    assert "Telegram does not take the film (300 kB). It is kept as" in telegram.texts[0]


def test_a_long_outage_costs_no_film(scene: Scene, telegram: TelegramServer) -> None:
    telegram.down()
    scene.put(notification(Category.FILM, film=scene.film()))
    scene.run(86_400, step=10)
    telegram.up()
    scene.run(1000, step=10)
    assert [posted.method for posted in telegram.messages] == ["sendVideo"]


def test_alerts_that_get_through_do_not_hurry_a_film_that_does_not(
    scene: Scene, telegram: TelegramServer
) -> None:
    scene.put(notification(Category.FILM, 1, film=scene.film()))
    for number in range(4):
        telegram.script(faults.SERVER_ERROR)
        scene.run_until(lambda number=number: telegram.calls == 2 * number + 1)  # type: ignore[misc]
        scene.put(notification(Category.STATE_CHANGED, 10 + number))
        scene.run_until(lambda number=number: telegram.calls == 2 * number + 2)  # type: ignore[misc]
    assert scene.clock.now - 1_764_000_000.0 == pytest.approx(1 + 2 + 4, abs=1)


def test_a_film_that_is_too_large_is_ordered_smaller_once(scene: Scene, telegram: TelegramServer) -> None:
    telegram.script(TOO_LARGE)
    film = scene.film()
    scene.put(notification(Category.FILM, film=film, remake=film_order()))
    scene.run(3)
    assert telegram.messages == []
    (delivery,) = scene.timelapses.receive()
    order = decode_timelapse(delivery.body)
    assert order == film_order(id="c0-1/timelapse/smaller", max_bytes=150_000)
    telegram.script(TOO_LARGE)
    scene.put(notification(Category.FILM, 2, film=film, remake=order))
    scene.run(3)
    assert scene.timelapses.count() == 1
    (text,) = telegram.texts
    assert text == (
        "🎬 A1M-1: timelapse\nbenchy.gcode.3mf\n45 s film · 1,350 frames\n"
        "The film is too large for Telegram (300 kB). "
        "It is kept as images/A1M-1/benchy.gcode.3mf/timelapse_20251124T160000.mp4."
    )
    assert scene.queue.count() == 0


def test_a_real_fifty_megabytes_are_refused_and_told(tmp_path: Path, telegram: TelegramServer) -> None:
    scene = group_scene(tmp_path, telegram)
    scene.films_are_made = False
    scene.restart()
    scene.put(notification(Category.FILM, film=scene.film(52_500_000), remake=film_order()))
    scene.turn()
    assert "The film is too large for Telegram (52.5 MB)." in telegram.texts[0]


def test_a_film_that_telegram_does_not_like_is_told_by_text(scene: Scene, telegram: TelegramServer) -> None:
    telegram.script(faults.answers(400, "Bad Request: not enough rights to send videos to the chat"))
    scene.put(notification(Category.FILM, film=scene.film()))
    scene.turn()
    assert "Telegram does not take the film (300 kB). It is kept as images/" in telegram.texts[0]


@pytest.mark.parametrize("name", ["missing", "of another printer"])
def test_a_film_that_cannot_be_read_is_told_by_text(
    scene: Scene, telegram: TelegramServer, name: str
) -> None:
    film = scene.film(printer="other" if name == "of another printer" else "A1M-1")
    if name == "missing":
        (scene.folder / film.key).unlink()
    scene.put(notification(Category.FILM, film=film))
    scene.turn()
    assert telegram.texts[0].split("\n")[-1] == "The film could not be read."
    assert "other" not in telegram.texts[0]


def test_a_film_that_shrank_is_sent_as_it_is(scene: Scene, telegram: TelegramServer) -> None:
    film = scene.film()
    with (scene.folder / film.key).open("r+b") as stream:
        stream.truncate(200_000)
    scene.put(notification(Category.FILM, film=film))
    scene.turn()
    assert telegram.messages[0].video_size == 200_000


def test_a_film_with_unreadable_markup_is_sent_again_as_plain_text(
    scene: Scene, telegram: TelegramServer
) -> None:
    telegram.script(faults.answers(400, "Bad Request: can't parse entities: for a test"))
    scene.put(notification(Category.FILM, film=scene.film()))
    scene.turn()
    assert [(posted.method, posted.parse_mode) for posted in telegram.messages] == [("sendVideo", None)]


def test_the_order_travels_with_the_notification() -> None:
    sent = notification(Category.FILM, remake=film_order(frames_kept=7, job_name="x", duration_seconds=9.0))
    assert decode_notification(encode_effect(sent)) == sent
